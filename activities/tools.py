"""The steps that speak to tools: `pin`, `read`, `preview`, `apply_once`, `apply_with_key`, `verify`, `list_tools`."""

from temporalio import activity

from workflows import outside
from workflows.outside import carries_out
from workflows.rules.canonical import parse
from workflows.values.approval import Previewed
from workflows.values.effect import EffectOrder, Outcome, Verified
from workflows.values.steps import (
    Listed,
    ListOrder,
    PermittedRead,
    Pinned,
    PinOrder,
    PreviewOrder,
    ReadResult,
)

from . import applying, pinning, previews, reading, verifying
from .answers import kept_whole
from .blobs import BlobStore, BlobTrouble
from .masked_errors import masked_errors
from .masking import Masker
from .outputs import BLOBS_UNAVAILABLE
from .patience import beating, try_again, undisturbed
from .tool_replies import AskedForInput, NotSent, Refused, ReplyLost
from .tool_servers import ToolServers, run_called_for

LONGEST_LOOK = 90.0
"""Seconds: what `read`, `preview` and `verify` leave for the call itself."""
LONGEST_REASON = 500
"""Characters of why something was not read."""


class Tools:
    """Tool calls, on behalf of runs. Log lines name them by ids; an argument's value is never among them.

    What leaves here holds no secret that *masker* knows, but for the digests' bases and what is sent to the tools.
    """

    def __init__(self, servers: ToolServers, masker: Masker, blobs: BlobStore) -> None:
        self._servers = servers
        self._masker = masker
        self._blobs = blobs

    @carries_out(outside.pin)
    async def pin(self, order: PinOrder) -> Pinned:
        with masked_errors(self._masker):
            async with beating():
                return Pinned(pins=await pinning.pins(self._servers, order))

    @carries_out(outside.read)
    async def read(self, order: PermittedRead) -> ReadResult:
        """Raises ApplicationError `ToolUnavailable` or `BlobsUnavailable`, to be tried again."""
        activity.logger.info("call %d: reading %s", order.call.number, order.contract.name)
        with masked_errors(self._masker):
            try:
                async with beating():
                    arguments = parse(order.call.arguments)
                    reply = await reading.read(
                        self._servers, order.contract, arguments, LONGEST_LOOK, order.pins
                    )
                    answer = await kept_whole(reply, self._masker, self._blobs)
            except reading.NotARead as reason:
                text = self._masker.quote(str(reason), LONGEST_REASON)
                return ReadResult(ok=False, text=text, changed=isinstance(reason, reading.Changed))
            except (Refused, AskedForInput) as error:
                return ReadResult(ok=False, text=f"{error}.")
            except (NotSent, ReplyLost) as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error, after=error.after)
            except BlobTrouble as error:
                try_again(f"Its answer can't be kept. {error}", BLOBS_UNAVAILABLE, error)
            return ReadResult(ok=not reply.is_error, **answer._asdict())

    @carries_out(outside.preview)
    async def preview(self, order: PreviewOrder) -> Previewed:
        """Raises ApplicationError `ToolUnavailable`, to be tried again."""
        activity.logger.info("call %d: previewing %s", order.call.number, order.contract.name)
        patience = min(order.contract.timeout_seconds, LONGEST_LOOK)
        run_called_for.set(activity.info().workflow_id or "")
        with masked_errors(self._masker):
            try:
                async with beating():
                    return await previews.preview(self._servers, order, patience, self._masker)
            except (NotSent, ReplyLost) as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error, after=error.after)

    @carries_out(outside.list_tools)
    async def list_tools(self, order: ListOrder) -> Listed:
        """Raises ApplicationError `ToolUnavailable`."""
        with masked_errors(self._masker):
            try:
                tools = await self._servers.tools(order.server)
            except NotSent as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error, after=error.after)
            return Listed(tools=tuple(self._masker.value(tool.definition()) for tool in tools.values()))

    # Neither a cancellation nor the stopping of this worker interrupts what is being sent.

    @carries_out(outside.apply_once)
    async def apply_once(self, order: EffectOrder) -> Outcome:
        run_called_for.set(order.run_id)
        with masked_errors(self._masker):
            return await undisturbed(applying.apply_once(self._servers, order, self._masker, self._blobs))

    @carries_out(outside.apply_with_key)
    async def apply_with_key(self, order: EffectOrder) -> Outcome:
        run_called_for.set(order.run_id)
        with masked_errors(self._masker):
            return await undisturbed(applying.apply_with_key(self._servers, order, self._masker, self._blobs))

    @carries_out(outside.verify)
    async def verify(self, order: EffectOrder) -> Verified:
        """Raises ApplicationError `ToolUnavailable`, to be tried again."""
        effect = order.effect
        activity.logger.info(
            "%s call %d: looking for %s", order.run_id, effect.call.number, effect.contract.name
        )
        patience = min(effect.contract.timeout_seconds, LONGEST_LOOK)
        with masked_errors(self._masker):
            try:
                async with beating():
                    return await verifying.verify(self._servers, order, patience, self._masker)
            except (NotSent, ReplyLost) as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error, after=error.after)
