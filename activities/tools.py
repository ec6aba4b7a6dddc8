"""The steps that speak to tools: `read`, `preview`, `apply_once`, `apply_with_key`, `verify`."""

from temporalio import activity

from workflows import outside
from workflows.outside import carries_out
from workflows.rules.canonical import parse
from workflows.values.approval import Previewed
from workflows.values.effect import EffectOrder, Outcome, Verified
from workflows.values.steps import PermittedRead, PreviewOrder, ReadResult

from . import applying, definitions, previews, verifying
from .answers import kept_whole
from .blobs import BlobStore, BlobTrouble
from .masked_errors import masked_errors
from .masking import Masker
from .mcp_servers import AskedForInput, McpServers, NotSent, ReplyLost, ToolReply
from .outputs import BLOBS_UNAVAILABLE
from .patience import beating, try_again, undisturbed

LONGEST_LOOK = 90.0
"""Seconds: what `read`, `preview` and `verify` leave for the call itself."""
LONGEST_REASON = 500
"""Characters of why something was not read."""


class Tools:
    """Tool calls, on behalf of runs. Log lines name them by ids; an argument's value is never among them.

    What leaves here holds no secret that *masker* knows, but for the digests' bases and what is sent to the tools.
    """

    def __init__(self, servers: McpServers, masker: Masker, blobs: BlobStore) -> None:
        self._servers = servers
        self._masker = masker
        self._blobs = blobs

    @carries_out(outside.read)
    async def read(self, order: PermittedRead) -> ReadResult:
        """Raises ApplicationError `ToolUnavailable` or `BlobsUnavailable`, to be tried again."""
        activity.logger.info("call %d: reading %s", order.call.number, order.contract.name)
        with masked_errors(self._masker):
            try:
                async with beating():
                    reply = await self._read(order)
                    answer = await kept_whole(reply, self._masker, self._blobs)
            except _NotARead as reason:
                return ReadResult(ok=False, text=self._masker.quote(str(reason), LONGEST_REASON))
            except AskedForInput as error:
                return ReadResult(ok=False, text=f"{error}.")
            except (NotSent, ReplyLost) as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error)
            except BlobTrouble as error:
                try_again(f"Its answer can't be kept. {error}", BLOBS_UNAVAILABLE, error)
            return ReadResult(ok=not reply.is_error, **answer._asdict())

    @carries_out(outside.preview)
    async def preview(self, order: PreviewOrder) -> Previewed:
        """Raises ApplicationError `ToolUnavailable`, to be tried again."""
        activity.logger.info("call %d: previewing %s", order.call.number, order.contract.name)
        patience = min(order.contract.timeout_seconds, LONGEST_LOOK)
        with masked_errors(self._masker):
            try:
                async with beating():
                    return await previews.preview(self._servers, order, patience, self._masker)
            except (NotSent, ReplyLost) as error:
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error)

    # Neither a cancellation nor the stopping of this worker interrupts what is being sent.

    @carries_out(outside.apply_once)
    async def apply_once(self, order: EffectOrder) -> Outcome:
        with masked_errors(self._masker):
            return await undisturbed(applying.apply_once(self._servers, order, self._masker, self._blobs))

    @carries_out(outside.apply_with_key)
    async def apply_with_key(self, order: EffectOrder) -> Outcome:
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
                try_again(f"{error}.", applying.TOOL_UNAVAILABLE, error)

    async def _read(self, order: PermittedRead) -> ToolReply:
        """Raises _NotARead, NotSent or ReplyLost."""
        contract, arguments = order.contract, parse(order.call.arguments)
        tools = await self._servers.tools(contract.server)
        tool = tools.get(contract.tool)
        if tool is None:
            raise _NotARead(f"{contract.server} offers no tool {contract.tool} now.")
        if definitions.says_it_changes(tool):
            raise _NotARead(
                f"{contract.server} says that {contract.tool} changes things, so it is not run as a read."
            )
        if problem := definitions.problem(tool.input_schema, arguments):
            raise _NotARead(f"{contract.name} can't be called like that: {problem}.")
        patience = min(contract.timeout_seconds, LONGEST_LOOK)
        return await self._servers.call(contract.server, contract.tool, arguments, patience, as_listed=tool)


class _NotARead(Exception):
    """It is not carried out; the text is a sentence."""
