"""What is read off a run's memory: its view for the cards, its summary for lists."""

from temporalio import workflow

from . import words
from .journal import Journal
from .rules.policy import may_keep_quiet_of
from .undoing import offered
from .values.approval import Approval, ApprovalState
from .values.base import Json
from .values.run import Memory, RunSummary, Wait
from .values.spec import UndoPlanner
from .values.view import (
    ApprovalView,
    BudgetView,
    RunState,
    RunView,
    StepState,
    StepView,
    WaitKind,
    WaitView,
)


def waits_for(memory: Memory) -> str:
    """What people have to do, or what else is waited for, in words; empty when there is nothing."""
    for unknown in memory.unknowns.values():
        if not unknown.said:
            return words.WAITING_FOR_WORD.format(tool=unknown.tool, target=unknown.target)
    for question in memory.questions.values():
        if not question.answered:
            return words.WAITING_FOR_ANSWER
    for approval in memory.approvals.values():
        if approval.state is ApprovalState.OPEN:
            effect = approval.effect
            return words.WAITING_FOR_APPROVAL.format(tool=effect.contract.name, target=effect.target)
    for approval in memory.approvals.values():
        if approval.state is ApprovalState.QUORUM and approval.held:
            return words.IS_HELD.format(why=approval.held)
    return next((_on_purpose(each.wait) for each in memory.open if each.wait is not None), "")


def _on_purpose(wait: Wait) -> str:
    until = "" if wait.until is None else words.UNTIL.format(at=words.clock(wait.until))
    match wait.kind:
        case WaitKind.TIME:
            return words.WAITING.format(until=until)
        case WaitKind.EVENT:
            return words.WAITING_FOR.format(about=wait.about, until=until)
        case WaitKind.ANSWER:
            return words.WAITING_FOR_ANSWER


def state(journal: Journal) -> RunState:
    """WAITING is working with nothing under way but people's answers."""
    memory = journal.memory
    if memory.state is RunState.WORKING and journal.busy == 0 and waits_for(memory):
        return RunState.WAITING
    return memory.state


def doing(journal: Journal) -> str:
    """What goes on, or what the run waits for, in words."""
    memory = journal.memory
    if memory.state.ended:
        return ""
    return (waits_for(memory) if journal.busy == 0 else "") or memory.doing


def summary(journal: Journal) -> RunSummary:
    return RunSummary(
        name=journal.ask.name,
        goal=journal.memory.goal or journal.ask.goal,
        agent=journal.spec.name,
        requester=journal.ask.requester,
        place=journal.place,
        state=state(journal),
        doing=doing(journal),
        plan_only=journal.plan_only,
    )


def view(journal: Journal) -> RunView:
    memory = journal.memory
    planned = tuple(
        StepView(
            id=f"plan-{step.label}",
            title=may_keep_quiet_of(step.label, journal.spec) or step.title,
            state=StepState.PENDING,
        )
        for step in memory.plan
    )
    schemas = {each.call.number: each.input_schema for each in memory.open}
    return RunView(
        revision=memory.revision,
        run_id=workflow.info().workflow_id,
        name=journal.ask.name,
        goal=memory.goal or journal.ask.goal,
        source=journal.source,
        requester=journal.ask.requester,
        agent=journal.spec.name,
        place=journal.place,
        state=state(journal),
        started_at=memory.started_at or workflow.info().start_time,
        ended_at=memory.ended_at,
        doing=doing(journal),
        steps=(*memory.steps, *planned),
        approvals=tuple(_approval(each, schemas) for each in memory.approvals.values()),
        alerts=tuple(memory.alerts.values()),
        unknowns=tuple(memory.unknowns.values()),
        questions=tuple(memory.questions.values()),
        waits=tuple(_wait(each.wait) for each in memory.open if each.wait is not None),
        notices=tuple(memory.notices),
        changes=offered(memory),
        plan_only=journal.plan_only,
        planned=tuple(memory.planned),
        undoes=planner if isinstance(planner := journal.spec.planner, UndoPlanner) else None,
        schedule=journal.ask.schedule,
        result=memory.result,
        budget=BudgetView(
            steps_used=memory.steps_used,
            steps_limit=memory.limits.steps,
            working_used=memory.working_used,
            working_limit=memory.limits.working,
            usage=memory.usage,
            tokens_limit=memory.limits.tokens,
            cost_limit=memory.limits.cost,
        ),
        cards=memory.cards,
    )


def _wait(wait: Wait) -> WaitView:
    return WaitView(kind=wait.kind, about=wait.about, since=wait.since, until=wait.until)


def _approval(approval: Approval, schemas: dict[int, Json]) -> ApprovalView:
    effect = approval.effect
    return ApprovalView(
        id=approval.id,
        turn=effect.call.turn,
        tool=effect.contract.name,
        target=effect.target,
        environment=effect.environment,
        claim=effect.call.reason,
        gate=approval.gate,
        rule=approval.rule,
        requesters=approval.requesters,
        editors=effect.call.edited_by,
        shown=approval.shown,
        before=approval.before,
        input_schema=None if approval.state.ended else schemas.get(effect.call.number),
        slot=approval.slot,
        held=approval.held,
        opened_at=approval.opened_at,
        deadline=approval.deadline,
        state=approval.state,
        votes=approval.votes,
        ended_at=approval.ended_at,
        why=approval.why,
    )
