"""What may be done, and who is asked: pure, and always with the reason."""

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from .. import words
from ..values.base import CanonicalJson, Json
from ..values.calls import Call
from ..values.people import People, Person, PersonFacts, Standing
from ..values.spec import AgentSpec, Rule, RuleKind, Runbook
from ..values.steps import PermittedRead
from ..values.tools import Pins, ToolContract
from .canonical import canonical, parse


class Allowed(NamedTuple):
    """It may be done without asking."""

    rule: str
    reason: str


class NeedsApproval(NamedTuple):
    rule: Rule
    reason: str


class Refused(NamedTuple):
    reason: str


_PLACE = re.compile(r"\{([^{}]*)\}")

Verdict = Allowed | NeedsApproval | Refused

NOBODY = Rule(name=words.NOBODY_WAS_NAMED, then=RuleKind.ASK)
"""For an effect that no rule matches: it needs an approval that nobody can give."""


def fill(template: str, arguments: CanonicalJson) -> str:
    """`{environment}/{service}` filled from the top-level arguments; what can't stand there becomes `?`."""
    given = parse(arguments)
    return _PLACE.sub(lambda place: _as_name(given.get(place[1])) or "?", template)


def _as_name(value: Json) -> str:
    """A text or a number as it stands in a name; empty for what is none."""
    match value:
        case str():
            return value
        case bool() | int() | float():
            return canonical(value)
        case _:
            return ""


def unnamed(contract: ToolContract, arguments: CanonicalJson) -> str:
    """The argument that has to say what this works on, and does not; empty when all do.

    A tool may take one that is left out for its default: then no rule, freeze or lease would know what it changes.
    """
    given = parse(arguments)
    names = _PLACE.findall(contract.environment + contract.target)
    return next((name for name in names if not _as_name(given.get(name))), "")


def environment_of(contract: ToolContract, arguments: CanonicalJson) -> str:
    return fill(contract.environment, arguments)


def target_of(contract: ToolContract, arguments: CanonicalJson) -> str:
    """What the call works on. Without a template the tool itself is the target: one at a time."""
    return fill(contract.target, arguments) or contract.name


def judge(call: Call, contract: ToolContract | None, rules: tuple[Rule, ...]) -> Verdict:
    """The first rule that matches wins; a model has no say in it. What only reads is never asked about."""
    if contract is None:
        return Refused(words.NOT_A_TOOL.format(tool=call.tool))
    if not isinstance(parse(call.arguments), dict):
        return Refused(words.NOT_AN_OBJECT.format(tool=call.tool))
    name = unnamed(contract, call.arguments)
    if name and (not contract.reads or _closes_by_name(rules, call)):
        return Refused(words.UNNAMED.format(tool=call.tool, name=name))
    rule = deciding(call, contract, rules)
    if rule.then is RuleKind.REFUSE:
        return Refused(words.RULE_REFUSES.format(rule=rule.name))
    if contract.reads:
        return Allowed("reading", words.ONLY_READS)
    if rule.then is RuleKind.ALLOW:
        return Allowed(rule.name, words.RULE_ALLOWS.format(rule=rule.name))
    target = target_of(contract, call.arguments)
    return NeedsApproval(rule, words.CHANGES.format(tool=contract.name, target=target))


def deciding(call: Call, contract: ToolContract, rules: tuple[Rule, ...]) -> Rule:
    """The first rule that speaks of this call; `NOBODY` where none does."""
    return next((rule for rule in rules if matches(rule, call, contract)), NOBODY)


def matches(rule: Rule, call: Call, contract: ToolContract) -> bool:
    """Does this rule speak of this call? Rules speak of changes; one that refuses may name a reading tool too."""
    arguments = parse(call.arguments)
    if contract.reads and not (rule.then is RuleKind.REFUSE and rule.tools):
        return False
    return (
        _one_of(rule.tools, call.tool)
        and _one_of(rule.environments, environment_of(contract, call.arguments))
        and _one_of(rule.targets, target_of(contract, call.arguments))
        and all(name in arguments and arguments[name] == value for name, value in rule.arguments.items())
    )


def keeps_quiet_of(call: Call, spec: AgentSpec) -> bool:
    """Do its arguments stay out of the thread, as they are or as they were proposed?"""
    contract = spec.contract(call.tool)
    if contract is None or not any(rule.discreet for rule in spec.rules):
        return False
    versions = (call, call.model_copy(update={"arguments": call.proposed}))
    return any(deciding(each, contract, spec.rules).discreet for each in versions)


def may_keep_quiet_of(step: str, spec: AgentSpec) -> str:
    """The tool that a runbook's *step* to come will call, if a discreet rule might speak of it; else nothing."""
    steps = spec.planner.steps if isinstance(spec.planner, Runbook) else ()
    tool = next((each.call for each in steps if each.id == step), "")
    contract = spec.contract(tool)
    if contract is None or contract.reads:
        return ""
    return tool if any(rule.discreet and _one_of(rule.tools, tool) for rule in spec.rules) else ""


def _closes_by_name(rules: tuple[Rule, ...], call: Call) -> bool:
    """Is there a rule that forbids this tool for some environments or targets?"""
    return any(
        rule.then is RuleKind.REFUSE
        and rule.tools
        and _one_of(rule.tools, call.tool)
        and (rule.environments or rule.targets)
        for rule in rules
    )


def _one_of(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def permit_read(call: Call, contract: ToolContract, verdict: Allowed, pins: Pins) -> PermittedRead:
    """The only maker of `PermittedRead`. Raises ValueError for a tool that changes something."""
    if not contract.reads:
        raise ValueError(f"{contract.name} is an effect: it needs an admission")
    return PermittedRead(call=call, contract=contract, rule=verdict.rule, pins=pins)


def who_decides(rule: Rule) -> People:
    """All whom a rule lets decide, in an emergency too."""
    return rule.approvers | rule.break_glass.people if rule.break_glass else rule.approvers


def may_see(facts: PersonFacts, requesters: tuple[Person, ...], rule: Rule) -> bool:
    """May this person see what a discreet rule keeps out of the thread? Those who asked, and those who may decide."""
    decides = facts.standing is Standing.MEMBER and who_decides(rule).includes(facts)
    return decides or facts.person in requesters


def stewards(spec: AgentSpec) -> People:
    """Who may steer and stop a run beside its requester: the named ones and all approvers of its rules."""
    people = spec.stewards
    for rule in spec.rules:
        people = people | rule.approvers
    return people


def may_steer(facts: PersonFacts, requester: Person, spec: AgentSpec) -> bool:
    """May this person stop, redirect or answer for a run?"""
    return facts.person.user == requester.user or stewards(spec).includes(facts)


def may_answer(spec: AgentSpec, requester: Person, who: str) -> People:
    """Who may answer what a planner asks: nobody who may not steer the run, whatever it says."""
    asked = People(users=(requester.user,))
    return asked if who == "requester" else asked | stewards(spec)


def may_freeze(facts: PersonFacts, home_team: str, freezers: People) -> str:
    """Why this person may neither freeze nor unfreeze; empty when they may. Nobody, until somebody is named."""
    if facts.person.team != home_team or facts.standing is Standing.OUTSIDER:
        return words.OUTSIDER_FREEZES
    if facts.standing is not Standing.MEMBER:
        return words.ACCOUNT_FREEZES.format(standing=facts.standing.value)
    if not freezers.includes(facts):
        return words.NOT_A_FREEZER
    return ""
