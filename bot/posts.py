"""What tools post in other channels. The bot does it, for it alone holds the token; and it looks before it repeats."""

from workflows.rules.digests import effect_workflow_id
from workflows.values.base import EffectKey

from .card_marks import marker
from .cards import in_sections
from .errors import Refused
from .runs import Runs
from .slack import Posted, Slack
from .views.post import post


class Posts:
    """Raises what `Slack` raises, and what `Runs` does."""

    def __init__(self, slack: Slack, runs: Runs) -> None:
        self._slack = slack
        self._runs = runs

    async def channel_name(self, channel: str) -> str:
        return f"#{await self._slack.channel_name(channel)}"

    async def run_name(self, run_id: str) -> str:
        """From Temporal's own record; the run need not be able to answer."""
        found = await self._runs.describe(run_id)
        return found.summary.name if found.summary else run_id

    async def turn_to_post(self, channel: str) -> None:
        await self._slack.turn_to_post(channel)

    async def post(self, channel: str, text: str, run_name: str, key: str) -> Posted:
        """After `turn_to_post`. The key goes along, for `find`."""
        card = post(text, run_name)
        try:
            return await self._slack.post(channel, card, key, None)
        except Refused as refused:
            # A server that knows no rich text gets the same words; never fewer, for these were approved.
            plainer = in_sections(card) if refused.blocks_refused else None
            if plainer is None:
                raise
            return await self._slack.post(channel, plainer, key, None)

    async def find(self, channel: str, key: str) -> bool:
        """Was it posted, since the change with that key first began?

        Raises Refused `too_many_messages` where it is not among the latest, and there are more.
        """
        since = await self._runs.began(effect_workflow_id(EffectKey(key)))
        names = frozenset({key, marker(key)})
        return not names.isdisjoint(await self._slack.cards(channel, None, since, names))
