"""What Slack suggests to somebody who opens their direct messages with the bot."""

from workflows.values.people import Person

from .afterwards import Afterwards
from .errors import NotLookedUp
from .payloads import Opened, Payload
from .settings import BotSettings
from .slack import Slack
from .start_policy import StartPolicy
from .views.text import one_line, shortened

MOST = 4
"""docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts."""
TITLE = 75
"""Characters: Slack states no limit, and shows it on a button."""


class Prompts:
    def __init__(self, slack: Slack, policy: StartPolicy, settings: BotSettings, later: Afterwards) -> None:
        self._slack = slack
        self._policy = policy
        self._settings = settings
        self._later = later

    async def opened(self, body: Payload) -> None:
        opened = Opened.from_slack(body)
        self._later.do(self._suggest(opened))

    async def _suggest(self, opened: Opened) -> None:
        texts = await self._texts(opened.person, opened.channel)
        if texts:
            shown = [(shortened(one_line(text), TITLE), text) for text in texts]
            await self._slack.suggest(opened.channel, shown)

    async def _texts(self, person: Person, channel: str) -> list[str]:
        """Those of the agents that this person may start there."""
        found: list[str] = []
        for agent, text in self._settings.prompts:
            try:
                refusal = await self._policy.refusal(agent, person, channel)
            except NotLookedUp:
                continue
            if refusal is None and text not in found:
                found.append(text)
            if len(found) == MOST:
                break
        return found
