"""What a run shows of a discreet change, beside the approval that the bot hides."""

import json

from tests.workflows.far_end import ALICE, BOB, BY_BOB, click, deploy, in_order, resolve, spec
from tests.workflows.samples import approval
from workflows.docket import ENDED_CARDS, Docket
from workflows.journal import Journal
from workflows.values.account import Account
from workflows.values.approval import ApprovalState
from workflows.values.people import Place
from workflows.values.run import Ask, RunInput
from workflows.values.signals import Said
from workflows.values.spec import Rule
from workflows.values.view import Card, RunView

SECRET = "fence-7"
QUIET = BY_BOB.model_copy(update={"discreet": True})


def shown(view: RunView) -> str:
    """All but what the bot hides."""
    rest = view.model_copy(update={"approvals": (), "unknowns": ()})
    return json.dumps(rest.model_dump(mode="json"))


def test_a_gate_covers_that_its_rule_is_discreet_and_others_are_as_they_were():
    assert "discreet" not in BY_BOB.model_dump(mode="json")
    assert QUIET.model_dump(mode="json")["discreet"]
    assert Rule.model_validate_json(QUIET.model_dump_json()) == QUIET


async def test_neither_steps_nor_changes_nor_what_may_have_happened_tell_what_it_was(with_planner):
    far_end = await with_planner(in_order(deploy(SECRET)))
    far_end.lose_replies = 1
    run = await far_end.start("discreet", spec(QUIET))
    asked = await far_end.asked(run)
    assert SECRET not in shown(await run.query("view", result_type=RunView))
    await run.signal("decide", click(asked, BOB))

    view = await far_end.seen(run, lambda view: view.unknowns)
    assert [unknown.discreet for unknown in view.unknowns] == [True]
    assert SECRET not in shown(view)
    await run.signal("resolve", resolve(view, Said.HAPPENED, BOB))
    result = await run.result()

    assert [change.text for change in result.changes] == [""]


async def test_what_its_tool_says_when_it_refuses_stays_out_of_the_steps(with_planner):
    far_end = await with_planner(in_order(deploy(SECRET)))
    far_end.refuse = f"no such version: {SECRET}"
    run = await far_end.start("refused-discreetly", spec(QUIET))
    await run.result()

    view = await run.query("view", result_type=RunView)
    assert [(step.title, step.note) for step in view.steps] == [("fleet.deploy", "")]


async def test_who_asks_why_is_not_told_either(with_planner):
    far_end = await with_planner(in_order(deploy(SECRET).model_copy(update={"reason": f"it is {SECRET}"})))
    far_end.refuse = f"no such version: {SECRET}"
    run = await far_end.start("why-discreetly", spec(QUIET))
    await run.result()

    told = await run.query("account", 1, result_type=Account)
    [call_told] = told.calls
    assert SECRET not in call_told.model_dump_json()
    assert (call_told.tool, call_told.rows[-1].what, call_told.rows[-1].text) == (
        "fleet.deploy",
        "failed",
        "kept out of the thread",
    )


def test_copies_are_forgotten_with_the_card_that_they_copy():
    ask = Ask(goal="deploy", requester=ALICE, place=Place(channel="C0OPS"), name="deploy-1")
    journal = Journal(RunInput(ask=ask, spec=spec()))
    docket, posted = Docket(journal), Card(channel="C0OPS", ts="1.1", digest="")
    for number in range(ENDED_CARDS + 2):
        name = f"{number}.1"
        slot = f"approval/{name}"
        journal.memory.cards |= dict.fromkeys((slot, f"{slot}@U0BOB", f"again/{name}"), posted)
        ended = {"id": name, "slot": slot, "state": ApprovalState.REJECTED}
        docket.put(approval().model_copy(update=ended))

    assert len(journal.memory.cards) == 3 * ENDED_CARDS
    assert "approval/1.1@U0BOB" not in journal.memory.cards
    assert "approval/2.1@U0BOB" in journal.memory.cards
