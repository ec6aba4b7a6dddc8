"""The root card: who asked for what, where the run stands, and how to stop it."""

from collections.abc import Sequence
from decimal import Decimal

from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState
from workflows.values.view import (
    ApprovalView,
    BudgetView,
    RunState,
    RunView,
    StepState,
    StepView,
    WaitKind,
    WaitView,
)

from .. import words
from .blocks import (
    SECTION_LIMIT,
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    fits,
    header,
    line,
    message,
    quote,
    rich,
    run_of,
    section,
)
from .ending import ending
from .look import Look
from .refs import RunRef, WhyRef
from .result import changes, planned, result_text, state
from .standing import may_decide
from .text import code, escaped, mentions, moment, one_line, plural, shortened, user

PLAN_TASKS = 50
"""Tasks in a plan block: docs.slack.dev/reference/block-kit/blocks/plan-block."""
TITLE = 150
NOTE = 200
_BRACKETS = str.maketrans("<>", "()")
GOAL = 2000
MOST_WAITING = 5
STATUS = {
    StepState.PENDING: "pending",
    StepState.IN_PROGRESS: "in_progress",
    StepState.WAITING: "in_progress",
    StepState.COMPLETE: "complete",
    StepState.PREVIEWED: "pending",
    StepState.ERROR: "error",
    StepState.SKIPPED: "pending",
}


def root_card(view: RunView, look: Look) -> Message:
    """As much of the goal and of the notes as fits; a cut is stated."""
    for goal, note, tasks in ((GOAL, NOTE, PLAN_TASKS), (GOAL, 80, PLAN_TASKS), (500, 0, 20)):
        card = _card(view, look, goal, note, tasks)
        if fits(card.blocks):
            return card
    return _card(view, look, 500, 0, 5)


def _card(view: RunView, look: Look, goal: int, note: int, tasks: int) -> Message:
    return message(
        fallback(view),
        header(f"{view.name}: {_state(view)}"),
        section(f"{_who_asked(view)}:"),
        rich(quote(shortened(visible(view.goal), goal))),
        context(words.PLANS_ONLY) if view.plan_only and not view.state.ended else None,
        *(_plan(view, note, tasks) if look.plan else _plain_plan(view, note, tasks)),
        *([*_ended(view)] if view.state.ended else _doing(view)),
        context(_budget(view)),
        _buttons(view, look),
        *(ending(view, look) if view.state.ended else ()),
    )


def _who_asked(view: RunView) -> str:
    agent, by = code(shortened(view.agent, 80)), user(view.requester.user)
    if view.source:
        return f"An event of {code(view.source)} asked the agent {agent}, on behalf of {by}"
    asked = f"By the schedule {code(view.schedule)}, {by} asked" if view.schedule else f"{by} asked"
    return f"{asked} the agent {agent}"


def _state(view: RunView) -> str:
    said = state(view).lower()
    return f"{said}, {words.PLAN_ONLY}" if view.plan_only and not planned(view) else said


def fallback(view: RunView) -> str:
    """Reads well aloud: the name, the state, and what is waited for."""
    doing = "" if view.state.ended else f" {escaped(one_line(view.doing))}."
    goal = escaped(shortened(one_line(view.goal), 300))
    end = f" {escaped(shortened(one_line(view.result), 500))}" if view.state.ended and view.result else ""
    return f"{escaped(view.name)}: {_state(view)}.{doing.replace('..', '.')} Goal: {goal}.{end}"


def _plan(view: RunView, note: int, tasks: int) -> list[Block]:
    if not view.steps:
        return [context(words.NO_STEPS_YET)] if not view.state.ended else []
    shown = view.steps[-tasks:]
    earlier = len(view.steps) - len(shown)
    plan = {
        "type": "plan",
        "title": f"{state(view)}: {_progress(view)}",
        "tasks": [
            _task(number, step, note, ended=view.state.ended) for number, step in enumerate(shown, earlier)
        ],
    }
    return [plan, *_earlier(view.steps[:earlier])]


def _task(number: int, step: StepView, note: int, *, ended: bool) -> Block:
    # Whether Slack reads markup in a title is not documented: without angle brackets there is none to read.
    title = shortened(one_line(step.title), TITLE).translate(_BRACKETS) or " "
    previewed = words.ONLY_PREVIEWED if step.state is StepState.PREVIEWED else ""
    aside = words.LEFT_OUT if _left_out(step, ended=ended) else previewed
    made: Block = {
        "task_id": f"{number}-{one_line(step.id)}"[:100],
        "title": f"{title} ({aside})" if aside else title,
        "status": STATUS[step.state],
    }
    said = _note(step, note)
    if said:
        made["details"] = rich(line(run_of(said)))
    return made


def _note(step: StepView, limit: int) -> str:
    note = shortened(one_line(step.note), limit, "more in the thread") if limit else ""
    waiting = words.STEP[StepState.WAITING] if step.state is StepState.WAITING else ""
    return f"{waiting}: {note}" if waiting and note else waiting or note


def _plain_plan(view: RunView, note: int, tasks: int) -> list[Block]:
    """For a server that does not know `plan` blocks."""
    shown = view.steps[-tasks:]
    earlier = len(view.steps) - len(shown)
    lines = [
        f"*{words.STEP[step.state]}* {escaped(shortened(one_line(step.title), TITLE))}"
        + (f": {escaped(said)}" if (said := shortened(one_line(step.note), note)) and note else "")
        for step in shown
    ]
    made: list[Block] = []
    batch = ""
    for each in lines:
        if batch and len(batch) + len(each) >= SECTION_LIMIT:
            made.append(section(batch))
            batch = ""
        batch += ("\n" if batch else "") + each[: SECTION_LIMIT - 1]
    return [
        *made,
        *([section(batch)] if batch else [context(words.NO_STEPS_YET)]),
        *_earlier(view.steps[:earlier]),
    ]


def _earlier(steps: Sequence[StepView]) -> list[Block]:
    if not steps:
        return []
    failed = sum(step.state is StepState.ERROR for step in steps)
    return [context(f"Before these: {len(steps)} more, {failed} of them failed.")]


def _progress(view: RunView) -> str:
    """Without the word step, which is what the budget counts."""
    done = sum(step.state in {StepState.COMPLETE, StepState.PREVIEWED} for step in view.steps)
    left_out = sum(_left_out(step, ended=view.state.ended) for step in view.steps)
    said = f"{done} of {len(view.steps)}{'' if planned(view) else ' done'}"
    return f"{said}, {left_out} {words.LEFT_OUT}" if left_out else said


def _left_out(step: StepView, *, ended: bool) -> bool:
    """*ended*: the run has, so what is still to come will not."""
    return step.state is StepState.SKIPPED or (ended and step.state is StepState.PENDING)


def _doing(view: RunView) -> list[Block]:
    waiting = _waiting([each for each in view.approvals if each.state is ApprovalState.OPEN])
    waiting += [_on_purpose(each) for each in view.waits]
    if waiting and view.state is RunState.WAITING:
        more = [f"and {len(waiting) - MOST_WAITING} more."] if len(waiting) > MOST_WAITING else []
        return [section("\n".join([*waiting[:MOST_WAITING], *more]))]
    doing = view.doing or words.STATE[view.state]
    return [rich(line(run_of(shortened(visible(doing), 1000), bold=True)))]


def _waiting(approvals: Sequence[ApprovalView]) -> list[str]:
    """A line for those that wait for the same people since the same time: the changes of one card."""
    groups: dict[str, list[str]] = {}
    for each in approvals:
        people = may_decide(each)
        who = mentions(people, 5) if people else "nobody: no rule names another approver"
        what = f"{code(shortened(each.tool, 100))} on {code(shortened(each.target, 150))}"
        groups.setdefault(f"by {who}, {moment(each.opened_at, 'since ')}", []).append(what)
    return [f"*Waiting for approval* of {_named(whats)} {rest}." for rest, whats in groups.items()]


def _named(whats: Sequence[str]) -> str:
    more = [f"{len(whats) - MOST_WAITING} more"] if len(whats) > MOST_WAITING else []
    said = [*whats[:MOST_WAITING], *more]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]


def _on_purpose(wait: WaitView) -> str:
    since = moment(wait.since, "since ")
    until = "" if wait.until is None else f", {moment(wait.until, 'until ')}"
    match wait.kind:
        case WaitKind.TIME:
            return f"*Waiting*{until.removeprefix(',')}, {since}."
        case WaitKind.EVENT:
            return f"*Waiting for an event*: {code(shortened(wait.about, 200))}, {since}{until} at most."
        case WaitKind.ANSWER:
            return f"*Waiting for an answer* to the question below, {since}{until}."


def _ended(view: RunView) -> list[Block]:
    return [
        rich(line(run_of(shortened(result_text(view), 1500, "all of it in the thread")))),
        *changes(view, 1500),
    ]


def _budget(view: RunView) -> str:
    budget = view.budget
    minutes = int(budget.working_used.total_seconds() // 60)
    limit = int(budget.working_limit.total_seconds() // 60)
    started = moment(view.started_at, "Started ")
    if view.ended_at is not None:
        took = f"{budget.usage.tokens:,} tokens ({budget.usage.in_words})" if budget.usage.tokens else ""
        steps = plural(budget.steps_used, "step")
        return f"{started}{moment(view.ended_at, ', ended ')}. It took {f'{steps} and {took}' if took else steps}."
    left = max(0, budget.steps_limit - budget.steps_used)
    time = f"{max(0, limit - minutes)} of {limit} minutes"
    return f"{started}. Budget left: {plural(left, 'step')} of {budget.steps_limit}, {time}{_model_budget(budget)}."


def _model_budget(budget: BudgetView) -> str:
    used, parts = budget.usage, ""
    if budget.tokens_limit is not None:
        parts += f", {max(0, budget.tokens_limit - used.tokens):,} of {budget.tokens_limit:,} tokens"
    if budget.cost_limit is not None:
        parts += f", ${max(Decimal(0), budget.cost_limit - used.cost):.2f} of ${budget.cost_limit:.2f}"
    return f"{parts}. Used {used.tokens:,} tokens, {used.in_words}" if used.tokens else parts


def cancel_button(run_id: str) -> Block:
    ask = confirm(words.CANCEL_TITLE, words.CANCEL_TEXT, words.YES_CANCEL, words.NO_GO_ON, danger=True)
    return button("cancel_run", words.CANCEL_RUN, RunRef(run=run_id).packed(), "danger", ask)


def _buttons(view: RunView, look: Look) -> Block:
    """What can be done now. The details are the account of the latest turn (`why`)."""
    buttons = [] if view.state.ended else [cancel_button(view.run_id)]
    buttons.append(button("why_turn", words.DETAILS, WhyRef(run=view.run_id).packed()))
    link = look.temporal_link(view.run_id)
    if link:
        value = RunRef(run=view.run_id).packed()
        buttons.append({**button("temporal_link", words.TEMPORAL_LINK, value), "url": link})
    return actions(*buttons)
