"""From what the file says to the values that runs are pinned to."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from workflows.rules import own_tools
from workflows.rules.names import is_environment
from workflows.values.people import People
from workflows.values.spec import (
    AgentSpec,
    BreakGlass,
    Escalation,
    FreezeWindow,
    Limits,
    ModelPlanner,
    Rule,
    RuleKind,
    Runbook,
    RunbookStep,
    Watch,
)
from workflows.values.tools import (
    EffectClass,
    KeyForm,
    KeyPlace,
    Precondition,
    PreviewBy,
    ToolContract,
    Undo,
    Verify,
)

from .schema import (
    AgentSection,
    BreakGlassSection,
    EscalationSection,
    File,
    ModelSection,
    PeopleSection,
    PreconditionSection,
    RuleSection,
    RunbookSection,
    StepSection,
    ToolSection,
    UndoSection,
    VerifySection,
    WatchSection,
    WindowSection,
)

CONTEXT = 128_000
"""Tokens: what the larger models of today take at least. Of one that takes less, its refusal is understood, too."""


def contract(name: str, said: ToolSection, queue: str = "") -> ToolContract:
    server, _, tool = name.partition(".")
    file, guard = said.preview.applies, said.precondition
    if file is not None:
        guard = PreconditionSection(field=file, argument=file)
    return ToolContract(
        name=name,
        server=server,
        tool=tool,
        reads=said.reads,
        effect_class=EffectClass(said.class_),
        preview=PreviewBy(tool=sibling(name, said.preview.tool), dry_run=said.preview.dry_run, applies=file),
        preview_identity=said.preview.identity if file is None else (file,),
        precondition=Precondition(**guard.model_dump()) if guard else None,
        key=KeyPlace(argument=said.key_in.argument, form=KeyForm(said.key_in.as_)) if said.key_in else None,
        verify=_verify(name, said.verify) if said.verify else None,
        undo=_undo(name, said.undo) if said.undo else None,
        environment=said.environment,
        target=said.target,
        proves_nothing_done=said.proves_nothing_done,
        queue=queue,
        timeout_seconds=said.timeout.total_seconds(),
        where_to_look=said.where_to_look,
    )


def _verify(name: str, said: VerifySection) -> Verify:
    arguments: dict[str, Any] = said.with_
    tool = sibling(name, said.tool)
    assert tool is not None
    return Verify(
        tool=tool, arguments=arguments, found=said.found, settle_seconds=said.settle.total_seconds()
    )


def _undo(name: str, said: UndoSection) -> Undo:
    arguments: dict[str, Any] = said.with_
    return Undo(tool=undoer(name, said), arguments=arguments)


def undoer(name: str, said: UndoSection) -> str:
    """The full name of the tool that takes back what the tool *name* did."""
    return said.tool if "." in said.tool else f"{name.partition('.')[0]}.{said.tool}"


def sibling(name: str, tool: str | None) -> str | None:
    """Another tool's name on the server of *name*; the file may give it with the server in front, as elsewhere."""
    server = name.partition(".")[0]
    return tool and tool.removeprefix(f"{server}.")


def people(said: PeopleSection) -> People:
    return People(users=said.users, groups=said.groups)


def rule(said: RuleSection) -> Rule:
    return Rule(
        name=said.name,
        then=RuleKind(said.then),
        tools=said.tools,
        environments=said.environments,
        targets=said.targets,
        arguments=said.arguments,
        approvers=people(said.approvers),
        quorum=said.quorum,
        four_eyes=said.four_eyes,
        expires_after=said.expires_after,
        remind_after=said.remind_after,
        fresh_for=said.fresh_for,
        escalation=_escalation(said.escalate) if said.escalate else None,
        break_glass=_break_glass(said.break_glass) if said.break_glass else None,
        dangerous=said.dangerous,
        discreet=said.discreet,
    )


def _escalation(said: EscalationSection) -> Escalation:
    return Escalation(after=said.after, tell=people(said.tell), channel=said.channel or "")


def _break_glass(said: BreakGlassSection) -> BreakGlass:
    return BreakGlass(people=people(said.who), channel=said.channel, passes_freeze=said.passes_freeze)


def window(said: WindowSection) -> FreezeWindow:
    return FreezeWindow(
        name=said.name,
        environments=said.environments,
        starts=said.from_,
        ends=said.to,
        timezone=said.timezone,
    )


def environments(file: File) -> tuple[str, ...]:
    """Those that the file names outright, without a pattern."""
    patterns = [pattern for rule in file.rules for pattern in rule.environments]
    patterns += [pattern for window in file.freeze.windows for pattern in window.environments]
    return tuple(dict.fromkeys(name for name in patterns if is_environment(name)))


def agent(
    name: str,
    said: AgentSection,
    contracts: Mapping[str, ToolContract],
    rules: Sequence[Rule],
    windows: Sequence[FreezeWindow] = (),
    models: Mapping[str, ModelSection] | None = None,
) -> AgentSpec:
    """With the tools that its runbook calls, or that its model may; and no others."""
    return AgentSpec(
        name=name,
        description=said.description,
        planner=planner(said, models or {}),
        tools=tuple(contracts[tool] for tool in tools_of(said, contracts)),
        own_tools=tuple(tools_of(said, own_tools.ALL)),
        rules=tuple(rules),
        limits=Limits(
            steps=said.budget.steps,
            working=said.budget.working_time,
            tokens=said.budget.tokens,
            cost=said.budget.cost,
        ),
        windows=tuple(windows),
        stewards=people(said.stewards),
        examples=said.examples,
        shadow=said.shadow,
    )


def planner(said: AgentSection, models: Mapping[str, ModelSection]) -> Runbook | ModelPlanner:
    if said.runbook is not None:
        return runbook(said.runbook)
    names = tuple(name for name in (said.model, said.fallback) if name)
    contexts = [models[name].context or CONTEXT if name in models else CONTEXT for name in names]
    return ModelPlanner(
        models=names,
        instructions=said.instructions,
        context=said.context or min(contexts, default=CONTEXT),
    )


def tools_of(said: AgentSection, names: Iterable[str]) -> list[str]:
    if said.runbook is not None:
        called = [step.call for step in said.runbook.steps]
        called += [own_tools.WAIT_UNTIL.name for step in said.runbook.steps if step.watch is not None]
        return [name for name in dict.fromkeys(called) if name in set(names)]
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in said.tools)]


def runbook(said: RunbookSection) -> Runbook:
    return Runbook(
        phrases=said.phrases,
        defaults=said.defaults,
        steps=tuple(_step(step) for step in said.steps),
        answer=said.answer,
    )


def _step(said: StepSection) -> RunbookStep:
    arguments: dict[str, Any] = said.with_
    return RunbookStep(
        id=said.id,
        title=said.title,
        call=said.call,
        arguments=arguments,
        when=said.when,
        for_each=said.for_each,
        watch=None if said.watch is None else _watch(said.watch),
        unless_failed=said.if_it_fails == "stop",
    )


def _watch(said: WatchSection) -> Watch:
    return Watch(every=said.every, lasting=said.for_, until=said.until)
