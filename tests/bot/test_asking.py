"""People asking for runs in Slack: every occasion is one run, and every question has an answer."""

import socket

import aiohttp
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bot.http import PATH
from sandbox.client import words
from sandbox.server import Sandbox, SandboxSettings
from tests.bot.conftest import Workspace
from tests.bot.proxy import Proxy


async def plan(slack: Sandbox, *faults: dict[str, object]) -> None:
    """Make something go wrong in the workspace."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{slack.base_url}/control/faults", json=faults) as done,
    ):
        assert done.status == 200


async def test_a_goal_typed_in_slack_is_a_run_that_shows_itself_at_once(workspace, alice):
    answer = await alice.say("C0OPS", f"/handrail {workspace.goal}")
    root = await alice.sees("C0OPS", workspace.run)

    assert answer["ok"]
    said = words(root)
    assert "<@U0ALICE> asked the agent `deployer`:" in said
    assert workspace.goal in said


async def test_a_command_delivered_twice_is_one_run(workspace, alice):
    await plan(workspace.slack, {"kind": "duplicate_delivery", "type": "slash_commands"})

    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")

    assert len(await workspace.runs()) == 1


async def test_a_mention_starts_a_run_in_its_own_thread_once_however_often_it_is_delivered(workspace, alice):
    await plan(workspace.slack, {"kind": "duplicate_delivery", "type": "events_api"})

    said = await alice.say("C0OPS", f"@handrail {workspace.goal}")
    root = await alice.sees("C0OPS", workspace.run)
    card = await alice.sees("C0OPS", "Approval needed")

    assert root["thread_ts"] == card["thread_ts"] == said["ts"]
    assert len(await workspace.runs()) == 1


async def test_runs_are_numbered_by_what_they_do(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", workspace.run)
    await alice.say("C0OPS", f"/handrail deploy {workspace.service} 1.5.0")
    await alice.sees("C0OPS", f"deployer-{workspace.service}-2")
    await alice.say("C0OPS", f"/handrail deploy {workspace.service}b 2.0.0")
    await alice.sees("C0OPS", f"deployer-{workspace.service}b-1")


async def test_what_nobody_knows_how_to_do_is_answered_with_what_is_possible(workspace, alice, bob):
    await alice.say("C0OPS", "/handrail make me a sandwich")
    chips = await alice.sees("C0OPS", "I don't know how to do that")

    assert "deploy cart 2.0.0" in words(chips)
    assert await bob.messages("C0OPS") == []
    assert await workspace.runs() == []

    await alice.click(chips, "deploy cart 2.0.0")
    await alice.sees("C0OPS", "deploy cart 2.0.0\n")
    await alice.until(lambda: gone(alice, chips))


async def test_a_command_that_was_mistyped_is_answered_with_how_it_is_used(workspace, alice):
    await alice.say("C0OPS", "/handrail list foo")
    told = await alice.sees("C0OPS", "I can't read that, so nothing was started")

    assert "`list mine`, `list waiting`, `list all`" in words(told)
    assert "list foo" in words(told)
    assert buttons(told) == []
    assert await workspace.runs() == []


async def test_a_goal_that_the_named_agent_makes_nothing_of_starts_nothing(workspace, alice, bob):
    for asked in ("/handrail run", "/handrail plan run", "@handrail run"):
        await alice.say("C0OPS", f"{asked} deployer: make tea")
    told = await alice.sees("C0OPS", "The agent `deployer` can't make anything of that")

    assert "`deploy &lt;service&gt; &lt;version&gt; [to &lt;environment&gt;]`" in words(told)
    assert told["is_ephemeral"]
    assert {each["user"] for each in await bob.messages("C0OPS")} == {"U0ALICE"}
    assert await workspace.runs() == []


async def test_where_there_is_no_such_agent_those_that_there_are_are_named(workspace, alice):
    await alice.say("C0OPS", "/handrail run nobody: make tea")

    await alice.sees("C0OPS", "There are `deployer`; `/handrail agents` says what each does.")


async def gone(person, message) -> bool:
    return all(each["ts"] != message["ts"] for each in await person.messages(message["channel"]))


async def test_a_thread_with_a_run_under_way_says_how_to_stop_it(workspace, alice):
    said = await alice.say("C0OPS", f"@handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await alice.say("C0OPS", "@handrail", thread_ts=said["ts"])
    told = await alice.sees("C0OPS", "is under way in this thread")

    assert f"`/handrail cancel {workspace.run}`" in words(told)
    assert len(await workspace.runs()) == 1


async def test_a_run_is_told_what_to_do_instead_and_what_no_longer_fits_is_withdrawn(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")
    instead = f"deploy {workspace.service} 2.0.0 to staging"

    await alice.say("C0OPS", f"/handrail tell {workspace.run}: {instead}")

    await alice.sees("C0OPS", f"{workspace.run} was told.")
    withdrawn = await alice.sees("C0OPS", "No longer needed")
    assert "the goal was changed" in words(withdrawn)
    root = await alice.sees("C0OPS", instead)
    assert f"{workspace.run}: " in words(root)
    assert len(await workspace.runs()) == 1


async def test_somebody_who_may_not_steer_a_run_changes_nothing_by_telling_it(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")
    carol = await workspace.person("U0CAROL")

    await carol.say("C0OPS", f"/handrail tell {workspace.run} deploy cart 2.0.0")

    await carol.sees("C0OPS", "Only the person who asked for this run")
    assert not [each for each in await alice.messages("C0OPS") if "No longer needed" in words(each)]


async def test_a_runbook_is_not_ended_by_words_that_it_can_make_nothing_of(workspace, alice):
    said = await alice.say("C0OPS", f"@handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await alice.say("C0OPS", "@handrail and make it quick", thread_ts=said["ts"])

    told = await alice.sees("C0OPS", "Nothing was changed. It understands")
    assert "`deploy <service> <version> [to <environment>]`" in words(told).replace("&lt;", "<").replace(
        "&gt;", ">"
    )
    assert not [each for each in await alice.messages("C0OPS") if "No longer needed" in words(each)]


async def test_status_and_list_answer_with_no_worker_up(quiet: Workspace):
    await quiet.listen()
    alice = await quiet.person("U0ALICE")

    await alice.say("C0OPS", f"/handrail {quiet.goal}")
    listed = await answered(alice, "/handrail list", quiet.goal)
    status = await answered(alice, f"/handrail status {quiet.run}", "asked by <@U0ALICE>")

    assert "Runs in this channel" in words(listed)
    assert "Starting" in words(status)


async def answered(who, command, text):
    """The answer that shows *text*. Temporal's lists are a moment behind, so it is asked again, as a person would."""
    for _ in range(40):
        await who.say("C0OPS", command)
        answers = [each for each in await who.messages("C0OPS") if each.get("is_ephemeral")]
        if answers and text in words(answers[-1]):
            return answers[-1]
    raise AssertionError(words(answers[-1]))


async def test_a_run_is_cancelled_by_name_with_a_reason(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")

    await alice.say("C0OPS", f"/handrail cancel {workspace.run} wrong version")
    await alice.sees("C0OPS", f"Asked {workspace.run} to stop")
    await alice.sees("C0OPS", f"Stopped: {workspace.run}")

    card = next(each for each in await alice.messages("C0OPS") if "No longer needed" in words(each))
    assert "Approve" not in [button["text"]["text"] for button in buttons(card)]


def buttons(message):
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [element for row in rows for element in row["elements"]]


async def test_when_a_text_can_be_read_in_two_ways_both_are_offered(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")

    await alice.say("C0OPS", f"/handrail cancel {workspace.run} now")
    offered = await alice.sees("C0OPS", "Which one do you mean")
    await alice.click(offered, f"Cancel {workspace.run}")

    await alice.sees("C0OPS", f"Stopped: {workspace.run}")
    assert len(await workspace.runs()) == 1


async def test_a_run_that_nobody_knows_is_answered_in_words(workspace, alice):
    await alice.say("C0OPS", "/handrail status deployer-checkout-990")

    await alice.sees("C0OPS", "I know no run called `deployer-checkout-990`")


class Cut(Workspace):
    """A workspace whose bot reaches Temporal over a wire that can be cut."""

    proxy: Proxy


@pytest_asyncio.fixture
async def cut(temporal):
    settings = SandboxSettings(event_retry_after=(0.2, 0.2, 0.2, 0.2, 0.2, 0.2))
    target = temporal.client.service_client.config.target_host
    async with Sandbox(settings) as slack, Proxy(target) as proxy:
        workspace = Cut(slack, temporal)
        workspace.proxy = proxy
        await workspace.open()
        through = await Client.connect(proxy.address, data_converter=pydantic_data_converter)
        workspace.client = through
        await workspace.listen()
        workspace.client = temporal.client
        yield workspace
        await proxy.cut()
        await proxy.mend()
        await workspace.close()


async def test_a_command_while_temporal_is_away_is_answered_and_trying_again_starts_it_once(cut):
    alice = await cut.person("U0ALICE")
    await cut.proxy.cut()

    answer = await alice.say("C0OPS", f"/handrail {cut.goal}")
    told = await alice.sees("C0OPS", "Try again")
    assert answer["ok"]
    assert await cut.runs() == []

    await cut.proxy.mend()
    await cut.work()
    await alice.click(told, "Try again")
    await alice.sees("C0OPS", cut.run)
    assert len(await cut.runs()) == 1


async def test_a_mention_while_temporal_is_away_is_delivered_again_and_starts_one_run(cut):
    alice = await cut.person("U0ALICE")
    await cut.proxy.cut()

    await alice.say("C0OPS", f"@handrail {cut.goal}")
    await alice.sees("C0OPS", "I keep trying for a few minutes")
    await cut.proxy.mend()
    await cut.work()

    await alice.sees("C0OPS", "Approval needed")
    assert len(await cut.runs()) == 1


async def test_the_same_listeners_answer_over_signed_http(temporal):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Sandbox(SandboxSettings(request_url=f"http://127.0.0.1:{port}{PATH}")) as slack:
        workspace = Workspace(slack, temporal)
        workspace.http_port = port
        await workspace.open()
        await workspace.work()
        await workspace.listen()
        alice, bob = await workspace.person("U0ALICE"), await workspace.person("U0BOB")

        await alice.say("C0OPS", f"/handrail {workspace.goal}")
        card = await bob.sees("C0OPS", "Decide by")
        await bob.click(card, "Reject")
        await bob.submit(await bob.modal(), {"Reason": "not today"})
        await alice.sees("C0OPS", "Rejected: fleet.deploy")
        await workspace.close()
