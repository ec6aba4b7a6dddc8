"""An effect that is an HTTP request: previewed, guarded by its ETag, sent once, and honest about what became of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.http_server import HttpServer
from activities.masking import PLAIN
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.api import HANGS, Api, Heard, answer, api
from tests.activities.billing import FINDABLE, LOOK, REFUND, Billing, settings
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of, read_of
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.tools import ToolContract

PAY = {"id": "7", "amount": 40}


@pytest.fixture
def billing() -> Billing:
    return Billing()


@pytest_asyncio.fixture
async def far(billing: Billing) -> AsyncIterator[Api]:
    async with api() as made:
        made.answers = billing
        yield made


@pytest.fixture
def tools(far: Api) -> Tools:
    return Tools(ToolServers([HttpServer(settings(far.base))]), PLAIN, BLOBS)


async def ordered(tools: Tools, terms: ToolContract = REFUND) -> EffectOrder:
    return effect_of(terms, PAY, await ActivityEnvironment().run(tools.preview, preview_of(terms, PAY)))


def attempt(number: int) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number)
    return environment


def after_it(billing: Billing, said: bytes) -> Callable[[Heard], bytes]:
    """It does what it is asked, and answers something else."""

    def answers(heard: Heard) -> bytes:
        billing(heard)
        return said

    return answers


async def test_people_see_what_it_reads_and_it_is_applied_under_our_key(
    tools: Tools, environment: ActivityEnvironment, far: Api, billing: Billing
):
    order = await ordered(tools)
    outcome = await environment.run(tools.apply_with_key, order)

    assert order.effect.expected == '"v1"'
    assert (outcome.state, outcome.structured) == (OutcomeState.APPLIED, {"refunded": 40})
    assert billing.refunds == {order.effect.key: 40}
    assert far.heard[-1].json == {"amount": 40}
    assert far.heard[-1].headers["authorization"] == "Bearer t0ken"


async def test_it_refuses_what_moved_since_it_was_shown(
    tools: Tools, environment: ActivityEnvironment, billing: Billing
):
    order = await ordered(tools)
    billing.version = 9

    outcome = await environment.run(tools.apply_with_key, order)

    assert (outcome.state, billing.refunds) == (OutcomeState.NOT_APPLIED, {})
    assert outcome.text.startswith("HTTP 412: ")


@pytest.mark.parametrize("lost", [HANGS, b"", b"HTTP/1.1 20", answer(503, b"", "text/plain")])
async def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    tools: Tools, far: Api, billing: Billing, lost: bytes
):
    order = await ordered(tools, REFUND.model_copy(update={"timeout_seconds": 1.0}))
    far.answers = after_it(billing, lost)
    with pytest.raises(ApplicationError) as ambiguous:
        await attempt(1).run(tools.apply_with_key, order)
    assert (ambiguous.value.type, ambiguous.value.non_retryable) == ("Ambiguous", False)

    far.answers = billing
    outcome = await attempt(2).run(tools.apply_with_key, order)

    assert (outcome.state, billing.refunds) == (OutcomeState.APPLIED, {order.effect.key: 40})


async def test_who_is_turned_away_tries_again_when_told_to(tools: Tools, far: Api):
    order = await ordered(tools)
    far.answers = lambda _: answer(429, {}, Retry_After="600")

    with pytest.raises(ApplicationError) as busy:
        await attempt(1).run(tools.apply_with_key, order)

    assert busy.value.type == "ToolUnavailable"
    assert busy.value.next_retry_delay.total_seconds() >= 600


async def test_a_lost_answer_without_a_key_is_looked_for(
    tools: Tools, environment: ActivityEnvironment, far: Api, billing: Billing
):
    order = await ordered(tools, FINDABLE)
    assert (await environment.run(tools.verify, order)).count == 0

    far.answers = after_it(billing, b"")
    with pytest.raises(ApplicationError) as ambiguous:
        await environment.run(tools.apply_once, order)
    assert ambiguous.value.type == "Ambiguous"

    far.answers = billing
    assert (await environment.run(tools.verify, order)).count == 1


async def test_only_what_the_contract_says_proves_that_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment, far: Api
):
    order = await ordered(tools, FINDABLE)
    far.answers = lambda _: answer(409, {"code": 404})
    assert (await environment.run(tools.apply_once, order)).state is OutcomeState.NOT_APPLIED

    far.answers = lambda _: answer(500, {"code": 404})  # only the status counts as the code
    with pytest.raises(ApplicationError) as ambiguous:
        await environment.run(tools.apply_once, order)
    assert ambiguous.value.type == "Ambiguous"


async def test_what_can_not_be_put_into_a_path_is_told_and_not_tried_again(
    tools: Tools, environment: ActivityEnvironment, far: Api
):
    told = await environment.run(tools.read, read_of(LOOK, {"id": "../users"}))
    previewed = await environment.run(tools.preview, preview_of(REFUND, {**PAY, "id": "7/../8"}))

    assert told.text.startswith("billing.get_invoice can't be called like that: id: ")
    assert previewed.problem.startswith("billing.refund can't be called like that: id: ")
    assert far.heard == []


async def test_a_request_that_was_declared_anew_is_not_sent(
    tools: Tools, environment: ActivityEnvironment, far: Api
):
    order = await ordered(tools)
    elsewhere = replace(settings(far.base), base=far.base + "/sandbox")
    after_restart = Tools(ToolServers([HttpServer(elsewhere)]), PLAIN, BLOBS)

    outcome = await environment.run(after_restart.apply_with_key, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert "The definition of billing.refund changed" in outcome.text
    assert far.lines() == ["GET /api/v2/invoices/7"]
