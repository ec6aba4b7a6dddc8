import asyncio

import pytest

from sandbox.client import PersonError
from sandbox.server import PortTakenError, Sandbox, SandboxSettings, serve


async def test_a_restart_keeps_channels_messages_homes_and_sessions(start, make_app, meet, tmp_path):
    state = tmp_path / "workspace.sqlite3"
    async with Sandbox(SandboxSettings(state=state)) as first:
        client = make_app(first).client
        root = await client.chat_postMessage(channel="C0OPS", text="before")
        await client.chat_postMessage(channel="U0ALICE", text="psst")
        await client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": [{"type": "divider"}]})
        await client.agents_sessions_setStatus(channel_id="C0OPS", thread_ts=root["ts"], status="suspended")

    second = await start(state=state)

    alice = await meet(second)
    seen = await alice.state()
    assert [message["ts"] for message in await alice.messages("C0OPS")] == [root["ts"]]
    assert [message["text"] for message in await alice.messages("D0ALICE")] == ["psst"]
    assert seen["home"]["blocks"][0]["type"] == "divider"
    assert [session["status"] for session in seen["agent_sessions"]] == ["suspended"]
    after = await make_app(second).client.chat_postMessage(
        channel="C0OPS", text="after", thread_ts=root["ts"]
    )
    assert float(after["ts"]) > float(root["ts"])


async def test_a_taken_port_is_said_plainly(slack):
    port = int(slack.base_url.rpartition(":")[2])

    with pytest.raises(PortTakenError, match=f"port {port} on 127.0.0.1 is taken"):
        await serve(SandboxSettings(port=port))


async def test_the_sandbox_listens_on_loopback_only():
    with pytest.raises(ValueError, match="host"):
        SandboxSettings(host="0.0.0.0")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/page/state?as=U0ALICE", "/control/log", "/page/live?as=U0ALICE", "/"])
async def test_no_other_page_gets_an_answer(slack, http, path, headers):
    async with http.get(f"{slack.base_url}{path}", headers=headers) as response:
        assert response.status == 403


async def test_the_page_itself_gets_an_answer(slack, http):
    headers = {"Origin": slack.base_url}

    async with http.get(f"{slack.base_url}/page/state?as=U0ALICE", headers=headers) as response:
        state = await response.json()

    assert (state["me"]["name"], state["command"], state["bot"]["user_id"]) == (
        "alice",
        "/handrail",
        "U0HANDRAIL",
    )
    assert {channel["name"]: channel["bot_is_member"] for channel in state["channels"]} == {
        "ops": True,
        "general": True,
        "random": False,
        "handrail": True,
    }


async def test_files_outside_the_page_s_folder_are_not_served(slack, http):
    async with http.get(f"{slack.base_url}/static/..%2f..%2fserver.py") as response:
        assert response.status == 404


async def test_a_guest_sees_only_the_channels_they_are_in(slack, meet):
    gus = await meet(slack, "U0GUS")

    with pytest.raises(PersonError, match="not_in_channel"):
        await gus.messages("C0OPS")
    assert (await gus.say("C0OPS", "hello"))["error"] == "not_in_channel"
    assert (await gus.say("C0GENERAL", "hello"))["ok"] is True


async def test_nobody_speaks_as_the_bot(slack, meet):
    bot = await meet(slack, "U0HANDRAIL")

    assert await bot.say("C0OPS", "I approve") == {"ok": False, "error": "user_not_found"}


async def test_the_page_hears_of_messages_changes_and_removals_as_they_happen(client, alice, bob):
    async with bob.live() as pushes:
        posted = await client.chat_postMessage(channel="C0OPS", text="one")
        await client.chat_update(channel="C0OPS", ts=posted["ts"], text="two")
        await client.chat_postEphemeral(channel="C0OPS", user="U0ALICE", text="not for Bob")
        await client.chat_postMessage(channel="U0ALICE", text="neither is this")
        await client.chat_delete(channel="C0OPS", ts=posted["ts"])
        heard = [await asyncio.wait_for(anext(pushes), 10) for _ in range(3)]

    assert [push["type"] for push in heard] == ["message", "message_changed", "message_deleted"]


async def test_the_page_shows_the_fleet_and_can_break_what_it_was_given(http):
    async def fleet():
        return {"available": True, "services": ["checkout"]}

    async def kill_worker(asked):
        return {"text": f"killed {asked['which']}"}

    async with Sandbox(fleet=fleet, breakers={"kill_worker": kill_worker}) as slack:
        async with http.get(f"{slack.base_url}/page/fleet") as response:
            assert await response.json() == {"available": True, "services": ["checkout"]}
        async with http.post(
            f"{slack.base_url}/page/break", json={"what": "kill_worker", "which": 2}
        ) as response:
            assert await response.json() == {"ok": True, "text": "killed 2"}
        async with http.post(f"{slack.base_url}/page/break", json={"what": "lose_reply"}) as response:
            assert response.status == 404
            assert (await response.json())[
                "error"
            ] == "lose_reply can't be broken here; what can be: kill_worker"


async def test_a_change_of_the_fleet_s_file_and_of_the_parts_is_pushed_to_an_open_page(start, meet, tmp_path):
    database = tmp_path / "fleet.sqlite3"
    slack = await start(fleet_watch=database)
    alice = await meet(slack)

    async with alice.live() as pushes:
        slack.notify_parts({"worker": "up"})
        assert await asyncio.wait_for(anext(pushes), 10) == {"type": "parts", "parts": {"worker": "up"}}
        database.write_text("changed")
        assert await asyncio.wait_for(anext(pushes), 10) == {"type": "fleet"}
        slack.notify_fleet()
        assert await asyncio.wait_for(anext(pushes), 10) == {"type": "fleet"}
    assert (await alice.state())["parts"] == {"worker": "up"}


async def test_what_a_request_lacks_is_said(slack, http):
    async with http.post(
        f"{slack.base_url}/page/say", json={"as": "U0ALICE", "channel": "C0OPS"}
    ) as response:
        assert await response.json() == {"ok": False, "error": "missing: text"}
    async with http.post(f"{slack.base_url}/page/say", data="not JSON") as response:
        assert response.status == 400
