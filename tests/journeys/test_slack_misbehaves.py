"""Replies get lost, deliveries come twice, sockets drop, Slack is slow: one run, one card each, one deployment."""

import pytest

from sandbox.client import words

pytestmark = pytest.mark.proof


async def cards(thread):
    """How often each kind of card stands in the thread."""
    first_lines = [words(each).splitlines()[0] for each in await thread.messages()]
    return {
        "approvals": len([line for line in first_lines if "fleet.restart" in line]),
        "ends": len([line for line in first_lines if line.count("What was changed") or ": done. " in line]),
    }


async def runs_of(stage, goal):
    return [
        message
        for message in await stage.alice.messages("C0OPS")
        if message.get("thread_ts", message["ts"]) == message["ts"]
        and "asked the agent" in words(message)
        and goal in words(message)
    ]


@pytest.mark.parametrize(
    ("service", "faults"),
    [
        ("checkout", [{"method": "chat.postMessage", "kind": "reply_lost", "times": 2}]),
        ("catalog", [{"method": "chat.postMessage", "kind": "not_performed", "times": 2}]),
        ("payments", [{"method": "chat.update", "kind": "reply_lost", "times": 3}]),
        ("search", [{"method": "chat.postMessage", "kind": "ratelimited", "retry_after": 1, "times": 2}]),
    ],
)
async def test_posting_goes_wrong_and_the_thread_is_right_all_the_same(stage, service, faults):
    happened, _ = stage.count()
    earlier = await runs_of(stage, f"restart {service} in prod")
    await stage.control("faults", faults)
    thread = await stage.ask(f"restart {service} in prod")
    await thread.press("Approve", by=stage.bob)
    await thread.ends("done")
    await thread.shows("this is how it ended")

    assert len(await runs_of(stage, f"restart {service} in prod")) == len(earlier) + 1
    assert (await cards(thread))["approvals"] == 1
    assert stage.count()[0] == happened
    await stage.control("clear_faults", {})


async def test_what_is_delivered_twice_happens_once(stage):
    await stage.control("faults", [{"kind": "duplicate_delivery", "times": 10}])
    thread = await stage.ask("deploy catalog 5.2.0 to prod")
    await thread.press("Approve", by=stage.bob)
    await thread.ends("done")
    await thread.shows("this is how it ended")
    await stage.control("clear_faults", {})

    assert len(await runs_of(stage, "deploy catalog 5.2.0 to prod")) == 1
    assert stage.made().count(("catalog", "5.2.0")) == 1


async def test_an_old_click_that_comes_again_changes_nothing(stage):
    thread = await stage.ask("restart payments in prod")
    await thread.press("Approve", by=stage.bob)
    await thread.ends("done")
    await thread.shows("this is how it ended")
    before = await thread.messages()

    replayed = await stage.control("replay_click", {})

    assert replayed["ok"]
    assert [words(each) for each in await thread.messages()] == [words(each) for each in before]


async def test_sockets_that_drop_lose_nothing(stage):
    await stage.control("hang_up", {})
    thread = await stage.ask("deploy search 2.8.4 to staging")
    await stage.control("drop_sockets", {"reason": "refresh_requested"})
    await thread.press("Approve", by=stage.bob)
    await stage.control("hang_up", {})
    await thread.ends("done")
