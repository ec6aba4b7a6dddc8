"""Who may start an agent, and how it is asked for: from the file to the bot, and whether it fits together."""

from collections.abc import Iterator

from bot.start_settings import Parameter, ParameterKind, StartSettings
from workflows.rules.phrases import BadPhrase, first_match, places

from .problems import KeyPath
from .schema import AgentSection, File, ParameterSection, RunbookSection
from .translate import people

Finding = tuple[KeyPath, str]
YES_NO = ("yes", "no")


def starting(said: AgentSection) -> StartSettings:
    parameters = said.runbook.parameters if said.runbook is not None else {}
    return StartSettings(
        people=people(said.start),
        channels=said.start.channels,
        prompts=said.prompts,
        parameters={
            name: Parameter(kind=ParameterKind(each.kind), choices=each.choices, help=each.help)
            for name, each in parameters.items()
        },
    )


def mistakes(file: File) -> Iterator[Finding]:
    for name, agent in file.agents.items():
        yield from ((("agents", name, *path), text) for path, text in _agent(agent))


def _agent(agent: AgentSection) -> Iterator[Finding]:
    if agent.runbook is None:
        return
    known = list(dict.fromkeys(name for phrase in agent.runbook.phrases for name in places(phrase)))
    for name, parameter in agent.runbook.parameters.items():
        path: KeyPath = ("runbook", "parameters", name)
        if name not in known:
            yield path, f"expected a parameter of the phrases ({', '.join(known) or 'none'}), found {name!r}"
        yield from (((*path, *more), text) for more, text in _parameter(name, parameter, agent.runbook))
    for place, prompt in enumerate(agent.prompts):
        if not _fits(agent.runbook, prompt):
            yield ("prompts", place), f"expected a goal that one of the phrases fits, found {prompt!r}"


def _fits(runbook: RunbookSection, goal: str) -> bool:
    try:
        return first_match(runbook.phrases, goal, {}) is not None
    except BadPhrase:
        return True  # that is said elsewhere


def _parameter(name: str, said: ParameterSection, runbook: RunbookSection) -> Iterator[Finding]:
    default = runbook.defaults.get(name)
    choices = said.choices or (YES_NO if said.kind == "yes_no" else ())
    if said.choices and said.kind != "text":
        yield ("choices",), f"expected either choices or kind, found both ({said.kind})"
    if len(set(said.choices)) < len(said.choices):
        yield ("choices",), "expected each choice once"
    if default is None:
        return
    if choices and default not in choices:
        yield (), f"its default is {default!r}: expected one of {', '.join(choices)}"
    if said.kind == "number" and not default.isdecimal():
        yield (), f"its default is {default!r}: expected a number"
