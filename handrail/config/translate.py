"""From what the file says to the values that runs are pinned to."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.values.people import People
from workflows.values.spec import AgentSpec, Limits, Rule, RuleKind, Runbook, RunbookStep
from workflows.values.tools import EffectClass, Precondition, PreviewBy, ToolContract

from .schema import AgentSection, PeopleSection, RuleSection, RunbookSection, StepSection, ToolSection


def contract(name: str, said: ToolSection) -> ToolContract:
    server, _, tool = name.partition(".")
    return ToolContract(
        name=name,
        server=server,
        tool=tool,
        reads=said.reads,
        effect_class=EffectClass(said.class_),
        preview=PreviewBy(tool=preview_tool(name, said), dry_run=said.preview.dry_run),
        preview_identity=said.preview.identity,
        precondition=Precondition(**said.precondition.model_dump()) if said.precondition else None,
        key_argument=said.key_argument,
        environment=said.environment,
        target=said.target,
        proves_nothing_done=said.proves_nothing_done,
        timeout_seconds=said.timeout.total_seconds(),
        where_to_look=said.where_to_look,
    )


def preview_tool(name: str, said: ToolSection) -> str | None:
    """The plan tool's name on its server; the file may give it with the server in front, as elsewhere."""
    server = name.partition(".")[0]
    return said.preview.tool and said.preview.tool.removeprefix(f"{server}.")


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
        dangerous=said.dangerous,
    )


def agent(
    name: str, said: AgentSection, contracts: Mapping[str, ToolContract], rules: Sequence[Rule]
) -> AgentSpec:
    """With the tools that its runbook calls, and no others."""
    called = dict.fromkeys(step.call for step in said.runbook.steps)
    return AgentSpec(
        name=name,
        description=said.description,
        runbook=runbook(said.runbook),
        tools=tuple(contracts[tool] for tool in called if tool in contracts),
        rules=tuple(rules),
        limits=Limits(steps=said.budget.steps, working=said.budget.working_time),
        stewards=people(said.stewards),
        examples=said.examples,
    )


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
        unless_failed=said.if_it_fails == "stop",
    )
