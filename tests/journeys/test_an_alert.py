"""An alert opens an investigation: a webhook at the door of `handrail bot`, and a thread in Slack."""

from pathlib import Path

import aiohttp

from sandbox.client import words
from tests.bot.besieging import free_port
from tests.bot.events import SECRET, TOKEN, Post, alert
from tests.journeys.stage import OPS, Thread, raised

ROOT = Path(__file__).parents[2]
EVENTS = """\
events:
  alerts:
    verify: {header: X-Alert-Token, secret: "${ALERT_TOKEN}"}
    map:
      - {key: "{/environment}/{/service}", facts: {state: /state, service: /service, environment: /environment}}
    starts:
      - when: {state: firing}
        agent: diagnose
        goal: why is {service} slow in {environment}
        channel: C0OPS
        on_behalf_of: U0ALICE
"""


async def test_an_alert_opens_an_investigation(tmp_path):
    config = tmp_path / "handrail.yaml"
    config.write_text((ROOT / "handrail.yaml").read_text() + EVENTS)
    port = free_port()
    environ = {"HANDRAIL_CONFIG": str(config), "HANDRAIL_HTTP_PORT": str(port), "ALERT_TOKEN": SECRET}
    async with raised(tmp_path, environ) as stage, aiohttp.ClientSession() as http:
        post = Post(port, http)

        assert await post(alert(environment="prod"), headers={TOKEN: "a guess of some length"}) == 401
        for _ in range(2):
            assert await post(alert(environment="prod"), headers={TOKEN: SECRET}) == 202

        root = await stage.alice.sees(OPS, "why is checkout slow in prod", 40)
        said = words(await Thread(stage, root["ts"]).ends("done"))
        assert "An event of `alerts` asked the agent `diagnose`, on behalf of <@U0ALICE>:" in said
        opened = [each for each in await stage.alice.messages(OPS) if "An event of" in words(each)]
        assert len(opened) == 1
        logs = [file.read_text() for file in (tmp_path / "logs").iterdir()]
        assert not any(SECRET in log for log in logs)
