"""What may be done, and who is asked: pure, and always with the reason."""

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..values.base import CanonicalJson
from ..values.calls import Call
from ..values.people import People, Person, PersonFacts
from ..values.spec import AgentSpec, Rule, RuleKind
from ..values.steps import PermittedRead
from ..values.tools import ToolContract
from .canonical import parse


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

NOBODY = Rule(name="nobody was named", then=RuleKind.ASK)
"""For an effect that no rule matches: it needs an approval that nobody can give."""


def fill(template: str, arguments: CanonicalJson) -> str:
    """`{environment}/{service}` filled from the top-level arguments; one that is missing becomes `?`."""
    given = parse(arguments)
    return _PLACE.sub(lambda place: str(given.get(place[1], "?")), template)


def environment_of(contract: ToolContract, arguments: CanonicalJson) -> str:
    return fill(contract.environment, arguments)


def target_of(contract: ToolContract, arguments: CanonicalJson) -> str:
    """What the call works on. Without a template the tool itself is the target: one at a time."""
    return fill(contract.target, arguments) or contract.name


def judge(call: Call, contract: ToolContract | None, rules: tuple[Rule, ...]) -> Verdict:
    """The first rule that matches wins; a model has no say in it. What only reads is never asked about."""
    if contract is None:
        return Refused(f"{call.tool} is not one of this agent's tools")
    if not isinstance(parse(call.arguments), dict):
        return Refused(f"the arguments of {call.tool} are not an object")
    rule = next((rule for rule in rules if matches(rule, call, contract)), NOBODY)
    if rule.then is RuleKind.REFUSE:
        return Refused(f"the rule “{rule.name}” does not allow it")
    if contract.reads:
        return Allowed("reading", "it only reads")
    if rule.then is RuleKind.ALLOW:
        return Allowed(rule.name, f"the rule “{rule.name}” allows it")
    return NeedsApproval(rule, f"{contract.name} changes {target_of(contract, call.arguments)}")


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


def _one_of(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def permit_read(call: Call, contract: ToolContract, verdict: Allowed) -> PermittedRead:
    """The only maker of `PermittedRead`. Raises ValueError for a tool that changes something."""
    if not contract.reads:
        raise ValueError(f"{contract.name} is an effect: it needs an admission")
    return PermittedRead(call=call, contract=contract, rule=verdict.rule)


def stewards(spec: AgentSpec) -> People:
    """Who may steer and stop a run beside its requester: the named ones and all approvers of its rules."""
    people = spec.stewards
    for rule in spec.rules:
        people = people | rule.approvers
    return people


def may_steer(facts: PersonFacts, requester: Person, spec: AgentSpec) -> bool:
    """May this person stop, redirect or answer for a run?"""
    return facts.person.user == requester.user or stewards(spec).includes(facts)
