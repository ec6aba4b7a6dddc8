"""A transcript kept small: what is kept elsewhere is shortened, and earlier turns give way to what was made of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from workflows.values.calls import Called, CallResult, Compacted, Ended, Entry, GoalSet
from workflows.values.outputs import Output

HEAD = 400
"""Characters of an answer that stay of it when it is shortened."""
SMALL = 2_000
"""Characters of an answer that is never shortened, nor kept elsewhere."""
LISTED = 100
"""So many calls are told one by one where no summary stands for them; of earlier ones, how many they were."""
LONGEST_FACT = 300
"""Characters of what a change was, and of what became of it."""


class Parts(NamedTuple):
    """A transcript, cut in two between turns."""

    old: tuple[Entry, ...]
    recent: tuple[Entry, ...]


def size(entry: Entry) -> int:
    """Characters, about."""
    match entry:
        case Called():
            return len(entry.call.arguments) + len(entry.call.reason) + _size(entry.result)
        case Compacted():
            return len(entry.summary) + sum(map(len, (*entry.listed, *entry.facts)))
        case _:
            return len(entry.text)


def _size(result: CallResult) -> int:
    return len(result.text) + len(str(result.structured or ""))


def trimmed(entries: Sequence[Entry], most: int) -> list[Entry]:
    """At most so many characters, as far as that goes: the answers are shortened, the oldest first."""
    made, left = list(entries), sum(map(size, entries))
    for at, entry in enumerate(made):
        if left <= most:
            break
        if isinstance(entry, Called):
            made[at] = shortened(entry)
            left -= size(entry) - size(made[at])
    return made


def shortened(called: Called) -> Called:
    """The beginning of its answer; where the whole is kept is said."""
    result = called.result
    if _size(result) <= SMALL:
        return called
    update: dict[str, object] = {}
    if len(result.text) > HEAD:
        update["text"] = f"{result.text[:HEAD]}\n{_left_out(result.output)}"
    if result.output is None or result.output.data is not None:
        update["structured"] = None
    return called.model_copy(update={"result": result.model_copy(update=update)})


def _left_out(output: Output | None) -> str:
    if output is None:
        return "[… what followed was not kept, to keep the run's memory small …]"
    return "[… what followed is left out here; the whole is kept …]"


def halved(entries: Sequence[Entry], room: int) -> Parts:
    """*recent*: the last turns, as many as have *room* characters; one at least. All before it is old."""
    recent, left = len(entries), room
    turns = sorted({entry.call.turn for entry in entries if isinstance(entry, Called)}, reverse=True)
    for turn in turns:
        first = next(at for at, e in enumerate(entries) if isinstance(e, Called) and e.call.turn == turn)
        left -= sum(map(size, entries[first:recent]))
        if left < 0 and recent < len(entries):
            break
        recent = first
    return Parts(tuple(entries[:recent]), tuple(entries[recent:]))


def compacted(old: Sequence[Entry], summary: str, approvers: dict[int, str], at: datetime) -> list[Entry]:
    """What stands for *old*: the goals as they are, and one entry for all the rest.

    *approvers*: who approved a call, in words, by its number.
    """
    goals: list[Entry] = [entry for entry in old if isinstance(entry, GoalSet)]
    calls = [entry for entry in old if isinstance(entry, Called)]
    before = [entry for entry in old if isinstance(entry, Compacted)]
    listed = [] if summary else [line for each in before for line in each.listed] + [*map(_line, calls)]
    outputs = {number: kept for each in before for number, kept in each.outputs.items()}
    outputs |= {each.call.number: each.result.output for each in calls if each.result.output is not None}
    facts = [fact for each in before for fact in each.facts]
    facts += [_fact(each, approvers.get(each.call.number, "")) for each in calls if _changes(each)]
    made = Compacted(
        calls=sum(each.calls for each in before) + len(calls),
        turns=max([each.turns for each in before] + [each.call.turn for each in calls], default=0),
        summary=summary or "\n".join(each.summary for each in before if each.summary),
        listed=tuple(_latest(listed)),
        facts=tuple(facts),
        outputs=dict(sorted(outputs.items())),
        at=at,
    )
    return [*goals, made]


def _changes(called: Called) -> bool:
    """Was it a change that people or the rules let through, or did not?"""
    return called.result.ended not in {Ended.OK, Ended.FAILED, Ended.REFUSED}


def _fact(called: Called, approvers: str) -> str:
    result = called.result
    by = f", by the word of {result.by.user}" if result.by is not None else ""
    approved = f", approved by {approvers}" if approvers else ""
    return f"{_what(called)}: {result.ended.value}{by}{approved}. {_short(result.text)}".strip()


def _line(called: Called) -> str:
    said = _short(called.result.text) if not called.result.ended.well else ""
    return f"{_what(called)}: {called.result.ended.value}. {said}".strip()


def _what(called: Called) -> str:
    return f"Call {called.call.number}, {called.call.tool} {_short(called.call.arguments)}"


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= LONGEST_FACT else said[: LONGEST_FACT - 1] + "…"


def _latest(lines: Sequence[str]) -> Iterable[str]:
    more = len(lines) - LISTED
    return lines if more <= 0 else [f"({more} earlier lines are left out.)", *lines[more:]]
