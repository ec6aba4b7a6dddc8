"""An alert opens an investigation: from a webhook to a card in Slack, and what follows reaches it."""

import aiohttp
import pytest_asyncio

from bot.app import Bot, assemble
from bot.events_settings import RevisionRule, StartRule
from bot.settings import BotSettings, SlackSettings
from sandbox.client import words
from sandbox.server import Sandbox
from tests.bot.besieging import free_port
from tests.bot.conftest import Workspace
from tests.bot.events import Post, alert, source, told
from tests.workflows.far_end import FarEnd, deploy, in_order
from workflows.values.spec import ModelPlanner

CHANNEL = "C0OPS"


class Alerted(Workspace):
    """Its bot hears Slack by Socket Mode, and events over HTTP."""

    def __init__(self, slack, temporal):
        super().__init__(slack, temporal)
        self.port = free_port()
        self.agent = self.agent.model_copy(update={"planner": ModelPlanner(models=("test:model",))})
        self.source = source(
            starts=(
                StartRule(
                    when={"state": ("firing",)},
                    agent=self.agent.name,
                    goal="find out why {service} is slow",
                    channel=CHANNEL,
                    on_behalf_of="U0ALICE",
                ),
            ),
            revises=(
                RevisionRule(when={"state": ("resolved",)}, text="{service} is well again: say what it was"),
            ),
        )

    def settings(self) -> SlackSettings:
        return super().settings().model_copy(update={"http_port": self.port})

    def assemble(self) -> Bot:
        settings = BotSettings(agents=(self.agent,), events=(self.source,))
        return assemble(self.client, settings, self.settings())


@pytest_asyncio.fixture
async def alerted(temporal):
    async with Sandbox() as slack:
        workspace = Alerted(slack, temporal)
        await workspace.open()
        workspace.tools = FarEnd(workspace.client, in_order(deploy()))
        await workspace.work()
        await workspace.listen()
        yield workspace
        await workspace.close()


@pytest_asyncio.fixture
async def post(alerted):
    async with aiohttp.ClientSession() as http:
        yield Post(alerted.port, http)


async def test_an_alert_opens_a_run_that_says_whose_event_it_was_and_for_whom(alerted, post):
    alice, bob = await alerted.person("U0ALICE"), await alerted.person("U0BOB")

    assert await post(alert(service=alerted.service)) == 202

    root = words(await alice.sees(CHANNEL, f"find out why {alerted.service} is slow"))
    assert "An event of `alerts` asked the agent `deployer`, on behalf of <@U0ALICE>:" in root
    card = await alice.sees(CHANNEL, "Decide by")
    await alice.click(card, "Approve")
    await alice.sees(CHANNEL, "You asked for this change, so somebody else has to decide on it.")
    assert alerted.tools.applied == []
    await bob.click(card, "Approve")
    await alice.sees(CHANNEL, "Done.")
    assert len(alerted.tools.applied) == 1


async def test_a_webhook_that_is_sent_again_opens_nothing_again(alerted, post):
    alice = await alerted.person("U0ALICE")
    for _ in range(3):
        assert await post(alert(service=alerted.service)) == 202

    await alice.sees(CHANNEL, "Decide by")

    assert len(await alerted.runs()) == 1


async def test_the_end_of_the_alert_withdraws_what_people_are_asked(alerted, post):
    """What the mailbox was sent is handed on here as it does (tests/workflows has the mailbox itself)."""
    alice = await alerted.person("U0ALICE")
    assert await post(alert(service=alerted.service)) == 202
    await alice.sees(CHANNEL, "Decide by")

    assert await post(alert(service=alerted.service, state="resolved")) == 202
    subscription, _, resolved = await told(alerted.client, alerted.service, first=3)
    run = alerted.client.get_workflow_handle(subscription.run_id)
    await run.signal("event", resolved.event)

    withdrawn = words(await alice.sees(CHANNEL, "No longer needed"))
    assert "an event of alerts changed the goal" in withdrawn
    root = words(await alice.sees(CHANNEL, f"{alerted.service} is well again: say what it was"))
    assert "An event of `alerts` asked the agent" in root
    assert alerted.tools.applied == []
    assert len(await alerted.runs()) == 1


async def test_without_sources_nothing_listens_beside_socket_mode(quiet):
    quiet.http_port = None
    bot = quiet.assemble()

    assert bot.events.routes() == []
