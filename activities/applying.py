"""Sending an effect: exactly what was approved, and an honest word on what became of it (reference, section 5).

    nothing was sent, or the answer proves that nothing was done    NOT_APPLIED
    a success came back                                             APPLIED
    anything else                                                   nobody can know from here

The last is an error named `Ambiguous`. With a key that the upstream deduplicates by, it is tried again with the same
key and the same bytes; without one it ends there, and people are asked.
"""

import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import NoReturn, Self

from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.outside import FRESHNESS
from workflows.rules.canonical import canonical, parse
from workflows.rules.digests import definition_digest, effect_digest
from workflows.rules.policy import target_of
from workflows.values.base import EffectDigest, Json
from workflows.values.effect import EffectOrder, Outcome, OutcomeState
from workflows.values.tools import EffectClass

from .answers import kept, shortened
from .mcp_servers import AskedForInput, McpServers, NotSent, ReplyLost, ToolReply
from .patience import beating, try_again

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


async def apply_once(servers: McpServers, order: EffectOrder) -> Outcome:
    """One attempt. Raises ApplicationError `Ambiguous` when nobody can know whether it was done."""
    if activity.info().attempt > 1:
        _nobody_knows("An earlier attempt may have sent it.")
    try:
        async with beating():
            reply = await _send(servers, order, nothing_sent=True)
    except Changed as changed:
        return _not_applied(f"{changed} Nothing was sent.")
    except NotSent as error:
        return _not_applied(f"Nothing was sent: {error}.")
    except ReplyLost as error:
        _nobody_knows(f"It was sent, but {error}.", error)
    if reply.is_error and not _proves_nothing_done(order, reply):
        _nobody_knows(f"The tool answered with an error that proves nothing: {_words(reply)}")
    return _known(reply)


async def apply_with_key(servers: McpServers, order: EffectOrder) -> Outcome:
    """Once, however often it is sent: every attempt has the same key and the same bytes.

    Raises ApplicationError, to be tried again: `ToolUnavailable` or `Ambiguous`; and not to be tried again:
    `Ambiguous`, when one more attempt could not tell either.
    """
    tried = Tried.before_this()
    try:
        async with beating(asdict(tried)):
            reply = await _send(servers, order, nothing_sent=tried.nothing_sent)
    except Changed as changed:
        if not tried.nothing_sent:
            _nobody_knows(f"An earlier attempt may have done it, and it can't be tried again: {changed}")
        return _not_applied(f"{changed} Nothing was sent.")
    except NotSent as error:
        if tried.nothing_sent:
            tried = replace(tried, unsent=activity.info().attempt)
        _again(tried, f"Nothing was sent: {error}.", TOOL_UNAVAILABLE, error)
    except AskedForInput as error:
        _nobody_knows(f"It was sent, but {error}.", error)
    except ReplyLost as error:
        _again(tried, f"It was sent, but {error}.", AMBIGUOUS, error)
    if reply.is_error and not _proves_nothing_done(order, reply):
        _again_after_error(tried, reply)
    if reply.is_error and not tried.nothing_sent:
        _nobody_knows(f"An earlier attempt may have done it, and the last one was refused: {_words(reply)}")
    return _known(reply)


class Changed(Exception):
    """What would be sent now is not what was approved; the text is a sentence."""


async def _send(servers: McpServers, order: EffectOrder, *, nothing_sent: bool) -> ToolReply:
    """Raises Changed, NotSent or ReplyLost."""
    effect, contract = order.effect, order.effect.contract
    if nothing_sent and datetime.now(UTC) - order.admission.admitted_at > FRESHNESS:
        raise Changed(f"It was admitted more than {FRESHNESS.total_seconds() / 60:.0f} minutes ago.")
    if contract.effect_class is EffectClass.IDEMPOTENT and contract.key_argument is None:
        raise Changed(f"The contract of {contract.name} says idempotent, but not where the key goes.")
    tools = await servers.tools(contract.server)
    if contract.tool not in tools:
        raise Changed(f"{contract.server} no longer offers {contract.tool}.")
    definition = definition_digest(tools[contract.tool].definition())
    if definition != effect.definition:
        raise Changed(f"The definition of {contract.name} changed since this was approved.")
    arguments = _arguments(order)
    if not effect.digest == order.admission.effect == _digest(order, arguments, definition):
        raise Changed("What would be sent is not what was approved.")
    activity.logger.info(
        "%s call %d: sending %s, key %s", order.run_id, effect.call.number, contract.name, effect.key
    )
    patience = min(contract.timeout_seconds, LONGEST_CALL)
    return await servers.call(contract.server, contract.tool, arguments, patience)


def _arguments(order: EffectOrder) -> dict[str, Json]:
    """All that is sent: the call's own arguments, the key, and what the upstream shall compare."""
    contract, arguments = order.effect.contract, parse(order.effect.call.arguments)
    if not isinstance(arguments, dict):
        raise Changed("The arguments are not an object.")
    if contract.key_argument:
        arguments[contract.key_argument] = order.effect.key
    if contract.precondition:
        arguments[contract.precondition.argument] = order.effect.expected
    return arguments


def _digest(order: EffectOrder, sending: dict[str, Json], definition: str) -> EffectDigest:
    """The effect digest of the very arguments about to be sent."""
    contract = order.effect.contract
    ours = {contract.key_argument, contract.precondition and contract.precondition.argument}
    arguments = canonical({name: value for name, value in sending.items() if name not in ours})
    target = target_of(contract, arguments)
    return effect_digest(contract, arguments, target, definition, order.effect.precondition)


def _proves_nothing_done(order: EffectOrder, reply: ToolReply) -> bool:
    for pattern in order.effect.contract.proves_nothing_done:
        with suppress(re.error):
            if re.match(pattern, reply.text):
                return True
    return False


def _known(reply: ToolReply) -> Outcome:
    answer = kept(reply)
    return Outcome(
        state=OutcomeState.NOT_APPLIED if reply.is_error else OutcomeState.APPLIED,
        text=answer.text,
        structured=answer.structured,
        at=datetime.now(UTC),
    )


def _not_applied(text: str) -> Outcome:
    return Outcome(
        state=OutcomeState.NOT_APPLIED, text=shortened(text, LONGEST_MESSAGE), at=datetime.now(UTC)
    )


def _again_after_error(tried: Tried, reply: ToolReply) -> NoReturn:
    text = f"The tool answered with an error that proves nothing: {_words(reply)}"
    digest = sha256(reply.text.encode()).hexdigest()
    if digest in tried.errors or len(tried.errors) + 1 >= MOST_ERRORS:
        _nobody_knows(text)
    _again(replace(tried, errors=(*tried.errors, digest)), text, AMBIGUOUS)


def _again(tried: Tried, text: str, kind: str, error: Exception | None = None) -> NoReturn:
    # The last details of an attempt that fails are what the next one reads.
    activity.heartbeat(asdict(tried))
    try_again(shortened(text, LONGEST_MESSAGE), kind, error)


def _nobody_knows(text: str, error: Exception | None = None) -> NoReturn:
    raise ApplicationError(shortened(text, LONGEST_MESSAGE), type=AMBIGUOUS, non_retryable=True) from error


def _words(reply: ToolReply) -> str:
    return reply.text.strip() or "(no words)"
