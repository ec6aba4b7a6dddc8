"""`handrail policy`, in words."""

import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase

from rich.console import Console
from rich.text import Text

from activities.windows import opening
from workflows.rules.canonical import canonical
from workflows.rules.policy import Allowed, NeedsApproval
from workflows.values.durations import words
from workflows.values.people import People
from workflows.values.spec import BreakGlass, Escalation, FreezeWindow, Rule

from .config import Config
from .policy import Judgement, arguments_in, differences, judge
from .trouble import Misused

USER = re.compile(r"[UW][A-Z0-9_]+")
WIDTH = 13
ALWAYS_OUT = "bots, guests, people of other workspaces"

DISCREET = (
    "yes: only those who asked or may decide see arguments and preview, in Details and in direct messages"
)

Line = tuple[str, str]


def explain(config: Config, tool: str, typed: str, requester: str, now: datetime) -> list[Line]:
    """What would become of this call, line by line: a word, and what there is to say of it. Raises `Misused`."""
    if requester and not USER.fullmatch(requester):
        raise Misused(f"--as: expected a Slack user id such as U0123ABCD, found {requester!r}")
    found = judge(config, tool, arguments_in(typed), requester)
    lines = [("call", f"{tool} {found.call.arguments}"), ("verdict", _verdict(found))]
    if found.rule is not None:
        lines.append(("rule", _rule(found.rule, config)))
    if found.contract.reads:
        return lines
    lines += [("target", found.target), ("environment", found.environment or "none")]
    if isinstance(found.verdict, NeedsApproval):
        lines += _asking(found, found.verdict.rule)
    if found.word != "refuse":
        lines += _held(config.windows, found.environment, now)
    return lines


def _verdict(found: Judgement) -> str:
    if isinstance(found.verdict, Allowed):
        return f"allowed: {found.verdict.reason}"
    if isinstance(found.verdict, NeedsApproval):
        return f"needs approval: {found.verdict.reason}"
    return f"refused: {found.verdict.reason}"


def _rule(rule: Rule, config: Config) -> str:
    if rule not in config.rules:
        return "none matches: a change needs an approval, and nobody is named who could give it"
    said = [
        f"{what} {', '.join(patterns)}"
        for what, patterns in (
            ("tools", rule.tools),
            ("environments", rule.environments),
            ("targets", rule.targets),
        )
        if patterns
    ]
    said += [f"{name} = {canonical(value)}" for name, value in rule.arguments.items()]
    place = f"number {config.rules.index(rule) + 1} of {len(config.rules)} and the first that matches"
    return f"“{rule.name}”, {place}: {'; '.join(said) or 'all changes'}"


def _asking(found: Judgement, rule: Rule) -> Iterator[Line]:
    yield "may approve", people(found.approvers) or "nobody"
    yield "may not", "; ".join(_out(found, rule))
    if rule.approvers and found.out_of_reach():
        yield "mind", f"the quorum of {rule.quorum} is out of reach: too few are left who may approve"
    yield "quorum", str(rule.quorum)
    yield "fresh for", f"{words(rule.fresh_for)}: an older preview is made again before anything is applied"
    yield "dangerous", "yes: approving asks once more" if rule.dangerous else "no"
    yield "discreet", DISCREET if rule.discreet else "no"
    yield "expires", f"{words(rule.expires_after)} after the card was posted"
    yield "reminder", f"after {words(rule.remind_after or rule.expires_after / 2)}"
    yield "escalation", _escalation(rule.escalation) if rule.escalation else "none"
    yield "break-glass", _break_glass(rule.break_glass) if rule.break_glass else "nobody"


def _out(found: Judgement, rule: Rule) -> Iterator[str]:
    if rule.four_eyes:
        yield f"{found.requester}, who asked for it" if found.requester else "whoever asks for it"
        yield "whoever edits it"
    yield ALWAYS_OUT


def _escalation(said: Escalation) -> str:
    told = people(said.tell) or "the channel"
    return f"after {words(said.after)}, {told} in {said.channel or 'the thread'} are told; the quorum stays"


def _break_glass(said: BreakGlass) -> str:
    passes = "; passes a freeze" if said.passes_freeze else "; a freeze still holds it"
    return f"{people(said.people)} alone, with a reason; told to {said.channel} at once{passes}"


def _held(windows: tuple[FreezeWindow, ...], environment: str, now: datetime) -> Iterator[Line]:
    for window in windows:
        if not window.environments or any(fnmatchcase(environment, each) for each in window.environments):
            found = opening(window, now)
            if found is not None:
                yield "held now", f"by the window “{window.name}” until {local(found.until, now)}"
    yield "freezes", "what people declared: `handrail freezes`"


def local(moment: datetime, now: datetime) -> str:
    """In the time zone of *now*."""
    return f"{moment.astimezone(now.tzinfo):%Y-%m-%d %H:%M %Z}"


def people(named: People) -> str:
    """Ids: what a name belongs to may change."""
    return ", ".join([*named.users, *(f"members of {group}" for group in named.groups)])


def tell(lines: list[Line], console: Console) -> None:
    for what, text in lines:
        console.print(Text.assemble((f"{what:<{WIDTH}}", "bold"), text))


def run_tests(config: Config, console: Console) -> bool:
    """Print a line per case of `policy_tests`. True when all hold. Raises `Misused` where there are none."""
    if not config.policy_tests:
        raise Misused(
            f"{config.file} has no policy_tests: a list of calls, and what the rules are to say of each"
        )
    well = True
    for case in config.policy_tests:
        found = differences(case, config)
        sign, style = ("✗", "red") if found else ("✓", "green")
        console.print(Text.assemble((sign, style), f" {case.name}{': ' if found else ''}", "; ".join(found)))
        well = well and not found
    return well
