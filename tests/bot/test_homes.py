"""Somebody's home says what waits for them, and a button there is the button of the card."""

import logging

import pytest_asyncio

from sandbox.client import words
from sandbox.server import Sandbox, SandboxSettings
from sandbox.settings import DEFAULT_SCOPES
from tests.bot.conftest import Workspace
from tests.bot.test_copies import copy
from tests.bot.test_questions import asked
from tests.bot.test_together import started
from tests.workflows.far_end import deploy, look
from tests.workflows.test_own_tools import ask
from workflows.values.people import People
from workflows.values.spec import Limits


async def home_with(person, text):
    """The person's home, once it shows *text*."""

    async def probe():
        home = await person.home()
        return home if home is not None and text in words(home) else None

    try:
        return await person.until(probe, 6)
    except TimeoutError:
        raise AssertionError(f"never: {text!r}. The home: {words(await person.home())}") from None


async def test_a_change_is_approved_from_a_home_and_card_and_home_both_say_so(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    card = await alice.sees("C0OPS", "Decide by")

    await bob.open_home()
    home = await home_with(bob, "What waits for you: 1")
    said = words(home)
    assert "Approval needed: fleet.deploy on prod/checkout" in said
    assert "1.4.2" in said
    assert f"|{workspace.run}>" in said
    await bob.click(home, "Approve")

    await alice.sees("C0OPS", f"Done: {workspace.run}")
    decided = await alice.sees("C0OPS", "Approved: fleet.deploy")
    assert decided["ts"] == card["ts"]
    assert len(workspace.tools.applied) == 1
    await home_with(bob, "Nothing waits for you.")


async def test_a_home_is_drawn_again_when_something_begins_to_wait_for_its_owner(workspace, alice, bob):
    await bob.open_home()
    await alice.open_home()
    await home_with(bob, "Nothing waits for you.")
    await home_with(alice, "Nothing waits for you.")

    await alice.say("C0OPS", f"/handrail {workspace.goal}")

    await home_with(bob, "Approval needed: fleet.deploy on prod/checkout")
    mine = await home_with(alice, workspace.run)
    # Whoever asked may not decide on it; they see it among their runs, and can stop it there.
    assert "Nothing waits for you." in words(mine)
    await alice.click(mine, "Cancel run")
    await home_with(alice, f"{workspace.run}>*: stopped")
    await home_with(bob, "Nothing waits for you.")


async def test_what_a_user_group_may_decide_waits_for_those_in_it_but_for_who_asked(quiet, alice, bob, carol):
    await started(quiet, carol, deploy(), approvers=People(groups=("S0APPROVERS",)))

    for person in (alice, bob, carol):
        await person.open_home()

    assert "What waits for you: 1" in words(await home_with(bob, quiet.run))
    # Carol is in that group as well.
    for person in (alice, carol):
        assert "Nothing waits for you." in words(await home_with(person, quiet.run))


async def test_a_rejection_from_a_home_asks_for_its_reason(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")
    await bob.open_home()
    home = await home_with(bob, "What waits for you: 1")

    await bob.click(home, "Reject")
    await bob.submit(await bob.modal(), {"Reason": "not today"})

    assert "not today" in words(await alice.sees("C0OPS", "Rejected: fleet.deploy"))
    await home_with(bob, "Nothing waits for you.")


async def test_the_details_open_from_a_home(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")
    await bob.open_home()
    await bob.click(await home_with(bob, "What waits for you: 1"), "Details")

    async def details():
        return next((view for view in await bob.views() if "Arguments" in words(view)), None)

    assert "from → to: \n1.4.1\n → \n1.4.2" in words(await bob.until(details))


async def test_more_waits_than_a_page_holds_and_the_page_stays_when_something_changes(quiet, alice, bob):
    await started(quiet, alice, *[deploy(service=f"service-{number}") for number in range(1, 8)])
    await bob.open_home()
    home = await home_with(bob, "What waits for you: 7")
    assert "1 to 3 of 7." in words(home)

    await bob.click(home, "Next page")
    second = await home_with(bob, "4 to 6 of 7.")
    assert "fleet.deploy on prod/service-4" in words(second)
    await bob.click(second, "Approve")

    # One is decided on, and the page is still the second.
    still = await home_with(bob, "4 to 6 of 6.")
    await bob.click(still, "First page")
    await home_with(bob, "1 to 3 of 6.")


async def test_a_question_is_answered_from_a_home_by_whom_it_is_for(quiet, alice, carol):
    await asked(quiet, alice, ask("Which one?", options=["checkout", "search"]))
    await alice.open_home()
    await carol.open_home()

    assert "Which one?" not in words(await home_with(carol, quiet.run))
    await alice.click(await home_with(alice, "The agent asks, in its own words"), "“checkout”")

    await alice.sees("C0OPS", "answered:\ncheckout")
    await home_with(alice, "Nothing waits for you.")


async def test_a_spent_budget_waits_on_the_home_of_who_may_let_it_go_on(quiet, alice):
    quiet.agent = quiet.agent.model_copy(update={"limits": Limits(steps=1)})
    await quiet.open_with(look())
    await alice.say("C0OPS", f"/handrail {quiet.goal}")
    await alice.open_home()

    await alice.click(await home_with(alice, "Its budget is used up"), "Stop here")

    await alice.sees("C0OPS", f"Stopped: {quiet.run}")
    await home_with(alice, "Nothing waits for you.")


async def test_direct_messages_are_asked_for_and_ended_from_a_home(workspace, alice, bob):
    await bob.open_home()
    await bob.click(await home_with(bob, "is asked in its thread"), "Send me direct messages too")
    asked = await home_with(bob, "comes to you in a direct message too")
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await copy(bob, "Decide by")

    await bob.click(asked, "End direct messages")

    await home_with(bob, "is asked in its thread")


async def test_a_home_of_an_earlier_process_is_kept_up_to_date_once_its_owner_uses_it(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")
    await bob.open_home()
    home = await home_with(bob, "What waits for you: 1")
    await workspace.stop_listening()
    await workspace.listen()

    await bob.click(home, "Approve")

    await home_with(bob, "Nothing waits for you.")


async def test_with_no_worker_up_a_home_says_that_it_may_not_be_all(quiet, alice):
    await quiet.listen()
    await alice.say("C0OPS", f"/handrail {quiet.goal}")

    await alice.open_home()

    home = await home_with(alice, "Some runs do not answer just now")
    assert f"{quiet.run}*: working" in words(home)
    assert "Nothing waits for you." not in words(home)


@pytest_asyncio.fixture
async def lesser(temporal):
    """A workspace whose app has no Home tab, and may not look up who is in which channel."""
    scopes = tuple(scope for scope in DEFAULT_SCOPES if not scope.endswith(("s:read",)) or "users" in scope)
    async with Sandbox(SandboxSettings(home_tab=False, scopes=(*scopes, "usergroups:read"))) as slack:
        made = Workspace(slack, temporal)
        await made.open()
        yield made
        await made.close()


async def test_where_homes_can_not_be_drawn_the_cards_are_and_the_log_says_it_once(lesser, caplog):
    await lesser.work()
    await lesser.listen()
    alice, bob = await lesser.person("U0ALICE"), await lesser.person("U0BOB")
    await bob.open_home()
    await alice.open_home()

    await alice.say("C0OPS", f"/handrail {lesser.goal}")
    await bob.click(await alice.sees("C0OPS", "Decide by"), "Approve")
    await alice.sees("C0OPS", f"Done: {lesser.run}")

    said = [record for record in caplog.records if "App Home" in record.getMessage()]
    assert [record.levelno for record in said] == [logging.WARNING]
    await bob.say("C0OPS", "/handrail list all")
    assert lesser.run in words(await bob.sees("C0OPS", "which channels you are in"))
