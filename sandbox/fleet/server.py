"""The fleet's MCP server: which tools there are, what they promise, and how one is answered."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ValidationError

from sandbox.fleet import asked, boots, catalogue, plans
from sandbox.fleet.database import Author, Database
from sandbox.fleet.values import (
    Change,
    Deployed,
    Deployments,
    Logs,
    Plan,
    Refusal,
    Release,
    Service,
    Services,
    Ticket,
    Tickets,
)

INSTRUCTIONS = (
    "Services of a small company, in staging and prod. Look with the reads; plan_deployment says what deploy would do. "
    "A refusal is an error whose text begins with NOT_FOUND, INVALID, PRECONDITION_FAILED or KEY_REUSED: nothing was "
    "done then."
)
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
REPLACES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
REPLACES_ONCE = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


@dataclass
class Fleet:
    """What the tools work on."""

    database: Database
    author: Author
    roll_seconds: float
    _rollouts: set[asyncio.Task[None]] = field(default_factory=set)

    async def roll_out(self, deployment: int) -> None:
        """Bring the instances over, one at a time, and note that the reply goes out now.

        The rollout goes on when the one who asked stops waiting; then nobody is told, and that is noted.
        """
        rollout = asyncio.create_task(self._roll(deployment))
        self._rollouts.add(rollout)
        rollout.add_done_callback(self._rollouts.discard)
        try:
            await asyncio.shield(rollout)
        except asyncio.CancelledError:
            self.database.mark_unanswered(deployment)
            raise
        self.database.mark_replied(deployment)

    async def _roll(self, deployment: int) -> None:
        more = True
        while more:
            await asyncio.sleep(self.roll_seconds)
            more = self.database.roll_one(deployment)


# Reads


async def list_services(fleet: Fleet, about: asked.MaybeEnvironment) -> Services:
    """Every service with its version, health and metrics; of one environment or of all."""
    found = fleet.database.services(about.environment)
    if not found:
        there_are = " and ".join(catalogue.ENVIRONMENTS)
        raise Refusal("NOT_FOUND", f"no environment {about.environment}; there are {there_are}")
    return Services(services=found)


async def get_service(fleet: Fleet, about: asked.Place) -> Service:
    """One service in one environment: version, previous version, instances, health, metrics, and its revision,
    which grows by one with every change.
    """
    return fleet.database.service(about.service, about.environment)


async def recent_deployments(fleet: Fleet, about: asked.Recent) -> Deployments:
    """Deployments, rollbacks and restarts, the newest first: who did what, where and when."""
    return Deployments(deployments=fleet.database.deployments(about.service, about.environment, about.limit))


async def get_release(_: Fleet, about: asked.ServiceVersion) -> Release:
    """The notes of a release, whether it exists at all, and which releases of the service there are."""
    releases = catalogue.RELEASES.get(about.service)
    if releases is None:
        raise Refusal("NOT_FOUND", f"no service {about.service}; there are {', '.join(catalogue.SERVICES)}")
    found = releases.get(about.version)
    return Release(
        service=about.service,
        version=about.version,
        exists=found is not None,
        notes=found.notes if found else "",
        available=tuple(releases),
    )


async def read_logs(fleet: Fleet, about: asked.LogLines) -> Logs:
    """The last lines that the service's instances logged, the oldest first."""
    now = fleet.database.service(about.service, about.environment)
    said: list[str] = []
    for number in range(about.lines):
        instance = now.instances[number % len(now.instances)]
        phrases = catalogue.behaviour(now.service, instance.version, now.environment).says
        said.append(f"{instance.id} {instance.version} {phrases[number % len(phrases)]}")
    return Logs(service=now.service, environment=now.environment, lines=tuple(said))


async def list_tickets(fleet: Fleet, about: asked.MaybeService) -> Tickets:
    """The tickets, the oldest first; of one service or of all."""
    return Tickets(tickets=fleet.database.tickets(about.service))


async def find_tickets(fleet: Fleet, about: asked.FindTickets) -> Tickets:
    """The tickets that were opened with this reference, the oldest first; of one service or of all."""
    return Tickets(tickets=fleet.database.tickets(about.service, about.reference))


async def plan_deployment(fleet: Fleet, about: asked.Planned) -> Plan:
    """What deploy would do with the same service, version and environment, step by step. Changes nothing.

    The revision is the one the plan was made for: deploy takes it as expected_revision.
    """
    plan = plans.deployment(
        fleet.database.service(about.service, about.environment, otherwise="INVALID"), about.version
    )
    fleet.database.note_plan(plan)
    return plan


# Changes


async def deploy(fleet: Fleet, wish: asked.Deploy) -> Deployed:
    """Put a version of a service into an environment: rolling, one instance at a time; answers when the last is over.

    Takes no idempotency key and knows no dry run: every call that is not refused is a deployment, and
    plan_deployment says beforehand what it would do. With expected_revision it is refused (PRECONDITION_FAILED)
    where the service was changed since.
    """
    begun = fleet.database.deploy(
        wish.service, wish.environment, wish.version, fleet.author, expected_revision=wish.expected_revision
    )
    if begun.lose_reply:
        # The fault somebody armed: it is done and durable, and nobody will hear of it.
        os._exit(1)
    await fleet.roll_out(begun.deployment.id)
    return Deployed(
        deployment=begun.deployment, instances=begun.plan.instances, revision=begun.plan.revision + 1
    )


async def rollback(fleet: Fleet, wish: asked.Rollback) -> Change:
    """Put the previous version of a service back. Takes no idempotency key: a second call would undo the first.

    With dry_run it says what it would do and does nothing.
    """
    if wish.dry_run:
        now = fleet.database.service(wish.service, wish.environment, otherwise="INVALID")
        plan = plans.rollback(now)
        fleet.database.note_plan(plan)
        return Change(dry_run=True, plan=plan, deployment=None)
    begun = fleet.database.rollback(wish.service, wish.environment, fleet.author)
    if begun.lose_reply:
        os._exit(1)
    await fleet.roll_out(begun.deployment.id)
    return Change(dry_run=False, plan=begun.plan, deployment=begun.deployment)


async def restart(fleet: Fleet, wish: asked.Restart) -> Change:
    """Restart a service's instances, one at a time, on the version they run.

    request_id is an idempotency key: the same id again gives the first result back and does nothing more; with
    other arguments it is refused (KEY_REUSED). With dry_run it says what it would do and does nothing.
    """
    if wish.dry_run:
        now = fleet.database.service(wish.service, wish.environment, otherwise="INVALID")
        return Change(dry_run=True, plan=plans.restart(now), deployment=None)
    change, begun = fleet.database.restart(wish.service, wish.environment, wish.request_id, fleet.author)
    if begun and change.deployment is not None:
        await fleet.roll_out(change.deployment.id)
    return change


async def create_ticket(fleet: Fleet, wish: asked.NewTicket) -> Ticket:
    """Open a ticket about a service. It has no preview and deduplicates nothing: every call opens another one.

    A reference is kept with the ticket, and find_tickets finds it again.
    """
    opened = fleet.database.create_ticket(wish.title, wish.service, wish.body, fleet.author, wish.reference)
    if opened.lose_reply:
        os._exit(1)
    return opened.ticket


# How a tool is called


@dataclass(frozen=True)
class Offer:
    """A tool: its function, what it takes and gives, and what it says of itself."""

    run: Callable[[Fleet, Any], Awaitable[BaseModel]]
    takes: type[asked.Arguments]
    gives: type[BaseModel]
    annotations: ToolAnnotations

    @property
    def name(self) -> str:
        return self.run.__name__

    def definition(self) -> Tool:
        return Tool(
            name=self.name,
            description=" ".join((self.run.__doc__ or "").split()),
            input_schema=self.takes.model_json_schema(),
            output_schema=self.gives.model_json_schema(mode="serialization"),
            annotations=self.annotations,
        )


OFFERS = {
    offer.name: offer
    for offer in (
        Offer(list_services, asked.MaybeEnvironment, Services, READS),
        Offer(get_service, asked.Place, Service, READS),
        Offer(recent_deployments, asked.Recent, Deployments, READS),
        Offer(get_release, asked.ServiceVersion, Release, READS),
        Offer(read_logs, asked.LogLines, Logs, READS),
        Offer(list_tickets, asked.MaybeService, Tickets, READS),
        Offer(find_tickets, asked.FindTickets, Tickets, READS),
        Offer(plan_deployment, asked.Planned, Plan, READS),
        Offer(deploy, asked.Deploy, Deployed, REPLACES),
        Offer(rollback, asked.Rollback, Change, REPLACES),
        Offer(restart, asked.Restart, Change, REPLACES_ONCE),
        Offer(create_ticket, asked.NewTicket, Ticket, ADDS),
    )
}


async def answer(fleet: Fleet, offer: Offer, arguments: dict[str, Any]) -> CallToolResult:
    """Run one call. A refusal is an error result whose text begins with its code."""
    try:
        wish = offer.takes.model_validate(arguments)
        if not offer.annotations.read_only_hint:
            fleet.database.finish_abandoned()
        given = await offer.run(fleet, wish)
    except ValidationError as error:
        return _refused(f"INVALID: {asked.what_is_wrong(error)}")
    except Refusal as refusal:
        return _refused(str(refusal))
    return CallToolResult(
        content=[TextContent(text=given.model_dump_json())], structured_content=given.model_dump(mode="json")
    )


def _refused(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


async def serve(fleet: Fleet) -> None:
    """Answer on stdin and stdout until stdin ends."""

    async def tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[offer.definition() for offer in OFFERS.values()])

    async def call(_: Any, params: CallToolRequestParams) -> CallToolResult:
        offer = OFFERS.get(params.name)
        if offer is None:
            raise MCPError(INVALID_PARAMS, f"no tool {params.name}")
        return await answer(fleet, offer, params.arguments or {})

    fleet.database.finish_abandoned()
    boots.sweep(fleet.database.path)
    server: Server[Any] = Server(
        "demo-fleet", version="1", instructions=INSTRUCTIONS, on_list_tools=tools, on_call_tool=call
    )
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
