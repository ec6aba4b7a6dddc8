"""The planner without a model: a runbook's calls in order, one a turn.

What its templates see:

- the goal's parameters, by name: `{{ service }}`
- each earlier step's answer, by the step's id: `{{ state.version }}`. It is the tool's structured content, or its text
  where it gave none. A step that was left out has none: `{% if state is defined %}`
- each earlier step itself, as `steps.<id>`: `.ended` (a word of `Ended`, or `skipped`), `.well`, `.text`, `.data`
"""

from collections.abc import Iterable

from workflows.rules.canonical import NotCanonical, canonical
from workflows.rules.phrases import BadPhrase, first_match
from workflows.values.base import Json
from workflows.values.calls import (
    Called,
    CallResult,
    Ended,
    PlannedStep,
    ProposedCall,
    Thought,
    ThoughtKind,
    Transcript,
)
from workflows.values.spec import Runbook, RunbookStep

from .templates import BadTemplate, filled, holds, rendered, sketched, uses_in_expression

SKIPPED = "skipped"
LONGEST_GOAL = 200

ENDINGS = {
    Ended.REJECTED: "“{title}” was rejected, so I stopped there.",
    Ended.EXPIRED: "“{title}” expired before it was decided on, so I stopped there.",
    Ended.WITHDRAWN: "“{title}” was withdrawn, so I stopped there.",
    Ended.REFUSED: "“{title}” is not allowed, so I stopped there.",
    Ended.FAILED: "“{title}” failed, so I stopped there.",
    Ended.NOT_APPLIED: "“{title}” was not applied and changed nothing, so I stopped there.",
    Ended.UNKNOWN: "“{title}” may have happened: nobody could tell, so I stopped there.",
}
"""What the run ends with when a step ended in one of these ways; what is known of it follows."""


class Seen:
    """What templates see, growing step by step."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.steps: dict[str, Json] = {}
        self.names: dict[str, Json] = {**parameters, "steps": self.steps}

    def ended(self, step: str, result: CallResult) -> None:
        data = result.text if result.structured is None else result.structured
        self.names[step] = data
        self.steps[step] = {
            "ended": result.ended.value,
            "well": result.ended.well,
            "text": result.text,
            "data": data,
        }

    def skipped(self, step: str) -> None:
        self.steps[step] = {"ended": SKIPPED, "well": False, "text": "", "data": None}


def propose(runbook: Runbook, transcript: Transcript) -> Thought:
    """The next call, or the end. Never raises: what is wrong with the runbook is said to the people of the run."""
    try:
        parameters = first_match(runbook.phrases, transcript.goal, runbook.defaults)
    except BadPhrase as error:
        return _give_up(f"This agent's runbook has a mistake: {error}.")
    if parameters is None:
        return _give_up(_not_understood(runbook, transcript.goal))
    return _next(runbook, transcript, Seen(parameters))


def _next(runbook: Runbook, transcript: Transcript, seen: Seen) -> Thought:
    done = {called.call.label: called for called in transcript.since_goal()}
    for place, step in enumerate(runbook.steps):
        called = done.get(step.id)
        if called is not None:
            if step.unless_failed and not called.result.ended.well:
                return _give_up(_ending(called))
            seen.ended(step.id, called.result)
            continue
        try:
            if step.when and not holds(step.when, seen.names):
                seen.skipped(step.id)
                continue
            call = _call(step, seen)
        except (BadTemplate, NotCanonical) as error:
            return _give_up(f"The step “{step.id}” of this agent's runbook can't be prepared: {error}.")
        return Thought(kind=ThoughtKind.CALLS, calls=(call,), plan=_plan(runbook.steps[place + 1 :], seen))
    try:
        return Thought(kind=ThoughtKind.ANSWER, text=rendered(runbook.answer, seen.names).strip())
    except BadTemplate as error:
        return _give_up(
            f"All steps are done, but the answer of this agent's runbook can't be filled: {error}."
        )


def _call(step: RunbookStep, seen: Seen) -> ProposedCall:
    return ProposedCall(
        tool=step.call,
        arguments=canonical(filled(step.arguments, seen.names)),
        label=step.id,
        title=rendered(step.title, seen.names),
    )


def _plan(steps: Iterable[RunbookStep], seen: Seen) -> tuple[PlannedStep, ...]:
    """The steps still to come, without those that are known already to be left out."""
    return tuple(
        PlannedStep(label=step.id, title=sketched(step.title, seen.names))
        for step in steps
        if not _will_be_left_out(step, seen)
    )


def _will_be_left_out(step: RunbookStep, seen: Seen) -> bool:
    if not step.when:
        return False
    try:
        asked = uses_in_expression(step.when)
        known = asked.names <= seen.names.keys() and asked.steps <= seen.steps.keys()
        return known and not holds(step.when, seen.names)
    except BadTemplate:
        return False


def _give_up(text: str) -> Thought:
    return Thought(kind=ThoughtKind.GIVE_UP, text=text)


def _not_understood(runbook: Runbook, goal: str) -> str:
    shown = goal if len(goal) <= LONGEST_GOAL else goal[: LONGEST_GOAL - 1] + "…"
    return f"I can't read “{shown}”. What I understand: {', or '.join(f'`{p}`' for p in runbook.phrases)}."


def _ending(called: Called) -> str:
    title = called.call.title or called.call.tool
    said = called.result.text.strip().removeprefix("rejected: ")
    return f"{ENDINGS[called.result.ended].format(title=title)} {said}".strip()
