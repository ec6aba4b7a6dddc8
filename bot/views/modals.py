"""Dialogs that ask for a reason, and what all dialogs have in common."""

from typing import Any

from workflows.values.signals import Said

from .. import words
from ..words import ending
from .blocks import Block, plain, section
from .refs import METADATA_LIMIT, ReasonRef, Ref
from .text import channel

View = dict[str, Any]

REASON_LIMIT = 2000
"""Characters of a reason; a plain_text_input takes 3,000."""
PAGE_BLOCKS = 80
"""A modal takes 100 blocks: docs.slack.dev/reference/views."""
PAGE_BYTES = 150_000
"""Of a page's text as JSON; a view takes 250 kB."""
REASON_BLOCK, REASON_INPUT = "reason", "reason"


def modal(callback: str, name: str, about: Ref | None, blocks: list[Block], submit: str = "") -> View:
    metadata = about.packed() if about is not None else ""
    assert len(metadata) <= METADATA_LIMIT
    made: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(name),
        "close": plain(words.CLOSE),
        "private_metadata": metadata,
        "blocks": blocks,
    }
    if submit:
        made["submit"] = plain(submit)
    return made


def loading(name: str = words.DETAILS_TITLE) -> View:
    return modal("said", name, None, [section(words.LOADING)])


def said_modal(text: str, name: str = words.DETAILS_TITLE) -> View:
    """A sentence in place of what could not be shown."""
    return modal("said", name, None, [section(text)])


def reject_modal(about: ReasonRef) -> View:
    return modal("reject", words.REJECT_TITLE, about, [_reason(words.WHY_REJECT)], words.REJECT)


def reject_all_modal(about: ReasonRef) -> View:
    assert about.group is not None
    count = len(about.group.approvals)
    hint = words.WHY_REJECT_ALL.format(count=count)
    return modal(
        "reject_all", words.REJECT_ALL_TITLE, about, [_reason(hint)], words.REJECT_ALL.format(count=count)
    )


def break_glass_modal(about: ReasonRef, told: str) -> View:
    """*told*: the channel that will know."""
    means = section(words.BREAK_GLASS_MEANS.format(channel=channel(told)))
    return modal(
        "break_glass",
        words.BREAK_GLASS_TITLE,
        about,
        [means, _reason(words.WHY_BREAK_GLASS)],
        words.BREAK_GLASS,
    )


def resolve_modal(about: ReasonRef, said: Said) -> View:
    label = {Said.HAPPENED: words.HAPPENED, Said.DID_NOT: words.DID_NOT, Said.STOP: words.STOP}[said]
    return modal(
        "resolve", words.RESOLVE_TITLE, about, [section(f"*{label}*"), _reason(words.WHY_SAID)], words.SEND
    )


def answer_modal(about: ReasonRef) -> View:
    return modal(
        "answer", words.ANSWER_TITLE, about, [_reason(words.WHO_SEES_ANSWER, words.ANSWER)], words.SEND
    )


def feedback_modal(about: Ref) -> View:
    return modal(
        "feedback",
        ending.FEEDBACK_TITLE,
        about,
        [_reason(ending.WHO_READS_FEEDBACK, ending.WHAT_WAS_WRONG)],
        words.SEND,
    )


def _reason(hint: str, name: str = words.REASON) -> Block:
    entry = {
        "type": "plain_text_input",
        "action_id": REASON_INPUT,
        "multiline": True,
        "min_length": 1,
        "max_length": REASON_LIMIT,
    }
    label, hint_text = plain(name), plain(hint)
    return {"type": "input", "block_id": REASON_BLOCK, "label": label, "hint": hint_text, "element": entry}
