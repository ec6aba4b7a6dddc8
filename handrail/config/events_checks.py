"""Whether what the file says of events fits together."""

import re
from collections.abc import Iterator

from jsonpointer import JsonPointer, JsonPointerException

from bot.events_reading import FACT, POINTER
from workflows.rules.phrases import BadPhrase, first_match

from .events import maps, template
from .events_presets import PRESETS
from .problems import KeyPath
from .schema import EventSourceSection, File, MapSection, ProofSection, RevisionSection, StartSection

Finding = tuple[KeyPath, str]
WAYS = ("github", "slack_style", "header")
OF_SLACK_STYLE = ("signature", "timestamp", "window")
SHORTEST_SECRET = 16
A_WORD = "x"
"""Any one word, in place of a fact."""


def mistakes(file: File) -> Iterator[Finding]:
    for name, source in file.events.items():
        yield from ((("events", name, *path), text) for path, text in _source(source, file))


def doubts(file: File) -> Iterator[Finding]:
    """Only where the secrets were read."""
    for name, source in file.events.items():
        for key in ("github", "slack_style", "secret"):
            secret = getattr(source.verify, key)
            if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
                text = f"it has fewer than {SHORTEST_SECRET} characters: `openssl rand -hex 32` makes one that nobody guesses"
                yield ("events", name, "verify", key), text


def _source(source: EventSourceSection, file: File) -> Iterator[Finding]:
    yield from ((("verify", *path), text) for path, text in _verify(source.verify))
    if not source.map:
        yield ("map",), "expected at least one entry, found an empty list"
    for place, each in enumerate(source.map):
        found = _map(each, source.verify)
        yield from ((("map", place, *path), text) for path, text in found)
    facts = {name for each in maps(source) for name in each.facts}
    for place, start in enumerate(source.starts):
        found = _start(start, facts, file)
        yield from ((("starts", place, *path), text) for path, text in found)
    for place, revision in enumerate(source.revises):
        found = _facts(revision, "text", revision.text, facts)
        yield from ((("revises", place, *path), text) for path, text in found)


def _verify(said: ProofSection) -> Iterator[Finding]:
    given = [way for way in WAYS if getattr(said, way) is not None]
    if len(given) != 1:
        yield (), f"expected one of {', '.join(WAYS)}, found {' and '.join(given) or 'none'}"
    for key in ("github", "slack_style", "secret"):
        secret = getattr(said, key)
        if secret is not None and not secret.get_secret_value():
            yield (key,), "expected a secret, found nothing: anybody could speak for this source"
    if (said.header is None) != (said.secret is None):
        yield (), "header and secret belong together: expected both, found one of them"
    if said.slack_style is None:
        for key in OF_SLACK_STYLE:
            if key in said.model_fields_set:
                yield (key,), "expected slack_style beside it, found none"


def _map(said: MapSection, verify: ProofSection) -> Iterator[Finding]:
    if said.use is not None:
        if said.use not in PRESETS:
            yield ("use",), f"expected one of the presets ({', '.join(PRESETS)}), found {said.use!r}"
        for key in sorted(said.model_fields_set - {"use"}):
            yield (key,), f"{said.use} says that itself: expected only one of them"
        return
    if not said.key:
        yield (), "expected key, what the event is about, or use, a ready-made map; found neither"
    templates: dict[KeyPath, str] = {("key",): said.key, ("delivery",): said.delivery}
    templates |= {("facts", name): template(text) for name, text in said.facts.items()}
    for path, text in templates.items():
        if not _readable(text):
            yield path, f"expected JSON pointers in its braces such as {{/alert/id}}, found {text!r}"
    if said.delivery_header is None:
        return
    if said.delivery:
        yield ("delivery_header",), "expected either delivery or delivery_header, found both"
    if verify.header is None:
        # What was signed could be sent again under another name.
        yield (
            ("delivery_header",),
            "the signature does not cover headers: expected delivery, taken from the body",
        )


def _readable(text: str) -> bool:
    try:
        for pointer in POINTER.findall(text):
            JsonPointer(pointer)
    except JsonPointerException:
        return False
    return not re.search(r"[{}]", POINTER.sub("", text))


def _start(said: StartSection, facts: set[str], file: File) -> Iterator[Finding]:
    yield from _facts(said, "goal", said.goal, facts)
    known = [name for name, agent in file.agents.items() if agent.model != ""]
    if said.agent not in known:
        yield ("agent",), f"expected one of the agents ({', '.join(known)}), found {said.agent!r}"
        return
    runbook = file.agents[said.agent].runbook
    if runbook is None:
        return
    try:
        understood = first_match(runbook.phrases, FACT.sub(A_WORD, said.goal), {}) is not None
    except BadPhrase:
        return
    if not understood:
        yield ("goal",), f"expected a goal that one of the phrases of {said.agent} fits, found {said.goal!r}"


def _facts(said: StartSection | RevisionSection, key: str, text: str, facts: set[str]) -> Iterator[Finding]:
    listed = ", ".join(sorted(facts)) or "none"
    if re.search(r"[{}]", FACT.sub("", text)):
        yield (key,), f"expected facts in its braces such as {{service}}, found {text!r}"
    for name in FACT.findall(text):
        if name not in facts:
            yield (key,), f"expected one of the facts ({listed}), found {name!r}"
    for name in said.when:
        if name not in facts:
            yield ("when", name), f"expected one of the facts ({listed}), found {name!r}"
