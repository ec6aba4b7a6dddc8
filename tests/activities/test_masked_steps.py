"""What leaves a step holds no secret; what is sent and compared is the truth. With real tool servers."""

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.blobs import Folder
from activities.masking import MARK, PLAIN, Masker
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.planning import Planning
from activities.tool_replies import NotSent
from activities.tool_servers import ToolServers
from activities.tools import Tools
from sandbox.fleet.database import Database
from tests.activities.far_end import NONE_KEPT, ARun
from tests.activities.orders import (
    CANARY,
    DEPLOY,
    TICKET,
    UPGRADE,
    contract,
    effect_of,
    keyed,
    odd,
    preview_of,
    read_of,
)
from workflows import showing
from workflows.rules.canonical import canonical, parse
from workflows.rules.digests import effect_digest
from workflows.values.approval import Approval
from workflows.values.base import GateDigest, Value
from workflows.values.calls import GoalSet, PlannedStep, ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.effect import OutcomeState
from workflows.values.people import Person
from workflows.values.spec import Rule, RuleKind, Runbook, RunbookStep
from workflows.values.steps import ThinkOrder
from workflows.values.tools import EffectClass, KeyPlace, Precondition, PreviewBy, Verify

LEAK = {"title": "slow", "service": "checkout", "body": f"The password is {CANARY}"}
MISBEHAVING = Path(__file__).parent / "servers" / "misbehaving.py"
IN_THE_MIDDLE = "a" * 955
"""So long that what comes after it is where an error's text is cut."""
BY_ITS_ENVIRONMENT = odd(
    "mirror",
    preview=PreviewBy(tool="environment"),
    preview_identity=("CANARY",),
    precondition=Precondition(field="CANARY", argument="message"),
)


@pytest.fixture
def tools(tool_servers: ToolServers, fleet: Database, blobs: Folder) -> Tools:
    return Tools(tool_servers, Masker([CANARY], []), blobs)


def holds_canary(value: Value) -> bool:
    """In any of the spellings that JSON in JSON gives it."""
    return Masker([CANARY], []).hides(value.model_dump_json())


async def test_a_read_is_masked(tools: Tools, environment: ActivityEnvironment):
    result = await environment.run(tools.read, read_of(odd("environment"), {}))

    assert result.ok
    assert result.structured["CANARY"] == MARK
    assert not holds_canary(result)


async def test_what_a_tool_repeats_of_the_arguments_is_masked(tools: Tools, environment: ActivityEnvironment):
    result = await environment.run(tools.read, read_of(odd("echo"), {"password": CANARY}))

    assert result.text == '{"password": "[masked]"}'


async def test_why_something_was_not_read_is_masked(tools: Tools, environment: ActivityEnvironment):
    """The schema's complaint quotes the argument, and is cut in the middle of it."""
    wrong = {"service": ["a" * 440 + CANARY], "environment": "prod"}

    result = await environment.run(tools.read, read_of(contract("fleet", "get_service"), wrong))

    assert result.text.startswith("fleet.get_service can't be called like that: service: ")
    assert result.text.endswith("…")
    assert "xyz" not in result.text


async def test_a_preview_shows_the_mark_and_keeps_the_truth(tools: Tools, environment: ActivityEnvironment):
    previewed = await environment.run(tools.preview, preview_of(BY_ITS_ENVIRONMENT, {"labels": []}))

    shown = previewed.shown
    assert (shown.content["CANARY"], shown.masked, shown.locked, shown.complete) == (MARK, True, (), True)
    assert not holds_canary(shown)
    assert previewed.precondition == canonical({"CANARY": CANARY})
    assert previewed.expected == CANARY


async def test_an_argument_with_a_secret_is_masked_and_locked(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    """From the preview to what the bot gets: the arguments are what the tool gets, and nobody else."""
    previewed = await environment.run(tools.preview, preview_of(TICKET, LEAK))

    shown = previewed.shown
    assert parse(shown.arguments) == {**LEAK, "body": f"The password is {MARK}"} == shown.content
    assert (shown.masked, shown.locked, shown.by_tool) == (True, ("body",), False)
    assert not holds_canary(previewed)

    order = effect_of(TICKET, LEAK, previewed)
    assert order.effect.digest == effect_digest(
        TICKET, canonical(LEAK), "tickets/checkout", previewed.definition, previewed.precondition
    )
    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.APPLIED
    assert not holds_canary(outcome)
    assert LEAK["body"] in [ticket.body for ticket in fleet.tickets("checkout")]


async def test_the_view_that_the_bot_asks_for_holds_no_true_argument(
    tools: Tools, environment: ActivityEnvironment
):
    previewed = await environment.run(tools.preview, preview_of(TICKET, LEAK))
    approval = Approval(
        id="3.1",
        effect=effect_of(TICKET, LEAK, previewed).effect,
        gate=GateDigest("0" * 64),
        nonce="n",
        rule=Rule(name="tickets", then=RuleKind.ASK),
        requesters=(Person(team="T1", user="U1"),),
        home_team="T1",
        shown=previewed.shown,
        opened_at=datetime.now(UTC),
    )

    view = showing._approval(approval, {approval.effect.call.number: previewed.input_schema})

    assert holds_canary(approval), "the run itself has to know what it applies"
    assert parse(view.shown.arguments)["body"] == f"The password is {MARK}"
    assert not holds_canary(view)


async def test_a_name_that_holds_a_secret_is_masked_and_locked(
    tools: Tools, environment: ActivityEnvironment
):
    previewed = await environment.run(tools.preview, preview_of(odd("echo"), {CANARY: 1, "b": [CANARY]}))

    assert parse(previewed.shown.arguments) == {MARK: 1, "b": [MARK]}
    assert previewed.shown.locked == ("b", MARK)


async def test_it_is_masked_where_the_tools_own_preview_holds_no_secret(
    tools: Tools, environment: ActivityEnvironment
):
    terms = odd("echo", preview=PreviewBy(tool="pid"))

    shown = (await environment.run(tools.preview, preview_of(terms, {"note": CANARY}))).shown

    assert (shown.masked, shown.locked, shown.arguments) == (True, ("note",), '{"note":"[masked]"}')


async def test_nothing_is_masked_where_there_is_no_secret(tools: Tools, environment: ActivityEnvironment):
    previewed = await environment.run(tools.preview, preview_of(DEPLOY, UPGRADE))

    assert (previewed.shown.arguments, previewed.shown.masked) == (canonical(UPGRADE), False)
    assert previewed.shown.locked == ()
    assert previewed.shown.complete


@pytest.mark.parametrize("place", ["environment", "target"])
async def test_a_secret_in_the_name_of_a_place_is_refused(
    tools: Tools, environment: ActivityEnvironment, place: str
):
    terms = odd("echo", **{place: "host/{password}"})

    previewed = await environment.run(tools.preview, preview_of(terms, {"password": CANARY}))

    assert previewed.problem.startswith(f"the {place} of this call holds a secret, and people see it: ")
    assert not holds_canary(previewed)


async def test_why_there_is_nothing_to_approve_is_masked(tools: Tools, environment: ActivityEnvironment):
    terms = odd("echo", preview=PreviewBy(tool="indiscreet"))

    previewed = await environment.run(tools.preview, preview_of(terms, {}))

    assert previewed.problem == f"INVALID: could not log in as ops:{MARK}"

    cut = await environment.run(tools.preview, preview_of(terms, {"before": IN_THE_MIDDLE}))

    assert "characters were left out here" in cut.problem
    assert "xyz" not in cut.problem

    wrong = await environment.run(tools.preview, preview_of(odd("indiscreet"), {"number": CANARY}))

    assert wrong.problem.startswith("odd.indiscreet can't be called like that: number: ")
    assert f"{MARK}\" is not of type 'integer'" in wrong.problem


async def test_arguments_too_long_to_be_shown_are_not_approved(
    tools: Tools, environment: ActivityEnvironment
):
    """The tool's own preview may be short: people have to see both."""
    terms = odd("echo", preview=PreviewBy(tool="pid"))

    previewed = await environment.run(tools.preview, preview_of(terms, {"note": "a" * 64_000}))

    assert (previewed.shown.arguments, previewed.shown.complete) == ("{}", False)


async def test_what_an_effect_answers_is_masked(tools: Tools, environment: ActivityEnvironment):
    outcome = await environment.run(tools.apply_once, await order_for(tools, odd("environment")))

    assert (outcome.state, outcome.structured["CANARY"]) == (OutcomeState.APPLIED, MARK)
    assert not holds_canary(outcome)


@pytest.mark.parametrize(
    ("tool", "truth", "told"),
    [
        ("indiscreet", f"INVALID: .*{CANARY.split('+')[0]}", f"INVALID: could not log in as ops:{MARK}"),
        ("indiscreet_failure", f".*password.*{CANARY.split('+')[0]}", f'{{"password": "{MARK}"}}'),
    ],
)
async def test_an_error_that_proves_nothing_was_done_is_known_by_the_truth_and_told_without_secrets(
    tools: Tools, environment: ActivityEnvironment, *, tool: str, truth: str, told: str
):
    terms = odd(tool, proves_nothing_done=(truth,))

    outcome = await environment.run(tools.apply_once, await order_for(tools, terms))

    assert (outcome.state, outcome.text) == (OutcomeState.NOT_APPLIED, told)


@pytest.mark.parametrize("step", ["apply_once", "apply_with_key"])
@pytest.mark.parametrize("tool", ["indiscreet", "indiscreet_failure"])
async def test_an_error_of_an_effect_is_masked_and_so_is_its_cause(
    tools: Tools, environment: ActivityEnvironment, step: str, tool: str
):
    terms = keyed(tool) if step == "apply_with_key" else odd(tool)
    order = await order_for(tools, terms)

    with pytest.raises(ApplicationError) as caught:
        await environment.run(getattr(tools, step), order)

    assert caught.value.type == "Ambiguous"
    assert MARK in caught.value.message
    told: BaseException | None = caught.value
    while told is not None:
        assert isinstance(told, ApplicationError)
        assert not Masker([CANARY], []).hides(told.message)
        told = told.__cause__


@pytest.mark.parametrize("step", ["apply_once", "apply_with_key"])
async def test_a_cut_error_of_an_effect_leaves_no_half_of_a_secret(
    tools: Tools, environment: ActivityEnvironment, step: str
):
    terms = keyed("indiscreet") if step == "apply_with_key" else odd("indiscreet")
    arguments = {"before": IN_THE_MIDDLE[53:]}

    with pytest.raises(ApplicationError) as caught:
        await environment.run(getattr(tools, step), await order_for(tools, terms, arguments))

    assert "characters were left out here" in caught.value.message
    assert "xyz" not in caught.value.message


async def test_why_it_can_not_be_told_whether_an_effect_is_there_is_masked(
    tools: Tools, environment: ActivityEnvironment
):
    verify = Verify(tool="indiscreet", arguments={}, found="items")
    terms = odd("echo", effect_class=EffectClass.VERIFIABLE, key=KeyPlace(argument="key"), verify=verify)

    found = await environment.run(tools.verify, await order_for(tools, terms))

    assert found.text == f"odd.indiscreet answered with an error: INVALID: could not log in as ops:{MARK}"


async def order_for(tools: Tools, terms, arguments=None):
    definition = (await ActivityEnvironment().run(tools.preview, preview_of(odd(terms.tool), {}))).definition
    previewed = (await ActivityEnvironment().run(tools.preview, preview_of(odd("echo"), {}))).model_copy(
        update={"definition": definition}
    )
    return effect_of(terms, arguments or {}, previewed)


async def test_last_words_are_masked_before_they_are_cut():
    words = {"LAST_WORDS": "x" * 290 + CANARY}
    settings = ServerSettings(
        name="stillborn", command=sys.executable, args=(str(MISBEHAVING), "--dies-at-start"), env=words
    )

    for masker, told in ((PLAIN, True), (Masker([CANARY], []), False)):
        async with ToolServers([McpServer(settings, masker=masker)]) as servers:
            with pytest.raises(NotSent) as caught:
                await servers.tools("stillborn")
        assert ("xyz'zy" in str(caught.value)) is told


async def test_a_protocol_error_is_masked_before_it_is_cut(blobs: Folder, environment: ActivityEnvironment):
    settings = ServerSettings(
        name="odd", command=sys.executable, args=(str(MISBEHAVING),), env={"CANARY": CANARY}
    )
    async with ToolServers([McpServer(settings, masker=Masker([CANARY], []))]) as servers:
        tools = Tools(servers, Masker([CANARY], []), blobs)

        with pytest.raises(ApplicationError) as caught:
            await environment.run(tools.read, read_of(odd("indiscreet_failure"), {"before": "a" * 1_980}))

    assert "aaaa" in caught.value.message
    assert "xyz" not in caught.value.message


async def test_what_a_planner_says_is_masked_and_what_it_wants_done_is_not(temporal: WorkflowEnvironment):
    runbook = Runbook(
        phrases=("log in with <password>",),
        steps=(
            RunbookStep(
                id="first", title="Try {{ password }}", call="a.b", arguments={"p": "{{ password }}"}
            ),
            RunbookStep(id="then", title="Again with {{ password }}", call="a.b"),
        ),
        answer="{{ password }} it was.",
    )
    masker = Masker(["hunter2"], [])

    thought = await thought_of(temporal, runbook, masker)

    call = ProposedCall(tool="a.b", arguments=canonical({"p": "hunter2"}), label="first", title=f"Try {MARK}")
    plan = (PlannedStep(label="then", title=f"Again with {MARK}"),)
    assert thought == Thought(kind=ThoughtKind.CALLS, calls=(call,), plan=plan)

    answer = await thought_of(temporal, runbook.model_copy(update={"steps": ()}), masker)

    assert answer.text == f"{MARK} it was."


async def thought_of(temporal: WorkflowEnvironment, runbook: Runbook, masker: Masker) -> Thought:
    goal = GoalSet(text="log in with hunter2", by=Person(team="T1", user="U1"), at=datetime.now(UTC))
    run = f"run/{uuid.uuid4().hex}"
    worker = Worker(
        temporal.client, task_queue=run, workflows=[ARun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        transcript = Transcript(entries=(goal,))
        await temporal.client.start_workflow(ARun.run, transcript, id=run, task_queue=run)
        order = ThinkOrder(run_id=run, turn=1, agent="deployer", planner=runbook, tools=())
        return await ActivityEnvironment().run(Planning(temporal.client, masker, NONE_KEPT).think, order)
