"""20,000 requests that nobody well-meaning would send, and one that comes a hundred times."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from statistics import quantiles
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio

from bot.http import PATH
from sandbox.server import Sandbox
from sandbox.settings import SandboxSettings
from tests.bot.besieging import free_port, open_door, send_all, send_raw
from tests.bot.conftest import Workspace
from tests.bot.hostile import CANARY, FORM, SIGNATURE, TIMESTAMP, as_form, odd_requests, requests, sign
from tests.bot.test_asking import buttons
from workflows.values.view import AuditRow

SEED = "siege"
HOSTILE, RAW, ODD = 20_000, 2_000, 5_000
TIMES = 100


@pytest.mark.timeout(300)
async def test_a_siege_is_answered_with_4xx_and_nothing_comes_of_it(caplog, capsys):
    async with open_door() as door:
        answers = await send_all(door.port, requests(SEED, HOSTILE))
        statuses = await send_raw(door.port, SEED, RAW)

        assert len(answers) == HOSTILE
        assert not Counter((each.what, each.status) for each in answers if not 400 <= each.status < 500)
        assert not [status for status in statuses if not 400 <= status < 500]
        assert door.witness.saw_nothing
    assert CANARY not in caplog.text
    with capsys.disabled():
        slow = quantiles([each.seconds for each in answers], n=100)[98]
        print(
            f"\n{Counter(each.status for each in answers)}, raw {Counter(statuses)}, p99 {slow * 1000:.0f} ms"
        )


@pytest.mark.timeout(300)
async def test_what_is_odd_where_it_does_not_matter_is_no_fault_of_ours(temporal):
    async with open_door(temporal.client) as door:
        answers = await send_all(door.port, odd_requests(SEED, ODD))

    assert not Counter((each.what, each.status) for each in answers if each.status >= 500)


@pytest_asyncio.fixture
async def over_http(temporal) -> AsyncIterator[Workspace]:
    port = free_port()
    async with Sandbox(SandboxSettings(request_url=f"http://127.0.0.1:{port}{PATH}")) as slack:
        workspace = Workspace(slack, temporal)
        workspace.http_port = port
        await workspace.open()
        await workspace.work()
        await workspace.listen()
        yield workspace
        await workspace.close()


async def repeat(workspace: Workspace, body: bytes) -> list[int]:
    """The very same signed request, a hundred times at once."""
    now = str(int(time.time()))
    secret = workspace.slack.settings.signing_secret
    headers = {"Content-Type": FORM, TIMESTAMP: now, SIGNATURE: sign(body, now, secret)}
    url = f"http://127.0.0.1:{workspace.http_port}{PATH}"
    async with aiohttp.ClientSession(headers=headers) as http:

        async def once() -> int:
            async with http.post(url, data=body) as response:
                return response.status

        return await asyncio.gather(*(once() for _ in range(TIMES)))


async def test_a_command_delivered_a_hundred_times_at_once_starts_one_run(over_http):
    given = {
        "command": "/handrail",
        "text": over_http.goal,
        "team_id": "T0HANDRAIL",
        "user_id": "U0ALICE",
        "channel_id": "C0OPS",
        "trigger_id": "1.2.3",
    }
    alice = await over_http.person("U0ALICE")

    statuses = await repeat(over_http, urlencode(given).encode())
    await alice.sees("C0OPS", "Decide by")

    assert set(statuses) == {200}
    assert len(set(await over_http.runs())) == 1


async def test_an_approval_delivered_a_hundred_times_at_once_counts_once(over_http):
    alice, bob = await over_http.person("U0ALICE"), await over_http.person("U0BOB")
    await alice.say("C0OPS", f"/handrail {over_http.goal}")
    card = await bob.sees("C0OPS", "Decide by")
    [button] = [each for each in buttons(card) if each["action_id"] == "approve"]
    pressed = {
        "type": "block_actions",
        "user": {"id": "U0BOB"},
        "team": {"id": "T0HANDRAIL"},
        "trigger_id": "1.2.3",
        "channel": {"id": "C0OPS"},
        "container": {"message_ts": card["ts"], "channel_id": "C0OPS"},
        "actions": [{"action_id": "approve", "value": button["value"], "action_ts": f"{time.time():.6f}"}],
    }

    statuses = await repeat(over_http, as_form(pressed))
    await alice.sees("C0OPS", f"Done: {over_http.run}")

    assert set(statuses) == {200}
    assert len(over_http.tools.applied) == 1
    [run] = set(await over_http.runs())
    rows = await over_http.client.get_workflow_handle(run).query("audit", result_type=list[AuditRow])
    assert [row.by.user for row in rows if row.what == "approved" and row.by] == ["U0BOB"]
    assert [row for row in rows if row.what == "refused"] == []
