"""People sending dialogs: a reason for a rejection, one's word on what happened, an approval from the details."""

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.values.signals import Decide, Resolve, Said

from .errors import BadPayload, BotError
from .payloads import Payload, Submission
from .runs import Runs, within
from .views import modals
from .views.refs import PageRef, ReasonRef

log = logging.getLogger(__name__)


class Dialogs:
    """A click in a dialog counts by when it reached this bot: Slack says nothing better."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def reject(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = sent.ref(ReasonRef).approval
        if ref is None:
            raise BadPayload("the dialog is about no approval")
        decision = Decide(
            delivery=sent.delivery,
            by=sent.person,
            approval=ref.approval,
            gate=ref.gate,
            approve=False,
            reason=sent.reason,
            clicked_at=sent.at,
        )
        await self._with_reason(ack, sent, self._runs.decide(ref.run, decision))

    async def resolve(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        about = sent.ref(ReasonRef)
        if about.unknown is None or about.said not in set(Said):
            raise BadPayload("the dialog is about no unknown outcome")
        resolve = Resolve(
            delivery=sent.delivery,
            by=sent.person,
            effect=about.unknown.effect,
            said=Said(about.said),
            reason=sent.reason,
        )
        await self._with_reason(ack, sent, self._runs.resolve(about.unknown.run, resolve))

    async def approve(self, ack: AsyncAck, body: Payload) -> None:
        """From the details, where a change was too big for its card."""
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = sent.ref(PageRef)
        decision = Decide(
            delivery=sent.delivery,
            by=sent.person,
            approval=ref.approval,
            gate=ref.gate,
            approve=True,
            clicked_at=sent.at,
        )
        problem = await _handed_off(sent, self._runs.decide(ref.run, decision))
        if problem:
            await ack(response_action="update", view=modals.said_modal(problem))
        else:
            await ack()

    async def _with_reason(self, ack: AsyncAck, sent: Submission, signal: Awaitable[None]) -> None:
        problem = await _handed_off(sent, signal)
        if problem:
            await ack(response_action="errors", errors={modals.REASON_BLOCK: problem})
        else:
            await ack()


async def _handed_off(sent: Submission, signal: Awaitable[None]) -> str:
    """Why not, in words; empty when it was."""
    try:
        async with within():
            await signal
    except BotError as error:
        log.warning("a dialog of %s was not handed off: %r", sent.person.user, error)
        return error.text
    return ""
