"""Whom a message notifies: approvers once for each approval, by the card that they decide on."""

import json

from bot.cards import as_posted, draw, over, slots
from bot.runs import Goal
from bot.views.look import Look
from sandbox.client import words
from tests.bot.test_together import press, started
from tests.bot.views import approval, together, view
from tests.workflows.far_end import ALICE, deploy
from workflows.values.approval import ApprovalState
from workflows.values.people import People, Place
from workflows.values.view import RunState

LOOK = Look()


def mentioned(card):
    said = json.dumps([card.text, card.blocks])
    return {name for name in ("U0ALICE", "U0BOB", "S0RELEASE") if _mention(name, said)}


def _mention(name, said):
    marks = (f"<@{name}>", f"<!subteam^{name}>", f'"user_id": "{name}"', f'"usergroup_id": "{name}"')
    return any(mark in said for mark in marks)


def posted(shown, slot):
    return as_posted(shown, slot, draw(shown, slot, LOOK))


def test_a_new_root_card_notifies_who_asked_and_names_approvers_only_once_redrawn():
    waiting = view(state=RunState.WAITING, approvals=(approval(),))

    assert mentioned(posted(waiting, "root")) == {"U0ALICE"}
    assert "`S0RELEASE`" in words(list(posted(waiting, "root").blocks))
    assert mentioned(draw(waiting, "root", LOOK)) == {"U0ALICE", "U0BOB", "S0RELEASE"}


def test_approvers_are_notified_by_the_card_that_they_decide_on_and_not_by_one_that_asks_nothing():
    asked, planned = view(approvals=(approval(),)), view(approvals=(approval(state=ApprovalState.PLANNED),))

    assert mentioned(posted(asked, "approval/4.1")) == {"U0BOB", "S0RELEASE"}
    assert mentioned(posted(planned, "approval/4.1")) == set()
    assert mentioned(draw(planned, "approval/4.1", LOOK)) == {"U0BOB", "S0RELEASE"}


def test_a_newer_preview_on_a_shared_card_is_told_once_to_those_who_decide():
    first, second = together(approval("search"), approval("cart"))
    newer = second.model_copy(update={"id": "5.2"})
    shown = view(approvals=(first, second, newer))

    assert [slot for slot in slots(shown) if slot.startswith("again/")] == ["again/5.2"]
    assert mentioned(posted(shown, "again/5.2")) == {"U0BOB", "S0RELEASE"}
    assert "5. fleet.deploy on prod/cart" in words(list(posted(shown, "again/5.2").blocks))
    ended = newer.model_copy(update={"state": ApprovalState.WITHDRAWN})
    assert "again/5.2" in over(view(approvals=(first, ended)))
    assert "again/4.2" not in slots(view(approvals=(approval(id="4.2", slot="approval/4.2"),)))


async def test_in_a_whole_run_the_approvers_group_is_mentioned_by_one_new_message(quiet, alice, bob):
    await started(quiet, alice, deploy(), approvers=People(groups=("S0APPROVERS",)))
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    calls = [each for each in quiet.slack.faults.calls if each["method"] == "chat.postMessage"]
    said = [json.dumps(each["args"]) for each in calls]
    assert len([each for each in said if _mention("S0APPROVERS", each)]) == 1


async def test_what_is_posted_at_last_names_people_though_the_run_is_over(quiet, alice):
    await quiet.work()
    bot = quiet.assemble()
    goal = Goal(text=quiet.goal, by=ALICE, place=Place(channel="C0OPS"), occasion=quiet.run, plan_only=True)
    run = await bot.runs.start(goal, quiet.agent)
    handle = quiet.client.get_workflow_handle(run)
    async for _ in handle.fetch_history_events(wait_new_event=True):
        if (await bot.runs.view(run)).state.ended:
            break
    await quiet.listen()
    await handle.result()

    card = await alice.sees("C0OPS", "Only planned: fleet.deploy")
    assert _mention("U0BOB", json.dumps(card["blocks"]))
