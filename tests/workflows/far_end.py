"""The world as a run sees it: every step, carried out by something a test can look into and steer."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from temporalio.client import Client, WorkflowContinuedAsNewError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from activities import undoing
from workflows import outside
from workflows.outside import carries_out
from workflows.rules import own_tools
from workflows.rules.canonical import canonical, parse
from workflows.rules.digests import gates_digest
from workflows.rules.names import mailbox_id
from workflows.rules.undoing import from_preview
from workflows.values.approval import Approval, Previewed, Shown
from workflows.values.calls import ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.effect import EffectOrder, Outcome, OutcomeState, Verified
from workflows.values.events import DELIVER, Delivery
from workflows.values.freeze import FreezeAnswer, FreezeQuestion, Frozen
from workflows.values.outputs import Output, OutputPart
from workflows.values.people import People, PeopleAnswer, PeopleQuestion, Person, PersonFacts, Place, Standing
from workflows.values.run import Ask, RunInput, RunResult
from workflows.values.signals import Answer, Cancel, Decide, DecideAll, Edit, Event, Resolve, Revise, Said
from workflows.values.spec import AgentSpec, Limits, Rule, RuleKind, Runbook, UndoPlanner
from workflows.values.steps import (
    CompactOrder,
    PermittedRead,
    Pinned,
    PinOrder,
    PreviewOrder,
    ReadResult,
    Summary,
    ThinkOrder,
)
from workflows.values.tools import EffectClass, KeyPlace, ToolContract, Undo, Verify
from workflows.values.usage import Usage
from workflows.values.view import Announce, Announced, ApprovalView, Card, RunView

TEAM = "T0HOME"
ALICE = Person(team=TEAM, user="U0ALICE")
BOB = Person(team=TEAM, user="U0BOB")
CAROL = Person(team=TEAM, user="U0CAROL")
MALLORY = Person(team="T0AWAY", user="U0MALLORY")

LOOK = ToolContract(name="fleet.look", server="fleet", tool="look", reads=True)
DEPLOY = ToolContract(
    name="fleet.deploy",
    server="fleet",
    tool="deploy",
    environment="{environment}",
    target="{environment}/{service}",
    where_to_look="the fleet's own list",
)
WITH_UNDO = DEPLOY.model_copy(
    update={
        "undo": Undo(
            tool="fleet.deploy",
            arguments={
                "environment": "{environment}",
                "service": "{service}",
                "version": "{preview.from}",
                "force": "{force}",
            },
        )
    }
)
"""As `DEPLOY`, and it knows what takes it back."""
RESTART = ToolContract(
    name="fleet.restart",
    server="fleet",
    tool="restart",
    effect_class=EffectClass.IDEMPOTENT,
    key=KeyPlace(argument="request_id"),
    environment="{environment}",
    target="{environment}/{service}",
)
TICKET = ToolContract(
    name="fleet.ticket",
    server="fleet",
    tool="ticket",
    effect_class=EffectClass.VERIFIABLE,
    key=KeyPlace(argument="reference"),
    verify=Verify(tool="find", found="tickets", settle_seconds=0),
)
BY_BOB = Rule(
    name="production",
    then=RuleKind.ASK,
    approvers=People(users=("U0BOB", "U0ALICE"), groups=("S0RELEASE",)),
)


def deploy(version: str = "1.4.2", service: str = "checkout") -> ProposedCall:
    arguments = canonical({"environment": "prod", "service": service, "version": version})
    return ProposedCall(tool="fleet.deploy", arguments=arguments, label="deploy", title=f"Deploy {version}")


def look() -> ProposedCall:
    return ProposedCall(tool="fleet.look", arguments=canonical({}), label="look", title="Look")


def ticket() -> ProposedCall:
    return ProposedCall(
        tool="fleet.ticket", arguments=canonical({"title": "slow"}), label="ticket", title="Ticket"
    )


def spec(*rules: Rule, limits: Limits | None = None) -> AgentSpec:
    return AgentSpec(
        name="deployer",
        description="Deploys.",
        planner=Runbook(phrases=("deploy",), steps=(), answer=""),
        tools=(LOOK, DEPLOY, RESTART, TICKET),
        own_tools=tuple(own_tools.ALL),
        rules=rules or (BY_BOB,),
        limits=limits or Limits(),
    )


def in_order(*turns: ProposedCall) -> Callable[[Transcript], Thought]:
    """A planner that proposes one call after the other, and then says how the last one ended."""

    def propose(transcript: Transcript) -> Thought:
        done = transcript.since_goal()
        if done and not done[-1].result.ended.well:
            last = done[-1].result
            return Thought(kind=ThoughtKind.GIVE_UP, text=f"{last.ended.value}: {last.text}")
        if len(done) < len(turns):
            return Thought(kind=ThoughtKind.CALLS, calls=(turns[len(done)],))
        return Thought(kind=ThoughtKind.ANSWER, text="Done.")

    return propose


class FarEnd:
    """Tools, people and Slack, as this test wants them."""

    def __init__(self, client: Client, planner: Callable[[Transcript], Thought]) -> None:
        self._client = client
        self._planner = planner
        self._shown = asyncio.Condition()
        self._timestamps = count(1)
        self.runs: list[str] = []
        self.thoughts: list[ThinkOrder] = []
        self.views: dict[str, RunView] = {}
        self.told: list[str] = []
        self.slots: set[str] = set()
        """Of all cards that were posted."""
        self.applied: list[EffectOrder] = []
        self.running_version = "1.4.1"
        self.input_schema: dict[str, object] | None = None
        self.lose_replies = 0
        self.refuse: str = ""
        self.refused_versions: set[str] = set()
        self.sent = 0
        self.reads = 0
        self.refuse_after: int | None = None
        self.found: list[int | None] = []
        self.looked = 0
        self.freezes: list[Frozen] = []
        self.freezes_away = 0
        self.untold: dict[str, str] = {}
        self.questions_unposted = False
        self.people_away = 0
        self.lookups = 0
        self.standings: dict[Person, Standing] = {}
        self.standings_in_turn: list[Standing] = []
        """Of whoever is asked about, look-up after look-up; `standings` once it is used up."""
        self.groups: dict[Person, tuple[str, ...]] = {CAROL: ("S0RELEASE",)}
        self.undeliverable = ""
        self.hold_applies: asyncio.Event | None = None
        self.hold_reads: asyncio.Event | None = None
        self.away: set[str] = set()
        """Tools whose server is down when the run begins."""
        self.sees_no_tools = False
        """Their servers are elsewhere, and can't be looked at."""
        self.changed: set[str] = set()
        """Tools that are not what they were when the run began."""
        self.pinning: list[PinOrder] = []
        self.orders: list[PermittedRead | PreviewOrder] = []
        self.answers: Callable[[PermittedRead], ReadResult] = lambda _: ReadResult(
            ok=True, text=f"runs {self.running_version}"
        )
        self.parts: list[OutputPart] = []
        self.sums_up: Callable[[Transcript], Summary] = lambda _: Summary(text="", usage=Usage())

    # The steps

    @carries_out(outside.pin)
    async def pin(self, order: PinOrder) -> Pinned:
        self.pinning.append(order)
        if self.sees_no_tools:
            return Pinned()
        names = {name for contract in order.tools for name in contract.names}
        return Pinned(pins={name: "d" for name in names if len(self.pinning) > 1 or name not in self.away})

    @carries_out(outside.think)
    async def think(self, order: ThinkOrder) -> Thought:
        self.thoughts.append(order)
        run = self._client.get_workflow_handle(order.run_id)
        transcript = await run.query("transcript", result_type=Transcript)
        if isinstance(order.planner, UndoPlanner):
            undone = self._client.get_workflow_handle(order.planner.run)
            known = await undone.query("undo", order.planner.call, result_type=ProposedCall)
            return undoing.propose(known, transcript)
        return self._planner(transcript)

    @carries_out(outside.read)
    async def read(self, permitted: PermittedRead) -> ReadResult:
        if self.hold_reads is not None:
            await self.hold_reads.wait()
        self.orders.append(permitted)
        if permitted.contract.name in self.changed:
            return ReadResult(
                ok=False, text=f"{permitted.contract.name} is not called: it changed.", changed=True
            )
        self.reads += 1
        return self.answers(permitted)

    @carries_out(outside.read_output)
    async def read_output(self, part: OutputPart) -> ReadResult:
        self.parts.append(part)
        return ReadResult(ok=True, text="a part of it", output=Output(text=part.stored))

    @carries_out(outside.compact)
    async def compact(self, order: CompactOrder) -> Summary:
        run = self._client.get_workflow_handle(order.run_id)
        transcript = await run.query("transcript", result_type=Transcript)
        return self.sums_up(Transcript(entries=transcript.entries[: order.entries]))

    @carries_out(outside.preview)
    async def preview(self, order: PreviewOrder) -> Previewed:
        wanted = parse(order.call.arguments)
        self.orders.append(order)
        if order.contract.name in self.changed:
            problem = f"{order.contract.name} is not called: it changed."
            return Previewed(
                definition="", precondition=canonical(None), shown=Shown(), problem=problem, changed=True
            )
        if self.refuse:
            return Previewed(definition="d", precondition=canonical(None), shown=Shown(), problem=self.refuse)
        if wanted.get("version") in self.refused_versions:
            return Previewed(
                definition="d",
                precondition=canonical(None),
                shown=Shown(),
                problem="NOT_FOUND: no such version",
            )
        plan = {"from": self.running_version, "to": wanted.get("version")}
        shown = Shown(arguments=order.call.arguments, content=plan)
        return Previewed(
            definition="d",
            precondition=canonical(plan),
            before=from_preview(order.contract.undo, plan),
            shown=shown,
            input_schema=self.input_schema,
        )

    @carries_out(outside.apply_once)
    async def apply_once(self, order: EffectOrder) -> Outcome:
        return await self._apply(order)

    @carries_out(outside.apply_with_key)
    async def apply_with_key(self, order: EffectOrder) -> Outcome:
        return await self._apply(order)

    @carries_out(outside.verify)
    async def verify(self, order: EffectOrder) -> Verified:
        self.looked += 1
        return Verified(count=self.found.pop(0) if self.found else None, text="I looked.")

    @carries_out(outside.frozen)
    async def frozen(self, question: FreezeQuestion) -> FreezeAnswer:
        if self.freezes_away:
            self.freezes_away -= 1
            raise ApplicationError("no such time zone", type="Permanent", non_retryable=True)
        return FreezeAnswer(freezes=tuple(self.freezes), asked_at=datetime.now(UTC))

    async def _apply(self, order: EffectOrder) -> Outcome:
        self.sent += 1
        if self.refuse_after is not None and self.sent > self.refuse_after:
            return Outcome(state=OutcomeState.NOT_APPLIED, text="INVALID: no")
        if order.effect.key not in {known.effect.key for known in self.applied}:
            self.applied.append(order)
        async with self._shown:
            self._shown.notify_all()
        if self.hold_applies is not None:
            await self.hold_applies.wait()
        if self.lose_replies:
            self.lose_replies -= 1
            raise ApplicationError("The reply was lost.", type="Ambiguous")
        return Outcome(state=OutcomeState.APPLIED, text="Applied.")

    @carries_out(outside.people)
    async def people(self, question: PeopleQuestion) -> PeopleAnswer:
        async with self._shown:
            self.lookups += 1
            self._shown.notify_all()
        if self.people_away:
            self.people_away -= 1
            raise ApplicationError("Slack is away", non_retryable=True)
        facts = [self._facts(person, question) for person in question.people]
        if self.standings_in_turn:
            standing = self.standings_in_turn.pop(0)
            facts = [each.model_copy(update={"standing": standing}) for each in facts]
        return PeopleAnswer(facts=tuple(facts))

    def _facts(self, person: Person, question: PeopleQuestion) -> PersonFacts:
        home = Standing.MEMBER if person.team == TEAM else Standing.OUTSIDER
        groups = tuple(group for group in self.groups.get(person, ()) if group in question.groups)
        standing = self.standings.get(person, home)
        return PersonFacts(person=person, standing=standing, groups=groups, looked_up_at=datetime.now(UTC))

    @carries_out(outside.announce)
    async def announce(self, order: Announce) -> Announced:
        view = await self._client.get_workflow_handle(order.run_id).query("view", result_type=RunView)
        alerts = [alert.slot for alert in view.alerts]
        untold = {slot: why for slot in alerts for each, why in self.untold.items() if slot.startswith(each)}
        slots = ["root", *(each.slot for each in view.approvals), *(set(alerts) - set(untold))]
        slots += [f"question/{each.id}" for each in view.questions if not self.questions_unposted]
        cards = {slot: view.cards.get(slot) or self._card(view) for slot in slots}
        async with self._shown:
            self.views[order.run_id] = view
            self.slots |= set(cards)
            self.told += [notice.text for notice in view.notices]
            self._shown.notify_all()
        return Announced(
            revision=view.revision,
            cards=cards,
            posted_at=datetime.now(UTC),
            notices=tuple(notice.id for notice in view.notices),
            undeliverable=self.undeliverable,
            gates=tuple(each.gate for each in view.approvals if not each.state.ended),
            untold=untold,
        )

    def _card(self, view: RunView) -> Card:
        return Card(channel=view.place.channel, ts=f"{next(self._timestamps)}.000100", digest="")

    # What a test does

    async def happens(self, event: Event, keep: timedelta = timedelta(hours=1)) -> None:
        """As the edge that hears of it tells its mailbox."""
        await self._client.start_workflow(
            "Mailbox",
            id=mailbox_id(event.source, event.key),
            task_queue=outside.Queue.RUNS,
            start_signal=DELIVER,
            start_signal_args=[Delivery(event=event, keep=keep)],
        )

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until what was shown, told or applied makes it *true*."""
        async with self._shown:
            await asyncio.wait_for(self._shown.wait_for(lambda: bool(true())), 60)

    async def seen(self, run: WorkflowHandle, true: Callable[[RunView], object]) -> RunView:
        """The first announced view of *run* that makes it *true*."""
        await self.until(lambda: run.id in self.views and true(self.views[run.id]))
        return self.views[run.id]

    async def asked(self, run: WorkflowHandle, generation: int = 1) -> ApprovalView:
        """The open approval of *run*, once its card was posted."""

        def is_open(approval: ApprovalView) -> bool:
            return (
                not approval.state.ended
                and approval.id.endswith(f".{generation}")
                and approval.deadline is not None
            )

        view = await self.seen(run, lambda view: [a for a in view.approvals if is_open(a)])
        return next(approval for approval in view.approvals if is_open(approval))

    async def continued(self, run: WorkflowHandle) -> None:
        """Once the first execution of *run* has given way to another."""
        first = self._client.get_workflow_handle(run.id, run_id=run.first_execution_run_id)
        with pytest.raises(WorkflowContinuedAsNewError):
            await first.result(follow_runs=False)

    async def start(self, name: str, of: AgentSpec | None = None) -> WorkflowHandle[object, RunResult]:
        ask = Ask(goal="deploy checkout", requester=ALICE, place=Place(channel="C0OPS"), name=name)
        order = RunInput(ask=ask, spec=of or spec())
        self.runs.append(f"run/{name}")
        return await self._client.start_workflow(
            "AgentRun", order, id=f"run/{name}", task_queue=outside.Queue.RUNS, result_type=RunResult
        )


_deliveries = count(1)


def click(
    approval: Approval | ApprovalView,
    by: Person,
    *,
    approve: bool = True,
    reason: str = "",
    at: datetime | None = None,
) -> Decide:
    """Somebody pressed a button of the card of *approval*."""
    return Decide(
        delivery=f"click/{next(_deliveries)}",
        by=by,
        approval=approval.id,
        gate=approval.gate,
        approve=approve,
        reason=reason,
        clicked_at=at or datetime.now(UTC),
    )


def break_glass(
    approval: Approval | ApprovalView,
    by: Person,
    reason: str = "checkout is down",
    at: datetime | None = None,
) -> Decide:
    return click(approval, by, reason=reason, at=at).model_copy(update={"break_glass": True})


def click_all(approvals: Sequence[ApprovalView], by: Person, *, approve: bool = True) -> DecideAll:
    """Somebody pressed the button for all of these."""
    return DecideAll(
        delivery=f"click/{next(_deliveries)}",
        by=by,
        approvals=tuple(approval.id for approval in approvals),
        gates=gates_digest([approval.gate for approval in approvals]),
        approve=approve,
        clicked_at=datetime.now(UTC),
    )


def edit(approval: Approval | ApprovalView, by: Person, **arguments: object) -> Edit:
    """Somebody sent the dialog with these arguments changed."""
    return Edit(
        delivery=f"click/{next(_deliveries)}",
        by=by,
        approval=approval.id,
        gate=approval.gate,
        arguments=canonical(arguments),
        clicked_at=datetime.now(UTC),
    )


def cancel(by: Person, reason: str = "not today") -> Cancel:
    return Cancel(delivery=f"click/{next(_deliveries)}", by=by, reason=reason)


def revise(text: str, by: Person) -> Revise:
    return Revise(delivery=f"click/{next(_deliveries)}", by=by, text=text)


def answer(question: str, choice: str, by: Person) -> Answer:
    return Answer(delivery=f"click/{next(_deliveries)}", by=by, question=question, choice=choice)


def words(question: str, text: str, by: Person) -> Answer:
    """Somebody sent the dialog of a question."""
    return Answer(delivery=f"click/{next(_deliveries)}", by=by, question=question, text=text)


def resolve(view: RunView, said: Said, by: Person, reason: str = "I looked") -> Resolve:
    [unknown] = [unknown for unknown in view.unknowns if not unknown.said]
    return Resolve(
        delivery=f"click/{next(_deliveries)}", by=by, effect=unknown.effect, said=said, reason=reason
    )


A_DAY = timedelta(days=1)
