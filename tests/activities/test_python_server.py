"""Python functions as tools."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN, Masker
from activities.python_server import PythonServer
from activities.tool_replies import NotSent, Refused, ReplyLost
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities import made_tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.tools import EffectClass, KeyPlace, PreviewBy, ToolContract, Verify

SCALE = ToolContract(
    name="py.scale",
    server="py",
    tool="scale",
    effect_class=EffectClass.VERIFIABLE,
    key=KeyPlace(argument="key"),
    preview=PreviewBy(tool="scale_preview"),
    verify=Verify(tool="scale_verify", arguments={"key": "{key}"}, found="found"),
)


@pytest_asyncio.fixture
async def py() -> AsyncIterator[PythonServer]:
    server = PythonServer("py", "tests.activities.made_tools", masker=Masker(["s3cr3t-word"], []))
    yield server
    await server.aclose()


@pytest.fixture
def tools(py: PythonServer) -> Tools:
    return Tools(ToolServers([py]), PLAIN, BLOBS)


async def ordered(tools: Tools, service: str) -> EffectOrder:
    arguments = {"service": service, "replicas": 3}
    return effect_of(
        SCALE, arguments, await ActivityEnvironment().run(tools.preview, preview_of(SCALE, arguments))
    )


async def test_a_function_is_previewed_applied_and_found_again(
    tools: Tools, environment: ActivityEnvironment
) -> None:
    order = await ordered(tools, "checkout")
    assert not (await environment.run(tools.verify, order)).count

    outcome = await environment.run(tools.apply_once, order)

    assert (outcome.state, outcome.structured) == (OutcomeState.APPLIED, {"replicas": 3})
    assert made_tools.scaled[order.effect.key] == ("checkout", 3)
    assert (await environment.run(tools.verify, order)).count == 1


async def test_only_nothing_done_proves_that_nothing_was_done(
    tools: Tools, environment: ActivityEnvironment
) -> None:
    nothing = await environment.run(tools.apply_once, await ordered(tools, "absent"))
    assert nothing.state is OutcomeState.NOT_APPLIED
    assert "there is no service absent" in nothing.text

    with pytest.raises(ApplicationError, match="ConnectionError: the reply was lost") as unknown:
        await environment.run(tools.apply_once, await ordered(tools, "flaky"))
    assert unknown.value.type == "Ambiguous"


async def test_an_exception_is_a_code_that_a_contract_may_know(py: PythonServer) -> None:
    reply = await py.call("scale", {"service": "flaky", "replicas": 1, "key": "k"}, 20)
    assert reply.is_error
    assert reply.structured == {"code": "ConnectionError"}


async def test_types_make_the_schema(py: PythonServer) -> None:
    offered = await py.tools()
    assert {*offered} == {"scale", "scale_preview", "scale_verify", "where", "odd", "stuck"}
    scale = offered["scale"]
    assert scale.description == "Scales a service."
    assert scale.input_schema["required"] == ["service", "replicas", "key"]
    assert scale.input_schema["additionalProperties"] is False
    assert scale.input_schema["properties"]["replicas"]["maximum"] == 9
    assert offered["where"].input_schema["required"] == ["since"]
    assert [name for name, said in offered.items() if said.annotations] == ["scale_preview", "scale_verify"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"service": "a", "replicas": 10, "key": "k"},
        {"service": "a", "replicas": 1, "key": "k", "more": 1},
    ],
)
async def test_arguments_that_do_not_fit_reach_no_function(
    py: PythonServer, arguments: dict[str, object]
) -> None:
    before = dict(made_tools.scaled)
    with pytest.raises(Refused, match="can't be called like that"):
        await py.call("scale", arguments, 20)
    assert made_tools.scaled == before


async def test_a_function_without_async_runs_in_a_thread_with_values_of_its_types(py: PythonServer) -> None:
    reply = await py.call("where", {"since": "2026-11-26", "tags": ["a"]}, 20)
    assert reply.structured is not None
    [thread, since, tag] = reply.structured["result"]
    assert thread.startswith("tools-py")
    assert (since, tag) == ("2026-11-26", "a")


async def test_whatever_a_function_does_the_worker_goes_on(py: PythonServer) -> None:
    left = await py.call("odd", {"how": "exit"}, 20)
    assert (left.is_error, left.text) == (True, "SystemExit: bye")
    assert (await py.call("odd", {"how": "text"}, 20)).text == "\N{REPLACEMENT CHARACTER} said"
    assert (await py.call("odd", {"how": "nothing"}, 20)).structured is None
    thing = await py.call("odd", {"how": "thing"}, 20)
    assert not thing.is_error
    assert "can't be told" in thing.text


async def test_what_does_not_end_in_time_may_have_happened(py: PythonServer) -> None:
    with pytest.raises(ReplyLost, match=r"did not end within 0\.1 s"):
        await py.call("odd", {"how": "hang"}, 0.1)
    try:
        with pytest.raises(ReplyLost, match=r"did not end within 0\.1 s"):
            await py.call("stuck", {}, 0.1)
    finally:
        made_tools.hang.set()


async def test_a_call_under_way_is_lost_when_the_worker_stops(py: PythonServer) -> None:
    await py.start()
    call = asyncio.create_task(py.call("odd", {"how": "hang"}, 60))
    await asyncio.wait({call}, timeout=0.05)
    await py.aclose()
    with pytest.raises(ReplyLost, match="was cancelled"):
        await call


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise RuntimeError('no s3cr3t-word')", "can't be imported: RuntimeError: no"),
        ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
        ("", "has no tools"),
        ("@tool\ndef f(a): ...", "the argument a of f has no type"),
        ("@tool\ndef f(*a: int): ...", "have to have names"),
        ("@tool\ndef f(a: 'Nowhere'): ...", "types of f can't be used"),
    ],
)
async def test_a_module_that_can_not_be_used_fails_only_its_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    name = f"broken_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(f"from handrail.tools import tool\n{text}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NotSent, match=why) as problem:
        await PythonServer("py", name, masker=Masker(["s3cr3t-word"], [])).tools()
    assert "s3cr3t" not in str(problem.value)


async def test_an_entry_point_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "ours-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[handrail.tools]\nteam-data = tests.activities.made_tools\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "scale" in await PythonServer("py", "team-data").tools()


def test_a_package_of_tools_imports_little() -> None:
    """Neither Temporal nor a model's SDK nor MCP: a team's own tests start at once."""
    program = "import sys, handrail.tools; print(*{'temporalio', 'mcp', 'pydantic'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == ""
