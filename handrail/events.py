"""What the config makes of events, in words: for `handrail check` and `handrail events try`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bot.events import PATH
from bot.events_reading import BadEvent, NotAnEvent, read
from bot.events_settings import EventSource, GitHubSigned, Proof, SlackStyleSigned
from workflows.values.durations import words

from .bot_process import http_port
from .config import Config
from .trouble import Misused, Trouble


def check_events(config: Config, environ: Mapping[str, str]) -> Iterator[tuple[bool, str]]:
    """(is it well, in words) of each source; nothing where there is none."""
    if not config.events:
        return
    try:
        port = http_port(environ)
    except Misused as misused:
        yield False, str(misused)
        return
    for source in config.events:
        where = PATH.format(source=source.name)
        yield True, f"{where} on port {port}, {_proven(source.proof)}, {_sets_off(source)}"


def explain(config: Config, name: str, body: bytes) -> Iterator[tuple[str, str]]:
    """What a payload would be, line by line: a word, and what there is to say of it. Raises `Trouble`."""
    source = next((each for each in config.events if each.name == name), None)
    if source is None:
        known = ", ".join(each.name for each in config.events) or "none"
        raise Misused(f"There is no source of events called {name!r}. The config has: {known}.")
    try:
        reading = read(source, body, lambda _: "", datetime.now(UTC))
    except NotAnEvent as ignored:
        raise Trouble(f"It would be ignored: {ignored}.") from None
    except BadEvent as bad:
        raise Trouble(f"It would be refused with status {bad.status}: {bad}.") from None
    event, start = reading.event, reading.start
    yield "key", event.key
    yield from (("fact", f"{fact}: {text}") for fact, text in event.facts.items())
    yield "delivery", f"{event.delivery}{_by_header(source)}"
    yield "kept for", words(source.keep)
    if start is not None:
        yield "starts", f"{start.agent} in {start.channel}, on behalf of {start.on_behalf_of}: {start.goal}"
    if event.revises:
        yield "revises", event.revises


def _by_header(source: EventSource) -> str:
    by = {each.delivery_header for each in source.maps} - {""}
    return f" (or another one, by the header {', '.join(sorted(by))})" if by else ""


def _proven(proof: Proof) -> str:
    match proof:
        case GitHubSigned():
            return "signed as GitHub does"
        case SlackStyleSigned():
            return f"signed as Slack does, within {words(proof.window)}"
    return f"with a secret in {proof.header}"


def _sets_off(source: EventSource) -> str:
    agents = dict.fromkeys(start.agent for start in source.starts)
    said = f"starts {', '.join(agents)}" if agents else "starts no run"
    return f"{said}, revises runs" if source.revises else said
