"""What the rules of a config say of a call, without a run: for `handrail policy`."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from workflows.rules import policy
from workflows.rules.canonical import NotCanonical, canonical, canonical_text, parse
from workflows.rules.keys import names_in
from workflows.values.base import CanonicalJson
from workflows.values.calls import Call
from workflows.values.people import People
from workflows.values.spec import Rule
from workflows.values.tools import ToolContract

from .config import Config
from .config.schema import PolicyTestSection
from .trouble import Misused

WORDS = {policy.Allowed: "allow", policy.NeedsApproval: "ask", policy.Refused: "refuse"}
"""What a verdict is called in a rule's `then`, and in a test's `expect`."""


@dataclass(frozen=True)
class Judgement:
    """One call, what the rules say of it, and which of them decides."""

    call: Call
    contract: ToolContract
    verdict: policy.Verdict
    rule: Rule | None
    """None: it only reads, and no rule refuses it."""
    requester: str = ""
    """A user id; empty where it is left open who asks."""

    @property
    def word(self) -> str:
        return WORDS[type(self.verdict)]

    @property
    def target(self) -> str:
        return policy.target_of(self.contract, self.call.arguments)

    @property
    def environment(self) -> str:
        return policy.environment_of(self.contract, self.call.arguments)

    @property
    def approvers(self) -> People:
        """Who may approve it: those named, without who asked where the rule wants four eyes."""
        if not isinstance(self.verdict, policy.NeedsApproval):
            return People()
        named = self.verdict.rule.approvers
        return named.model_copy(
            update={"users": tuple(user for user in named.users if not self.asked_by(user))}
        )

    def asked_by(self, user: str) -> bool:
        """Did they ask for it, so that they may not approve it?"""
        return self.rule is not None and self.rule.four_eyes and user == self.requester

    def out_of_reach(self) -> bool:
        """Are there too few people named to make the quorum?"""
        if not isinstance(self.verdict, policy.NeedsApproval):
            return False
        return not self.approvers.groups and len(set(self.approvers.users)) < self.verdict.rule.quorum


def judge(config: Config, tool: str, arguments: CanonicalJson, requester: str = "") -> Judgement:
    """Raises `Misused` for a tool that is not there, and for arguments that say too little."""
    contract = next((each for each in config.tools if each.name == tool), None)
    if contract is None:
        raise Misused(_unknown(tool, [each.name for each in config.tools]))
    given = parse(arguments)
    if not isinstance(given, dict):
        raise Misused(f"the arguments of {tool} are a JSON object, such as {{}}")
    missing = sorted(set(names_in([contract.environment, contract.target])) - given.keys())
    if missing:
        raise Misused(
            f"{tool} needs {_listed(missing)} among its arguments: what it changes is named by them"
        )
    call = Call(tool=tool, arguments=arguments, number=1, turn=1)
    verdict = policy.judge(call, contract, config.rules)
    rule = policy.deciding(call, contract, config.rules)
    by_a_rule = not contract.reads or rule is not policy.NOBODY
    return Judgement(call, contract, verdict, rule if by_a_rule else None, requester)


def arguments_in(text: str) -> CanonicalJson:
    """As they were typed. Raises `Misused`."""
    try:
        return canonical_text(text)
    except NotCanonical as error:
        raise Misused(f"the arguments can't be read: {error}") from None


def differences(case: PolicyTestSection, config: Config) -> list[str]:
    """What is otherwise than a case of `policy_tests` says; nothing where it holds."""
    try:
        found = judge(config, case.call, canonical(case.with_), case.requested_by or "")
    except (Misused, NotCanonical) as error:
        return [str(error)]
    return list(_differences(case, found))


def _differences(case: PolicyTestSection, found: Judgement) -> Iterator[str]:
    by = found.rule.name if found.rule is not None else ""
    because = f" (rule “{by}”)" if by else ""
    if found.word != case.expect:
        yield f"expected {case.expect}, found {found.word}{because}"
        return
    if case.rule is not None and case.rule != by:
        yield f"expected the rule “{case.rule}”, found " + (f"“{by}”" if by else "none")
    for someone in case.may_approve:
        if problem := _why_not(someone, found):
            yield f"expected that {someone} may approve, found that {problem}"
    for someone in case.may_not_approve:
        if problem := _why(someone, found):
            yield f"expected that {someone} may not approve, found that {problem}"


def _why_not(someone: str, found: Judgement) -> str:
    """Why it can't be said that they may approve."""
    if someone in (*found.approvers.users, *found.approvers.groups):
        return ""
    if found.asked_by(someone):
        return "they asked for it"
    groups = found.approvers.groups
    if groups and not someone.startswith("S"):
        return f"the rule names only groups they may be in: only Slack knows who is in {_listed(groups)}, so name the group"
    return "the rule does not name them"


def _why(someone: str, found: Judgement) -> str:
    """Why it can't be said that they may not."""
    if found.asked_by(someone):
        return ""
    if someone in (*found.approvers.users, *found.approvers.groups):
        return "the rule names them"
    groups = found.approvers.groups
    if groups and not someone.startswith("S"):
        return f"they may be in {_listed(groups)}: only Slack knows"
    return ""


def _unknown(tool: str, tools: list[str]) -> str:
    close = get_close_matches(tool, tools, n=3, cutoff=0.4)
    if close:
        return f"there is no tool {tool!r}; the nearest are {_listed(close)}"
    return f"there is no tool {tool!r}; there are {_listed(tools) or 'none'}"


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, (list, tuple)) else str(names)
