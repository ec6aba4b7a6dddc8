"""What the bot is told from outside; read by whoever starts it, handed inward."""

import re
from itertools import zip_longest

from pydantic import SecretStr

from workflows.values.base import Value
from workflows.values.people import People
from workflows.values.spec import AgentSpec, FreezeWindow
from workflows.values.tools import ToolContract

from .events_settings import EventSource
from .start_settings import StartSettings


class BotSettings(Value):
    agents: tuple[AgentSpec, ...]
    tools: tuple[ToolContract, ...] = ()
    """All that have a contract: what undoes a change need not be one of its agent's."""
    default_agent: str | None = None
    """Takes the goals that match no phrase; None: such a goal is answered with what is possible."""
    command: str = "/handrail"
    starting: dict[str, StartSettings] = {}
    """By agent; who may start it, and how it is asked for."""
    suggestions: tuple[str, ...] = ()
    """Goals offered as chips; the agents' own examples when empty."""
    freezers: People = People()
    """Who may freeze and unfreeze. Nobody, until somebody is named."""
    environments: tuple[str, ...] = ()
    """Those that are known by name."""
    events: tuple[EventSource, ...] = ()
    """Who may send events. With any, the bot listens over HTTP also in Socket Mode."""
    temporal_ui: str | None = None
    """Base address of Temporal's Web UI, for a link on the root card."""

    def agent(self, name: str) -> AgentSpec | None:
        return next((agent for agent in self.agents if agent.name.lower() == name.lower()), None)

    def starting_of(self, name: str) -> StartSettings:
        return self.starting.get(name, StartSettings())

    @property
    def windows(self) -> tuple[FreezeWindow, ...]:
        """In which the changes of any agent are held."""
        return tuple(dict.fromkeys(window for agent in self.agents for window in agent.windows))

    @property
    def chips(self) -> tuple[str, ...]:
        """The first example of each agent, then the second of each, and so on: few chips show much."""
        rounds = zip_longest(*(agent.examples for agent in self.agents))
        return self.suggestions or tuple(dict.fromkeys(each for one in rounds for each in one if each))

    @property
    def prompts(self) -> tuple[tuple[AgentSpec, str], ...]:
        """What the config suggests, else the agents' examples: the first of each agent, then the second of each."""
        said = {agent.name: self.starting_of(agent.name).prompts for agent in self.agents}
        texts = [said[agent.name] if any(said.values()) else agent.examples for agent in self.agents]
        rounds = zip_longest(
            *([(agent, text) for text in each] for agent, each in zip(self.agents, texts, strict=True))
        )
        return tuple(each for one in rounds for each in one if each)

    def chips_near(self, goal: str) -> tuple[str, ...]:
        """Those that share most words with *goal* first."""
        asked = set(re.findall(r"\w+", goal.lower()))
        return tuple(sorted(self.chips, key=lambda chip: -len(asked & set(re.findall(r"\w+", chip.lower())))))


class SlackSettings(Value):
    bot_token: SecretStr
    app_token: SecretStr | None = None
    """With it: Socket Mode."""
    signing_secret: SecretStr | None = None
    """With it, and no app token: signed HTTP."""
    api_url: str = "https://slack.com/api/"
    http_host: str = "0.0.0.0"  # noqa: S104 - Slack comes from outside; every request is verified
    http_port: int = 3000
    pace: float = 1.0
    """How many times Slack's own rate limits: another Slack-compatible server may take more."""
