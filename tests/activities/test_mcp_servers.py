"""Tool servers over stdio: real processes, well-behaved and not."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_replies import (
    AskedForInput,
    NotSent,
    Patience,
    Refused,
    ReplyLost,
    ServerFailed,
    ToolReply,
)
from activities.tool_servers import ToolServers

MISBEHAVING = str(Path(__file__).parent / "servers" / "misbehaving.py")
ROOT = str(Path(__file__).parents[2])


def python(name: str, *args: str, patience: Patience | None = None, **env: str) -> McpServer:
    settings = ServerSettings(name=name, command=sys.executable, args=args, env=env, cwd=ROOT)
    return McpServer(settings, patience=patience)


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[ToolServers]:
    async with ToolServers(
        [
            python("odd", MISBEHAVING, SECRET="for the server"),
            python("modern", MISBEHAVING, "--modern"),
            python("stillborn", MISBEHAVING, "--dies-at-start"),
            McpServer(ServerSettings(name="absent", command="no-such-command")),
            python(
                "fleet",
                "-m",
                "sandbox.fleet",
                FLEET_DATABASE=str(tmp_path / "fleet.db"),
                FLEET_ROLL_SECONDS="0",
            ),
        ]
    ) as started:
        yield started


async def odd(servers: ToolServers, tool: str, timeout: float = 10, **arguments: object) -> ToolReply:  # noqa: ASYNC109
    return await servers.call("odd", tool, arguments, timeout)


class Lifelines:
    """Connections that processes hold for as long as they live; the end of one is the end of its process."""

    def __init__(self) -> None:
        self._held: asyncio.Queue[asyncio.StreamReader] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._hold, "127.0.0.1")
        return int(self._server.sockets[0].getsockname()[1])

    def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._held.put_nowait(reader)

    async def next(self) -> asyncio.StreamReader:
        return await self._held.get()

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()


def locks(folder: Path) -> list[Path]:
    """What the demo fleet holds while it lives, and takes away when it ends by itself."""
    return list(folder.glob("fleet.db-boot-*"))


async def ends(lifeline: asyncio.StreamReader) -> None:
    async with asyncio.timeout(5):
        with suppress(ConnectionResetError):
            await lifeline.read()


@pytest.fixture
async def lifelines() -> AsyncIterator[Lifelines]:
    held = Lifelines()
    yield held
    await held.close()


# What a server that works is good for


async def test_a_real_server_lists_its_tools_and_answers_a_call(servers: ToolServers) -> None:
    tools = await servers.tools("fleet")
    reply = await servers.call("fleet", "get_release", {"service": "checkout", "version": "9.9.9"}, 20)

    assert tools["get_service"].annotations == {"readOnlyHint": True, "openWorldHint": False}
    assert tools["get_service"].output_schema is not None
    assert tools["deploy"].definition()["input_schema"]["required"] == ["service", "version", "environment"]
    assert reply.structured is not None
    assert reply.structured["exists"] is False
    assert (reply.is_error, reply.other) == (False, {})


async def test_every_page_of_a_listing_is_read(servers: ToolServers) -> None:
    tools = await servers.tools("odd")

    assert {"echo", "pid", "slow", "scalar"} <= tools.keys()
    assert tools["echo"].definition() == {
        "name": "echo",
        "description": "",
        "input_schema": {"type": "object"},
        "output_schema": None,
        "annotations": {},
    }


async def test_a_tools_own_error_is_a_reply(servers: ToolServers) -> None:
    reply = await odd(servers, "tool_error")

    assert reply == ToolReply(text="INVALID: no", structured=None, is_error=True, other={})


async def test_what_can_be_read_is_text_and_what_can_not_is_named(servers: ToolServers) -> None:
    reply = await odd(servers, "kinds")

    assert reply == ToolReply(
        text="one\n[link to x: file:///x]\n[file:///n]\na note\ntwo",
        structured={"n": 2},
        is_error=False,
        other={"image/png of 3 bytes": 2, "a resource of 4 bytes": 1},
    )


async def test_a_structured_reply_that_is_no_object_is_made_one(servers: ToolServers) -> None:
    assert (await servers.call("modern", "scalar", {}, 10)).structured == {"result": 7}


async def test_calls_run_side_by_side_on_one_process(servers: ToolServers) -> None:
    slow = asyncio.create_task(odd(servers, "slow", seconds=0.3))
    first = await odd(servers, "pid")
    pids = await asyncio.gather(*(odd(servers, "pid") for _ in range(20)))

    assert not slow.done()
    assert {reply.text for reply in pids} == {first.text}
    assert (await slow).text == "at last"


async def test_callers_who_come_at_once_start_one_process(servers: ToolServers) -> None:
    replies = await asyncio.gather(*(odd(servers, "pid") for _ in range(5)))

    assert len({reply.text for reply in replies}) == 1


async def test_a_server_gets_the_environment_that_was_named_and_nothing_else(
    servers: ToolServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "ours")

    given = (await odd(servers, "environment")).structured

    assert given is not None
    # Python itself adds LC_CTYPE where no locale is set.
    assert {name: value for name, value in given.items() if name != "LC_CTYPE"} == {
        "PATH": os.defpath,
        "SECRET": "for the server",
    }


# Bad replies


async def test_a_long_text_comes_whole(servers: ToolServers) -> None:
    reply = await odd(servers, "huge")

    assert reply.text == "a" * 1_000_000


async def test_a_reply_without_measure_is_hung_up_on(servers: ToolServers) -> None:
    with pytest.raises(ReplyLost, match="the connection to odd was lost in the middle of huge_frame"):
        await odd(servers, "huge_frame")


async def test_text_no_store_could_hold_is_made_safe(servers: ToolServers) -> None:
    reply = await odd(servers, "surrogates")

    assert reply.text == "a\ufffdb\ufffdc\U0001f600"
    assert reply.structured == {"k\ufffd": "v\ufffd"}


async def test_bytes_that_are_not_utf8_cost_a_letter_not_the_reply(servers: ToolServers) -> None:
    assert (await odd(servers, "latin1")).text == "caf\ufffd"


async def test_junk_on_stdout_is_passed_over(servers: ToolServers) -> None:
    assert (await odd(servers, "junk")).text == "and yet"


async def test_a_reply_in_no_known_form_leaves_the_outcome_open(servers: ToolServers) -> None:
    with pytest.raises(ReplyLost, match="odd answered unreadable in no form the protocol knows"):
        await odd(servers, "unreadable")


# Errors are named after what they prove


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (
            "stillborn",
            "stillborn could not be started: it exited with code 3 and said: setting TOKEN is missing",
        ),
        ("absent", "absent could not be started: .*no-such-command"),
        ("unheard-of", "no tool server is called unheard-of"),
    ],
)
async def test_nothing_was_sent_to_a_server_that_does_not_start(
    servers: ToolServers, server: str, why: str
) -> None:
    with pytest.raises(NotSent, match=why):
        await servers.call(server, "echo", {}, 10)
    with pytest.raises(NotSent, match=why):
        await servers.tools(server)


async def test_starting_all_names_the_one_that_does_not_start() -> None:
    async with ToolServers(
        [python("odd", MISBEHAVING), python("stillborn", MISBEHAVING, "--dies-at-start")]
    ) as both:
        with pytest.raises(NotSent, match="stillborn"):
            await both.start()


async def test_a_tool_the_server_does_not_have_is_not_called(servers: ToolServers) -> None:
    with pytest.raises(NotSent, match="odd has no tool drop_tables"):
        await odd(servers, "drop_tables")


async def test_arguments_that_no_json_can_hold_are_not_sent(servers: ToolServers) -> None:
    with pytest.raises(NotSent, match=r"the arguments of odd\.echo can't be written as JSON"):
        await odd(servers, "echo", text="\ud800")


async def test_a_tool_that_a_new_life_of_its_server_describes_differently_is_not_called(
    servers: ToolServers,
) -> None:
    listed = (await servers.tools("odd"))["fickle"]
    with pytest.raises(ReplyLost):
        await odd(servers, "die")

    with pytest.raises(NotSent, match="odd describes fickle differently than a moment ago"):
        await servers.call("odd", "fickle", {}, 10, as_listed=listed)

    listed = (await servers.tools("odd"))["fickle"]
    assert (await servers.call("odd", "fickle", {}, 10, as_listed=listed)).text == "called"


async def test_a_new_life_of_a_server_with_the_same_tool_is_as_good(servers: ToolServers) -> None:
    listed = (await servers.tools("odd"))["echo"]
    with pytest.raises(ReplyLost):
        await odd(servers, "die")

    assert (await servers.call("odd", "echo", {}, 10, as_listed=listed)).text == "{}"


async def test_refused_parameters_prove_that_nothing_was_done(servers: ToolServers) -> None:
    with pytest.raises(Refused, match="odd refused to call invalid_params: seconds: missing"):
        await odd(servers, "invalid_params")


@pytest.mark.parametrize(
    "said",
    [
        "Invalid structured content for tool fail: [...]",
        "Output validation error: Tool fail has an output schema but no structured content was provided",
    ],
)
async def test_invalid_params_said_of_the_answer_prove_nothing(servers: ToolServers, said: str) -> None:
    """Some SDKs check what the tool answered after it was called, and call that invalid params as well."""
    with pytest.raises(ServerFailed, match=r"odd\.fail failed: "):
        await odd(servers, "fail", code=-32602, message=said)


async def test_any_other_protocol_error_proves_nothing(servers: ToolServers) -> None:
    with pytest.raises(ServerFailed, match=r"odd\.server_error failed: disk full \(code -32603\)"):
        await odd(servers, "server_error")


@pytest.mark.parametrize(
    ("tool", "how"), [("die", "it exited with code 7"), ("die_by_signal", "it was killed by SIGKILL")]
)
async def test_a_server_that_dies_in_the_middle_loses_every_reply_and_is_started_again(
    servers: ToolServers, tool: str, how: str
) -> None:
    before = await odd(servers, "pid")
    other = asyncio.create_task(odd(servers, "hang"))
    await odd(servers, "pid")

    with pytest.raises(ReplyLost, match=f"lost in the middle of {tool}: {how}"):
        await odd(servers, tool)
    with pytest.raises(ReplyLost, match="lost in the middle of hang"):
        await other

    assert (await odd(servers, "pid")).text != before.text


async def test_the_reply_of_a_server_that_exits_right_after_it_arrives(servers: ToolServers) -> None:
    assert (await odd(servers, "answer_and_exit")).text == "done, and gone"


async def test_no_reply_in_time_is_a_reply_lost(servers: ToolServers) -> None:
    with pytest.raises(ReplyLost, match=r"odd\.hang did not answer in time"):
        await odd(servers, "hang", timeout=0.5)
    assert (await odd(servers, "echo")).text == "{}"


async def test_no_time_to_start_in_is_nothing_sent(servers: ToolServers) -> None:
    with pytest.raises(NotSent, match="odd was not ready within"):
        await odd(servers, "echo", timeout=0.001)


async def test_a_server_that_stopped_answering_altogether_is_replaced() -> None:
    async with ToolServers([python("odd", MISBEHAVING, patience=Patience(sign_of_life=0.1))]) as servers:
        before = await odd(servers, "pid")
        with pytest.raises(ReplyLost):
            await odd(servers, "wedge", timeout=0.1)

        after = await odd(servers, "pid")

    assert after.text != before.text


async def test_a_server_that_never_says_hello_is_given_up() -> None:
    async with ToolServers(
        [python("mute", "-c", "import sys; sys.stdin.read()", patience=Patience(start=0.1))]
    ) as servers:
        with pytest.raises(NotSent, match="mute could not be started: it was not ready within"):
            await servers.tools("mute")


@pytest.mark.parametrize("tool", ["elicit", "sample", "url"])
async def test_a_question_in_the_middle_of_a_call_is_refused_and_casts_doubt_on_it(
    servers: ToolServers, tool: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "activities.mcp_stdio")

    with pytest.raises(
        AskedForInput, match=f"odd asked for input in the middle of {tool}; it was given none"
    ):
        await odd(servers, tool)

    told = {record.getMessage() for record in caplog.records if "was told" in record.getMessage()}
    assert told == (set() if tool == "url" else {"odd says: was told error"})
    assert (await odd(servers, "echo")).text == "{}"


async def test_a_reply_that_is_a_question_is_not_answered(servers: ToolServers) -> None:
    with pytest.raises(AskedForInput, match="modern asked for input in the middle of input_required"):
        await servers.call("modern", "input_required", {}, 10)


# Ends


async def test_closing_takes_the_server_and_its_children_down(
    servers: ToolServers, lifelines: Lifelines
) -> None:
    port = await lifelines.listen()
    await odd(servers, "lifeline", port=port)
    await odd(servers, "child", port=port)
    held = [await lifelines.next() for _ in range(2)]
    waiting = asyncio.create_task(odd(servers, "hang"))
    await odd(servers, "echo")

    await servers.aclose()

    with pytest.raises(ReplyLost, match="lost in the middle of hang: we closed it"):
        await waiting
    with pytest.raises(NotSent, match="this worker is stopping"):
        await odd(servers, "echo")
    for lifeline in held:
        await ends(lifeline)


async def test_a_server_is_let_go_in_good_order(servers: ToolServers, tmp_path: Path) -> None:
    """The end of stdin comes first, and whoever heeds it may tidy up."""
    await servers.tools("fleet")
    left_while_alive = locks(tmp_path)

    await servers.aclose()

    assert (len(left_while_alive), locks(tmp_path)) == (1, [])


async def test_closing_does_not_wait_for_a_server_that_is_still_starting(servers: ToolServers) -> None:
    call = asyncio.create_task(odd(servers, "echo"))
    await asyncio.sleep(0)

    await servers.aclose()

    with pytest.raises(NotSent, match="odd could not be started: it was stopped first"):
        await call


async def test_a_dying_server_leaves_no_children_behind(servers: ToolServers, lifelines: Lifelines) -> None:
    await odd(servers, "child", port=await lifelines.listen())
    child = await lifelines.next()

    with pytest.raises(ReplyLost, match="it exited with code 7"):
        await odd(servers, "die")

    await ends(child)


async def test_a_cancelled_caller_leaves_the_connection_to_the_others(servers: ToolServers) -> None:
    before = await odd(servers, "pid")
    call = asyncio.create_task(odd(servers, "hang"))
    await odd(servers, "echo")

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert (await odd(servers, "pid")).text == before.text


async def test_a_worker_that_is_killed_takes_its_servers_along(lifelines: Lifelines) -> None:
    """Their stdin ends, which is the protocol's word for goodbye."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys\n"
        "from activities.mcp_server import McpServer, ServerSettings\n"
        "from activities.tool_servers import ToolServers\n"
        "async def main():\n"
        "    servers = ToolServers([McpServer(ServerSettings(name='odd', command=sys.executable, args=(sys.argv[1],)))])\n"
        "    await servers.call('odd', 'lifeline', {'port': int(sys.argv[2])}, 20)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())",
        MISBEHAVING,
        str(await lifelines.listen()),
        cwd=ROOT,
    )
    server = await lifelines.next()

    worker.send_signal(signal.SIGKILL)
    await worker.wait()

    await ends(server)


# What is written down


async def test_the_log_names_server_and_tool_and_what_the_server_says_but_no_argument(
    servers: ToolServers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "activities")

    await odd(servers, "echo", password="hunter2")
    with pytest.raises(ReplyLost):
        await odd(servers, "die", password="hunter2")

    said = [record.getMessage() for record in caplog.records]
    assert {"odd.echo: answered", "odd.die: ReplyLost", "odd says: about to die"} <= set(said)
    assert "hunter2" not in caplog.text
