"""Somebody's home: what waits for them, with the buttons of its card; their runs; what runs in their channels."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from workflows.rules.visible import visible
from workflows.values.view import ApprovalView, Question, RunView, UnknownOutcome

from .. import words
from ..found import Found, HomePage, Waiting, WaitingFor
from ..words import private
from ..words import runs as said
from .blocks import DIVIDER, Block, actions, button, context, header, line, quote, rich, run_of, section
from .change import claim, excerpt, length, notes, parts, title, whole_arguments, whole_preview
from .deciding import buttons
from .fields import block
from .lists import run_lines, turning
from .question import question_card
from .refs import METADATA_LIMIT, HomeRef
from .root import cancel_button
from .standing import not_here, progress, who_may
from .text import channel, code, escaped, one_line, shortened, user
from .unknown import unknown_card

View = dict[str, Any]

WAITS, MINE, OTHERS = 3, 6, 6
"""On a page. A home takes 100 blocks and 250 kB: docs.slack.dev/reference/views/home-tab-views."""
WHOLE = 2000
"""Characters of a change that is shown whole here, and so can be approved here; the card has room for more."""
WHOLE_BYTES = 12_000
EXCERPT = 300
CLAIM = 300


def home_view(page: HomePage, at: HomeRef, command: str) -> View:
    metadata = at.packed()
    assert len(metadata) <= METADATA_LIMIT
    if page.mine is None:
        return {"type": "home", "private_metadata": metadata, "blocks": [section(said.NOT_NOW)]}
    blocks = [*_waits(page, at, command), *_mine(page, at, command), *_others(page, at)]
    return {"type": "home", "private_metadata": metadata, "blocks": _named(blocks)}


def _named(blocks: Sequence[Block]) -> list[Block]:
    """What can be clicked has an id after its buttons: a click on a home that is drawn again just then still fits."""
    times: Counter[str] = Counter()
    made = []
    for each in blocks:
        if pressed := each.get("accessory") or (each["type"] == "actions" and each["elements"]):
            name = hashlib.sha256(json.dumps(pressed).encode()).hexdigest()[:24]
            times[name] += 1
            made.append({**each, "block_id": f"{name}-{times[name]}"})
        else:
            made.append(each)
    return made


# What waits


def _waits(page: HomePage, at: HomeRef, command: str) -> list[Block]:
    waits, first = page.waits, _within(at.waits, len(page.waits.things))
    things = waits.things[first : first + WAITS]
    name = said.WAITS_FOR.format(count=len(waits.things)) if things else said.WAITS
    nothing = not waits.things and waits.complete and waits.known
    return [
        header(name),
        *([section(said.NOTHING_WAITS)] if nothing else []),
        *(each for thing in things for each in _thing(thing, page.links)),
        *_caveats(waits, command),
        *_turning(
            at,
            "waits",
            0 if first else None,
            _next(first, WAITS, len(waits.things)),
            _range(first, len(things), len(waits.things)),
        ),
        *_messages(page),
    ]


def _messages(page: HomePage) -> list[Block]:
    """What `/handrail dm on` and `dm off` do, for whoever does not know them."""
    if page.messages is None:
        return []
    text, label = (
        (said.MESSAGES, said.NO_MESSAGES) if page.messages else (said.NOT_MESSAGES, said.SEND_MESSAGES)
    )
    pressed = button("home_messages", label, "off" if page.messages else "on")
    return [{**section(text), "accessory": pressed}]


def _caveats(waits: WaitingFor, command: str) -> list[Block]:
    made = [] if waits.complete else [said.NOT_ALL]
    made += [] if waits.known else [said.NOT_WHO]
    made += [said.TOO_MANY.format(count=waits.left, command=command)] if waits.left else []
    return [context(each) for each in made]


def _thing(waiting: Waiting, links: dict[str, str]) -> list[Block]:
    run, what = waiting.run, waiting.what
    match what:
        case ApprovalView():
            made = _approval(run, what)
        case Question():
            # Its header names nothing; the words of ours above it do.
            made = list(question_card(run.run_id, what).blocks[1:])
            asks = words.AGENT_ASKS if what.claim else words.QUESTION
            made = [section(f"*{asks}*"), *made]
        case UnknownOutcome():
            made = _unknown(run, what)
    return [*made[:-1], context(_where(run, links)), *made[-1:], DIVIDER]


def _where(run: RunView, links: dict[str, str]) -> str:
    name = escaped(run.name)
    link = links.get(run.run_id)
    return said.ON_RUN.format(
        run=f"<{link}|{name}>" if link else name,
        channel=channel(run.place.channel),
        who=user(run.requester.user),
    )


def _approval(run: RunView, approval: ApprovalView) -> list[Block]:
    """Shown whole where it is short, and then it can be approved here: what was not seen whole can't be.

    What a discreet rule keeps is left to Details, for who may see it is not looked up anew for each home.
    """
    kept = approval.rule.discreet
    content = (
        block([*whole_arguments(approval), *whole_preview(approval)])
        if length(parts(approval)) <= WHOLE
        else None
    )
    shown = content is not None and len(json.dumps(content)) <= WHOLE_BYTES
    content = [rich(line(run_of(private.SHOWN_IN_DETAILS, italic=True)))] if kept else content
    approvable = shown and approval.shown.complete and not kept
    bound = (
        not_here(approval, kept=True)
        if kept
        else said.NOT_WHOLE
        if approval.shown.complete
        else words.NEVER_WHOLE
    )
    beside = [*notes(approval, CLAIM), *([] if kept else claim(approval, CLAIM))]
    rule = code(shortened(approval.rule.name, 200))
    return [
        section(f"*{words.APPROVAL[approval.state]}: {escaped(shortened(title(approval), 300))}*"),
        *(content if (shown or kept) and content else [rich(*excerpt(parts(approval), EXCERPT))]),
        *([rich(*beside)] if beside else []),
        *([] if approvable else [section(f"*{bound}*")]),
        context(" ".join(filter(None, (who_may(approval), progress(approval), f"Rule: {rule}.")))),
        actions(*buttons(run.run_id, approval, approvable=approvable)),
    ]


def _unknown(run: RunView, unknown: UnknownOutcome) -> list[Block]:
    what = escaped(shortened(one_line(f"{unknown.tool} on {unknown.target}"), 300))
    asked = unknown_card(run.run_id, unknown).blocks[-1]
    where = unknown.where_to_look.strip()
    look = [line(run_of(f"{words.WHERE_TO_LOOK}:", bold=True)), quote(shortened(visible(where), 500))]
    return [
        section(f"*{words.MAY_HAVE_HAPPENED}: {what}*\n{words.UNKNOWN_TEXT}"),
        *([rich(*look)] if where else []),
        asked,
    ]


# Runs


def _mine(page: HomePage, at: HomeRef, command: str) -> list[Block]:
    assert page.mine is not None
    none = section(said.NONE_ON_PAGE if at.mine else said.NO_RUNS_YET.format(command=command))
    return [
        header(said.YOURS),
        *(_rows(page.mine.runs, page.links) or [none]),
        *_turning(at, "mine", "" if at.mine else None, page.mine.following or None),
    ]


def _others(page: HomePage, at: HomeRef) -> list[Block]:
    if page.others is None:
        return [header(said.IN_YOUR_CHANNELS), section(said.CHANNELS_UNKNOWN)]
    first = _within(at.others, len(page.others))
    shown = page.others[first : first + OTHERS]
    return [
        header(said.IN_YOUR_CHANNELS),
        *(_rows(shown, page.links, asked=True) or [section(said.NOTHING_UNDER_WAY)]),
        *_turning(
            at,
            "others",
            0 if first else None,
            _next(first, OTHERS, len(page.others)),
            _range(first, len(shown), len(page.others)),
        ),
    ]


def _rows(runs: Sequence[Found], links: dict[str, str], *, asked: bool = False) -> list[Block]:
    """*asked*: with who asked, and where; one's own can be cancelled."""
    made = []
    for run in runs:
        row = section(run_lines(run, links.get(run.run_id, ""), asked=asked))
        made.append({**row, "accessory": cancel_button(run.run_id)} if run.open and not asked else row)
    return made


# Pages


def _within(first: int, every: int) -> int:
    """A page that is no more is the first."""
    return first if 0 <= first < every else 0


def _next(first: int, size: int, every: int) -> int | None:
    return first + size if first + size < every else None


def _range(first: int, shown: int, every: int) -> str:
    return "" if shown == every else said.PAGE.format(first=first + 1, last=first + shown, all=every)


def _turning(
    at: HomeRef, name: str, first: int | str | None, following: int | str | None, position: str = ""
) -> list[Block]:
    """Buttons of one list, to where they lead; the others stay on their page."""

    def to(page: int | str | None) -> HomeRef | None:
        return None if page is None else at.model_copy(update={name: page})

    row = turning(
        (f"home_page_{name}_first", said.FIRST, to(first)),
        (f"home_page_{name}_next", said.NEXT, to(following)),
    )
    return [*([context(position)] if position else []), *([row] if row else [])]
