"""The world as a run sees it: every step, carried out by something a test can look into and steer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.outside import carries_out
from workflows.rules.canonical import canonical, parse
from workflows.values.approval import Approval, Previewed, Shown
from workflows.values.calls import ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.effect import EffectOrder, Outcome, OutcomeState
from workflows.values.people import People, PeopleAnswer, PeopleQuestion, Person, PersonFacts, Place, Standing
from workflows.values.run import Ask, RunInput, RunResult
from workflows.values.signals import Answer, Cancel, Decide, Resolve, Said
from workflows.values.spec import AgentSpec, Limits, Rule, RuleKind, Runbook
from workflows.values.steps import PermittedRead, PreviewOrder, ReadResult, ThinkOrder
from workflows.values.tools import EffectClass, ToolContract
from workflows.values.view import Announce, Announced, Card, RunView

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
RESTART = ToolContract(
    name="fleet.restart",
    server="fleet",
    tool="restart",
    effect_class=EffectClass.IDEMPOTENT,
    key_argument="request_id",
    environment="{environment}",
    target="{environment}/{service}",
)
BY_BOB = Rule(
    name="production",
    then=RuleKind.ASK,
    approvers=People(users=("U0BOB", "U0ALICE"), groups=("S0RELEASE",)),
)


def deploy(version: str = "1.4.2") -> ProposedCall:
    arguments = canonical({"environment": "prod", "service": "checkout", "version": version})
    return ProposedCall(tool="fleet.deploy", arguments=arguments, label="deploy", title=f"Deploy {version}")


def look() -> ProposedCall:
    return ProposedCall(tool="fleet.look", arguments=canonical({}), label="look", title="Look")


def spec(*rules: Rule, limits: Limits | None = None) -> AgentSpec:
    return AgentSpec(
        name="deployer",
        description="Deploys.",
        runbook=Runbook(phrases=("deploy",), steps=(), answer=""),
        tools=(LOOK, DEPLOY, RESTART),
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
        self.views: dict[str, RunView] = {}
        self.told: list[str] = []
        self.applied: list[EffectOrder] = []
        self.running_version = "1.4.1"
        self.lose_replies = 0
        self.refuse: str = ""
        self.people_away = 0
        self.standings: dict[Person, Standing] = {}
        self.groups: dict[Person, tuple[str, ...]] = {CAROL: ("S0RELEASE",)}
        self.undeliverable = ""
        self.hold_applies: asyncio.Event | None = None
        self.hold_reads: asyncio.Event | None = None

    # The steps

    @carries_out(outside.think)
    async def think(self, order: ThinkOrder) -> Thought:
        run = self._client.get_workflow_handle(order.run_id)
        return self._planner(await run.query("transcript", result_type=Transcript))

    @carries_out(outside.read)
    async def read(self, permitted: PermittedRead) -> ReadResult:
        if self.hold_reads is not None:
            await self.hold_reads.wait()
        return ReadResult(ok=True, text=f"runs {self.running_version}")

    @carries_out(outside.preview)
    async def preview(self, order: PreviewOrder) -> Previewed:
        wanted = parse(order.call.arguments)
        if self.refuse:
            return Previewed(definition="d", precondition=canonical(None), shown=Shown(), problem=self.refuse)
        plan = {"from": self.running_version, "to": wanted.get("version")}
        return Previewed(definition="d", precondition=canonical(plan), shown=Shown(content=plan))

    @carries_out(outside.apply_once)
    async def apply_once(self, order: EffectOrder) -> Outcome:
        return await self._apply(order)

    @carries_out(outside.apply_with_key)
    async def apply_with_key(self, order: EffectOrder) -> Outcome:
        return await self._apply(order)

    async def _apply(self, order: EffectOrder) -> Outcome:
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
        if self.people_away:
            self.people_away -= 1
            raise ApplicationError("Slack is away", non_retryable=True)
        return PeopleAnswer(facts=tuple(self._facts(person, question) for person in question.people))

    def _facts(self, person: Person, question: PeopleQuestion) -> PersonFacts:
        home = Standing.MEMBER if person.team == TEAM else Standing.OUTSIDER
        groups = tuple(group for group in self.groups.get(person, ()) if group in question.groups)
        standing = self.standings.get(person, home)
        return PersonFacts(person=person, standing=standing, groups=groups, looked_up_at=datetime.now(UTC))

    @carries_out(outside.announce)
    async def announce(self, order: Announce) -> Announced:
        view = await self._client.get_workflow_handle(order.run_id).query("view", result_type=RunView)
        slots = ["root", *(f"approval/{approval.id}" for approval in view.approvals)]
        cards = {slot: view.cards.get(slot) or self._card(view) for slot in slots}
        async with self._shown:
            self.views[order.run_id] = view
            self.told += [notice.text for notice in view.notices]
            self._shown.notify_all()
        return Announced(
            revision=view.revision,
            cards=cards,
            posted_at=datetime.now(UTC),
            notices=tuple(notice.id for notice in view.notices),
            undeliverable=self.undeliverable,
        )

    def _card(self, view: RunView) -> Card:
        return Card(channel=view.place.channel, ts=f"{next(self._timestamps)}.000100", digest="")

    # What a test does

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until what was shown, told or applied makes it *true*."""
        async with self._shown:
            await asyncio.wait_for(self._shown.wait_for(lambda: bool(true())), 20)

    async def seen(self, run: WorkflowHandle, true: Callable[[RunView], object]) -> RunView:
        """The first announced view of *run* that makes it *true*."""
        await self.until(lambda: run.id in self.views and true(self.views[run.id]))
        return self.views[run.id]

    async def asked(self, run: WorkflowHandle, generation: int = 1) -> Approval:
        """The open approval of *run*, once its card was posted."""

        def is_open(approval: Approval) -> bool:
            return (
                not approval.state.ended
                and approval.id.endswith(f".{generation}")
                and approval.deadline is not None
            )

        view = await self.seen(run, lambda view: [a for a in view.approvals if is_open(a)])
        return next(approval for approval in view.approvals if is_open(approval))

    async def start(self, name: str, of: AgentSpec | None = None) -> WorkflowHandle[object, RunResult]:
        ask = Ask(goal="deploy checkout", requester=ALICE, place=Place(channel="C0OPS"), name=name)
        order = RunInput(ask=ask, spec=of or spec())
        self.runs.append(f"run/{name}")
        return await self._client.start_workflow(
            "AgentRun", order, id=f"run/{name}", task_queue=outside.Queue.RUNS, result_type=RunResult
        )


_deliveries = count(1)


def click(
    approval: Approval, by: Person, *, approve: bool = True, reason: str = "", at: datetime | None = None
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


def cancel(by: Person, reason: str = "not today") -> Cancel:
    return Cancel(delivery=f"click/{next(_deliveries)}", by=by, reason=reason)


def answer(question: str, choice: str, by: Person) -> Answer:
    return Answer(delivery=f"click/{next(_deliveries)}", by=by, question=question, choice=choice)


def resolve(view: RunView, said: Said, by: Person, reason: str = "I looked") -> Resolve:
    [unknown] = [unknown for unknown in view.unknowns if not unknown.said]
    return Resolve(
        delivery=f"click/{next(_deliveries)}", by=by, effect=unknown.effect, said=said, reason=reason
    )


A_DAY = timedelta(days=1)
