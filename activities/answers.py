"""What tools answer, bounded and masked before it goes anywhere: a result too large would repeat what was done.

That every text is safe was seen to where it came in (`tool_replies`).
"""

from typing import NamedTuple

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.transcripts import SMALL
from workflows.values.base import Json
from workflows.values.outputs import Output, Stored

from .blobs import BlobStore
from .masking import Masker
from .tool_replies import TEXT_LIMIT, ToolReply

LONGEST_TEXT = 20_000
"""Characters of a text answer that travel; of a longer one its beginning and its end, and the cut is stated."""
LARGEST_STRUCTURED = 100_000
"""Bytes of a structured answer that is shown; a larger one is left out, and that is stated."""
LARGEST_DATA = 20_000
"""Characters of a structured answer that travels beside one that is kept whole."""


HALF_A_SECRET = 1_500
"""Characters: what a cut leaves of a secret is at most this long, and not known any more."""


class Kept(NamedTuple):
    """An answer as it may travel."""

    text: str
    structured: Json
    whole: bool
    """False: something was cut or left out, and the text says so."""


class Whole(NamedTuple):
    """An answer as a run gets it, and where all of it is."""

    text: str
    structured: Json
    output: Output | None


async def kept_whole(reply: ToolReply, masker: Masker, blobs: BlobStore) -> Whole:
    """What is not short goes to the store, and nothing of it is lost. It is masked before. Raises BlobTrouble."""
    notes, said = _left_out(reply), text_of(reply, masker)
    structured, data = masker.value(reply.structured), ""
    try:
        data = "" if structured is None else canonical(structured)
    except NotCanonical as error:
        structured = None
        notes.append(f"[the structured answer was left out: {error}]")
    output = Output(text=await _stored(said, blobs), data=await _stored(data, blobs))
    if len(data) > LARGEST_DATA:
        structured = None
        notes.append(f"[the structured answer is kept aside: {len(data):,} characters]")
    text = "\n".join(part for part in (shortened(said), *notes) if part)
    return Whole(text, structured, output if output.text or output.data else None)


async def _stored(text: str, blobs: BlobStore) -> Stored | None:
    """What is small needs no place of its own."""
    if len(text) <= SMALL:
        return None
    return Stored(digest=await blobs.put(text.encode()), characters=len(text))


def kept(reply: ToolReply, masker: Masker, longest_text: int = LONGEST_TEXT) -> Kept:
    """The answer, bounded and without secrets. What is left out is stated in the text."""
    notes, structured = _left_out(reply), reply.structured
    try:
        size = 0 if structured is None else len(canonical(structured).encode())
    except NotCanonical as error:
        structured, size = None, 0
        notes.append(f"[the structured answer was left out: {error}]")
    if size > LARGEST_STRUCTURED:
        structured = None
        notes.append(
            f"[the structured answer was left out: {size:,} bytes, and {LARGEST_STRUCTURED:,} are kept]"
        )
    said = text_of(reply, masker)
    cut = len(reply.text) > TEXT_LIMIT or len(said) > longest_text
    text = "\n".join(part for part in (shortened(said, longest_text), *notes) if part)
    return Kept(text, masker.value(structured), whole=not cut and not notes)


def _left_out(reply: ToolReply) -> list[str]:
    return [f"[{kind} left out: {count}]" for kind, count in sorted(reply.other.items())]


def text_of(reply: ToolReply, masker: Masker) -> str:
    """All of its text, without secrets: before anything of it is cut or quoted."""
    text, note = reply.text[:TEXT_LIMIT], reply.text[TEXT_LIMIT:]
    return masker.text(text)[:-HALF_A_SECRET] + note if note else masker.text(text)


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """Its beginning and its end: what an answer is about stands in front, and a log's failure last."""
    if len(text) <= longest:
        return text
    half = longest // 2
    note = f"\n[… {len(text) - 2 * half:,} of {len(text):,} characters were left out here …]\n"
    return text[:half] + note + text[-half:]


def repeats(text: str, structured: Json) -> bool:
    """Is the text nothing but the structured answer once more? Most servers send both."""
    try:
        return structured is not None and canonical(parse(text)) == canonical(structured)
    except NotCanonical:
        return False
