"""People sending dialogs: a reason, an answer, their word on what happened, other arguments, a late approval."""

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.inbox import LONGEST_SIGNAL
from workflows.values.signals import Answer, Decide, DecideAll, Edit, Resolve, Said

from . import words
from .edits import BadEntries, edited, first_field
from .errors import BadPayload, BotError
from .payloads import Payload, Submission
from .runs import Runs, within
from .views import modals
from .views.editing import no_longer
from .views.refs import ApprovalRef, PageRef, ReasonRef

log = logging.getLogger(__name__)

LOOKING = timedelta(seconds=1.5)
"""For the run to say what is edited: the rest of Slack's 3 seconds is for handing it off."""


class Dialogs:
    """A click in a dialog counts by when it reached this bot: Slack says nothing better."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def reject(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = _about_approval(sent)
        decision = _decision(sent, ref, approve=False)
        await self._with_reason(ack, sent, self._runs.decide(ref.run, decision))

    async def reject_all(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = sent.ref(ReasonRef).group
        if ref is None:
            raise BadPayload("the dialog is about no approvals")
        decision = DecideAll(
            delivery=sent.delivery,
            by=sent.person,
            approvals=ref.approvals,
            gates=ref.gates,
            approve=False,
            reason=sent.reason,
            clicked_at=sent.at,
        )
        await self._with_reason(ack, sent, self._runs.decide_all(ref.run, decision))

    async def break_glass(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = _about_approval(sent)
        if not sent.reason:
            await ack(response_action="errors", errors={modals.REASON_BLOCK: words.A_REASON})
            return
        decision = _decision(sent, ref, approve=True, break_glass=True)
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

    async def answer(self, ack: AsyncAck, body: Payload) -> None:
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = sent.ref(ReasonRef).question
        if ref is None:
            raise BadPayload("the dialog is about no question")
        answer = Answer(delivery=sent.delivery, by=sent.person, question=ref.question, text=sent.reason)
        await self._with_reason(ack, sent, self._runs.answer(ref.run, answer))

    async def approve(self, ack: AsyncAck, body: Payload) -> None:
        """From the details, where a change was too big for its card."""
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref = sent.ref(PageRef)
        decision = _decision(sent, ref, approve=True)
        problem = await _handed_off(sent, self._runs.decide(ref.run, decision))
        if problem:
            await ack(response_action="update", view=modals.said_modal(problem))
        else:
            await ack()

    async def edit(self, ack: AsyncAck, body: Payload) -> None:
        """Whatever is wrong with it is said at a field, so that nothing typed is lost."""
        sent = Submission.from_slack(body, datetime.now(UTC))
        ref, first = sent.ref(ApprovalRef), first_field(body)
        try:
            async with within():
                problem = await self._edit(sent, ref, body)
        except BadEntries as bad:
            await ack(response_action="errors", errors=bad.errors)
            return
        except BotError as error:
            log.warning("an edit of %s was not handed off: %r", sent.person.user, error)
            problem = error.text
        if problem:
            await ack(response_action="errors", errors={first: problem})
        else:
            await ack()

    async def _edit(self, sent: Submission, ref: ApprovalRef, body: Payload) -> str:
        """Why not, in words; empty when it was handed off. Raises BadEntries, BotError."""
        view = await self._runs.view(ref.run, LOOKING)
        approval = next((each for each in view.approvals if each.id == ref.approval), None)
        if approval is None or (why := no_longer(approval, ref)):
            return words.SETTLED if approval is None else why
        arguments, without = edited(body, approval.shown, approval.input_schema)
        edit = Edit(
            delivery=sent.delivery,
            by=sent.person,
            approval=ref.approval,
            gate=ref.gate,
            arguments=arguments,
            without=without,
            clicked_at=sent.at,
        )
        length = len(edit.model_dump_json().encode())
        if length > LONGEST_SIGNAL:
            return words.EDIT_TOO_LONG.format(length=length, limit=LONGEST_SIGNAL)
        await self._runs.edit(ref.run, edit)
        return ""

    async def _with_reason(self, ack: AsyncAck, sent: Submission, signal: Awaitable[None]) -> None:
        problem = await _handed_off(sent, signal)
        if problem:
            await ack(response_action="errors", errors={modals.REASON_BLOCK: problem})
        else:
            await ack()


def _about_approval(sent: Submission) -> ApprovalRef:
    ref = sent.ref(ReasonRef).approval
    if ref is None:
        raise BadPayload("the dialog is about no approval")
    return ref


def _decision(sent: Submission, ref: ApprovalRef, *, approve: bool, break_glass: bool = False) -> Decide:
    return Decide(
        delivery=sent.delivery,
        by=sent.person,
        approval=ref.approval,
        gate=ref.gate,
        approve=approve,
        reason=sent.reason,
        clicked_at=sent.at,
        break_glass=break_glass,
    )


async def _handed_off(sent: Submission, signal: Awaitable[None]) -> str:
    """Why not, in words; empty when it was."""
    try:
        async with within():
            await signal
    except BotError as error:
        log.warning("a dialog of %s was not handed off: %r", sent.person.user, error)
        return error.text
    return ""
