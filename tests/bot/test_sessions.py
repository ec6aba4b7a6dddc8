"""Slack itself shows beside a run's thread whether it works or waits, and has a Stop button there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sessions import status
from sandbox.client import words
from sandbox.server import Sandbox
from sandbox.settings import DEFAULT_SCOPES, SandboxSettings
from tests.bot.conftest import Workspace
from tests.bot.views import approval, question, unknown, view
from tests.workflows.far_end import FarEnd, in_order, look
from tests.workflows.test_own_tools import wait
from workflows.rules import own_tools
from workflows.values.approval import ApprovalState
from workflows.values.view import RunState

SET = "agents.sessions.setStatus"


@pytest_asyncio.fixture
async def looking(quiet) -> Workspace:
    """Its agent looks at something, and gets no answer before `hold_reads` is set."""
    quiet.tools = FarEnd(quiet.client, in_order(look()))
    quiet.tools.hold_reads = asyncio.Event()
    await quiet.work()
    await quiet.listen()
    return quiet


@pytest_asyncio.fixture
async def plain(temporal) -> AsyncIterator[Workspace]:
    """A workspace where Handrail is no agent to Slack."""
    scopes = tuple(scope for scope in DEFAULT_SCOPES if scope != "assistant:write")
    async with Sandbox(SandboxSettings(scopes=scopes)) as slack:
        workspace = Workspace(slack, temporal)
        await workspace.open()
        await workspace.work()
        await workspace.listen()
        yield workspace
        await workspace.close()


def statuses(workspace: Workspace) -> list[str]:
    return [call["args"]["status"] for call in workspace.slack.faults.calls if call["method"] == SET]


async def session(person, workspace: Workspace, status: str) -> dict[str, str]:
    """Of its only run, once it has that status."""

    def probe():
        return [
            each for each in workspace.slack.world.workspace.sessions.values() if each["status"] == status
        ]

    [found] = await person.until(probe)
    return found


async def test_a_thread_says_that_its_run_waits_for_a_person_and_then_that_it_is_over(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    card = await alice.sees("C0OPS", "Approval needed")
    waiting = await session(alice, workspace, "suspended")

    assert waiting["thread_ts"] == card["thread_ts"]
    assert waiting["title"] == workspace.run
    assert waiting["initiator_user_id"] == "U0ALICE"

    await bob.click(card, "Approve")
    await session(alice, workspace, "closed")


async def test_slacks_stop_button_cancels_the_run_of_who_may_stop_it(looking, alice, carol):
    await alice.say("C0OPS", f"/handrail {looking.goal}")
    thread = (await session(alice, looking, "processing"))["thread_ts"]

    await carol.stop_session("C0OPS", thread)
    await carol.sees("C0OPS", "Only the person who asked for this run")
    await alice.stop_session("C0OPS", thread)
    await alice.sees("C0OPS", f"Stopped: {looking.run}")

    await session(alice, looking, "closed")


async def test_a_run_that_works_for_long_is_said_to_work_again_also_by_a_bot_that_was_started_since(
    looking, alice
):
    await alice.say("C0OPS", f"/handrail {looking.goal}")
    await session(alice, looking, "processing")
    await looking.stop_listening()
    said = statuses(looking)

    again = looking.assemble()
    await again.sessions.renew()
    await again.later.close()

    assert statuses(looking) == [*said, "processing"]


async def test_a_run_that_waits_for_the_clock_can_be_stopped_and_is_renewed(quiet, alice):
    quiet.agent = quiet.agent.model_copy(update={"own_tools": tuple(own_tools.ALL)})
    await quiet.open_with(wait(**{"for": "3h"}))
    await alice.say("C0OPS", f"/handrail {quiet.goal}")
    await alice.sees("C0OPS", "*Waiting*")
    thread = (await session(alice, quiet, "processing"))["thread_ts"]
    [said] = statuses(quiet)

    await quiet.bot.sessions.renew()
    await alice.until(lambda: statuses(quiet) == [said, said])
    await alice.stop_session("C0OPS", thread)

    await session(alice, quiet, "closed")


ANSWERED = {"answered": "Go on", "answered_by": None}


@pytest.mark.parametrize(
    ("state", "of_people", "said"),
    [
        (RunState.WAITING, {}, "processing"),
        (RunState.WAITING, {"approvals": (approval(state=ApprovalState.APPROVED),)}, "processing"),
        (RunState.WAITING, {"approvals": (approval(),)}, "suspended"),
        (RunState.WAITING, {"questions": (question(),)}, "suspended"),
        (RunState.WAITING, {"questions": (question().model_copy(update=ANSWERED),)}, "processing"),
        (RunState.WAITING, {"unknowns": (unknown(),)}, "suspended"),
        (RunState.WORKING, {"approvals": (approval(),)}, "processing"),
        (RunState.DONE, {}, "closed"),
    ],
)
def test_a_run_is_suspended_while_a_person_can_bring_it_on(state, of_people, said):
    assert status(view(state=state, **of_people)) == said


async def test_where_there_are_no_sessions_all_else_goes_its_way_and_the_log_says_so_once(plain, caplog):
    alice, bob = await plain.person("U0ALICE"), await plain.person("U0BOB")
    await alice.say("C0OPS", f"/handrail {plain.goal}")
    await bob.click(await alice.sees("C0OPS", "Approval needed"), "Approve")
    done = await alice.sees("C0OPS", f"Done: {plain.run}")

    assert "Done." in words(done)
    assert len(statuses(plain)) == 1
    assert [each.getMessage() for each in caplog.records if "sessions" in each.getMessage()] == [
        "threads show no agent sessions here: missing_scope"
    ]
