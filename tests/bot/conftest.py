"""The bot between a Slack-compatible server and a real Temporal; only the tools behind the run are make-believe."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest_asyncio
from pydantic import SecretStr
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.mailboxes import Mailboxes
from activities.masking import PLAIN
from bot.app import Bot, assemble, listening
from bot.settings import BotSettings, SlackSettings
from bot.slack import client_for
from bot.start_settings import StartSettings
from handrail.bot_process import posting_tools
from handrail.config import Config
from handrail.queues import WORKFLOWS, as_activities, cached, runner, slack_worker
from sandbox.client import Person
from sandbox.server import Sandbox
from tests.activities.far_end import BLOBS
from tests.bot.deployer import AGENT, at_once
from tests.workflows.far_end import FarEnd, deploy, in_order
from workflows.outside import Queue
from workflows.values.calls import ProposedCall
from workflows.values.spec import AgentSpec


class Workspace:
    """Slack with its people, the bot in it, and the tools of its one agent."""

    def __init__(self, slack: Sandbox, temporal: WorkflowEnvironment) -> None:
        self.slack = slack
        self.temporal = temporal
        self.client = temporal.client
        self.tools = FarEnd(temporal.client, in_order(deploy()))
        self.agent = AGENT
        self.others: tuple[AgentSpec, ...] = ()
        self.starting: dict[str, StartSettings] = {}
        self._stack = AsyncExitStack()
        self.schema: dict[str, object] | None = None
        """Of its tool, as previews say it."""
        self.service = "svc" + secrets.token_hex(3)
        """A name of this workspace's own, for the Temporal server is shared by all tests."""
        self._earlier: set[str] = set()
        self.api_url = slack.api_url
        self.config: Config | None = None
        """For a bot that posts for tools."""
        self.http_port: int | None = None
        """Set for a bot that is called over HTTP instead of Socket Mode."""

    @property
    def goal(self) -> str:
        return f"deploy {self.service} 1.4.2 to prod"

    @property
    def run(self) -> str:
        """The name of its first run."""
        return f"deployer-{self.service}-1"

    async def open(self) -> None:
        self._earlier = {run.id async for run in self.client.list_workflows()}

    async def person(self, user: str) -> Person:
        return await self._stack.enter_async_context(Person(self.slack.base_url, user))

    def settings(self) -> SlackSettings:
        by_socket = self.http_port is None
        return SlackSettings(
            bot_token=SecretStr(self.slack.bot_token),
            app_token=SecretStr(self.slack.app_token) if by_socket else None,
            signing_secret=SecretStr(self.slack.settings.signing_secret),
            api_url=self.api_url,
            http_host="127.0.0.1",
            http_port=self.http_port or 0,
        )

    def assemble(self) -> Bot:
        settings = BotSettings(
            agents=(self.agent, *self.others), tools=self.agent.tools, starting=self.starting
        )
        return assemble(self.client, settings, self.settings())

    async def open_with(self, *calls: ProposedCall, **rule: object) -> None:
        """The bot and a worker, for an agent that proposes *calls* at once under its rule changed so."""
        [known] = self.agent.rules
        self.agent = self.agent.model_copy(update={"rules": (known.model_copy(update=rule),)})
        self.tools = FarEnd(self.client, at_once(*calls))
        self.tools.input_schema = self.schema
        await self.work()
        await self.listen()

    async def listen(self) -> None:
        """The bot process: its listeners and its worker."""
        self._listening = stack = AsyncExitStack()
        bot = self.assemble()
        await stack.enter_async_context(listening(bot, self.settings()))
        carriers = (
            [*bot.carriers, posting_tools(self.config, bot.posts, PLAIN, BLOBS)]
            if self.config
            else bot.carriers
        )
        await stack.enter_async_context(slack_worker(self.client, carriers))
        self._stack.push_async_exit(stack)

    async def stop_listening(self) -> None:
        await self._listening.aclose()

    async def work(self) -> None:
        """The worker process."""
        self._working = stack = AsyncExitStack()
        activities = as_activities(self.tools, Ledger(self.client), Mailboxes(self.client))[Queue.RUNS]
        worker = Worker(
            self.client,
            task_queue=Queue.RUNS.value,
            workflows=WORKFLOWS,
            max_cached_workflows=cached(os.environ),
            activities=activities,
            workflow_runner=runner(),
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        await stack.enter_async_context(worker)
        self._stack.push_async_exit(stack)

    async def stop_working(self) -> None:
        await self._working.aclose()

    async def api(self, method: str, **arguments: object) -> None:
        """What somebody else with the bot's token could do."""
        await client_for(self.slack.bot_token, self.slack.api_url).api_call(method, json=arguments)

    async def runs(self) -> list[str]:
        """The ids of all that were started here."""
        found = self.temporal.client.list_workflows("WorkflowType = 'AgentRun'")
        return [run.id async for run in found if run.id not in self._earlier]

    async def close(self) -> None:
        client = self.temporal.client
        async for run in client.list_workflows('ExecutionStatus = "Running"'):
            with contextlib.suppress(RPCError):  # it ended by itself meanwhile
                await client.get_workflow_handle(run.id).terminate("the test is over")
        await self._stack.aclose()


@pytest_asyncio.fixture
async def quiet(temporal: WorkflowEnvironment) -> AsyncIterator[Workspace]:
    """Slack and Temporal, and nobody of ours yet."""
    async with Sandbox() as slack:
        workspace = Workspace(slack, temporal)
        await workspace.open()
        yield workspace
        await workspace.close()


@pytest_asyncio.fixture
async def workspace(quiet: Workspace) -> Workspace:
    """With the bot listening and a worker up."""
    await quiet.work()
    await quiet.listen()
    return quiet


@pytest_asyncio.fixture
async def alice(quiet: Workspace) -> Person:
    return await quiet.person("U0ALICE")


@pytest_asyncio.fixture
async def bob(quiet: Workspace) -> Person:
    return await quiet.person("U0BOB")


@pytest_asyncio.fixture
async def carol(quiet: Workspace) -> Person:
    return await quiet.person("U0CAROL")
