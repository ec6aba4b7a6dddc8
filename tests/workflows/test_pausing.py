"""A planner that spends what it was given, or gets nowhere: people are asked whether to go on."""

from decimal import Decimal

import pytest

from tests.workflows.far_end import ALICE, BOB, answer, click, deploy, in_order, look, spec
from workflows.pausing import GETS_NOWHERE
from workflows.values.base import CanonicalJson
from workflows.values.calls import ProposedCall, Thought, ThoughtKind, Transcript, Unusable
from workflows.values.spec import Limits
from workflows.values.usage import Usage
from workflows.values.view import RunState

CUT = Thought(kind=ThoughtKind.UNUSABLE, text="it was cut off.")
NO_SUCH_TOOL = Thought(
    kind=ThoughtKind.CALLS, calls=(ProposedCall(tool="fleet.fix", arguments=CanonicalJson("{}")),)
)
UNREADABLE = Thought(
    kind=ThoughtKind.CALLS,
    calls=(
        deploy().model_copy(update={"arguments": "{}", "problem": "its arguments can't be read: not JSON"}),
    ),
)


def of_a_model(propose, usage):
    """The same thoughts, at a price."""
    return lambda transcript: propose(transcript).model_copy(update={"usage": usage})


@pytest.mark.parametrize(
    "hopeless", [CUT, NO_SUCH_TOOL, UNREADABLE], ids=["unusable", "no such tool", "unreadable"]
)
async def test_a_planner_that_gets_nowhere_is_told_why_and_then_people_are_asked(with_planner, hopeless):
    thoughts: list[Transcript] = []

    def propose(transcript):
        thoughts.append(transcript)
        return hopeless if len(thoughts) <= GETS_NOWHERE else Thought(kind=ThoughtKind.ANSWER, text="Done.")

    far_end = await with_planner(propose)
    run = await far_end.start("nowhere", spec())
    view = await far_end.seen(run, lambda view: view.questions)

    assert view.questions[0].text.startswith(
        "In 5 turns in a row nothing that the planner wanted could be done."
    )
    assert len(thoughts) == GETS_NOWHERE
    assert far_end.applied == []
    told = thoughts[-1].entries[-1]
    assert (told.text if isinstance(told, Unusable) else told.result.text) in {
        "it was cut off.",
        "fleet.fix is not one of this agent's tools",
        "its arguments can't be read: not JSON",
    }

    await run.signal("answer", answer(view.questions[0].id, "more", ALICE))
    assert (await run.result()).state is RunState.DONE


async def test_whoever_finds_something_out_now_and_then_is_not_interrupted(with_planner):
    turns = iter([CUT, CUT, CUT, CUT, None] * 3)
    far_end = await with_planner(
        lambda transcript: next(turns, None) or in_order(look(), look(), look())(transcript)
    )
    run = await far_end.start("now-and-then")

    await run.result()

    assert far_end.views[run.id].questions == ()


async def test_what_models_cost_is_shown_and_more_than_was_given_is_asked_for(with_planner):
    usage = Usage(requests=1, tokens=600, cost=Decimal("0.75"))
    far_end = await with_planner(of_a_model(in_order(look(), look(), deploy()), usage))
    run = await far_end.start("costly", spec(limits=Limits(tokens=10_000, cost=Decimal(1))))
    view = await far_end.seen(run, lambda view: view.questions)

    assert view.budget.usage == Usage(requests=2, tokens=1200, cost=Decimal("1.50"))
    assert view.questions[0].text.endswith("1,200 tokens ($1.50). Go on?")
    assert dict(view.questions[0].choices)["more"].endswith("30 minutes, 10,000 tokens, $1.00")
    await run.signal("answer", answer(view.questions[0].id, "more", ALICE))
    await run.signal("decide", click(await far_end.asked(run), BOB))

    await run.result()
    assert far_end.views[run.id].budget.cost_limit == Decimal("2.50")


async def test_tokens_are_a_limit_where_no_price_is_known(with_planner):
    usage = Usage(requests=1, tokens=600, unpriced=600)
    far_end = await with_planner(of_a_model(in_order(look(), look()), usage))
    run = await far_end.start("unpriced", spec(limits=Limits(tokens=1000, cost=Decimal(1))))
    view = await far_end.seen(run, lambda view: view.questions)

    assert "1,200 tokens (at an unknown price)" in view.questions[0].text
    await run.signal("answer", answer(view.questions[0].id, "stop", ALICE))
    assert (await run.result()).state is RunState.CANCELLED
