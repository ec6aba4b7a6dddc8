"""One call as its run's memory has it; one that changes something is previewed, and made into an effect."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import outside, pinning, words
from .journal import Journal
from .rules.digests import effect_digest, effect_key, gate_digest
from .rules.policy import environment_of, target_of
from .values.approval import Approval, Effect, Previewed, Shown
from .values.calls import Call, CallResult, Ended
from .values.people import Person
from .values.run import OpenCall
from .values.spec import Rule
from .values.steps import PreviewOrder
from .values.tools import ToolContract
from .values.view import StepState


class Refusal(Exception):
    """The call ends here, as this result."""

    def __init__(self, ended: Ended, text: str, by: Person | None = None) -> None:
        super().__init__(text)
        self.ended = ended
        self.text = text
        self.by = by


class Known:
    """One call that has no result yet, as its run's memory has it: always what that says now."""

    def __init__(self, journal: Journal, number: int) -> None:
        self.journal = journal
        self._number = number

    @property
    def open(self) -> OpenCall:
        return next(known for known in self.journal.memory.open if known.call.number == self._number)

    @property
    def call(self) -> Call:
        return self.open.call

    def remember(self, **changed: object) -> None:
        memory, known = self.journal.memory, self.open
        memory.open[memory.open.index(known)] = known.model_copy(update=changed)

    def step(self, state: StepState, note: str) -> None:
        """The line of this call in the plan, and what the run does now."""
        title = self.journal.title(self.call)
        self.journal.memory.doing = f"{title}: {note}" if note else title
        self.journal.step(self.call, state, note)

    def ended(self, ended: Ended, text: str, by: Person | None = None) -> CallResult:
        return CallResult(call=self._number, ended=ended, text=text, by=by, at=workflow.now())


class Case(Known):
    """One that changes something. People may edit its arguments while they are asked."""

    def __init__(self, journal: Journal, number: int, contract: ToolContract) -> None:
        super().__init__(journal, number)
        self.contract = contract

    @property
    def target(self) -> str:
        return target_of(self.contract, self.call.arguments)

    @property
    def environment(self) -> str:
        return environment_of(self.contract, self.call.arguments)

    async def preview(self) -> tuple[Effect, Shown]:
        """What it would do now. Raises Refusal when the tool says that it can't be done, or can't be asked; Stopped."""
        try:
            order = PreviewOrder(
                call=self.call, contract=self.contract, pins=await pinning.pinned(self.journal, self.contract)
            )
            previewing = outside.preview(order, summary=self.call.tool, team=self.contract.queue)
            previewed = await self.journal.unless_stopped(previewing)
        except ActivityError as error:
            raise Refusal(Ended.FAILED, words.NO_PREVIEW.format(why=reason(error))) from None
        if previewed.changed:
            pinning.changed(self.journal, self.contract, previewed.problem)
            raise Refusal(Ended.REFUSED, previewed.problem)
        if previewed.problem:
            raise Refusal(Ended.FAILED, previewed.problem)
        self.remember(before=previewed.before, input_schema=previewed.input_schema)
        return self._effect(previewed), previewed.shown

    def _effect(self, previewed: Previewed) -> Effect:
        call, n = self.call, self.open.n
        return Effect(
            call=call,
            contract=self.contract,
            target=self.target,
            environment=self.environment,
            definition=previewed.definition,
            precondition=previewed.precondition,
            expected=previewed.expected,
            digest=effect_digest(
                self.contract, call.arguments, self.target, previewed.definition, previewed.precondition
            ),
            key=effect_key(workflow.info().workflow_id, call, self.contract, n),
            n=n,
        )

    def approval(self, effect: Effect, shown: Shown, rule: Rule, before: Shown | None = None) -> Approval:
        """The next one of this call. From now on nothing loosens the rule under which it is asked."""
        self.remember(generation=self.open.generation + 1, rule=rule)
        open_call = self.open
        name, nonce = f"{open_call.call.number}.{open_call.generation}", str(workflow.uuid4())
        requesters = tuple(dict.fromkeys([*self.journal.memory.requesters, *open_call.call.edited_by]))
        return Approval(
            id=name,
            effect=effect,
            gate=gate_digest(effect, workflow.info().workflow_id, name, requesters, rule, shown, nonce),
            nonce=nonce,
            rule=rule,
            requesters=requesters,
            home_team=self.journal.ask.requester.team,
            shown=shown,
            before=before,
            slot=open_call.slot or f"approval/{name}",
            opened_at=workflow.now(),
        )


def reason(error: ActivityError) -> str:
    return str(getattr(error.cause, "message", None) or error.cause or error)
