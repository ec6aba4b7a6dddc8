"""What is wrong with a runbook, said when the config is read instead of in the middle of a run."""

import re
from collections.abc import Callable, Iterator, Sequence
from keyword import iskeyword
from typing import NamedTuple

from workflows.rules import own_tools
from workflows.rules.phrases import BadPhrase, pattern
from workflows.values.base import Json
from workflows.values.durations import duration, words
from workflows.values.spec import Runbook, RunbookStep, Watch
from workflows.values.tools import KeyForm, ToolContract

from .templates import BadTemplate, Uses, uses, uses_in_expression
from .watching import SHORTEST

STEP_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RESERVED = {"steps", "item", "true", "false", "none", "loop", "self", "range", "dict", "namespace"}
"""Names with a meaning of their own in a template."""
_OPTIONAL = re.compile(r"\[[^\]]*\]")


def check(runbook: Runbook, tools: Sequence[ToolContract]) -> list[str]:
    """The problems of a runbook, each a sentence; empty when there are none."""
    problems = list(_phrase_problems(runbook))
    names = _Names(*_parameters(runbook), steps=set())
    for step in runbook.steps:
        where = f"the step “{step.id}”"
        problems += [
            f"{where}: {problem}" for problem in (*_id_problems(step.id, names), *_call_problems(step, tools))
        ]
        if step.for_each:
            told = names.problems(step.for_each, uses_in_expression)
            problems += [f"`for_each` of {where}: {problem}" for problem in told]
        inside = names._replace(steps=names.steps | {"item"}) if step.for_each else names
        for field, source, read in _asked(step):
            problems += [f"{field} of {where}: {problem}" for problem in inside.problems(source, read)]
        names.steps.add(step.id)
        if step.watch is not None:
            problems += [f"{where}: {problem}" for problem in _watch_problems(step, step.watch, tools)]
            problems += [
                f"`until` of {where}: {problem}"
                for problem in names.problems(step.watch.until, uses_in_expression)
            ]
    return problems + [f"the answer: {problem}" for problem in names.problems(runbook.answer, uses)]


def _phrase_problems(runbook: Runbook) -> Iterator[str]:
    if not runbook.phrases:
        yield "it has no phrase, so no goal ever fits"
    for phrase in runbook.phrases:
        try:
            names = pattern(phrase).groupindex
        except BadPhrase as error:
            yield str(error)
        else:
            for name in names:
                if name in RESERVED or iskeyword(name):
                    yield f"<{name}> in “{phrase}” is a word with a meaning of its own: choose another"


def _parameters(runbook: Runbook) -> tuple[set[str], set[str]]:
    """All parameters there may be, and those that every goal has."""
    known, sure = set(runbook.defaults), None
    for phrase in runbook.phrases:
        try:
            known |= pattern(phrase).groupindex.keys()
            always = set(pattern(_OPTIONAL.sub("", phrase)).groupindex)
        except BadPhrase:
            continue
        sure = always if sure is None else sure & always
    return known, (sure or set()) | set(runbook.defaults)


def _id_problems(step: str, names: "_Names") -> Iterator[str]:
    if not STEP_ID.fullmatch(step):
        yield "its id has to be a letter, then letters, digits and underscores, for templates name it"
    if step in RESERVED or iskeyword(step):
        yield "its id is a word with a meaning of its own: choose another"
    if step in names.steps:
        yield "another step has the same id"
    if step in names.parameters:
        yield f"the parameter <{step}> has the same name"


def _call_problems(step: RunbookStep, tools: Sequence[ToolContract]) -> Iterator[str]:
    if step.call in own_tools.ALL:
        yield from _own_problems(step)
        return
    contract = next((contract for contract in tools if contract.name == step.call), None)
    if contract is None:
        ours = step.call.startswith(f"{own_tools.SERVER}.")
        known = list(own_tools.ALL) if ours else [tool.name for tool in tools]
        who = "Handrail" if ours else "this agent"
        yield f"there is no tool {step.call}; {who} has {', '.join(known) or 'none'}"
        return
    # A text or a list of labels may be given: the key is added to it.
    key = contract.key if contract.key and contract.key.form is KeyForm.VALUE else None
    reserved = {place.argument for place in (key, contract.precondition) if place}
    for name in step.arguments:
        if name in reserved:
            yield f"the argument {name} of {step.call} is filled in by Handrail"


def _watch_problems(step: RunbookStep, watch: Watch, tools: Sequence[ToolContract]) -> Iterator[str]:
    if not any(tool.name == step.call and tool.reads for tool in tools):
        yield f"only what reads can be watched, and {step.call} changes something"
    if step.for_each:
        yield "it can't have both `watch` and `for_each`"
    if watch.every < SHORTEST:
        yield f"`every` of its watch has to be at least {words(SHORTEST)}"
    if "{{" not in watch.lasting:
        try:
            duration(watch.lasting)
        except ValueError as error:
            yield f"`for` of its watch has to be {error}"


def _own_problems(step: RunbookStep) -> Iterator[str]:
    """What is wrong with the arguments of a tool of Handrail's own: what a template will make of them is not known yet."""
    for name in own_tools.unknown(step.call, step.arguments):
        yield f"{step.call} has no argument {name}"
        return
    written = all("{{" not in text and "{%" not in text for text in _texts(step.arguments))
    if written and (problem := own_tools.problem(step.call, step.arguments)):
        yield problem.removesuffix(".")


def _asked(step: RunbookStep) -> Iterator[tuple[str, str, Callable[[str], Uses]]]:
    """(where, source, how it is read) of each template of a step."""
    yield "the title", step.title, uses
    if step.watch is not None:
        yield "`for` of the watch", step.watch.lasting, uses
    if step.when:
        yield "`when`", step.when, uses_in_expression
    for name, value in step.arguments.items():
        for source in _texts(value):
            yield f"the argument {name}", source, uses


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


class _Names(NamedTuple):
    """What a template may ask for, at its place in the runbook."""

    parameters: set[str]
    always: set[str]
    """Parameters that every goal has."""
    steps: set[str]

    def problems(self, source: str, read: Callable[[str], Uses]) -> Iterator[str]:
        try:
            asked = read(source)
        except BadTemplate as error:
            yield f"“{source}” can't be read: {error}"
            return
        for name in sorted(asked.names - self.parameters - self.steps - {"steps"}):
            yield f"“{source}” asks for {name}, which is neither a parameter nor an earlier step"
        for name in sorted(asked.steps - self.steps):
            yield f"“{source}” asks for steps.{name}, which is no earlier step"
        for name in sorted((asked.names & self.parameters) - self.always - asked.guarded):
            yield f"“{source}” asks for {name}, which a goal may leave out: give it a default"
