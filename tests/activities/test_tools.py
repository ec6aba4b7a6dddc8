"""Reading and previewing, with real tool servers at the far end."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.answers import LARGEST_STRUCTURED, LONGEST_TEXT
from activities.tools import Tools
from sandbox.fleet.database import Database
from tests.activities.orders import (
    DEPLOY,
    FINDABLE,
    LABELS,
    MESSAGE,
    PLACE,
    RESTART,
    ROLLBACK,
    SLOW,
    TICKET,
    UPGRADE,
    contract,
    effect_of,
    odd,
    preview_of,
    read_of,
)
from workflows.rules.canonical import canonical
from workflows.values.approval import Shown
from workflows.values.steps import ReadResult
from workflows.values.tools import KeyForm, KeyPlace, Precondition, PreviewBy, ToolContract

TICKETS_FROM_THE_FIRST_DAY = 1

# Reading


async def test_a_read_gives_text_and_structured_content(tools: Tools, environment: ActivityEnvironment):
    result = await environment.run(tools.read, read_of(contract("fleet", "get_service"), PLACE))

    assert result.ok
    assert result.structured["version"] == "1.4.1"
    assert '"version":"1.4.1"' in result.text


async def test_a_read_that_the_tool_refuses_is_no_success(tools: Tools, environment: ActivityEnvironment):
    nowhere = {"service": "nothing", "environment": "prod"}

    result = await environment.run(tools.read, read_of(contract("fleet", "get_service"), nowhere))

    assert (result.ok, result.text[:10]) == (False, "NOT_FOUND:")


@pytest.mark.parametrize(
    ("terms", "arguments", "said"),
    [
        (contract("fleet", "fly"), {}, "fleet offers no tool fly now."),
        (contract("fleet", "get_service"), {"service": 1}, "fleet.get_service can't be called like that: "),
        (
            contract("fleet", "create_ticket"),
            {"title": "t", "service": "checkout", "body": ""},
            "fleet says that create_ticket changes things, so it is not run as a read.",
        ),
    ],
)
async def test_a_read_that_should_not_be_run_is_not(
    tools: Tools, fleet: Database, *, terms: ToolContract, arguments: dict, said: str
):
    result = await ActivityEnvironment().run(tools.read, read_of(terms, arguments))

    assert not result.ok
    assert result.text.startswith(said)
    assert len(fleet.tickets(None)) == TICKETS_FROM_THE_FIRST_DAY


@pytest.mark.parametrize("terms", [contract("absent", "x"), odd("die"), odd("server_error")])
async def test_a_read_without_an_answer_is_tried_again_after_a_pause(
    tools: Tools, environment: ActivityEnvironment, terms: ToolContract
):
    with pytest.raises(ApplicationError) as caught:
        await environment.run(tools.read, read_of(terms, {}))

    assert (caught.value.type, caught.value.non_retryable) == ("ToolUnavailable", False)
    assert caught.value.next_retry_delay is not None
    assert 0.8 <= caught.value.next_retry_delay.total_seconds() <= 1.2


async def test_a_read_that_asks_for_input_is_not_tried_again(tools: Tools, environment: ActivityEnvironment):
    result = await environment.run(tools.read, read_of(odd("elicit"), {}))

    assert result == ReadResult(
        ok=False, text="odd asked for input in the middle of elicit; it was given none."
    )


async def test_a_long_text_is_cut_and_says_so(tools: Tools, environment: ActivityEnvironment):
    result = await environment.run(tools.read, read_of(odd("huge"), {}))

    assert LONGEST_TEXT < len(result.text) < LONGEST_TEXT + 200
    assert "characters were left out here" in result.text


async def test_a_cancelled_read_stops_at_once(tools: Tools, environment: ActivityEnvironment):
    environment.on_heartbeat = lambda *_: asyncio.get_running_loop().call_soon(environment.cancel)

    with pytest.raises(asyncio.CancelledError):
        await environment.run(tools.read, read_of(odd("hang"), {}))


async def test_a_heartbeat_comes_while_a_call_is_awaited(tools: Tools, environment: ActivityEnvironment):
    beats: list[object] = []
    environment.on_heartbeat = lambda *details: beats.append(details)

    await environment.run(tools.read, read_of(odd("slow"), {"seconds": 2.1}))

    assert len(beats) >= 2


# Previewing


async def test_a_plan_tool_is_asked_with_the_arguments_it_knows(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    previewed = await environment.run(tools.preview, preview_of(DEPLOY, UPGRADE))

    assert previewed.problem == ""
    assert (previewed.shown.content["from_version"], previewed.shown.content["to_version"]) == (
        "1.4.1",
        "1.4.2",
    )
    assert previewed.shown.text == "", "the text only repeats the structured content"
    assert previewed.expected == previewed.shown.content["revision"]
    assert previewed.precondition == canonical(previewed.shown.content)
    assert fleet.happened() == (0, 0)


async def test_a_plan_tool_may_know_fewer_arguments_than_the_call_has(
    tools: Tools, environment: ActivityEnvironment
):
    terms = DEPLOY.model_copy(update={"preview": PreviewBy(tool="get_service")})

    previewed = await environment.run(tools.preview, preview_of(terms, UPGRADE))

    assert (previewed.problem, previewed.shown.content["version"]) == ("", "1.4.1")


async def test_a_dry_run_is_the_same_tool_with_other_arguments(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    previewed = await environment.run(tools.preview, preview_of(ROLLBACK, PLACE))

    assert previewed.shown.content["plan"]["to_version"] == "1.4.0"
    assert fleet.happened() == (0, 0)


async def test_a_dry_run_gets_a_stand_in_for_a_key_the_tool_insists_on(
    tools: Tools, environment: ActivityEnvironment
):
    previewed = await environment.run(tools.preview, preview_of(RESTART, PLACE))

    assert (previewed.problem, previewed.shown.content["dry_run"]) == ("", True)
    # Of its arguments these are for people to fill in: Handrail has the others.
    assert list(previewed.input_schema["properties"]) == ["service", "environment"]


async def test_without_a_preview_the_call_itself_is_shown(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    ticket = {"title": "slow", "service": "checkout", "body": "very"}

    previewed = await environment.run(tools.preview, preview_of(TICKET, ticket))

    assert previewed.shown == Shown(arguments=canonical(ticket), content=ticket, by_tool=False)
    assert previewed.precondition == '"none"'
    assert {*ticket} <= {*previewed.input_schema["properties"]}
    assert len(fleet.tickets(None)) == TICKETS_FROM_THE_FIRST_DAY


async def test_the_call_itself_is_shown_with_a_placeholder_for_the_key(
    tools: Tools, environment: ActivityEnvironment
):
    terms = RESTART.model_copy(update={"preview": PreviewBy()})

    previewed = await environment.run(tools.preview, preview_of(terms, PLACE))

    assert previewed.shown.content == {**PLACE, "request_id": "{key}"}


@pytest.mark.parametrize(
    ("terms", "arguments", "shown"),
    [
        (MESSAGE, {"message": "Fix it"}, {"message": "Fix it\n\nHandrail-Key: {key}"}),
        (LABELS, {"labels": ["bug"]}, {"labels": ["bug", "handrail-{key}"]}),
    ],
)
@pytest.mark.parametrize("by", [PreviewBy(), PreviewBy(dry_run={"dry_run": True}), PreviewBy(tool="mirror")])
async def test_what_the_key_adds_to_a_text_or_to_labels_is_seen(
    tools: Tools,
    environment: ActivityEnvironment,
    *,
    terms: ToolContract,
    arguments: dict,
    shown: dict,
    by: PreviewBy,
):
    terms = terms.model_copy(update={"preview": by})

    previewed = await environment.run(tools.preview, preview_of(terms, arguments))

    assert previewed.problem == ""
    assert previewed.shown.content == {**shown, **(by.dry_run or {})}


async def test_the_same_preview_twice_is_the_same_effect(tools: Tools, environment: ActivityEnvironment):
    first, second = [await environment.run(tools.preview, preview_of(DEPLOY, UPGRADE)) for _ in range(2)]

    assert effect_of(DEPLOY, UPGRADE, first).effect.digest == effect_of(DEPLOY, UPGRADE, second).effect.digest


async def test_a_change_by_somebody_else_makes_it_another_effect(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    before = await environment.run(tools.preview, preview_of(DEPLOY, UPGRADE))
    fleet.deploy_at_once("checkout", "prod", "1.4.2", by="carol")

    after = await environment.run(tools.preview, preview_of(DEPLOY, UPGRADE))

    assert before.precondition != after.precondition


async def test_only_the_fields_of_its_identity_make_it_the_same_effect(
    tools: Tools, environment: ActivityEnvironment
):
    terms = DEPLOY.model_copy(update={"preview_identity": ("to_version", "from_version")})

    previewed = await environment.run(tools.preview, preview_of(terms, UPGRADE))

    assert previewed.precondition == '{"from_version":"1.4.1","to_version":"1.4.2"}'


async def test_a_text_that_says_more_than_the_structured_content_is_part_of_the_identity(
    tools: Tools, environment: ActivityEnvironment
):
    terms = odd("mirror", preview=PreviewBy(tool="mirror"))
    answer = {"status": "ok"}

    async def identity(**said: str) -> str:
        order = preview_of(terms, {"answer": answer, **said})
        return (await environment.run(tools.preview, order)).precondition

    one_row = await identity(say="will change 1 row")
    all_rows = await identity(say="will DROP 4,000,000 rows")
    alone, repeated = await identity(), await identity(say='{ "status": "ok" }')

    assert len({one_row, all_rows, alone}) == 3
    assert alone == repeated == canonical(answer)


async def test_the_text_is_no_part_of_an_identity_that_the_contract_names(
    tools: Tools, environment: ActivityEnvironment
):
    terms = odd("mirror", preview=PreviewBy(tool="mirror"), preview_identity=("status",))
    order = preview_of(terms, {"answer": {"status": "ok"}, "say": "asked at noon"})

    assert (await environment.run(tools.preview, order)).precondition == '{"status":"ok"}'


async def test_a_long_identity_is_kept_as_its_digest(tools: Tools, environment: ActivityEnvironment):
    terms = contract("fleet", "read_logs", preview=PreviewBy(tool="read_logs"))

    previewed = await environment.run(tools.preview, preview_of(terms, {**PLACE, "lines": 200}))

    assert previewed.precondition.startswith('{"sha256":"')


@pytest.mark.parametrize(
    ("terms", "arguments", "said"),
    [
        (DEPLOY, {**UPGRADE, "version": "9.9"}, "INVALID: checkout has no release 9.9"),
        (
            DEPLOY,
            {"service": "checkout"},
            "fleet.deploy can't be called like that: 'version' is a required property",
        ),
        (DEPLOY, {**UPGRADE, "force": True}, "'force' was unexpected"),
        (
            DEPLOY,
            {**UPGRADE, "expected_revision": 1},
            "the argument expected_revision of fleet.deploy is filled in by",
        ),
        (
            RESTART,
            {**PLACE, "request_id": "mine"},
            "the argument request_id of fleet.restart is filled in by Handrail",
        ),
        (
            RESTART,
            {**PLACE, "request_id": "{key}"},
            "the argument request_id of fleet.restart is filled in by Handrail",
        ),
        (
            MESSAGE,
            {"message": f"Fix\n\nHandrail-Key: {'0' * 64}"},
            "the argument message of odd.mirror has a line that begins with Handrail-Key:",
        ),
        (MESSAGE, {"message": 5}, "the argument message of odd.mirror takes the key as its last line"),
        (LABELS, {"labels": [f"handrail-{'0' * 32}"]}, "has an item that looks like a key"),
        (LABELS, {"labels": "bug"}, "the argument labels of odd.mirror takes the key as one of its items"),
        (
            FINDABLE.model_copy(update={"key": KeyPlace(argument="title", form=KeyForm.TRAILER)}),
            {**SLOW, "title": "slow" * 40},
            "fleet.create_ticket can't be called like that: title: ",
        ),
        (ROLLBACK, {**PLACE, "dry_run": True}, "this call of fleet.rollback is itself a dry run"),
        (contract("fleet", "fly"), {}, "fleet offers no tool fly now"),
        (
            DEPLOY.model_copy(update={"preview": PreviewBy(dry_run={"dryRun": True})}),
            UPGRADE,
            "fleet.deploy knows no argument dryRun, so a dry run might be a real one",
        ),
        (
            DEPLOY.model_copy(update={"preview": PreviewBy(tool="deploy")}),
            UPGRADE,
            "fleet says that deploy changes things, so it is no preview",
        ),
        (
            DEPLOY.model_copy(update={"preview": PreviewBy(tool="fly")}),
            UPGRADE,
            "fleet offers no tool fly now",
        ),
        (
            DEPLOY.model_copy(update={"preview_identity": ("etag",)}),
            UPGRADE,
            "the preview of fleet.deploy has no etag, so nobody could tell whether it still holds",
        ),
        (
            DEPLOY.model_copy(
                update={"precondition": Precondition(field="etag", argument="expected_revision")}
            ),
            UPGRADE,
            "the preview of fleet.deploy did not say etag, so the change could not be guarded",
        ),
        (
            odd(
                "mirror",
                preview=PreviewBy(tool="mirror"),
                precondition=Precondition(field="etag", argument="message"),
            ),
            {"answer": {"etag": None}},
            "the preview of odd.mirror did not say etag, so the change could not be guarded",
        ),
        (
            RESTART.model_copy(update={"key": KeyPlace(argument="key")}),
            PLACE,
            "fleet.restart knows no argument key, which its contract names",
        ),
    ],
)
async def test_what_can_not_be_previewed_has_nothing_to_approve(
    tools: Tools, fleet: Database, *, terms: ToolContract, arguments: dict, said: str
):
    previewed = await ActivityEnvironment().run(tools.preview, preview_of(terms, arguments))

    assert said in previewed.problem
    assert fleet.happened() == (0, 0)


@pytest.mark.parametrize(("tool", "why"), [("huge", "cut"), ("kinds", "an image was left out")])
async def test_a_preview_that_is_not_whole_says_so(
    tools: Tools, environment: ActivityEnvironment, tool: str, why: str
):
    terms = odd("echo", preview=PreviewBy(tool=tool))

    previewed = await environment.run(tools.preview, preview_of(terms, {}))

    assert not previewed.shown.complete, why


async def test_a_call_too_long_to_be_shown_whole_says_so(tools: Tools, environment: ActivityEnvironment):
    previewed = await environment.run(
        tools.preview, preview_of(odd("echo"), {"text": "a" * LARGEST_STRUCTURED})
    )

    assert previewed.shown == Shown(content=None, by_tool=False, complete=False)


async def test_a_preview_without_an_answer_is_tried_again(tools: Tools, environment: ActivityEnvironment):
    terms = odd("echo", preview=PreviewBy(tool="die"))

    with pytest.raises(ApplicationError) as caught:
        await environment.run(tools.preview, preview_of(terms, {}))

    assert (caught.value.type, caught.value.non_retryable) == ("ToolUnavailable", False)
