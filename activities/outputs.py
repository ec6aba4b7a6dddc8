"""Answers that are kept whole: read in parts for a model, and as they are for a runbook's templates."""

import re
from collections.abc import Iterator

from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.outside import carries_out
from workflows.rules.canonical import parse
from workflows.values.calls import Called, Transcript
from workflows.values.outputs import Output, OutputPart, Stored
from workflows.values.steps import ReadResult

from .blobs import BlobLost, BlobStore, BlobTrouble
from .patience import beating, try_again

BLOBS_UNAVAILABLE = "BlobsUnavailable"
LONGEST_PART = 10_000
"""Characters that are read at once."""
AROUND = 120
"""Characters before and after a place that was searched for: a line may be as long as all of it."""
MOST_FOUND = 40
"""Places that are told at once."""
LARGEST_IN_ALL = 64 * 1024 * 1024
"""Characters of all the answers that a runbook's templates see."""


class Outputs:
    """Reads what tools answered."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    @carries_out(outside.read_output)
    async def read_output(self, part: OutputPart) -> ReadResult:
        """Raises ApplicationError `BlobsUnavailable`, to be tried again."""
        try:
            async with beating():
                text = await self._text(part.stored)
        except BlobLost as error:
            return ReadResult(ok=False, text=str(error))
        except BlobTrouble as error:
            try_again(str(error), BLOBS_UNAVAILABLE, error)
        said = found(text, part) if part.search else cut_out(text, part)
        return ReadResult(ok=True, text=said, output=Output(text=part.stored))

    async def whole(self, transcript: Transcript) -> Transcript:
        """With the answers as they were, where the transcript has a part of them. Raises ApplicationError."""
        wanted = [each for kept in transcript.outputs.values() for each in (kept.text, kept.data) if each]
        size = sum(each.characters for each in wanted)
        if size > LARGEST_IN_ALL:
            text = (
                f"The answers of this run come to {size:,} characters; a runbook can see {LARGEST_IN_ALL:,}."
            )
            raise ApplicationError(text, type="Permanent", non_retryable=True)
        try:
            entries = [await self._filled(e) if isinstance(e, Called) else e for e in transcript.entries]
        except BlobLost as error:
            raise ApplicationError(str(error), type="Permanent", non_retryable=True) from error
        except BlobTrouble as error:
            try_again(str(error), BLOBS_UNAVAILABLE, error)
        return Transcript(entries=tuple(entries))

    async def _filled(self, called: Called) -> Called:
        result, kept = called.result, called.result.output
        if kept is None:
            return called
        text = result.text if kept.text is None else await self._text(kept.text)
        data = result.structured if kept.data is None else parse(await self._text(kept.data))
        return called.model_copy(
            update={"result": result.model_copy(update={"text": text, "structured": data})}
        )

    async def _text(self, stored: Stored) -> str:
        return (await self._blobs.get(stored.digest)).decode()


def cut_out(text: str, part: OutputPart) -> str:
    """A stretch of it, and where that stands."""
    if part.lines is None:
        start = min(part.start, len(text))
        end = min(len(text), start + min(part.length or LONGEST_PART, LONGEST_PART))
        return f"[characters {start:,} to {end:,} of {len(text):,} of output {part.name}]\n{text[start:end]}"
    lines = text.splitlines(keepends=True)
    first = min(part.start - 1, len(lines))
    taken, size = 0, 0
    for line in lines[first : first + part.lines]:
        if taken and size + len(line) > LONGEST_PART:
            break
        taken, size = taken + 1, size + len(line)
    said = "".join(lines[first : first + taken])
    where = f"[lines {first + 1:,} to {first + taken:,} of {len(lines):,} of output {part.name}"
    if len(said) > LONGEST_PART:
        at = sum(map(len, lines[:first]))
        where += f"; this line begins at character {at:,} and is cut after {LONGEST_PART:,}"
    return f"{where}]\n{said[:LONGEST_PART]}"


def found(text: str, part: OutputPart) -> str:
    """The places where something stands, each with what is around it."""
    start = part.start if part.lines is None else _line_start(text, part.start)
    places = [each for each in _places(text, part.search) if each >= start]
    head = f"[{part.search[:100]!r} stands in output {part.name} {len(places):,} times from there on]"
    said = [head]
    for at in places[: min(MOST_FOUND, part.lines or MOST_FOUND)]:
        line = text.count("\n", 0, at) + 1
        around = text[max(0, at - AROUND) : at + len(part.search) + AROUND]
        said.append(f"line {line:,}, character {at:,}: {' '.join(around.split())}")
    if len(places) > len(said) - 1:
        said.append(f"[go on from character {places[len(said) - 1]:,}]")
    return "\n".join(said)[: 2 * LONGEST_PART]


def _places(text: str, search: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(re.escape(search), text, re.IGNORECASE))


def _line_start(text: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if at == 0:
            return len(text)
    return at
