"""Freezes: what everybody in the channel sees, and what is answered to who asked."""

from collections.abc import Sequence

from workflows.rules.visible import visible
from workflows.values.freeze import Frozen, Thaw
from workflows.values.people import Person
from workflows.values.spec import FreezeWindow

from .. import words
from .blocks import Block, Message, bullets, context, fits, message, quote, rich, run_of, section
from .text import code, escaped, moment, one_line, shortened, user

LISTED = (10, 4)
"""As many as fit of the freezes, and of the windows."""
KNOWN = 20
NAME = 100
REASON = 600


def told_frozen(freeze: Frozen, command: str) -> Message:
    """For everybody in the channel."""
    said = words.FROZE.format(who=who(freeze.by, freeze.by_words), what=what(freeze.environment))
    return message(
        f"{said} {escaped(_reason(freeze))}",
        section(said),
        _quoted(freeze),
        context(words.TO_END_IT.format(form=unfreeze_form(command, freeze.environment))),
    )


def told_thawed(freeze: Frozen, by: Thaw) -> Message:
    """For everybody in the channel."""
    said = words.THAWED.format(
        who=who(by.by, by.by_words), what=what(freeze.environment), declared=_declared(freeze)
    )
    return message(f"{said} {escaped(_reason(freeze))}", section(said), _quoted(freeze))


def frozen_now(freeze: Frozen, command: str, known: Sequence[str]) -> Message:
    said = words.FROZEN_NOW.format(what=what(freeze.environment))
    hints = [words.TO_END_IT.format(form=unfreeze_form(command, freeze.environment))]
    if not freeze.environment and known:
        hints.append(words.WHOLE_OR_PART.format(known=_names(known)))
    return message(said, section(said), context(*hints))


def frozen_already(freeze: Frozen) -> Message:
    said = words.FROZEN_ALREADY.format(
        what=_capital(freeze.environment), who=_declared(freeze), since=moment(freeze.since, "since ")
    )
    return message(f"{said} {escaped(_reason(freeze))}", section(said), _quoted(freeze))


def freezes_card(
    freezes: Sequence[Frozen], windows: Sequence[FreezeWindow], command: str, known: Sequence[str]
) -> Message:
    """All there is to say of freezes. *known*: environments by name."""
    for most in LISTED:
        card = _listed(freezes, windows, command, known, most)
        if fits(card.blocks):
            return card
    return card


def _listed(
    freezes: Sequence[Frozen], windows: Sequence[FreezeWindow], command: str, known: Sequence[str], most: int
) -> Message:
    blocks: list[Block] = []
    for freeze in freezes[:most]:
        said = words.FROZEN.format(
            what=_capital(freeze.environment), who=_declared(freeze), since=moment(freeze.since, "since ")
        )
        blocks += [section(said), _quoted(freeze)]
    title = f"*{words.FROZEN_TITLE}*" if freezes else words.NOTHING_FROZEN
    more = len(freezes) - most
    how = words.HOW_TO_FREEZE.format(
        form=code(f"{command} freeze [environment] <reason>"), end=code(f"{command} unfreeze [environment]")
    )
    return message(
        f"{words.FROZEN_TITLE}: {len(freezes)}" if freezes else words.NOTHING_FROZEN,
        section(title),
        *blocks,
        context(f"{more} more are not shown.") if more > 0 else None,
        *_by_the_clock(windows[:most]),
        context(how, *([words.NAMED_OUTRIGHT.format(known=_names(known))] if known else [])),
    )


def _by_the_clock(windows: Sequence[FreezeWindow]) -> list[Block]:
    lines = [
        words.WINDOW.format(
            name=window.name,
            what=", ".join(window.environments) or words.EVERYTHING,
            starts=window.starts,
            ends=window.ends,
            timezone=window.timezone,
        )
        for window in windows
    ]
    listed = [[run_of(shortened(one_line(each), 300))] for each in lines]
    return [section(f"*{words.WINDOWS_TITLE}*"), rich(bullets(*listed))] if listed else []


def freeze_form(command: str, environment: str) -> str:
    """What to type."""
    return code(f"{command} freeze {environment} <reason>" if environment else f"{command} freeze <reason>")


def unfreeze_form(command: str, environment: str) -> str:
    return code(f"{command} unfreeze {environment}".strip())


def what(environment: str) -> str:
    """What is frozen, within a sentence."""
    return code(shortened(environment, NAME)) if environment else words.EVERYTHING


def _capital(environment: str) -> str:
    """At a sentence's beginning."""
    return what(environment) if environment else words.EVERYTHING.capitalize()


def _declared(freeze: Frozen) -> str:
    return words.DECLARED_BY.format(who=who(freeze.by, freeze.by_words))


def who(by: Person | None, by_words: str) -> str:
    return (
        user(by.user)
        if by is not None
        else escaped(shortened(one_line(by_words), NAME)) or words.NOBODY_SAID_WHO
    )


def _reason(freeze: Frozen) -> str:
    return shortened(one_line(freeze.reason), REASON)


def _quoted(freeze: Frozen) -> Block:
    return rich(quote(shortened(visible(freeze.reason), REASON)))


def _names(known: Sequence[str]) -> str:
    more = f" and {len(known) - KNOWN} more" if len(known) > KNOWN else ""
    return ", ".join(code(each) for each in known[:KNOWN]) + more
