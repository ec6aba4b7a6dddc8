"""Webhooks at the door of `handrail bot`: an alert opens an investigation, and a run waits for its checks."""

import json

from sandbox.client import words
from tests.bot.events import SECRET, TOKEN, alert
from tests.journeys.stage import OPS, Thread


async def test_an_alert_opens_an_investigation(at_team):
    stage, post = at_team.stage, at_team.post
    assert await post(alert(environment="prod"), headers={TOKEN: "a guess of some length"}) == 401
    for _ in range(2):
        assert await post(alert(environment="prod"), headers={TOKEN: SECRET}) == 202

    root = await stage.alice.sees(OPS, "why is checkout slow in prod", 40)
    said = words(await Thread(stage, root["ts"]).ends("done"))
    assert "An event of `alerts` asked the agent `diagnose`, on behalf of <@U0ALICE>:" in said
    opened = [each for each in await stage.alice.messages(OPS) if "An event of" in words(each)]
    assert len(opened) == 1
    logs = [file.read_text() for file in (at_team.folder / "logs").iterdir()]
    assert not any(SECRET in log for log in logs)


def checks(commit: str, conclusion: str) -> bytes:
    run = {"name": "ci", "status": "completed", "conclusion": conclusion, "head_sha": commit}
    return json.dumps(
        {"action": "completed", "check_run": run, "repository": {"full_name": "acme/catalog"}}
    ).encode()


async def test_a_run_waits_for_its_checks_and_then_asks_to_deploy(at_team):
    stage = at_team.stage
    thread = await stage.ask("ship catalog 5.2.0 when 4f2c9d1 is green")
    waiting = words(await thread.shows("Waiting for an event"))
    assert "acme/catalog@4f2c9d1" in waiting

    assert await at_team.post(checks("0000000", "failure"), to="ci") == 202
    assert await at_team.post(checks("4f2c9d1", "success"), to="ci") == 202
    await thread.shows("Approval needed")
    await thread.press("Approve", by=stage.bob)
    root = await thread.ends("done")

    assert "The checks said success, and it is deployed." in words(root)
    assert stage.made().count(("catalog", "5.2.0")) == 1


async def test_what_happened_before_a_run_waits_for_it_is_not_lost(at_team):
    assert await at_team.post(checks("77aa010", "failure"), to="ci") == 202

    thread = await at_team.stage.ask("ship catalog 5.3.0 when 77aa010 is green")
    root = await thread.ends("done")

    assert "The checks said failure." in words(root)
