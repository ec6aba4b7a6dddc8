"""How a run ended, as a message of its own in the thread, with what it did change."""

from collections.abc import Sequence

from workflows.rules.visible import visible
from workflows.values.view import Change, RunState, RunView

from .. import words
from .blocks import (
    Block,
    Message,
    bullets,
    chunks,
    header,
    line,
    message,
    preformatted,
    rich,
    run_of,
    section,
)
from .ending import ending
from .look import Look
from .text import escaped, one_line, shortened, user

RESULT = 6000
CHANGES = 3000
FALLBACK = 1000


def result_card(view: RunView, look: Look) -> Message:
    """It mentions the requester: a card that is only redrawn notifies nobody."""
    text = shortened(visible(result_text(view)), RESULT, "all of it in the run's record")
    done = f"{escaped(view.name)}: {state(view).lower()}."
    return message(
        f"{done} {escaped(shortened(one_line(text), FALLBACK))} {escaped(summary(view))}",
        header(f"{state(view)}: {view.name}"),
        section(f"{user(view.requester.user)}, this is how it ended:"),
        rich(*(_paragraphs(text))),
        *changes(view, CHANGES),
        *ending(view, look),
    )


def state(view: RunView) -> str:
    """How it stands, or how it ended. A plan that went well is no change that did."""
    return words.PLANNED if planned(view) else words.STATE[view.state]


def planned(view: RunView) -> bool:
    return view.plan_only and view.state is RunState.DONE


def result_text(view: RunView) -> str:
    return view.result or {RunState.CANCELLED: "It was cancelled."}.get(view.state, state(view))


def _paragraphs(text: str) -> list[Block]:
    if "\n" not in text.strip():
        return [line(run_of(piece)) for piece in chunks(text)]
    return [preformatted(piece) for piece in chunks(text)]


def summary(view: RunView) -> str:
    """What was changed, in one sentence."""
    certain = sum(change.certain for change in view.changes)
    unsure = len(view.changes) - certain
    if not view.changes:
        planned = f" {words.WOULD_CHANGE}: {len(view.planned)}." if view.planned else ""
        return f"{words.NOTHING_CHANGED}{planned}"
    parts = [f"{certain} changed"] if certain else []
    parts += [f"{unsure} {words.MAYBE_CHANGED}"] if unsure else []
    return f"{words.CHANGED}: {', '.join(parts)}."


def changes(view: RunView, limit: int) -> list[Block]:
    """Every change that fits, or what would have been one; the others are counted."""
    if view.plan_only:
        none = [rich(line(run_of(words.NOTHING_APPLIED)))]
        if not view.planned:
            return [*none, rich(line(run_of(words.WOULD_CHANGE_NOTHING)))]
        return [*none, _listed(words.WOULD_CHANGE, view.planned, limit)]
    if not view.changes:
        return [rich(line(run_of(words.NOTHING_CHANGED)))]
    return [_listed(words.CHANGED, view.changes, limit)]


def _listed(title: str, every: Sequence[Change], limit: int) -> Block:
    items: list[list[Block]] = []
    for change in every:
        text = _change(change)
        limit -= len(text)
        if limit < 0 and items:
            break
        unsure = [run_of(f"{words.MAYBE_CHANGED}: ", bold=True)] if not change.certain else []
        items.append([*unsure, run_of(text)])
    left = len(every) - len(items)
    more = [line(run_of(f"and {left} more, in the cards of this thread"))] if left else []
    return rich(line(run_of(f"{title}:", bold=True)), bullets(*items), *more)


def _change(change: Change) -> str:
    """Of an edited one the text names tool and target itself."""
    what = f"{change.tool} on {change.target}"
    said = f": {change.text}" if change.text else ""
    return shortened(one_line(change.text if change.text.startswith(what) else f"{what}{said}"), 600)
