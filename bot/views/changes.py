"""The card that the changes of one turn share: each in full, decided one by one or all at once."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cached_property

from workflows.values.approval import ApprovalState
from workflows.values.view import ApprovalView

from .. import words
from .blocks import (
    DIVIDER,
    HOPELESS,
    Block,
    Message,
    actions,
    context,
    fits,
    header,
    line,
    message,
    run_of,
    section,
    when,
)
from .change import claim, excerpt, kept_out, length, notes, parts, title, whole_arguments, whole_preview
from .deciding import all_buttons, buttons
from .fields import block
from .standing import MOST_VOTES, not_here, progress, votes, who_may, why, would_ask
from .text import code, escaped, moment, one_line, plural, shortened


class Shape(IntEnum):
    """How much of a change a card has room for."""

    WHOLE = 0
    EXCERPT = 1
    NAMED = 2


ROOM = {
    Shape.WHOLE: {"title": 300, "note": 500, "claim": 300, "why": 500, "votes": 600},
    Shape.EXCERPT: {"title": 200, "note": 150, "claim": 100, "why": 150, "votes": 200},
    Shape.NAMED: {"title": 90, "note": 60, "claim": 0, "why": 80, "votes": 80},
}
"""Characters of each part. What a tool said and what would be sent are never cut in a change shown whole."""
EXCERPT = 150
FEW = 4
"""People who are named where there is little room."""


def changes_card(run_id: str, approvals: Sequence[ApprovalView], *, private: bool = False) -> Message:
    """As much as fits: what is not shown whole loses its Approve, the largest first, and first what is over.

    *private*: only somebody who may see it does, so discreet rules hide nothing.
    """
    rows = [Row(run_id, each, kept=each.rule.discreet and not private) for each in approvals]
    for row, shape in _concessions(rows):
        card = _card(run_id, rows)
        if fits(card.blocks):
            return card
        row.shape = max(row.shape, shape)
    return _card(run_id, rows)


def _concessions(rows: Sequence["Row"]) -> Iterator[tuple["Row", Shape]]:
    by_need = sorted(rows, key=lambda row: (not row.approval.state.ended, -length(row.parts)))
    for shape in (Shape.EXCERPT, Shape.NAMED):
        for row in by_need:
            yield row, shape


class Row:
    """One change on the card, in the shape that there is room for."""

    def __init__(self, run_id: str, approval: ApprovalView, *, kept: bool = False) -> None:
        self._run_id = run_id
        self._kept = kept
        """What it is about is kept out of here."""
        self.approval = approval.model_copy(update={"claim": ""}) if kept else approval
        self.parts = [] if kept else parts(approval)
        self.shape = Shape.WHOLE if length(self.parts) <= HOPELESS else Shape.EXCERPT
        self.number = approval.id.partition(".")[0]
        """The number of its call: it stays, whichever changes stand beside it."""

    @cached_property
    def _whole(self) -> list[Block]:
        if self._kept:
            return kept_out(self.approval)
        return [*whole_arguments(self.approval), *whole_preview(self.approval)]

    @property
    def approvable(self) -> bool:
        return self.shape is Shape.WHOLE and self.approval.shown.complete and not self._kept

    @property
    def name(self) -> str:
        return f"{self.number}. {title(self.approval)}"

    def blocks(self, *, terms: bool) -> list[Block]:
        """*terms*: who may decide on it stands here, and not once for the whole card."""
        row = buttons(self._run_id, self.approval, approvable=self.approvable, number=self.number)
        return [
            DIVIDER,
            *block([*self._change(), *self._standing()]),
            *([section(_terms(self.approval, FEW))] if terms and not self.approval.state.ended else []),
            *([actions(*row)] if row else []),
        ]

    def _change(self) -> list[Block]:
        approval, room = self.approval, ROOM[self.shape]
        where = [line(run_of("Environment: ", bold=True), run_of(one_line(approval.environment), code=True))]
        return [
            line(run_of(shortened(self.name, room["title"]), bold=True)),
            *notes(approval, room["note"]),
            *(where if approval.environment and self.shape is Shape.WHOLE else []),
            *self._content(),
            *(claim(approval, room["claim"]) if room["claim"] else []),
        ]

    def _content(self) -> list[Block]:
        match self.shape:
            case Shape.WHOLE:
                return self._whole
            case Shape.EXCERPT:
                return excerpt(self.parts, EXCERPT)
            case Shape.NAMED:
                return []

    def _standing(self) -> list[Block]:
        """Who has decided and how many it takes; after the end: how, when, why."""
        approval, room = self.approval, ROOM[self.shape]
        voted = votes(approval.votes, room["votes"], most=MOST_VOTES if self.shape is Shape.WHOLE else FEW)
        if approval.state.ended:
            at = [when(approval.ended_at, ", ")] if approval.ended_at else []
            how = run_of(words.APPROVAL[approval.state], bold=True)
            ended = run_of(f". {why(approval, room['why'])}")
            return [line(how, *at, ended), *would_ask(approval, FEW), *voted]
        if approval.state is ApprovalState.QUORUM:
            return [line(run_of(words.APPROVAL_MEANS[approval.state])), *voted]
        said = [] if self.approvable else [not_here(approval, kept=self._kept)]
        return [
            *(line(run_of(each, bold=True)) for each in said),
            *(line(run_of(each)) for each in [progress(approval)] if each),
            *voted,
        ]


def _card(run_id: str, rows: Sequence[Row]) -> Message:
    still_open = [row.approval for row in rows if not row.approval.state.ended]
    waiting = [row for row in rows if row.approval.state is ApprovalState.OPEN]
    every = all_buttons(run_id, [row.approval for row in waiting if row.approvable], still_open)
    asked = min((approval.opened_at for approval in still_open), default=None)
    alike = len({_terms(approval) for approval in still_open}) == 1
    return message(
        _fallback(rows),
        header(_head(rows)),
        section(_terms(still_open[0])) if alike else None,
        *(each for row in rows for each in row.blocks(terms=not alike)),
        *([DIVIDER, actions(*every)] if every else []),
        context(f"{moment(asked, 'Asked ')}.") if asked is not None else None,
    )


def _terms(approval: ApprovalView, most: int = 20) -> str:
    """Who may decide, *most* of them by name, and under which rule."""
    rule = code(shortened(one_line(approval.rule.name), 10 * most))
    return f"{who_may(approval, most)} Rule: {rule}."


def _head(rows: Sequence[Row]) -> str:
    states = [row.approval.state for row in rows]
    every = plural(len(rows), "change")
    waiting = states.count(ApprovalState.OPEN)
    if waiting:
        return words.NEEDED_FOR.format(open=waiting, all=every)
    if set(states) == {ApprovalState.PLANNED}:
        return words.ONLY_PLANNED.format(all=every)
    return (words.DECIDED if all(state.ended for state in states) else words.BEING_CHECKED).format(all=every)


def _fallback(rows: Sequence[Row]) -> str:
    lines = [
        f"{escaped(shortened(row.name, 120))}: {words.APPROVAL[row.approval.state].lower()}" for row in rows
    ]
    return "\n".join([f"{_head(rows)}.", *lines])
