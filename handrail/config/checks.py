"""What no single key can tell: whether the parts of the file fit together."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from activities.masking import compiled
from activities.runbook_check import check as check_runbook
from workflows.rules import own_tools
from workflows.rules.keys import names_in
from workflows.rules.phrases import BadPhrase, first_match
from workflows.rules.undoing import PREVIEW

from . import (
    command_checks,
    events_checks,
    policy_checks,
    reach_checks,
    server_checks,
    starting,
    translate,
)
from .problems import KeyPath
from .schema import AgentSection, File, RuleSection, RunbookSection, ToolSection

Finding = tuple[KeyPath, str]

SAID_AFTERWARDS = ("Internal error", "Error executing tool", "MCP error -32602: Output validation error")
"""What servers say when something broke, wherever that was."""


def mistakes(file: File) -> Iterator[Finding]:
    """What makes the file unusable."""
    if own_tools.SERVER in file.servers:
        yield (
            ("servers", own_tools.SERVER),
            f"expected another name: {_list(own_tools.ALL)} are Handrail's own",
        )
    yield from reach_checks.mistakes(file)
    yield from server_checks.mistakes(file)
    yield from command_checks.mistakes(file)
    for name, tool in file.tools.items():
        yield from ((("tools", name, *path), text) for path, text in _tool(name, tool, file))
    for place, rule in enumerate(file.rules):
        yield from ((("rules", place, *path), text) for path, text in _rule(rule, file))
    yield from policy_checks.mistakes(file)
    for name, agent in file.agents.items():
        yield from ((("agents", name, *path), text) for path, text in _agent(agent, file))
    yield from starting.mistakes(file)
    yield from events_checks.mistakes(file)
    default = file.slack.default_agent
    if default is not None and default not in file.agents:
        yield (
            ("slack", "default_agent"),
            f"expected one of the agents ({_list(file.agents)}), found {default!r}",
        )


def doubts(file: File) -> Iterator[Finding]:
    """What works, and is hardly meant."""
    for name, tool in file.tools.items():
        yield from ((("tools", name, *path), text) for path, text in _proofs(tool))
    for place, rule in enumerate(file.rules):
        path: KeyPath = ("rules", place)
        named = rule.approvers.users or rule.approvers.groups
        if rule.then == "ask" and not named:
            yield path, f"nobody can approve what “{rule.name}” asks for: it names no approvers"
        if rule.then != "ask":
            for key in policy_checks.asking_keys(rule):
                yield (*path, key), f"nobody is asked: “{rule.name}” says {rule.then}"
        spoken_of = [tool for tool in file.tools if _matches(rule, tool)]
        if rule.then != "refuse" and rule.tools and all(file.tools[tool].reads for tool in spoken_of):
            yield (*path, "tools"), f"“{rule.name}” never applies: what only reads is not asked about"
        if place < len(file.rules) - 1 and not (
            rule.tools or rule.environments or rule.targets or rule.arguments
        ):
            yield path, f"“{rule.name}” matches everything, so the rules after it are never looked at"


def _proofs(tool: ToolSection) -> Iterator[Finding]:
    for place, pattern in enumerate(tool.proves_nothing_done):
        for said in SAID_AFTERWARDS:
            if compiled(pattern).match(said):
                yield ("proves_nothing_done", place), f"“{said}” fits it, which may be said after it was done"
                break


def _tool(name: str, tool: ToolSection, file: File) -> Iterator[Finding]:
    server = name.partition(".")[0]
    if server == own_tools.SERVER:
        yield (), "this is one of Handrail's own tools: it needs no contract, and agents have it by name"
        return
    if server not in file.servers:
        yield (
            (),
            f"expected a name that begins with one of the servers ({_list(file.servers)}), found {name!r}",
        )
    if tool.reads:
        given = tool.model_fields_set & {"class_", "key_in", "verify", "preview", "precondition", "undo"}
        for field in sorted(given):
            yield (field.rstrip("_"),), "a tool that only reads changes nothing, so this has no place here"
        return
    yield from _key(name, tool, file)
    yield from _preview(name, tool, file)
    yield from _undo(name, tool, file)


def _undo(name: str, tool: ToolSection, file: File) -> Iterator[Finding]:
    """Is what takes it back a change with a contract of its own, and can it be filled?"""
    if tool.undo is None:
        return
    undoer = translate.undoer(name, tool.undo)
    found = file.tools.get(undoer)
    if found is None or found.reads:
        known = [other for other, said in file.tools.items() if not said.reads]
        yield ("undo", "tool"), f"expected a tool that changes something ({_list(known)}), found {undoer!r}"
        return
    previews = tool.preview.tool is not None or tool.preview.dry_run is not None
    for field in sorted(names_in(tool.undo.with_)):
        if field.startswith(PREVIEW) and not previews:
            yield (
                ("undo", "with"),
                f"{{{field}}} is a field of the preview: expected preview beside it, found nothing",
            )
    ours = [found.key_in.argument] if found.key_in and found.key_in.as_ == "value" else []
    ours += [found.precondition.argument] if found.precondition else []
    for argument in ours:
        if argument in tool.undo.with_:
            yield ("undo", "with", argument), f"the argument {argument} of {undoer} is filled in by Handrail"


def _key(name: str, tool: ToolSection, file: File) -> Iterator[Finding]:
    """What each class needs to know of our key."""
    if tool.class_ == "idempotent" and not tool.key_in:
        yield (
            ("class",),
            "an idempotent tool deduplicates by our key: expected key_in beside it, found nothing",
        )
    if tool.class_ == "verifiable":
        for field in ("key_in", "verify"):
            if getattr(tool, field) is None:
                yield (
                    ("class",),
                    f"what a verifiable tool did is looked up by our key: expected {field} beside it, found nothing",
                )
    if tool.verify is None:
        return
    if tool.class_ != "verifiable":
        yield ("verify",), f"expected `class: verifiable` beside it, found {tool.class_}"
    yield from _reader(name, tool.verify.tool, ("verify", "tool"), file)
    asks_for_key = "key" in names_in(tool.verify.with_)
    if tool.verify.found and not asks_for_key:
        yield ("verify", "with"), "expected {key} in it: without, it would find what is not ours"
    if asks_for_key and not tool.verify.found:
        yield (
            ("verify",),
            "expected found, or no {key} in with: an answer may repeat what it was asked, and then the key is always in it",
        )


def _preview(name: str, tool: ToolSection, file: File) -> Iterator[Finding]:
    by_tool, by_dry_run = tool.preview.tool, tool.preview.dry_run
    if by_tool is not None and by_dry_run is not None:
        yield ("preview",), "expected either tool or dry_run, found both"
    previews = by_tool is not None or by_dry_run is not None
    if tool.precondition and not previews:
        yield (
            ("precondition",),
            "it takes a field of the preview: expected preview beside it, found nothing",
        )
    if tool.preview.identity and not previews:
        yield ("preview", "identity"), "expected tool or dry_run beside it, found neither"
    yield from _applies(tool)
    if by_tool is None:
        return
    yield from _reader(name, by_tool, ("preview", "tool"), file)


def _applies(tool: ToolSection) -> Iterator[Finding]:
    if tool.preview.applies is None:
        return
    if tool.preview.tool is None:
        yield (
            ("preview", "applies"),
            "the file is made by another tool: expected tool beside it, found nothing",
        )
    if tool.preview.identity:
        yield ("preview", "identity"), "the file alone makes it the same change"
    if tool.precondition:
        yield ("precondition",), "the file itself says what must still be so"


def _reader(name: str, tool: str, path: KeyPath, file: File) -> Iterator[Finding]:
    """Is *tool*, of the same server as *name*, one that only reads?"""
    server = name.partition(".")[0]
    found = file.tools.get(f"{server}.{translate.sibling(name, tool)}")
    if found is None or not found.reads:
        known = [other for other, said in file.tools.items() if said.reads and other.startswith(f"{server}.")]
        yield path, f"expected a tool with `reads: true` ({_list(known)}), found {tool!r}"


def _matches(rule: RuleSection, tool: str) -> bool:
    return any(fnmatchcase(tool, pattern) for pattern in rule.tools)


def _rule(rule: RuleSection, file: File) -> Iterator[Finding]:
    for place, pattern in enumerate(rule.tools):
        if not any(fnmatchcase(tool, pattern) for tool in file.tools):
            yield (
                ("tools", place),
                f"expected a tool or a pattern of tools ({_list(file.tools)}), found {pattern!r}",
            )
    users = len(set(rule.approvers.users))
    if users < rule.quorum and users and not rule.approvers.groups:
        yield ("quorum",), f"expected at most as many as there are approvers ({users}), found {rule.quorum}"


def _agent(agent: AgentSection, file: File) -> Iterator[Finding]:
    if agent.runbook is not None:
        for key in ("model", "fallback", "instructions", "tools"):
            if key in agent.model_fields_set:
                yield (key,), "this agent has a runbook, and that alone plans: expected only one of them"
        yield from _runbook(agent, agent.runbook, file)
    elif agent.model is None:
        yield (), "expected a runbook or a model, found neither"
    else:
        yield from _model(agent, file)


def _model(agent: AgentSection, file: File) -> Iterator[Finding]:
    for key, name in (("model", agent.model), ("fallback", agent.fallback)):
        if name and ":" not in name and name not in file.models:
            known = _list(file.models)
            yield (key,), f"expected provider:model, or one of the models ({known}), found {name!r}"
    if not agent.tools:
        yield (), "expected tools, the patterns of those that its model may call, found none"
    tools = [*file.tools, *own_tools.ALL]
    for place, pattern in enumerate(agent.tools):
        if not any(fnmatchcase(tool, pattern) for tool in tools):
            yield (
                ("tools", place),
                f"expected a tool or a pattern of tools ({_list(tools)}), found {pattern!r}",
            )


def _runbook(agent: AgentSection, runbook: RunbookSection, file: File) -> Iterator[Finding]:
    contracts = [translate.contract(name, tool) for name, tool in file.tools.items()]
    ids = [step.id for step in runbook.steps]
    for sentence in check_runbook(translate.runbook(runbook), contracts):
        yield ("runbook", *_place(sentence, ids, runbook.phrases)), sentence
    for place, goal in enumerate(agent.examples):
        try:
            understood = first_match(runbook.phrases, goal, {}) is not None
        except BadPhrase:
            return
        if not understood:
            yield ("examples", place), f"expected a goal that one of the phrases fits, found {goal!r}"


def _place(sentence: str, ids: list[str], phrases: tuple[str, ...]) -> KeyPath:
    """The part of the runbook that a sentence is about."""
    if sentence.startswith("the answer"):
        return ("answer",)
    about = re.search(r"the step “(?P<id>[^”]+)”", sentence)
    if about and about["id"] in ids:
        return ("steps", ids.index(about["id"]))
    return next((("phrases", place) for place, phrase in enumerate(phrases) if phrase in sentence), ())


def _list(names: object) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, (dict, list)) and names else "none"
