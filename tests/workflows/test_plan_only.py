"""A run that only plans: everything is previewed and shown, and nothing whatever is applied."""

import asyncio
import random

from tests.workflows.far_end import (
    ALICE,
    BOB,
    BY_BOB,
    FarEnd,
    cancel,
    click,
    deploy,
    in_order,
    look,
    spec,
    ticket,
)
from workflows.outside import Queue
from workflows.rules.canonical import canonical
from workflows.values.approval import ApprovalState
from workflows.values.calls import Called, Ended, ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.people import Place
from workflows.values.run import Ask, RunInput, RunResult
from workflows.values.signals import Revise
from workflows.values.spec import AgentSpec, Rule, RuleKind
from workflows.values.view import RunState, RunView, StepState

ALLOWED = Rule(name="anything goes", then=RuleKind.ALLOW)
REFUSED = Rule(name="never", then=RuleKind.REFUSE)
APPLYING = {"apply_once", "apply_with_key", "people", "frozen"}
"""Steps that a plan never takes: they apply, or ask who may let it be applied."""


async def plan(
    far_end: FarEnd,
    name: str,
    of: AgentSpec | None = None,
    *,
    shadow: bool = False,
    goal: str = "deploy checkout",
):
    """Start a run that only plans: because somebody asked for that, or because its agent never does more."""
    made = (of or spec()).model_copy(update={"shadow": shadow})
    ask = Ask(
        goal=goal,
        requester=ALICE,
        place=Place(channel="C0OPS"),
        name=name,
        plan_only=not shadow,
    )
    far_end.runs.append(f"run/{name}")
    return await far_end._client.start_workflow(
        "AgentRun",
        RunInput(ask=ask, spec=made),
        id=f"run/{name}",
        task_queue=Queue.RUNS,
        result_type=RunResult,
    )


async def asked_of_the_world(run) -> set[str]:
    """All steps that it took, and all workflows that it started."""
    taken = set[str]()
    async for event in run.fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes.activity_type.name
        child = event.start_child_workflow_execution_initiated_event_attributes.workflow_type.name
        taken |= {scheduled, child} - {""}
    return taken


async def test_a_change_that_needs_an_approval_is_shown_and_nobody_is_asked(with_planner):
    far_end = await with_planner(in_order(look(), deploy()))
    run = await plan(far_end, "planned")

    result = await run.result()

    assert (result.state, result.text, result.changes) == (RunState.DONE, "Done.", ())
    assert [(each.tool, each.target) for each in result.planned] == [("fleet.deploy", "prod/checkout")]
    assert [step.state for step in far_end.views[run.id].steps] == [StepState.COMPLETE, StepState.PREVIEWED]
    [shown] = far_end.views[run.id].approvals
    assert (shown.state, shown.rule.name, shown.votes) == (ApprovalState.PLANNED, "production", ())
    assert shown.shown.content == {"from": "1.4.1", "to": "1.4.2"}
    assert far_end.applied == []
    assert not await asked_of_the_world(run) & (APPLYING | {"Effect", "Lease"})


async def test_what_the_rules_allow_without_asking_is_not_applied_either(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await plan(far_end, "planned-allowed", spec(ALLOWED))

    result = await run.result()

    [shown] = far_end.views[run.id].approvals
    assert (shown.state, shown.rule.then) == (ApprovalState.PLANNED, RuleKind.ALLOW)
    assert len(result.planned) == 1
    assert far_end.applied == []


async def test_what_the_rules_refuse_stays_refused_and_is_not_even_previewed(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await plan(far_end, "planned-refused", spec(REFUSED))

    result = await run.result()

    assert result.text == "refused: the rule “never” does not allow it"
    assert result.planned == ()
    assert "preview" not in await asked_of_the_world(run)


async def test_what_can_not_be_previewed_is_said_and_is_no_plan(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.refuse = "NOT_FOUND: no such service"
    run = await plan(far_end, "planned-failing")

    result = await run.result()

    assert result.text == "failed: NOT_FOUND: no such service"
    assert result.planned == ()


async def test_an_agent_in_shadow_only_plans_whoever_asks(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await plan(far_end, "shadow", spec(ALLOWED), shadow=True)

    result = await run.result()

    assert len(result.planned) == 1
    assert far_end.applied == []
    assert far_end.views[run.id].plan_only


async def test_the_planner_is_told_that_it_was_only_previewed_with_what_the_tool_said(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await plan(far_end, "told")
    await run.result()

    transcript = await run.query("transcript", result_type=Transcript)

    [called] = [entry for entry in transcript.entries if isinstance(entry, Called)]
    assert called.result.ended is Ended.PLANNED
    assert called.result.text == "It was previewed, not applied: this run only plans."
    assert called.result.structured == {"from": "1.4.1", "to": "1.4.2"}


async def test_all_changes_of_a_turn_share_a_card_those_that_nobody_is_asked_about_too(with_planner):
    far_end = await with_planner(all_at_once(deploy(), ticket()))
    allow_tickets = Rule(name="tickets", then=RuleKind.ALLOW, tools=("fleet.ticket",))
    run = await plan(far_end, "together", spec(allow_tickets, BY_BOB))

    await run.result()

    view = far_end.views[run.id]
    assert {each.slot for each in view.approvals} == {"changes/1/1"}
    assert {each.rule.name for each in view.approvals} == {"production", "tickets"}


async def test_a_click_that_names_a_planned_change_applies_nothing_and_is_answered(with_planner):
    """Nobody has such a button; somebody who forges one gets nowhere."""
    far_end = await with_planner(one_after_the_other(deploy(), 40))
    run = await plan(far_end, "forged")
    view = await far_end.seen(run, lambda view: view.approvals)

    await run.signal("decide", click(view.approvals[0], BOB))
    await far_end.until(lambda: far_end.told)
    await run.signal("cancel", cancel(ALICE))
    await run.result()

    assert far_end.told[0] in {
        "This run only plans, so there is nothing to decide.",
        "This preview was replaced by a newer one, so your click did not count. Please look at the newest card.",
    }
    assert far_end.applied == []


async def test_every_planned_change_is_shown_however_many_there_are(with_planner):
    far_end = await with_planner(one_after_the_other(deploy(), 12))
    run = await plan(far_end, "many")

    result = await run.result()

    view = await run.query("view", result_type=RunView)
    assert len(result.planned) == 12
    assert {f"approval/{number}.1" for number in range(1, 13)} <= far_end.slots
    assert len(view.approvals) < 12


def one_after_the_other(call: ProposedCall, times: int):
    return in_order(*(call.model_copy(update={"label": f"{number}"}) for number in range(times)))


def all_at_once(*calls: ProposedCall):
    def propose(transcript):
        done = transcript.since_goal()
        return (
            Thought(kind=ThoughtKind.ANSWER, text="Done.")
            if done
            else Thought(kind=ThoughtKind.CALLS, calls=calls)
        )

    return propose


RULES = [
    ALLOWED,
    BY_BOB,
    REFUSED,
    Rule(name="tickets", then=RuleKind.ALLOW, tools=("fleet.ticket",)),
    Rule(name="not so new", then=RuleKind.REFUSE, arguments={"version": "3"}),
    Rule(name="nobody", then=RuleKind.ASK),
]
CALLS = [
    look(),
    ticket(),
    *(deploy(version, service) for version in ("1", "2", "3") for service in ("checkout", "search")),
    ProposedCall(
        tool="fleet.restart",
        arguments=canonical({"environment": "prod", "service": "search"}),
        label="restart",
    ),
    ProposedCall(tool="fleet.restart", arguments=canonical({"service": "search"}), label="nowhere"),
    ProposedCall(tool="fleet.delete", arguments=canonical({}), label="unknown tool"),
    ProposedCall(tool="fleet.deploy", arguments=canonical({}), label="unreadable", problem="not JSON"),
]


def whatever(transcript: Transcript) -> Thought:
    """Up to four turns of up to four calls each, drawn by the goal."""
    drawn = random.Random(transcript.goal)
    turns = [drawn.choices(CALLS, k=drawn.randint(1, 4)) for _ in range(drawn.randint(1, 4))]
    done = len({called.call.turn for called in transcript.since_goal()})
    if done >= len(turns):
        return Thought(kind=ThoughtKind.ANSWER, text="Done.")
    return Thought(kind=ThoughtKind.CALLS, calls=tuple(turns[done]))


async def a_drawn_run(far_end: FarEnd, number: int) -> tuple[set[str], int]:
    drawn = random.Random(number)
    of = spec(*drawn.sample(RULES, drawn.randint(1, 4)))
    run = await plan(far_end, f"drawn-{number}", of, shadow=drawn.random() < 0.5, goal=f"goal {number}")
    if drawn.random() < 0.3:
        revised = Revise(delivery=f"revise/{number}", by=ALICE, text=f"another {number}")
        await run.signal("revise", revised)
    result = await run.result()
    return await asked_of_the_world(run), len(result.planned)


async def test_nothing_that_a_planner_wants_under_any_rules_is_ever_applied(with_planner):
    far_end = await with_planner(whatever)
    far_end.refused_versions = {"2"}

    drawn = await asyncio.gather(*(a_drawn_run(far_end, number) for number in range(25)))

    taken = set[str]().union(*(steps for steps, _ in drawn))
    assert far_end.applied == []
    # Who revises a goal is looked up, in a plan too.
    assert taken - {"people"} == {"pin", "think", "read", "preview", "announce"}
    assert sum(planned for _, planned in drawn) > 20
