"""What the config says of events: who may send them, what is made of them, and what they set off."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from workflows.values.base import Value

Secret = Annotated[SecretStr, Field(min_length=1)]
"""Without one anybody could speak for the source."""
Conditions = Mapping[str, tuple[str, ...]]
"""By pointer or by name, the texts of which one has to be there."""


class GitHubSigned(Value):
    """`X-Hub-Signature-256`, over the body alone."""

    secret: Secret


class SlackStyleSigned(Value):
    """`v0=` and an HMAC over `v0:<timestamp>:<body>`, as Slack signs."""

    secret: Secret
    signature: str
    timestamp: str
    """The two headers."""
    window: timedelta


class SharedSecret(Value):
    """A header that holds the secret itself."""

    secret: Secret
    header: str


Proof = GitHubSigned | SlackStyleSigned | SharedSecret
"""How a request shows that it comes from its source."""


class PayloadMap(Value):
    """Which payloads are an event, and what it says. All but `when` are templates over JSON pointers: `{/alert/id}`."""

    when: Conditions = {}
    """By pointer."""
    key: str
    """What the event is about: those who wait for it name it."""
    facts: Mapping[str, str] = {}
    delivery: str = ""
    """The same for a repetition, and for nothing else. Without one, the body is its own name."""
    delivery_header: str = ""


class StartRule(Value):
    """An event that starts a run."""

    when: Conditions = {}
    """By fact."""
    agent: str
    goal: str
    """A template over facts: `{service}`."""
    channel: str
    on_behalf_of: str
    """Slack user id of the requester of record."""


class RevisionRule(Value):
    """An event that tells the runs that hear of it to do otherwise."""

    when: Conditions = {}
    text: str
    """A template over facts."""


class EventSource(Value):
    name: str
    proof: Proof
    keep: timedelta
    """How long an event waits for a run that asks for it."""
    maps: tuple[PayloadMap, ...]
    """The first that fits a payload counts."""
    starts: tuple[StartRule, ...] = ()
    """The first that fits an event counts."""
    revises: tuple[RevisionRule, ...] = ()
