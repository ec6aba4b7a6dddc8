"""Sending an effect: exactly what was approved, and an honest word on what became of it (reference, section 5).

    nothing was sent, or the answer proves that nothing was done    NOT_APPLIED
    a success came back                                             APPLIED
    anything else                                                   nobody can know from here

The last is an error named `Ambiguous`. With a key that the upstream deduplicates by, it is tried again with the same
key and the same bytes; without one it ends there, and people are asked.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import NoReturn, Self

from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from workflows.outside import FRESHNESS
from workflows.rules.canonical import canonical, parse
from workflows.rules.digests import definition_digest, effect_digest
from workflows.rules.keys import NoPlace, placed, taken_out
from workflows.rules.policy import target_of
from workflows.values.base import EffectDigest, Json
from workflows.values.effect import EffectOrder, Outcome, OutcomeState
from workflows.values.tools import EffectClass, ToolContract

from . import pinning
from .answers import Whole, kept, kept_whole, shortened, text_of
from .blobs import BlobStore, BlobTrouble
from .masking import Masker, compiled
from .patience import GivenUp, beating, still_awaited, try_again
from .tool_replies import AskedForInput, NotSent, Refused, ReplyLost, ServerFailed, ToolReply, ToolServerError
from .tool_servers import ToolServers

AMBIGUOUS = "Ambiguous"
TOOL_UNAVAILABLE = "ToolUnavailable"
LONGEST_CALL = 600.0
"""Seconds: what the steps that apply leave for the call itself."""
LONGEST_MESSAGE = 2_000
MOST_ERRORS = 5
"""Error answers to one key, after which asking once more would tell nothing new; two equal ones suffice."""


@dataclass(frozen=True)
class Tried:
    """What earlier attempts left behind, in the heartbeat's details.

    It is written after the fact and only ever proves that nothing was sent: where a worker died it is not up to date,
    and then something may have been.
    """

    unsent: int = 0
    """So many attempts, all of them up to this one, ended before a byte left."""
    errors: tuple[str, ...] = ()
    """SHA-256 of each error the tool answered with."""

    @classmethod
    def before_this(cls) -> Self:
        details = activity.info().heartbeat_details
        try:
            return TypeAdapter(cls).validate_python(details[0]) if details else cls()
        except ValidationError:
            return cls()

    @property
    def nothing_sent(self) -> bool:
        return self.unsent == activity.info().attempt - 1


async def apply_once(servers: ToolServers, order: EffectOrder, masker: Masker, blobs: BlobStore) -> Outcome:
    """One attempt. Raises ApplicationError `Ambiguous` when nobody can know whether it was done.

    A verifiable effect that was looked for and is not there is ordered once more, for the same admission: NOT_APPLIED
    then speaks of this attempt, and what was looked up of those before.
    """
    verifiable = order.effect.contract.effect_class is EffectClass.VERIFIABLE
    nothing = "Nothing was sent this time" if verifiable else "Nothing was sent"
    if activity.info().attempt > 1 or order.first_execution not in ("", activity.info().workflow_run_id):
        # Another execution: an operator has reset this effect, and its history says nothing of what was sent since.
        _nobody_knows("An earlier attempt may have sent it.")
    try:
        async with beating():
            reply = await _send(servers, order, nothing_sent=True)
    except Changed as changed:
        return _not_applied(f"{changed} {nothing}.")
    except NotSent as error:
        return _not_applied(f"{nothing}: {error}.")
    except ReplyLost as error:
        _nobody_knows(f"It was sent, but {error}.", error)
    if reply.is_error and not _proves_nothing_done(order.effect.contract, reply):
        _nobody_knows(f"The tool answered with an error that proves nothing: {_words(reply, masker)}")
    return await _known(reply, masker, blobs)


async def apply_with_key(
    servers: ToolServers, order: EffectOrder, masker: Masker, blobs: BlobStore
) -> Outcome:
    """Once, however often it is sent: every attempt has the same key and the same bytes.

    Raises ApplicationError, to be tried again: `ToolUnavailable` or `Ambiguous`; and not to be tried again:
    `Ambiguous`, when one more attempt could not tell either.
    """
    tried = Tried.before_this()
    try:
        async with beating(asdict(tried)):
            reply = await _send(servers, order, nothing_sent=tried.nothing_sent)
    except Changed as changed:
        return _no_retry_mends(tried, str(changed), "Nothing was sent.")
    except Refused as error:
        return _no_retry_mends(tried, f"{error}.", "Nothing was done.")
    except NotSent as error:
        if tried.nothing_sent:
            tried = replace(tried, unsent=activity.info().attempt)
        _again(tried, f"Nothing was sent: {error}.", TOOL_UNAVAILABLE, error)
    except AskedForInput as error:
        _nobody_knows(f"It was sent, but {error}.", error)
    except ReplyLost as error:
        _again(tried, f"It was sent, but {error}.", AMBIGUOUS, error)
    if reply.is_error and not _proves_nothing_done(order.effect.contract, reply):
        _again_after_error(tried, reply, masker)
    if reply.is_error and not tried.nothing_sent:
        _nobody_knows(
            f"An earlier attempt may have done it, and the last one was refused: {_words(reply, masker)}"
        )
    return await _known(reply, masker, blobs, asdict(tried))


class Changed(Exception):
    """What would be sent now is not what was approved; the text is a sentence."""


async def _send(servers: ToolServers, order: EffectOrder, *, nothing_sent: bool) -> ToolReply:
    """Raises Changed, NotSent or ReplyLost."""
    effect, contract = order.effect, order.effect.contract
    fresh_for = min(FRESHNESS, order.admission.fresh_for)
    if nothing_sent and datetime.now(UTC) - order.admission.admitted_at > fresh_for:
        raise Changed(f"It was admitted more than {fresh_for.total_seconds() / 60:.0f} minutes ago.")
    if problem := _unfit(contract):
        raise Changed(f"The contract of {contract.name} says {contract.effect_class}, but not {problem}.")
    tools = await servers.tools(contract.server)
    if contract.tool not in tools:
        raise Changed(f"{contract.server} no longer offers {contract.tool}.")
    tool = tools[contract.tool]
    if why := pinning.changed(order.pins, contract.server, tool):
        raise Changed(why)
    definition = definition_digest(tool.definition())
    if definition != effect.definition:
        raise Changed(f"The definition of {contract.name} changed since this was approved.")
    arguments = _arguments(order)
    if not effect.digest == order.admission.effect == _digest(order, arguments, definition):
        raise Changed("What would be sent is not what was approved.")
    if contract.effect_class is not EffectClass.IDEMPOTENT:
        await _make_sure_it_is_awaited()
    activity.logger.info(
        "%s call %d: sending %s, key %s", order.run_id, effect.call.number, contract.name, effect.key
    )
    patience = min(contract.timeout_seconds, LONGEST_CALL)
    try:
        return await servers.call(contract.server, contract.tool, arguments, patience, as_listed=tool)
    except ServerFailed as error:
        if _proves_nothing_done(contract, error.reply):
            return error.reply
        raise


async def _make_sure_it_is_awaited() -> None:
    """What was given up may have been done by somebody else since. Raises NotSent."""
    try:
        await still_awaited()
    except GivenUp as reason:
        raise NotSent(str(reason)) from None
    except RPCError as error:
        raise NotSent(f"Temporal did not say whether it still waits for this ({error.status.name})") from None


def _unfit(contract: ToolContract) -> str:
    """What a contract of this class has to say, and does not."""
    if contract.effect_class is not EffectClass.AT_MOST_ONCE and contract.key is None:
        return "where the key goes"
    if contract.effect_class is EffectClass.VERIFIABLE and contract.verify is None:
        return "how to look for the key"
    return ""


def _arguments(order: EffectOrder) -> dict[str, Json]:
    """All that is sent: the call's own arguments, the key, and what the upstream shall compare."""
    contract, arguments = order.effect.contract, parse(order.effect.call.arguments)
    if not isinstance(arguments, dict):
        raise Changed("The arguments are not an object.")
    try:
        sending = placed(contract, arguments, order.effect.key)
    except NoPlace as error:
        raise Changed(f"The key can't be put there: {error}.") from None
    if contract.precondition:
        if order.effect.expected is None:
            raise Changed(
                f"The preview did not say {contract.precondition.field}, so the change could not be guarded."
            )
        sending[contract.precondition.argument] = order.effect.expected
    file = contract.preview.applies
    if file is not None and canonical({file: order.effect.expected}) != order.effect.precondition:
        raise Changed("The file that would be applied is not the one that was previewed.")
    return sending


def _digest(order: EffectOrder, sending: dict[str, Json], definition: str) -> EffectDigest:
    """The effect digest of the very arguments about to be sent."""
    contract = order.effect.contract
    own = taken_out(contract, sending, order.effect.key)
    if contract.precondition:
        del own[contract.precondition.argument]
    arguments = canonical(own)
    target = target_of(contract, arguments)
    return effect_digest(contract, arguments, target, definition, order.effect.precondition)


def _proves_nothing_done(contract: ToolContract, reply: ToolReply) -> bool:
    """Does the beginning of its text say so, or the whole of a line such as `code 412`?"""
    # In a result, the SDKs for Python and TypeScript say of a tool they don't know:
    if reply.text in (f"Unknown tool: {contract.tool}", f"MCP error -32602: Tool {contract.tool} not found"):
        return True
    for said in contract.proves_nothing_done:
        with suppress(ValueError):
            pattern = compiled(said)
            if pattern.match(reply.text) or any(pattern.fullmatch(line) for line in _codes(reply)):
                return True
    return False


def _codes(reply: ToolReply) -> Iterator[str]:
    content = reply.structured or {}
    error = content.get("error")
    inner = error.get("code") if isinstance(error, dict) else None
    for code in (content.get("code"), content.get("error_code"), inner):
        if isinstance(code, (str, int)):
            yield f"code {code}"


async def _known(reply: ToolReply, masker: Masker, blobs: BlobStore, *beats: object) -> Outcome:
    try:
        async with beating(*beats):
            answer = await kept_whole(reply, masker, blobs)
    except BlobTrouble as error:
        # It was done, whatever becomes of what was said of it.
        bounded = kept(reply, masker)
        note = "" if bounded.whole else f"\n[The whole answer could not be kept. {error}]"
        answer = Whole(bounded.text + note, bounded.structured, None)
    return Outcome(
        state=OutcomeState.NOT_APPLIED if reply.is_error else OutcomeState.APPLIED,
        at=datetime.now(UTC),
        **answer._asdict(),
    )


def _not_applied(text: str) -> Outcome:
    return Outcome(
        state=OutcomeState.NOT_APPLIED, text=shortened(text, LONGEST_MESSAGE), at=datetime.now(UTC)
    )


def _no_retry_mends(tried: Tried, why: str, then: str) -> Outcome:
    if not tried.nothing_sent:
        _nobody_knows(f"An earlier attempt may have done it, and it can't be tried again: {why}")
    return _not_applied(f"{why} {then}")


def _again_after_error(tried: Tried, reply: ToolReply, masker: Masker) -> NoReturn:
    text = f"The tool answered with an error that proves nothing: {_words(reply, masker)}"
    digest = sha256(reply.text.encode()).hexdigest()
    if digest in tried.errors or len(tried.errors) + 1 >= MOST_ERRORS:
        _nobody_knows(text)
    _again(replace(tried, errors=(*tried.errors, digest)), text, AMBIGUOUS)


def _again(tried: Tried, text: str, kind: str, error: ToolServerError | None = None) -> NoReturn:
    # The last details of an attempt that fails are what the next one reads.
    activity.heartbeat(asdict(tried))
    try_again(shortened(text, LONGEST_MESSAGE), kind, error, after=error.after if error else None)


def _nobody_knows(text: str, error: Exception | None = None) -> NoReturn:
    raise ApplicationError(shortened(text, LONGEST_MESSAGE), type=AMBIGUOUS, non_retryable=True) from error


def _words(reply: ToolReply, masker: Masker) -> str:
    return text_of(reply, masker).strip() or "(no words)"
