"""What happened in a turn, and because of what: the run's own audit in short sentences. Seen only by who asked."""

from collections.abc import Sequence

from workflows.rules.visible import visible
from workflows.values.account import Account, CallAccount
from workflows.values.view import AuditRow

from ..words import why as said
from .blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    context,
    fits,
    header,
    line,
    message,
    person,
    quote,
    rich,
    run_of,
    section,
    when,
)
from .refs import WhyRef
from .text import code, escaped, one_line, plural, shortened

CALLS = 3
"""On a page."""
ROWS = 10
"""Of a call, the last ones."""
GOAL = 600
TEXTS = (400, 200, 80)
"""Characters of each text that is not ours: as many as fit."""
ANSWER = 100
"""Characters of a tool's answer that is no sentence."""
DIGEST = 16
"""Characters of a digest: enough to find it in the run's record."""
EVIDENCE = ("key", "effect", "gate")


def why_card(account: Account, asked: WhyRef) -> Message:
    """A page of a turn. What does not fit is shortened, and says so."""
    if account.turn == 0:
        text = said.NOT_BEGUN.format(name=escaped(account.name))
        return message(text, section(text), *_beside(account.rows, TEXTS[0]))
    for limit in TEXTS:
        card = _card(account, asked, limit)
        if fits(card.blocks):
            return card
    return card


def _card(account: Account, asked: WhyRef, limit: int) -> Message:
    first = asked.call if 0 <= asked.call < len(account.calls) else 0
    shown = account.calls[first : first + CALLS]
    title = said.TITLE.format(name=account.name, turn=account.turn, turns=account.turns)
    return message(
        f"{escaped(title)}. {_wanted(account)}",
        header(title),
        context(said.LATEST.format(turn=asked.turn)) if asked.turn > account.turns else None,
        rich(*_because(account, min(GOAL, 3 * limit))),
        *(block for call in shown for block in _call(call, limit)),
        *(_beside(account.rows, limit) if first == 0 else []),
        _position(first, len(shown), len(account.calls)),
        _turning(account, first, asked.channel),
    )


def _because(account: Account, limit: int) -> list[Block]:
    """What the planner was asked, what it knew, and what it wanted then."""
    knew = said.KNEW.format(calls=plural(account.known, "call")) if account.known else said.KNEW_NOTHING
    by_event = (
        said.ASKED_BY_EVENT.format(source=shortened(one_line(account.source), 100)) if account.source else ""
    )
    return [
        line(run_of(said.ASKED), person(account.goal_by.user), run_of(f"{by_event}{said.THE_GOAL}")),
        quote(shortened(visible(account.goal), limit)),
        line(run_of(f"{knew} {_wanted(account)}")),
    ]


def _wanted(account: Account) -> str:
    if not account.calls:
        return said.WANTED_NONE
    return said.WANTED.format(calls=plural(len(account.calls), "call"))


def _call(call: CallAccount, limit: int) -> list[Block]:
    name = f"{call.number}. {one_line(call.title or call.tool) or said.FORGOTTEN}"
    tool = f" ({one_line(call.tool)})" if call.title and call.tool else ""
    claim = one_line(call.claim)
    claimed = f"{said.CLAIMED}“{shortened(claim, limit)}”" if claim else said.CLAIMED_NOTHING
    made = [line(run_of(shortened(f"{name}{tool}", 200), bold=True))]
    if call.tool:
        made += [line(run_of(claimed))]
        made += [line(run_of(f"{said.VERDICT}{shortened(one_line(call.verdict), limit)}."))]
    return [rich(*made, *_rows(call.rows, limit, f"{call.tool}: ")), *_evidence(call.rows)]


def _beside(rows: Sequence[AuditRow], limit: int) -> list[Block]:
    return [rich(line(run_of(said.BESIDE, bold=True)), *_rows(rows, limit))] if rows else []


def _rows(rows: Sequence[AuditRow], limit: int, before: str = "") -> list[Block]:
    """*before*: what a text begins with that was said already."""
    if not rows:
        return []
    shown = rows[-ROWS:]
    items = [_row(row, one_line(row.text.removeprefix(before)), limit) for row in shown]
    if len(rows) > len(shown):
        items.insert(0, [run_of(said.EARLIER.format(count=len(rows) - len(shown)))])
    return [bullets(*items)]


def _row(row: AuditRow, text: str, limit: int) -> list[Block]:
    """When, who, what, and the words that the audit has of it."""
    structured = text.startswith(("{", "["))
    rest = ": " if structured else f": {shortened(text, limit)}" if text else "."
    if row.by is not None and row.what in said.BY_SOMEBODY:
        who = [person(row.by.user), run_of(f" {said.BY_SOMEBODY[row.what]}{rest}")]
    else:
        who = [run_of(f"{_what(row)}{rest}")]
    answer = [run_of(shortened(text, min(ANSWER, limit)), code=True)] if structured else []
    return [when(row.at), run_of(": "), *who, *answer]


def _what(row: AuditRow) -> str:
    """An approval has a gate; a call that ended has none."""
    of_approval = said.OF_APPROVAL if row.refs.get("gate") or row.refs.get("effect") else {}
    return of_approval.get(row.what) or said.ROW.get(row.what) or said.OUTCOME.get(row.what) or row.what


def _evidence(rows: Sequence[AuditRow]) -> list[Block]:
    """The latest digests, by which all of it is found in the run's record; and the rule it was let through by."""
    found: dict[str, str] = {}
    for row in rows:
        found |= {name: row.refs[name] for name in ("rule", *EVIDENCE) if row.refs.get(name)}
    parts = [
        f"{name} {code(shortened(one_line(value), 100) if name == 'rule' else value[:DIGEST])}"
        for name, value in found.items()
    ]
    return [context(f"{said.EVIDENCE}{', '.join(parts)}")] if parts else []


def _position(first: int, shown: int, every: int) -> Block | None:
    if every <= CALLS:
        return None
    return context(said.CALLS_OF.format(first=first + 1, last=first + shown, all=every))


def _turning(account: Account, first: int, channel: str) -> Block | None:
    to: list[tuple[str, str, int, int]] = []
    if account.turn > 1:
        to.append(("why_previous", said.A_TURN.format(turn=account.turn - 1), account.turn - 1, 0))
    if account.turn < account.turns:
        to.append(("why_next", said.A_TURN.format(turn=account.turn + 1), account.turn + 1, 0))
    if first + CALLS < len(account.calls):
        to.append(("why_more", said.MORE_CALLS, account.turn, first + CALLS))
    if first > 0:
        to.append(("why_first", said.FIRST_CALLS, account.turn, 0))
    row = [
        button(action, label, WhyRef(run=account.run_id, turn=turn, call=call, channel=channel).packed())
        for action, label, turn, call in to
    ]
    return actions(*row) if row else None
