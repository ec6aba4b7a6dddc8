"""How people found a run: a click, and words where it was not good. Kept as lines of the log, for whoever runs Handrail."""

import json
import logging
from datetime import UTC, datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.values.people import Person

from .afterwards import Afterwards
from .errors import BotError, SlackError
from .payloads import Click, Payload, Submission
from .remembered import Remembered
from .runs import Runs
from .slack import Slack
from .views import modals
from .views.lists import sentence
from .views.refs import FeedbackRef
from .words import ending

log = logging.getLogger(__name__)


class Feedback:
    def __init__(self, runs: Runs, slack: Slack, later: Afterwards) -> None:
        self._runs = runs
        self._slack = slack
        self._later = later
        self._heard = Remembered()
        """The same button pressed again is sent again (slackapi/bolt-python#1435), and counts once."""

    async def clicked(self, ack: AsyncAck, body: Payload) -> None:
        click = Click.from_slack(body, datetime.now(UTC))
        ref = click.ref(FeedbackRef)
        if (heard := f"{ref.packed()}/{click.person.team}/{click.person.user}") not in self._heard:
            self._heard.add(heard)
            self._later.do(self._keep(ref, click.person))
        if not ref.good:
            try:
                await self._slack.open_modal(click.trigger_id, modals.feedback_modal(ref))
            except SlackError as error:
                log.warning("a dialog could not be opened: %s", error)
        thanks = sentence(ending.THANKS)
        self._later.do(
            self._slack.whisper(click.spot.channel, click.person.user, thanks, click.spot.thread_ts)
        )
        await ack()

    async def sent(self, ack: AsyncAck, body: Payload) -> None:
        """What somebody wrote in the dialog."""
        sent = Submission.from_slack(body, datetime.now(UTC))
        self._later.do(self._keep(sent.ref(FeedbackRef), sent.person, sent.reason))
        await ack()

    async def _keep(self, ref: FeedbackRef, by: Person, said: str = "") -> None:
        agent = ""
        try:
            summary = (await self._runs.describe(ref.run)).summary
            agent = summary.agent if summary is not None else ""
        except BotError as error:
            log.warning("which agent run %s has can't be looked up: %r", ref.run, error)
        line = {"run": ref.run, "agent": agent, "by": f"{by.team}/{by.user}", "good": ref.good}
        log.info("feedback %s", json.dumps(line | ({"said": said} if said else {})))
