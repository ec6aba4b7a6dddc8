"""From the section `events` to what the bot makes of a request (docs/events.md)."""

from bot.events_settings import (
    EventSource,
    GitHubSigned,
    PayloadMap,
    Proof,
    RevisionRule,
    SharedSecret,
    SlackStyleSigned,
    StartRule,
)

from .events_presets import PRESETS
from .schema import EventSourceSection, MapSection, ProofSection


def maps(said: EventSourceSection) -> tuple[PayloadMap, ...]:
    return tuple(each for one in said.map for each in (PRESETS.get(one.use, ()) if one.use else [_map(one)]))


def source(name: str, said: EventSourceSection) -> EventSource:
    return EventSource(
        name=name,
        proof=_proof(said.verify),
        keep=said.keep,
        maps=maps(said),
        starts=tuple(StartRule(**start.model_dump()) for start in said.starts),
        revises=tuple(RevisionRule(**revision.model_dump()) for revision in said.revises),
    )


def _map(said: MapSection) -> PayloadMap:
    return PayloadMap(
        when=said.when,
        key=said.key,
        facts={name: template(text) for name, text in said.facts.items()},
        delivery=said.delivery,
        delivery_header=said.delivery_header or "",
    )


def template(said: str) -> str:
    """A fact may be a pointer alone."""
    return f"{{{said}}}" if said.startswith("/") else said


def _proof(said: ProofSection) -> Proof:
    if said.github is not None:
        return GitHubSigned(secret=said.github)
    if said.slack_style is not None:
        return SlackStyleSigned(
            secret=said.slack_style,
            signature=said.signature,
            timestamp=said.timestamp,
            window=said.window,
        )
    assert said.header is not None
    assert said.secret is not None
    return SharedSecret(header=said.header, secret=said.secret)
