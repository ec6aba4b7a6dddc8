"""Applying: exactly what was approved, once, and an honest word on what became of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.tool_replies import ReplyLost
from activities.tool_servers import ToolServers
from activities.tools import Tools
from handrail.queues import as_activities, cached
from sandbox.fleet.database import Database
from tests.activities.far_end import Told
from tests.activities.orders import (
    DEPLOY,
    FINDABLE,
    MESSAGE,
    PLACE,
    RESTART,
    ROLLBACK,
    SLOW,
    TICKET,
    UPGRADE,
    admitted_ago,
    call_of,
    effect_of,
    keyed,
    odd,
    preview_of,
)
from workflows.effect import Effect
from workflows.lease import Lease
from workflows.outside import FRESHNESS, Queue
from workflows.rules.digests import effect_workflow_id
from workflows.values.base import Json
from workflows.values.effect import EffectOrder, Outcome, OutcomeState
from workflows.values.tools import EffectClass, KeyForm, KeyPlace, ToolContract

NOTHING = (0, 0)
"""Of `Database.happened`: deployments and rollbacks, and how many of them nobody was told about."""


async def ordered(tools: Tools, terms: ToolContract, arguments: Json) -> EffectOrder:
    """A preview, and what the core makes of it."""
    return effect_of(
        terms, arguments, await ActivityEnvironment().run(tools.preview, preview_of(terms, arguments))
    )


async def ordered_oddly(tools: Tools, tool: str, arguments: Json = None, **terms: object) -> EffectOrder:
    """A keyed effect of the server that misbehaves. It documents no argument, so a preview would refuse the key."""
    arguments = arguments or {}
    previewed = await ActivityEnvironment().run(tools.preview, preview_of(odd(tool), arguments))
    return effect_of(keyed(tool, **terms), arguments, previewed)


def attempt(number: int, *details: Any) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number, heartbeat_details=details)
    return environment


async def ambiguity(environment: ActivityEnvironment, step: Any, order: EffectOrder) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await environment.run(step, order)
    assert caught.value.type == "Ambiguous"
    return caught.value


def known(outcome: Outcome) -> tuple[OutcomeState, str]:
    return outcome.state, outcome.text


# What is sent


async def test_what_was_approved_is_applied_once(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.APPLIED
    assert outcome.structured["deployment"]["version"] == "1.4.2"
    assert fleet.happened() == (1, 0)
    assert fleet.service("checkout", "prod").version == "1.4.2"


async def test_the_key_goes_where_the_contract_says(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, RESTART, PLACE)

    await environment.run(tools.apply_with_key, order)

    [latest] = fleet.deployments("checkout", "prod", 1)
    assert (latest.kind, latest.key) == ("restart", order.effect.key)


@pytest.mark.parametrize(
    ("terms", "arguments", "sent"),
    [
        (MESSAGE, {"message": "Fix it"}, {"message": "Fix it\n\nHandrail-Key: {key}"}),
        (MESSAGE, {"message": ""}, {"message": "Handrail-Key: {key}"}),
        (MESSAGE, {"labels": []}, {"labels": [], "message": "Handrail-Key: {key}"}),
    ],
)
async def test_a_key_in_a_text_stands_in_its_last_line(
    tools: Tools, environment: ActivityEnvironment, *, terms: ToolContract, arguments: dict, sent: dict
):
    order = await ordered(tools, terms, arguments)

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.structured == {
        name: value and value.replace("{key}", order.effect.key) for name, value in sent.items()
    }


async def test_the_same_key_twice_is_one_effect(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, RESTART, PLACE)

    first, second = [await environment.run(tools.apply_with_key, order) for _ in range(2)]

    assert first.structured == second.structured
    assert [done.kind for done in fleet.deployments("checkout", "prod", 9)].count("restart") == 1


async def test_the_upstream_refuses_when_it_moved_since_the_preview(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    fleet.deploy_at_once("checkout", "prod", "1.4.2", by="carol")

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert outcome.text.startswith("PRECONDITION_FAILED: checkout in prod is at revision ")
    assert fleet.service("checkout", "prod").version == "1.4.3"


# What is not sent


async def test_arguments_that_were_not_approved_are_not_sent(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    other = call_of(DEPLOY, {**UPGRADE, "version": "1.4.3"})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"call": other})})

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "What would be sent is not what was approved. Nothing was sent.",
    )
    assert fleet.happened() == NOTHING


async def test_an_admission_of_another_effect_is_worth_nothing(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    other = await ordered(tools, DEPLOY, {**UPGRADE, "version": "1.4.3"})

    outcome = await environment.run(tools.apply_once, order.model_copy(update={"admission": other.admission}))

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert fleet.happened() == NOTHING


async def test_a_tool_that_changed_since_the_approval_is_not_called(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    another = (await ordered(tools, ROLLBACK, PLACE)).effect.definition
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"definition": another})})

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "The definition of fleet.deploy changed since this was approved. Nothing was sent.",
    )
    assert fleet.happened() == NOTHING


class Meanwhile:
    """Stands in for Temporal: asked whether it still waits, it says yes, and meanwhile something happens."""

    def __init__(self, happens: Callable[[], Awaitable[None]]) -> None:
        self._happens = happens

    def get_async_activity_handle(self, *, task_token: bytes) -> "Meanwhile":
        return self

    async def heartbeat(self, *, rpc_timeout: timedelta) -> None:
        await self._happens()


async def test_a_tool_that_changed_between_its_listing_and_the_call_is_not_called(
    tools: Tools, tool_servers: ToolServers
):
    """Another call kills the server, and its next life understands the tool differently."""
    order = await ordered(tools, odd("fickle"), {})

    async def start_again() -> None:
        with pytest.raises(ReplyLost):
            await tool_servers.call("odd", "die", {}, 10)

    environment = ActivityEnvironment(client=Meanwhile(start_again))
    environment.info = replace(environment.info, heartbeat_timeout=timedelta(seconds=10))

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "Nothing was sent: odd describes fickle differently than a moment ago.",
    )


async def test_a_change_whose_preview_said_nothing_to_guard_it_with_is_not_sent(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"expected": None})})

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "The preview did not say revision, so the change could not be guarded. Nothing was sent.",
    )
    assert fleet.happened() == NOTHING


async def test_a_text_with_a_key_of_its_own_is_not_sent(tools: Tools, environment: ActivityEnvironment):
    order = await ordered(tools, MESSAGE, {"message": "Fix it"})
    forged = call_of(MESSAGE, {"message": f"Fix it\n\nHandrail-Key: {'0' * 64}"})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"call": forged})})

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert outcome.text.startswith(
        "The key can't be put there: the argument message of odd.mirror has a line that begins with Handrail-Key:"
    )


async def test_a_key_put_elsewhere_than_was_approved_is_not_sent(
    tools: Tools, environment: ActivityEnvironment
):
    order = await ordered(tools, MESSAGE, {"message": "Fix it"})
    elsewhere = MESSAGE.model_copy(update={"key": KeyPlace(argument="answer", form=KeyForm.TRAILER)})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"contract": elsewhere})})

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "What would be sent is not what was approved. Nothing was sent.",
    )


async def test_a_verifiable_effect_admitted_long_ago_is_not_sent_again(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    """The first time or after it was looked for: both ways this attempt sent nothing, and says no more than that."""
    order = admitted_ago(await ordered(tools, FINDABLE, SLOW), FRESHNESS + timedelta(minutes=1))

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "It was admitted more than 15 minutes ago. Nothing was sent this time.",
    )
    assert fleet.tickets(reference=order.effect.key) == ()


@pytest.mark.parametrize("step", ["apply_once", "apply_with_key"])
async def test_an_old_admission_is_not_carried_out(
    tools: Tools, environment: ActivityEnvironment, fleet: Database, step: str
):
    order = admitted_ago(await ordered(tools, DEPLOY, UPGRADE), FRESHNESS + timedelta(minutes=1))

    outcome = await environment.run(getattr(tools, step), order)

    assert known(outcome) == (
        OutcomeState.NOT_APPLIED,
        "It was admitted more than 15 minutes ago. Nothing was sent.",
    )
    assert fleet.happened() == NOTHING


async def test_an_attempt_that_may_have_been_sent_goes_on_however_old(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = admitted_ago(await ordered(tools, RESTART, PLACE), timedelta(hours=3))

    outcome = await attempt(2).run(tools.apply_with_key, order)

    assert outcome.state is OutcomeState.APPLIED


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        ({"effect_class": EffectClass.IDEMPOTENT}, "idempotent, but not where the key goes."),
        ({"effect_class": EffectClass.VERIFIABLE}, "verifiable, but not where the key goes."),
        (
            {"effect_class": EffectClass.VERIFIABLE, "key": KeyPlace(argument="message")},
            "verifiable, but not how to look for the key.",
        ),
    ],
)
async def test_without_all_that_its_class_needs_nothing_is_sent(
    tools: Tools, environment: ActivityEnvironment, terms: dict, what: str
):
    order = await ordered(tools, odd("mirror", **terms), {})

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert outcome.text.startswith(f"The contract of odd.mirror says {what} Nothing was sent")


# What became of it, without a key


async def test_a_server_that_can_not_be_started_was_sent_nothing(
    tools: Tools, environment: ActivityEnvironment
):
    order = await ordered(tools, odd("echo"), {})
    absent = order.effect.contract.model_copy(update={"server": "absent"})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"contract": absent})})

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert outcome.text.startswith("Nothing was sent: absent could not be started: ")


async def test_a_lost_reply_is_known_by_nobody(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)
    fleet.lose_next_reply()

    error = await ambiguity(environment, tools.apply_once, order)

    assert error.non_retryable
    assert error.message.startswith(
        "It was sent, but the connection to fleet was lost in the middle of deploy: "
    )
    assert fleet.happened()[0] == 1


@pytest.mark.parametrize("tool", ["hang", "die", "server_error", "elicit", "input_required", "tool_error"])
async def test_what_proves_nothing_is_known_by_nobody(
    tools: Tools, environment: ActivityEnvironment, tool: str
):
    terms = odd(tool).model_copy(update={"timeout_seconds": 0.3})
    order = await ordered(tools, terms, {})

    error = await ambiguity(environment, tools.apply_once, order)

    assert error.non_retryable


async def test_an_error_that_the_contract_knows_proves_that_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment
):
    order = await ordered(tools, odd("tool_error", proves_nothing_done=("[", "INVALID:")), {})

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (OutcomeState.NOT_APPLIED, "INVALID: no")


async def test_a_proof_stands_at_the_beginning_of_the_error(tools: Tools, environment: ActivityEnvironment):
    order = await ordered(tools, odd("tool_error", proves_nothing_done=("no",)), {})

    await ambiguity(environment, tools.apply_once, order)


async def test_a_second_attempt_sends_nothing_without_a_key(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, DEPLOY, UPGRADE)

    error = await ambiguity(attempt(2), tools.apply_once, order)

    assert error.non_retryable
    assert fleet.happened() == NOTHING


async def test_a_cancellation_does_not_interrupt_what_is_being_sent(
    tools: Tools, environment: ActivityEnvironment
):
    order = await ordered(tools, odd("slow"), {"seconds": 0.2})
    environment.on_heartbeat = lambda *_: asyncio.get_running_loop().call_soon(environment.cancel)

    outcome = await environment.run(tools.apply_once, order)

    assert known(outcome) == (OutcomeState.APPLIED, "at last")


# What became of it, with a key


@pytest.mark.parametrize("tool", ["die", "server_error", "tool_error"])
async def test_with_a_key_it_is_tried_again_after_a_pause(
    tools: Tools, environment: ActivityEnvironment, tool: str
):
    order = await ordered_oddly(tools, tool)

    error = await ambiguity(environment, tools.apply_with_key, order)

    assert not error.non_retryable
    assert error.next_retry_delay is not None


async def test_two_equal_errors_end_the_trying(tools: Tools, environment: ActivityEnvironment):
    order = await ordered_oddly(tools, "tool_error")
    left: list[Any] = []
    environment.on_heartbeat = lambda *details: left.append(details)

    first = await ambiguity(environment, tools.apply_with_key, order)
    second = await ambiguity(attempt(2, *left[-1]), tools.apply_with_key, order)

    assert (first.non_retryable, second.non_retryable) == (False, True)


async def test_a_question_in_the_middle_ends_the_trying(tools: Tools, environment: ActivityEnvironment):
    order = await ordered_oddly(tools, "elicit")

    error = await ambiguity(environment, tools.apply_with_key, order)

    assert error.non_retryable


async def test_attempts_that_sent_nothing_prove_that_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment
):
    order = await ordered_oddly(tools, "echo")
    absent = order.effect.contract.model_copy(update={"server": "absent"})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"contract": absent})})
    left: list[Any] = []
    environment.on_heartbeat = lambda *details: left.append(details)

    with pytest.raises(ApplicationError) as caught:
        await environment.run(tools.apply_with_key, order)
    later = admitted_ago(order, timedelta(hours=1))
    outcome = await attempt(2, *left[-1]).run(tools.apply_with_key, later)

    assert (caught.value.type, caught.value.non_retryable) == ("ToolUnavailable", False)
    assert outcome.state is OutcomeState.NOT_APPLIED


@pytest.mark.parametrize("details", [(), ({"unsent": 1, "errors": []},), ("from another version",)])
async def test_what_an_earlier_attempt_may_have_done_is_never_called_not_applied(
    tools: Tools, details: tuple[Any, ...]
):
    order = await ordered_oddly(tools, "echo")
    order = order.model_copy(
        update={"effect": order.effect.model_copy(update={"definition": "of yesterday"})}
    )

    error = await ambiguity(attempt(3, *details), tools.apply_with_key, order)

    assert error.non_retryable
    assert error.message.startswith("An earlier attempt may have done it")


async def test_a_refusal_says_nothing_of_an_earlier_attempt(tools: Tools):
    order = await ordered_oddly(tools, "tool_error")
    knowing = order.effect.contract.model_copy(update={"proves_nothing_done": ("INVALID:",)})
    order = order.model_copy(update={"effect": order.effect.model_copy(update={"contract": knowing})})

    outcome = await attempt(1).run(tools.apply_with_key, order)
    error = await ambiguity(attempt(2), tools.apply_with_key, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert error.message == "An earlier attempt may have done it, and the last one was refused: INVALID: no"


async def test_two_equal_errors_end_the_trying_of_the_real_workflow_too(
    tools: Tools, temporal: WorkflowEnvironment
):
    """What one attempt leaves in its heartbeat, the next one finds."""
    order = await ordered_oddly(tools, "tool_error")
    run = await temporal.client.start_workflow(Told.run, id=order.run_id, task_queue=Queue.RUNS)
    worker = Worker(
        temporal.client,
        task_queue=Queue.RUNS,
        workflows=[Effect, Lease, Told],
        max_cached_workflows=cached(os.environ),
        activities=as_activities(tools)[Queue.RUNS],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        effect = await temporal.client.start_workflow(
            Effect.run, order, id=effect_workflow_id(order.effect.key), task_queue=Queue.RUNS
        )

        assert (await run.result()).effect == order.effect.key
        unknown = await effect.query(Effect.state)
        await effect.terminate()

    assert unknown is not None
    assert unknown.text == "The tool answered with an error that proves nothing: INVALID: no"


async def test_no_argument_is_logged(
    tools: Tools, environment: ActivityEnvironment, caplog: pytest.LogCaptureFixture
):
    ticket = {"title": "hush", "service": "checkout", "body": "hush"}

    with caplog.at_level("DEBUG"):
        await environment.run(tools.apply_once, await ordered(tools, TICKET, ticket))

    assert "run/T1/1 call 3: sending fleet.create_ticket" in caplog.text
    assert "hush" not in caplog.text
