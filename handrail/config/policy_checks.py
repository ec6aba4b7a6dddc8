"""Whether what the file says of approvals, freezes and policy tests fits together."""

from collections.abc import Iterator
from datetime import timedelta

from activities.windows import BadWindow
from activities.windows import check as check_window
from workflows.rules.policy import NOBODY
from workflows.values.durations import words

from . import translate
from .problems import KeyPath
from .schema import File, PeopleSection, PolicyTestSection, RuleSection

Finding = tuple[KeyPath, str]

ASKING = (
    "approvers",
    "quorum",
    "four_eyes",
    "expires_after",
    "remind_after",
    "fresh_for",
    "escalate",
    "break_glass",
    "dangerous",
    "discreet",
)
"""The keys of a rule that mean something only where people are asked."""
WRITTEN_AS = {"starts": "from", "ends": "to", "timezone": "timezone"}


def mistakes(file: File) -> Iterator[Finding]:
    for place, rule in enumerate(file.rules):
        yield from ((("rules", place, *path), text) for path, text in _rule(rule))
    for place, window in enumerate(file.freeze.windows):
        try:
            check_window(translate.window(window))
        except BadWindow as error:
            yield ("freeze", "windows", place, WRITTEN_AS[error.field]), str(error)
    for place, case in enumerate(file.policy_tests):
        yield from ((("policy_tests", place, *path), text) for path, text in _case(case, file))


def asking_keys(rule: RuleSection) -> list[str]:
    """Those that the rule sets."""
    return [key for key in ASKING if key in rule.model_fields_set]


def _rule(rule: RuleSection) -> Iterator[Finding]:
    if rule.remind_after is not None:
        yield from _in_time(("remind_after",), rule.remind_after, rule)
    if rule.escalate is not None:
        yield from _in_time(("escalate", "after"), rule.escalate.after, rule)
        if not (_anybody(rule.escalate.tell) or rule.escalate.channel):
            yield ("escalate",), "expected tell (users or groups) or a channel, found neither"
    if rule.break_glass is not None and not _anybody(rule.break_glass.who):
        yield ("break_glass", "who"), "expected users or groups, found nobody"


def _in_time(path: KeyPath, after: timedelta, rule: RuleSection) -> Iterator[Finding]:
    if after >= rule.expires_after:
        until = words(rule.expires_after)
        yield path, f"expected less than expires_after ({until}), found {words(after)}"


def _anybody(people: PeopleSection) -> bool:
    return bool(people.users or people.groups)


def _case(case: PolicyTestSection, file: File) -> Iterator[Finding]:
    if case.call not in file.tools:
        yield ("call",), f"expected one of the tools ({', '.join(file.tools) or 'none'}), found {case.call!r}"
    names = [rule.name for rule in file.rules]
    if case.rule is not None and case.rule not in (*names, NOBODY.name):
        yield ("rule",), f"expected the name of a rule ({', '.join(names) or 'none'}), found {case.rule!r}"
    if case.expect != "ask":
        for key in ("may_approve", "may_not_approve"):
            if getattr(case, key):
                yield (key,), f"expected `expect: ask` beside it, found {case.expect}"
