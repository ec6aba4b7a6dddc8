"""What stands under the end of a run: what can be undone, and how it was."""

from workflows.values.view import Change, RunView

from ..words import ending as said
from .blocks import Block, actions, button, line, plain, rich, run_of
from .look import Look
from .refs import FeedbackRef, UndoRef
from .text import one_line, shortened

OPTION = 75
"""Characters of an option's text: docs.slack.dev/reference/block-kit/composition-objects/option-object."""
MOST_OFFERED, MOST_UNDONE = 10, 3
"""Of the newest changes; a card has room for so many."""


def ending(view: RunView, look: Look) -> list[Block]:
    undone = [change for change in view.changes if change.call in look.undone]
    can_be = [change for change in view.changes if change.undo and change.call not in look.undone]
    return [*_undone(undone, look), *_undo(view, can_be), *([_feedback(view)] if look.feedback else [])]


def _undone(changes: list[Change], look: Look) -> list[Block]:
    told = [
        said.UNDONE_BY.format(what=_what(each, 150), name=shortened(look.undone[each.call], 80))
        for each in changes[-MOST_UNDONE:]
    ]
    more = len(changes) - len(told)
    told += [said.MORE_UNDONE.format(count=more)] if more else []
    return [rich(*(line(run_of(each)) for each in told))] if told else []


def _undo(view: RunView, changes: list[Change]) -> list[Block]:
    """A button where there is one change that can be undone, else a list of them, the newest first."""
    if not changes:
        return []
    if len(changes) == 1:
        return [actions(button("undo", said.UNDO, UndoRef(run=view.run_id, call=changes[0].call).packed()))]
    options = [
        {"text": plain(_what(each, OPTION)), "value": UndoRef(run=view.run_id, call=each.call).packed()}
        for each in reversed(changes[-MOST_OFFERED:])
    ]
    select: Block = {
        "type": "static_select",
        "action_id": "undo",
        "placeholder": plain(said.UNDO_WHICH),
        "options": options,
    }
    return [actions(select)]


def _what(change: Change, limit: int) -> str:
    return shortened(one_line(change.text) or one_line(f"{change.tool} on {change.target}"), limit)


def _feedback(view: RunView) -> Block:
    def choice(text: str, label: str, *, good: bool) -> Block:
        value = FeedbackRef(run=view.run_id, good=good).packed()
        return {"text": plain(text), "value": value, "accessibility_label": label}

    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": choice(said.GOOD, said.GOOD_RUN, good=True),
                "negative_button": choice(said.BAD, said.BAD_RUN, good=False),
            }
        ],
    }
