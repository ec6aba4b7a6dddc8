"""Why a turn did what it did, read off a run's memory: the audit rows of that turn, beside the calls they are about."""

from temporalio import workflow

from . import words
from .journal import Journal
from .rules.outputs import READ_OUTPUT
from .rules.policy import Allowed, NeedsApproval, judge, keeps_quiet_of
from .values.account import Account, CallAccount
from .values.calls import Call, Called, CallResult, Compacted, Ended, GoalSet
from .values.run import OpenCall
from .values.view import AuditRow

TOOLS_WORDS = frozenset({*(ended.value for ended in Ended), "unknown", "superseded"})
"""Audit rows that may quote a tool."""


def account(journal: Journal, turn: int) -> Account:
    """Of the latest turn where *turn* is none that there was."""
    memory = journal.memory
    turn = turn if 0 < turn <= memory.turn else memory.turn
    # What came before the first turn is why there was one.
    rows = [row for row in memory.audit if row.turn == turn or (turn == 1 and row.turn == 0)]
    goal = _goal(journal, turn)
    return Account(
        run_id=workflow.info().workflow_id,
        name=journal.ask.name,
        turn=turn,
        turns=memory.turn,
        goal=goal.text,
        goal_by=goal.by,
        source=goal.source,
        known=_known(journal, turn),
        at=rows[0].at if rows else None,
        calls=_calls(journal, turn, rows),
        rows=tuple(row for row in rows if _about(row) is None),
    )


def _about(row: AuditRow) -> int | None:
    """The number of the call that it is about. What a click named may be anything."""
    call = row.refs.get("call", "")
    return int(call) if call.isascii() and call.isdecimal() and len(call) < 10 else None


def _goal(journal: Journal, turn: int) -> GoalSet:
    """The goal in force in that turn."""
    ask, began = journal.ask, journal.memory.started_at or workflow.info().start_time
    found = GoalSet(text=ask.goal, by=ask.requester, at=began, source=ask.source)
    for entry in journal.memory.entries:
        if isinstance(entry, Called) and entry.call.turn >= turn:
            break
        if isinstance(entry, GoalSet):
            found = entry
    return found


def _known(journal: Journal, turn: int) -> int:
    known = 0
    for entry in journal.memory.entries:
        if isinstance(entry, Compacted) and entry.turns < turn:
            known += entry.calls
        elif isinstance(entry, Called) and entry.call.turn < turn:
            known += 1
    return known


def _calls(journal: Journal, turn: int, rows: list[AuditRow]) -> tuple[CallAccount, ...]:
    memory = journal.memory
    made = {
        entry.call.number: _call(journal, entry.call, entry.result)
        for entry in memory.entries
        if isinstance(entry, Called) and entry.call.turn == turn
    }
    made |= {
        known.call.number: _call(journal, known.call, None, known)
        for known in memory.open
        if known.call.turn == turn
    }
    for row in rows:
        if (number := _about(row)) is not None:
            made.setdefault(number, CallAccount(number=number))
    return tuple(_with_rows(journal, made[number], rows) for number in sorted(made))


def _with_rows(journal: Journal, made: CallAccount, rows: list[AuditRow]) -> CallAccount:
    mine = tuple(row for row in rows if _about(row) == made.number)
    if _keeps_quiet(journal, made.number):
        mine = tuple(
            row.model_copy(update={"text": words.KEPT}) if row.what in TOOLS_WORDS else row for row in mine
        )
    return made.model_copy(update={"rows": mine})


def _keeps_quiet(journal: Journal, number: int) -> bool:
    """Of a call that gave way to a summary nobody can say any more whether a discreet rule spoke of it."""
    memory = journal.memory
    calls = [entry.call for entry in memory.entries if isinstance(entry, Called)]
    calls += [known.call for known in memory.open]
    call = next((each for each in calls if each.number == number), None)
    return (
        any(rule.discreet for rule in journal.spec.rules)
        if call is None
        else keeps_quiet_of(call, journal.spec)
    )


def _call(
    journal: Journal, call: Call, result: CallResult | None, known: OpenCall | None = None
) -> CallAccount:
    return CallAccount(
        number=call.number,
        tool=call.tool,
        title=journal.told_of(call),
        claim="" if keeps_quiet_of(call, journal.spec) else call.reason,
        verdict=_verdict(journal, call, result, known),
    )


def _verdict(journal: Journal, call: Call, result: CallResult | None, known: OpenCall | None) -> str:
    """Judged again: the rules are pinned, so it is what was judged then."""
    spec = journal.spec
    if result is not None and result.ended is Ended.REFUSED:
        why = words.KEPT if keeps_quiet_of(call, spec) else result.text
        return words.WAS_REFUSED.format(why=why)
    if known is not None and known.refused:
        return words.WAS_REFUSED.format(why=known.refused)
    if call.tool == READ_OUTPUT or call.tool in spec.own_tools:
        return words.WAS_ALLOWED.format(why=words.OWN_TOOL)
    match judge(call, spec.contract(call.tool), spec.rules):
        case Allowed(reason=why):
            return words.WAS_ALLOWED.format(why=why)
        case NeedsApproval(rule=rule, reason=why):
            rule = known.rule if known is not None and known.rule is not None else rule
            return words.WAS_ASKED.format(why=why, rule=rule.name)
        case refused:
            return words.WAS_REFUSED.format(why=refused.reason)
