"""The form that starts a run: which fields an agent has, and what somebody filled in. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from re import fullmatch

from workflows.rules.phrases import WORD, places, said, understood
from workflows.rules.visible import visible
from workflows.values.base import Value
from workflows.values.spec import AgentSpec, Limits, Runbook

from . import words
from .commands import GOAL_LIMIT, normalised
from .start_settings import Parameter, ParameterKind, StartSettings
from .views.blocks import units
from .views.text import shortened

MOST_FIELDS = 40
"""Parameters for which a form has room. Beyond, the goal is typed as a phrase."""
MOST_CHOICES = 300
"""Of all of them: a view takes 250 kB."""
LONGEST_NAME = 200
"""Characters of a parameter's name: a block_id takes 255."""
INPUT_LIMIT = 3000
"""Of a plain_text_input."""
NUMBER = r"[0-9]+(\.[0-9]+)?"
"""As a number_input takes it."""
DIGITS = 12
"""Of a number, before or behind its point."""
AGENT, GOAL, MATERIAL, CHANNEL, PLAN = "agent", "goal", "material", "channel", "plan"
BUDGET = STEPS, MINUTES, TOKENS, COST = "steps", "minutes", "tokens", "cost"
PARAMETER = "parameter/"
YES, NO = "yes", "no"


class Kind(StrEnum):
    WORD = "word"
    LINES = "lines"
    WHOLE = "whole"
    DECIMAL = "decimal"
    TICK = "tick"
    CHOICE = "choice"


class Field(Value):
    name: str
    kind: Kind
    label: str
    hint: str = ""
    default: str = ""
    """Stands in it until somebody types."""
    choices: tuple[str, ...] = ()
    most: str = ""
    """Of a number."""
    required: bool = False

    @property
    def left_out(self) -> str:
        """What an empty one says."""
        return NO if self.kind is Kind.TICK and self.name.startswith(PARAMETER) else ""

    @property
    def block(self) -> str:
        """Another one for another kind of field: what was typed there would not fit, and a default was not typed."""
        kind = repr((self.kind.value, self.choices, self.default))
        return f"{self.name}#{hashlib.sha256(kind.encode()).hexdigest()[:8]}"


class Order(Value):
    """What the form asks for."""

    goal: str
    plan_only: bool
    limits: Limits


class Wrong(Exception):
    """By block: what is wrong with what stands in it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


# Fields


def fields_of(spec: AgentSpec, starting: StartSettings, *, material: bool) -> tuple[Field, ...]:
    """All but agent and channel. *material*: with a message that is quoted."""
    plan = [] if spec.shadow else [Field(name=PLAN, kind=Kind.TICK, label=words.PLAN_FIELD)]
    quoted = [_material(spec)] if material else []
    return (*_about(spec, starting), *quoted, *plan, *_budget(spec))


def phrase_of(runbook: Runbook) -> str:
    """The one that takes most parameters: that is what the form asks for."""
    return max(runbook.phrases, key=lambda phrase: len(places(phrase)))


def _about(spec: AgentSpec, starting: StartSettings) -> list[Field]:
    if isinstance(spec.planner, Runbook):
        phrase, defaults = phrase_of(spec.planner), spec.planner.defaults
        names = places(phrase)
        choices = sum(len(starting.parameters[name].choices) for name in names if name in starting.parameters)
        room = len(names) <= MOST_FIELDS and choices <= MOST_CHOICES
        if room and all(len(name) <= LONGEST_NAME for name in names):
            return [
                _parameter(name, starting.parameters.get(name, Parameter()), defaults.get(name))
                for name in names
            ]
    hint = words.GOAL_HINT
    if isinstance(spec.planner, Runbook):
        hint = words.PHRASE_HINT.format(phrases=", ".join(spec.planner.phrases))
    return [
        Field(name=GOAL, kind=Kind.LINES, label=words.GOAL_FIELD, hint=shortened(hint, 500), required=True)
    ]


def _parameter(name: str, said: Parameter, default: str | None) -> Field:
    kind = {ParameterKind.NUMBER: Kind.WHOLE, ParameterKind.YES_NO: Kind.TICK}.get(said.kind, Kind.WORD)
    return Field(
        name=PARAMETER + name,
        kind=Kind.CHOICE if said.choices else kind,
        label=name.replace("_", " ").strip().capitalize() or name,
        hint=said.help,
        default=default or "",
        choices=said.choices,
        required=default is None and kind is not Kind.TICK,
    )


def _material(spec: AgentSpec) -> Field:
    hint = words.MATERIAL_UNUSED if isinstance(spec.planner, Runbook) else words.MATERIAL_HINT
    return Field(name=MATERIAL, kind=Kind.LINES, label=words.MATERIAL_FIELD, hint=hint)


def _budget(spec: AgentSpec) -> list[Field]:
    """A run may be given less than its agent has, never more."""
    limits = spec.limits
    minutes = _plain(Decimal(str(limits.working.total_seconds())) / 60)
    fields = [
        _number(STEPS, words.STEPS_FIELD, str(limits.steps)),
        _number(MINUTES, words.MINUTES_FIELD, minutes, Kind.DECIMAL),
    ]
    if not isinstance(spec.planner, Runbook):
        fields += [
            _number(TOKENS, words.TOKENS_FIELD, "" if limits.tokens is None else str(limits.tokens)),
            _number(COST, words.COST_FIELD, "" if limits.cost is None else _plain(limits.cost), Kind.DECIMAL),
        ]
    return fields


def _number(name: str, label: str, most: str, kind: Kind = Kind.WHOLE) -> Field:
    hint = words.AT_MOST.format(most=most) if most else words.NO_LIMIT
    return Field(name=name, kind=kind, label=label, hint=hint, most=most)


def _plain(number: Decimal) -> str:
    """To two places, and never more than it is."""
    cut = number.quantize(Decimal("0.01"), ROUND_DOWN)
    return f"{cut:f}".rstrip("0").rstrip(".") if cut else f"{number:f}"


# What was filled in


def kept(values: Mapping[str, str], fields: tuple[Field, ...]) -> dict[str, str]:
    """By name, what somebody typed: a default that still stands there was not."""
    given = {field.name: values.get(field.block, "") for field in fields}
    defaults = {field.name: field.default for field in fields}
    return {name: text for name, text in given.items() if text and text != defaults[name]}


def ordered(spec: AgentSpec, fields: tuple[Field, ...], values: Mapping[str, str], author: str) -> Order:
    """What *values*, by block, ask for; *author* of the message that is quoted. Raises Wrong."""
    wrong: dict[str, str] = {}
    given = {field.name: values.get(field.block, "").strip() or field.left_out for field in fields}
    for field in fields:
        if problem := _problem(field, given[field.name]):
            wrong[field.block] = problem
    if wrong:
        raise Wrong(wrong)
    return Order(
        goal=_goal(spec, fields, given, author),
        plan_only=given.get(PLAN) == YES,
        limits=_lowered(spec.limits, given),
    )


def fits(field: Field, text: str) -> bool:
    """Can it stand in that field, as if it had been typed there?"""
    return units(text) <= INPUT_LIMIT and not _problem(field, text)


def _problem(field: Field, text: str) -> str:
    if not text:
        return words.FILL_IN if field.required else ""
    if field.kind in (Kind.WHOLE, Kind.DECIMAL):
        return _number_problem(field, text)
    if field.kind is Kind.CHOICE and text not in field.choices:
        return words.ONE_OF.format(choices=", ".join(field.choices))
    if field.kind is Kind.WORD and not fullmatch(WORD, text):
        return words.ONE_WORD
    return ""


def _number_problem(field: Field, text: str) -> str:
    whole, _, rest = text.partition(".")
    if (
        not fullmatch(NUMBER, text)
        or max(len(whole), len(rest)) > DIGITS
        or (rest and field.kind is Kind.WHOLE)
    ):
        return words.A_NUMBER
    if field.name.startswith(PARAMETER):
        return ""
    number = Decimal(text)
    if number <= 0 or (field.most and number > Decimal(field.most)):
        return words.TOO_MUCH.format(most=field.most) if field.most else words.A_NUMBER
    return ""


def _goal(spec: AgentSpec, fields: tuple[Field, ...], given: Mapping[str, str], author: str) -> str:
    """Raises Wrong where the agent would make something else of it, or nothing."""
    first = fields[0].block
    if GOAL in given:
        goal = normalised(given[GOAL])
        if isinstance(spec.planner, Runbook) and understood(spec.planner, goal) is None:
            raise Wrong({first: words.NO_PHRASE})
        if (material := given.get(MATERIAL)) and not isinstance(spec.planner, Runbook):
            goal = f"{goal}\n\n{quoted(material, author)}"
    else:
        assert isinstance(spec.planner, Runbook)
        goal = _phrased(spec.planner, given, first)
    if len(goal) > GOAL_LIMIT:
        place = next((field.block for field in fields if field.name == MATERIAL), first)
        raise Wrong({place: words.TOO_LONG.format(length=len(goal), limit=GOAL_LIMIT)})
    return goal


def _phrased(runbook: Runbook, given: Mapping[str, str], first: str) -> str:
    """As a person would type it, with its defaults said, so that it reads the same everywhere."""
    phrase, meant = phrase_of(runbook), dict(runbook.defaults)
    meant |= {name: text for name in places(phrase) if (text := given[PARAMETER + name])}
    goal = said(phrase, meant)
    if understood(runbook, goal) != meant:
        raise Wrong({first: words.NO_PHRASE})
    return goal


def quoted(material: str, author: str) -> str:
    """Marked line by line, so that nothing in it can pass for what was asked."""
    by = f" by the user {author}" if author else ""
    lines = "\n".join(f"> {line}" for line in visible(material).splitlines())
    return f"{words.QUOTED_FOR_AGENT.format(by=by)}\n{lines}"


def _lowered(limits: Limits, given: Mapping[str, str]) -> Limits:
    made: dict[str, object] = {}
    if steps := given.get(STEPS):
        made["steps"] = int(Decimal(steps))
    if minutes := given.get(MINUTES):
        made["working"] = timedelta(seconds=float(Decimal(minutes) * 60))
    if tokens := given.get(TOKENS):
        made["tokens"] = int(Decimal(tokens))
    if cost := given.get(COST):
        made["cost"] = Decimal(cost)
    return limits.model_copy(update=made)
