"""What an error proves: that nothing was done, by the protocol's word or by the contract's, or nothing at all."""

from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.tools import Tools
from tests.activities.orders import odd
from tests.activities.test_applying import ambiguity, attempt, known, ordered, ordered_oddly
from workflows.values.effect import OutcomeState

REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "invalid parameters": (
        "fail",
        {"code": -32602, "message": "seconds: missing"},
        "odd refused to call fail: seconds: missing. Nothing was done.",
    ),
    "an unknown tool": (
        "fail",
        {"code": -32602, "message": "Unknown tool: fail"},
        "odd refused to call fail: Unknown tool: fail. Nothing was done.",
    ),
    "an unknown method": (
        "fail",
        {"code": -32601, "message": "no such method"},
        "odd refused to call fail: no such method. Nothing was done.",
    ),
    "an unknown tool, as the SDK for Python says it": (
        "refuse",
        {"text": "Unknown tool: refuse"},
        "Unknown tool: refuse",
    ),
    "an unknown tool, as the SDK for TypeScript says it": (
        "refuse",
        {"text": "MCP error -32602: Tool refuse not found"},
        "MCP error -32602: Tool refuse not found",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_of_the_server_ends_the_trying_and_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment, refusal: str
):
    tool, arguments, told = REFUSALS[refusal]
    order = await ordered_oddly(tools, tool, arguments)

    outcome = await environment.run(tools.apply_with_key, order)

    assert known(outcome) == (OutcomeState.NOT_APPLIED, told)


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_of_the_server_says_nothing_of_an_earlier_attempt_and_ends_the_trying(
    tools: Tools, refusal: str
):
    tool, arguments, _ = REFUSALS[refusal]
    order = await ordered_oddly(tools, tool, arguments)

    error = await ambiguity(attempt(2), tools.apply_with_key, order)

    assert error.non_retryable
    assert error.message.startswith("An earlier attempt may have done it, and ")


@pytest.mark.parametrize(
    "text",
    ["Unknown tool: another", "Error executing tool refuse: Unknown tool: refuse", "Unknown tool: refuse!"],
)
async def test_what_only_looks_like_a_refusal_proves_nothing(
    tools: Tools, environment: ActivityEnvironment, text: str
):
    await ambiguity(environment, tools.apply_once, await ordered(tools, odd("refuse"), {"text": text}))


@pytest.mark.parametrize("step", ["apply_once", "apply_with_key"])
@pytest.mark.parametrize(
    ("tool", "arguments", "proof"),
    [
        ("fail", {"code": -32050, "message": "quota used up"}, "code -32050"),
        ("fail", {"code": -32050, "message": "quota used up"}, "quota"),
        ("refuse", {"text": "no", "answer": {"code": 412}}, "code 41[0-9]"),
        ("refuse", {"text": "no", "answer": {"error_code": "STALE"}}, "code (STALE|GONE)"),
        ("refuse", {"text": "no", "answer": {"error": {"code": "STALE"}}}, "code STALE"),
    ],
)
async def test_a_code_that_the_contract_knows_proves_that_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment, *, step: str, tool: str, arguments: Any, proof: str
):
    order = await ordered_oddly(tools, tool, arguments, proves_nothing_done=(proof,))

    outcome = await environment.run(getattr(tools, step), order)

    assert known(outcome) == (OutcomeState.NOT_APPLIED, arguments.get("message", "no"))


@pytest.mark.parametrize(
    ("tool", "arguments", "proof"),
    [
        ("refuse", {"text": "no", "answer": {"code": 4120}}, "code 412"),
        ("refuse", {"text": "no", "answer": {"detail": {"code": 412}}}, "code 412"),
        ("refuse", {"text": "no", "answer": {"error": "code 412"}}, "code 412"),
        ("fail", {"code": -32050, "message": "quota used up"}, "code -3205"),
        # A connection that breaks down is called so, too.
        ("fail", {"code": -32000, "message": "Connection closed"}, "code -32000"),
    ],
)
async def test_another_code_proves_nothing(
    tools: Tools, environment: ActivityEnvironment, *, tool: str, arguments: Any, proof: str
):
    await ambiguity(
        environment,
        tools.apply_once,
        await ordered(tools, odd(tool, proves_nothing_done=(proof,)), arguments),
    )


@pytest.mark.parametrize("pattern", ["", ".*", "A|"])
async def test_a_pattern_that_fits_everything_proves_nothing(
    tools: Tools, environment: ActivityEnvironment, pattern: str
):
    """The config refuses it; a run that is older than this may still have it."""
    order = await ordered(tools, odd("tool_error", proves_nothing_done=(pattern,)), {})

    await ambiguity(environment, tools.apply_once, order)
