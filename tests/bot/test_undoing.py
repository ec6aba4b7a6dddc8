"""A finished run offers to take back what it changed: another run does so, with its own preview and approval."""

import re

import pytest_asyncio

from bot.start_settings import StartSettings
from bot.views.ending import ending
from bot.views.look import Look
from sandbox.client import words
from tests.bot.test_together import press
from tests.bot.views import RUN, view
from tests.workflows.far_end import LOOK, WITH_UNDO, deploy
from workflows.rules.canonical import parse
from workflows.values.people import People
from workflows.values.view import Change, RunState


def changed(*calls, undo="fleet.deploy"):
    made = [
        Change(tool="fleet.deploy", target="prod/checkout", text=f"Deploy {call}", call=call, undo=undo)
        for call in calls
    ]
    return view(state=RunState.DONE, changes=tuple(made))


def elements(blocks):
    return [each for block in blocks if block["type"] == "actions" for each in block["elements"]]


def test_one_change_has_a_button_and_several_a_list_with_the_newest_first():
    [button] = elements(ending(changed(3), Look()))
    [several] = elements(ending(changed(3, 4), Look()))

    assert (button["text"]["text"], button["value"]) == ("Undo", f'{{"run":"{RUN}","call":3}}')
    assert [option["text"]["text"] for option in several["options"]] == ["Deploy 4", "Deploy 3"]
    assert all(len(option["value"]) <= 150 for option in several["options"])


def test_what_nothing_takes_back_or_was_taken_back_has_no_button():
    assert elements(ending(changed(3, undo=""), Look())) == []
    assert elements(ending(changed(3), Look(undone={3: "undo-deploy-1"}))) == []


@pytest_asyncio.fixture
async def ended(quiet, alice, bob):
    """The result card of a run that deployed 1.4.2 over 1.4.1."""
    quiet.agent = quiet.agent.model_copy(update={"tools": (LOOK, WITH_UNDO)})
    quiet.starting = {"deployer": StartSettings(people=People(users=("U0ALICE", "U0BOB")))}
    await quiet.open_with(deploy())
    await alice.say("C0OPS", f"/handrail {quiet.goal}")
    await press(bob, "Approve")
    return await alice.sees("C0OPS", f"Done: {quiet.run}")


async def undo_of(ended, person):
    """The name of the run that proposes it, once it can be decided on; all in the same thread."""
    card = await person.sees("C0OPS", "Decide by")
    thread = await person.thread("C0OPS", ended["thread_ts"])
    assert card in thread
    return [found[1] for each in thread if (found := re.match(r"(undo-deploy-\w+): ", words(each)))][-1]


async def test_undo_is_a_run_of_its_own_and_starts_once_whoever_clicks(quiet, ended, alice, bob, carol):
    await carol.click(ended, "Undo")  # she may not start runs of this agent
    await carol.sees("C0OPS", "one of them can do it for you")
    assert len(await quiet.runs()) == 1

    await bob.click(ended, "Undo")
    await bob.sees("C0OPS", "A new run proposes to undo it, in the thread of the run that did it.")
    name = await undo_of(ended, alice)
    await alice.click(ended, "Undo")
    await alice.sees("C0OPS", f"The run `{name}` was started for that already")
    assert len(await quiet.runs()) == 2

    await press(bob, "Approve")  # whoever asked for the undo may not
    await bob.sees("C0OPS", "You asked for this change")
    await press(alice, "Approve")
    again = await alice.sees("C0OPS", f"Undone by the run {name}: Deploy 1.4.2")

    assert again["ts"] in {ended["ts"], ended["thread_ts"]}
    assert [parse(order.effect.call.arguments)["version"] for order in quiet.tools.applied] == [
        "1.4.2",
        "1.4.1",
    ]


async def test_an_undo_that_was_rejected_can_be_asked_for_again(quiet, ended, alice, bob):
    await bob.click(ended, "Undo")
    name = await undo_of(ended, alice)

    await press(alice, "Reject")
    await alice.submit(await alice.modal(), {"Reason": "not now"})
    await alice.sees("C0OPS", f"Ended without success: {name}")
    await bob.click(ended, "Undo")

    assert await undo_of(ended, alice) != name
    assert len(await quiet.runs()) == 3


async def test_an_undo_that_can_not_be_looked_up_in_time_says_so_and_blames_nothing(quiet, ended, bob):
    await quiet.stop_working()

    await bob.click(ended, "Undo")

    await bob.sees("C0OPS", "That took too long to look up. Please try again.")
    assert len(await quiet.runs()) == 1
