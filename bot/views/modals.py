"""Dialogs that ask for a reason, and what all dialogs have in common."""

from typing import Any

from workflows.values.signals import Said

from .. import words
from ..words import ending
from .blocks import Block, Message, plain, quote, rich, section
from .refs import METADATA_LIMIT, ReasonRef, Ref
from .text import channel, escaped

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
        "close": plain(words.CANCEL if submit else words.CLOSE),
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


def shown_modal(message: Message, name: str) -> View:
    """What would else be a message of its own."""
    return modal("said", name, None, list(message.blocks))


def reject_modal(about: ReasonRef) -> View:
    assert about.approval is not None
    blocks = [*_named(about.approval.what), _reason(words.WHY_REJECT)]
    return modal("reject", words.REJECT_TITLE, about, blocks, words.REJECT)


def reject_all_modal(about: ReasonRef) -> View:
    assert about.group is not None
    count = len(about.group.approvals)
    hint = words.WHY_REJECT_ALL.format(count=count)
    return modal(
        "reject_all", words.REJECT_ALL_TITLE, about, [_reason(hint)], words.REJECT_ALL.format(count=count)
    )


def break_glass_modal(about: ReasonRef, told: str) -> View:
    """*told*: the channel that will know."""
    assert about.approval is not None
    means = section(words.BREAK_GLASS_MEANS.format(channel=channel(told)))
    blocks = [*_named(about.approval.what), means, _reason(words.WHY_BREAK_GLASS)]
    return modal("break_glass", words.BREAK_GLASS_TITLE, about, blocks, words.BREAK_GLASS)


def resolve_modal(about: ReasonRef, said: Said) -> View:
    assert about.unknown is not None
    label = {Said.HAPPENED: words.HAPPENED, Said.DID_NOT: words.DID_NOT, Said.STOP: words.STOP}[said]
    blocks = [*_named(about.unknown.what), section(f"{words.YOU_SAY} *{label}*"), _reason(words.WHY_SAID)]
    return modal("resolve", words.RESOLVE_TITLE, about, blocks, words.SEND)


def answer_modal(about: ReasonRef) -> View:
    assert about.question is not None
    asked = [rich(quote(about.question.what))] if about.question.what else []
    blocks = [*asked, _reason(words.WHO_SEES_ANSWER, words.ANSWER)]
    return modal("answer", words.ANSWER_TITLE, about, blocks, words.SEND)


def feedback_modal(about: Ref) -> View:
    return modal(
        "feedback",
        ending.FEEDBACK_TITLE,
        about,
        [_reason(ending.WHO_READS_FEEDBACK, ending.WHAT_WAS_WRONG)],
        words.SEND,
    )


def _named(what: str) -> list[Block]:
    """What the dialog is about; a card of an older version did not say."""
    return [section(f"*{escaped(what)}*")] if what else []


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
