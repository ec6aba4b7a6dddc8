"""The planner without a model: a runbook's calls in order, one a turn; those of a list all in one.

What its templates see:

- the goal's parameters, by name: `{{ service }}`
- each earlier step's answer, by the step's id: `{{ state.version }}`. It is the tool's structured content, or its text
  where it gave none. A step that was left out has none: `{% if state is defined %}`
- each earlier step itself, as `steps.<id>`: `.ended` (a word of `Ended`, or `skipped`), `.well`, `.text`, `.data`
- in a step with `for_each`: `item`. Its answer is the list of all answers, in order; `steps.<id>.each` has its calls
"""

from collections.abc import Iterable, Mapping, Sequence

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.phrases import BadPhrase, first_match
from workflows.values.base import CanonicalJson, Json
from workflows.values.calls import (
    Called,
    Ended,
    PlannedStep,
    ProposedCall,
    Thought,
    ThoughtKind,
    Transcript,
)
from workflows.values.spec import Runbook, RunbookStep

from .answers import shortened
from .templates import (
    BadTemplate,
    Names,
    filled,
    holds,
    only_name,
    rendered,
    sketched,
    uses_in_expression,
    worth,
)
from .watching import looks, wait

SKIPPED = "skipped"
LONGEST_GOAL = 200
LONGEST_SAID = 300
"""Characters that the end of a list repeats of what became of each item."""
MOST_ITEMS = 50
"""Calls of one step: people look at all of them together."""

ENDINGS = {
    Ended.REJECTED: "was rejected",
    Ended.EXPIRED: "expired before it was decided on",
    Ended.SUPERSEDED: "was replaced",
    Ended.WITHDRAWN: "was withdrawn",
    Ended.REFUSED: "is not allowed",
    Ended.FAILED: "failed",
    Ended.NOT_APPLIED: "was not applied and changed nothing",
    Ended.UNKNOWN: "may have happened: nobody could tell",
}
"""What is said of a step that ended in one of these ways; what is known of it follows."""
PLANNED_ALL = "That is the whole plan: all steps of the runbook."
PLANNED_UP_TO = "The plan ends before the step “{step}”, which needs what an earlier one would have answered."
"""That nothing was applied is said of every run that only plans, whatever its planner answers."""
WELL: Json = {"well": True}
"""All that is known of a step to come, if it goes well."""
IF_NEEDED = "If needed: {title}"
"""A step to come of which it is not known yet whether it is left out."""


class BadList(ValueError):
    """Not what a step can be done for each of; the text says why."""


class Seen:
    """What templates see, growing step by step."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.steps: dict[str, Json] = {}
        self.names: dict[str, Json] = {**parameters, "steps": self.steps}
        self._parameters = {*parameters}

    def edited(self, step: RunbookStep, calls: Sequence[Called]) -> None:
        """What people made of an argument that is one parameter alone, that parameter is from there on."""
        for argument, template in step.arguments.items():
            parameter = only_name(template)
            if parameter not in self._parameters:
                continue
            values = {_text_of(called.call.arguments, argument) for called in calls}
            before = {_text_of(called.call.proposed, argument) for called in calls}
            # Calls of a list of which one alone was edited leave no single value.
            if values != before and len(values) == 1 and (value := values.pop()) is not None:
                self.names[parameter] = value

    def ended(self, step: RunbookStep, calls: Sequence[Called]) -> None:
        each = [_told(called) for called in calls]
        bad = next((told for told in each if not told["well"]), each[0])
        data = [told["data"] for told in each]
        self.names[step.id] = data if step.for_each else data[0]
        self.steps[step.id] = {
            "ended": bad["ended"],
            "well": bad["well"],
            "text": "\n".join(told["text"] for told in each),
            "data": self.names[step.id],
            "each": each,
        }

    def skipped(self, step: RunbookStep) -> None:
        nothing = {"ended": SKIPPED, "well": False, "text": "", "data": None, "each": []}
        self.steps[step.id] = nothing


def _text_of(arguments: CanonicalJson, name: str) -> str | None:
    """An argument as a parameter would have it: those are always texts. None where there is none."""
    value = parse(arguments).get(name)
    return value if value is None or isinstance(value, str) else canonical(value)


def _told(called: Called) -> dict[str, Json]:
    """One call as templates see it."""
    result = called.result
    return {
        "title": called.call.title,
        "arguments": parse(called.call.arguments),
        "ended": result.ended.value,
        "well": result.ended.well,
        "text": result.text,
        "data": result.text if result.structured is None else result.structured,
    }


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
    done = _by_step(transcript)
    for place, step in enumerate(runbook.steps):
        ended = done.get(step.id, [])
        if ended:
            if step.unless_failed and not all(called.result.ended.well for called in ended):
                return _give_up(ending(ended[-1:] if step.watch else ended))
            seen.edited(step, ended)
            seen.ended(step, looks(step, ended)[-1:] if step.watch else ended)
        try:
            calls = _calls(step, seen.names) if not ended else _again(step, done, seen.names)
        except (BadTemplate, BadList, NotCanonical) as error:
            if _only_planned(done):
                return Thought(kind=ThoughtKind.ANSWER, text=PLANNED_UP_TO.format(step=step.id))
            return _give_up(f"The step “{step.id}” of this agent's runbook can't be prepared: {error}.")
        if calls:
            return Thought(
                kind=ThoughtKind.CALLS, calls=calls, plan=_plan(step, runbook.steps[place + 1 :], seen)
            )
        if not ended:
            seen.skipped(step)
    if _only_planned(done):
        return Thought(kind=ThoughtKind.ANSWER, text=PLANNED_ALL)
    try:
        answer = rendered(runbook.answer, seen.names).strip()
        return Thought(kind=ThoughtKind.ANSWER, text=shortened(answer))
    except BadTemplate as error:
        return _give_up(
            f"All steps are done, but the answer of this agent's runbook can't be filled: {error}."
        )


def _only_planned(done: Mapping[str, Sequence[Called]]) -> bool:
    """Is something only previewed? Then no answer may say that it was done."""
    return any(called.result.ended is Ended.PLANNED for calls in done.values() for called in calls)


def _by_step(transcript: Transcript) -> dict[str, list[Called]]:
    """What was done for the goal in force. The calls of one turn end in any order, and are told in theirs."""
    done: dict[str, list[Called]] = {}
    for called in sorted(transcript.since_goal(), key=lambda called: called.call.number):
        done.setdefault(called.call.label, []).append(called)
    return done


def _calls(step: RunbookStep, names: Names) -> tuple[ProposedCall, ...]:
    """None: the step is left out."""
    places = [{**names, "item": item} for item in _items(step, names)] if step.for_each else [names]
    wanted = [place for place in places if not step.when or holds(step.when, place)]
    if len(wanted) > MOST_ITEMS:
        raise BadList(f"it comes to {len(wanted)} calls, and at most {MOST_ITEMS} are made at once")
    return tuple(_call(step, place) for place in wanted)


def _again(step: RunbookStep, done: Mapping[str, Sequence[Called]], names: Names) -> tuple[ProposedCall, ...]:
    """What a step that watches does next. Where nothing was applied, there is nothing to watch."""
    ended = done[step.id]
    if step.watch is None or not ended[-1].result.ended.well or _only_planned(done):
        return ()
    if ended[-1].call.tool != step.call:
        return (_call(step, names),)
    waits = wait(step, step.watch, ended, names)
    return () if waits is None else (waits,)


def _items(step: RunbookStep, names: Names) -> Sequence[Json]:
    found = worth(step.for_each, names)
    if not isinstance(found, list | tuple):
        kind = type(found).__name__
        hint = ": end it with `| list`" if kind == "generator" else ""
        raise BadList(f"`for_each` has to be a list, and {step.for_each} is a {kind}{hint}")
    return found


def _call(step: RunbookStep, names: Names) -> ProposedCall:
    return ProposedCall(
        tool=step.call,
        arguments=canonical(filled(step.arguments, names)),
        label=step.id,
        title=rendered(step.title, names),
    )


def _plan(now: RunbookStep, steps: Iterable[RunbookStep], seen: Seen) -> tuple[PlannedStep, ...]:
    """The steps still to come, without those that are known already to be left out."""
    # What a watch saw last is not yet what comes of it.
    ended = {step: told for step, told in seen.steps.items() if step != now.id}
    known = {name: value for name, value in seen.names.items() if name != now.id} | {"steps": ended}
    # A step that ends badly ends the run: where there is a next one, it went well.
    well: dict[str, Json] = {now.id: WELL} if now.unless_failed else {}
    planned: list[PlannedStep] = []
    for step in steps:
        if _will_be_left_out(step, known):
            continue
        title = sketched(step.title, known)
        # With a list, `when` is about its items, not about the step.
        if step.when and not step.for_each and not _known_to_hold(step.when, known, well):
            title = IF_NEEDED.format(title=title)
        elif step.unless_failed:
            well[step.id] = WELL
        planned.append(PlannedStep(label=step.id, title=title))
    return tuple(planned)


def _will_be_left_out(step: RunbookStep, known: Names) -> bool:
    return any(_known_to_be_false(asked, known) for asked in (step.for_each, step.when) if asked)


def _known_to_be_false(expression: str, known: Names) -> bool:
    try:
        asked = uses_in_expression(expression)
        all_known = asked.names <= known.keys() and asked.steps <= known["steps"].keys()
        return all_known and not holds(expression, known)
    except BadTemplate:
        return False


def _known_to_hold(expression: str, known: Names, well: Mapping[str, Json]) -> bool:
    try:
        return holds(expression, {**known, "steps": {**known["steps"], **well}})
    except BadTemplate:
        return False


def _give_up(text: str) -> Thought:
    return Thought(kind=ThoughtKind.GIVE_UP, text=text)


def _not_understood(runbook: Runbook, goal: str) -> str:
    shown = goal if len(goal) <= LONGEST_GOAL else goal[: LONGEST_GOAL - 1] + "…"
    return f"I can't read “{shown}”. What I understand: {', or '.join(f'`{p}`' for p in runbook.phrases)}."


def ending(calls: Sequence[Called]) -> str:
    """Why the runbook ends at this step, and of a list, what was done all the same."""
    if len(calls) == 1:
        what, said = _what_became(calls[0])
        return f"{what}, so I stopped there. {said}".strip()
    done = [f"“{_title(called)}”" for called in calls if called.result.ended.well]
    of = f"of {len(calls)}"
    known = f"{len(done)} {of} done: {', '.join(done)}." if done else f"None {of} is known to be done."
    told = (_what_became(called) for called in calls if not called.result.ended.well)
    lines = (f"{what}: {shortened(said, LONGEST_SAID)}" if said else f"{what}." for what, said in told)
    return "\n".join([f"{known} I stopped there.", *lines])


def _what_became(called: Called) -> tuple[str, str]:
    """That it did not end well, and what is known of that, but where a tool's words stay out of the thread."""
    how = ENDINGS.get(called.result.ended, called.result.ended.value)
    if called.discreet:
        return f"“{_title(called)}” {how}", ""
    return f"“{_title(called)}” {how}", shortened(called.result.text.strip().removeprefix("rejected: "))


def _title(called: Called) -> str:
    return called.call.tool if called.discreet else called.call.title or called.call.tool
