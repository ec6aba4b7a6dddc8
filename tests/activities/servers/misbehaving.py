"""A tool server for tests: says hello like any other, then misbehaves in the way its tools are named after.

Plain Python on purpose: the SDK would not let it. `--dies-at-start` and `--modern` (the 2026-07-28 protocol) change it.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

TOOLS = (
    "echo", "environment", "pid", "slow", "die", "die_by_signal", "answer_and_exit", "hang", "wedge", "junk", "huge",
    "huge_frame", "surrogates", "latin1", "kinds", "tool_error", "invalid_params", "server_error", "unreadable",
    "elicit", "sample", "url", "input_required", "lifeline", "child", "scalar", "mirror", "indiscreet",
    "indiscreet_failure", "fickle", "fail", "refuse",
    "long_log", "large_data",
)  # fmt: skip
KNOWN = {
    "mirror": {"properties": {name: {} for name in ("message", "labels", "dry_run", "answer", "say")}},
    "fail": {"properties": {"code": {}, "message": {}}},
    "refuse": {"properties": {"text": {}, "answer": {}}},
    "fickle": {"description": f"as process {os.getpid()} understands it"},
    "indiscreet": {"properties": {"before": {}, "number": {"type": "integer"}}},
}
"""What is said of the arguments of tools; most say nothing."""
MODERN = "--modern" in sys.argv
wedged = threading.Event()
out = threading.Lock()
lifelines: list[socket.socket] = []


def write(raw: bytes) -> None:
    with out:
        sys.stdout.buffer.write(raw + b"\n")
        sys.stdout.buffer.flush()


def mutter(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def say(message: dict[str, Any]) -> None:
    write(json.dumps({"jsonrpc": "2.0", **message}).encode())


def reply(number: int, result: dict[str, Any]) -> None:
    if MODERN:
        result = {"resultType": "complete", **result}
    say({"id": number, "result": result})


def text(number: int, *parts: str, **more: object) -> None:
    reply(number, {"content": [{"type": "text", "text": part} for part in parts], **more})


def fail(number: int, code: int, message: str, data: object = None) -> None:
    error = {"code": code, "message": message}
    say({"id": number, "error": error if data is None else {**error, "data": data}})


def greet(number: int, method: str, params: dict[str, Any]) -> None:
    me = {"name": "misbehaving", "version": "1"}
    if method == "initialize":
        version = params["protocolVersion"]
        reply(number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": me})
    elif method == "server/discover" and MODERN:
        caching = {"ttlMs": 0, "cacheScope": "private"}
        reply(number, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, **caching})
    elif method == "tools/list":
        # Two pages, so that a client which reads only the first is caught.
        cursor = params.get("cursor")
        names = TOOLS[3:] if cursor else TOOLS[:3]
        page: dict[str, Any] = {
            "tools": [
                {"name": name, "inputSchema": {"type": "object", **KNOWN.get(name, {})}} for name in names
            ]
        }
        page |= {"ttlMs": 0, "cacheScope": "private"} if MODERN else {}
        reply(number, page if cursor else {**page, "nextCursor": "more"})
    else:
        fail(number, -32601, "no such method")


def call(number: int, name: str, arguments: dict[str, Any]) -> None:  # noqa: C901, PLR0912, PLR0915 - a list of misdeeds
    match name:
        case "echo":
            text(number, json.dumps(arguments))
        case "environment":
            reply(number, {"content": [], "structuredContent": dict(os.environ)})
        case "pid":
            text(number, str(os.getpid()))
        case "slow":
            time.sleep(arguments["seconds"])
            text(number, "at last")
        case "die":
            mutter("about to die")
            os._exit(7)
        case "die_by_signal":
            os.kill(os.getpid(), 9)
        case "answer_and_exit":
            text(number, "done, and gone")
            os._exit(0)
        case "hang":
            pass
        case "wedge":
            wedged.set()
        case "junk":
            write(b"Listening on port 8080\xff\n\n{not json}\n[1, 2]\n" + json.dumps({"hello": 1}).encode())
            text(number, "and yet")
        case "huge":
            text(number, "a" * 1_000_000)
        case "long_log":
            lines = [f"line {n}: {'request handled, nothing to see ' * 3}" for n in range(1, 50_001)]
            lines[30_000] = f"line 30001: FATAL: the login {os.environ['CANARY']} was refused"
            text(number, "\n".join(lines))
        case "large_data":
            said = {"items": [{"n": n, "note": "x" * 80} for n in range(arguments.get("items", 3_000))]}
            reply(number, {"content": [], "structuredContent": said})
        case "huge_frame":
            text(number, "a" * 17 * 1024 * 1024)
        case "surrogates":
            write(
                b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"a\\ud800b\\u0000c\\ud83d\\ude00"}],'
                b'"structuredContent":{"k\\udc00":"v\\u0000"}}}' % number
            )
        case "latin1":
            write(
                b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"caf\xe9"}]}}' % number
            )
        case "kinds":
            picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
            link = {"type": "resource_link", "uri": "file:///x", "name": "x"}
            words = [{"type": "text", "text": word} for word in ("one", "two")]
            note = {"type": "resource", "resource": {"uri": "file:///n", "text": "a note"}}
            blob = {"type": "resource", "resource": {"uri": "file:///b", "blob": "AAAAAA=="}}
            reply(
                number,
                {
                    "content": [words[0], picture, link, picture, note, blob, words[1]],
                    "structuredContent": {"n": 2},
                },
            )
        case "scalar":
            reply(number, {"content": [], "structuredContent": 7})
        case "mirror":
            said = [{"type": "text", "text": arguments["say"]}] if "say" in arguments else []
            reply(number, {"content": said, "structuredContent": arguments.get("answer", arguments)})
        case "indiscreet":
            before = arguments.get("before", "")
            said = f"INVALID: {before}could not log in as ops:{os.environ['CANARY']}{before * 5}"
            text(number, said, isError=True)
        case "indiscreet_failure":
            fail(number, -32603, arguments.get("before", "") + json.dumps({"password": os.environ["CANARY"]}))
        case "tool_error":
            text(number, "INVALID: no", isError=True)
        case "fickle":
            text(number, "called")
        case "fail":
            fail(number, arguments["code"], arguments["message"])
        case "refuse":
            more = {"structuredContent": arguments["answer"]} if "answer" in arguments else {}
            text(number, arguments["text"], isError=True, **more)
        case "invalid_params":
            fail(number, -32602, "seconds: missing")
        case "server_error":
            fail(number, -32603, "disk full")
        case "unreadable":
            reply(number, {"content": "not a list"})
        case "elicit":
            ask(
                "elicitation/create",
                {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}},
            )
            text(number, "went on all the same")
        case "sample":
            ask("sampling/createMessage", {"messages": [], "maxTokens": 1})
            text(number, "went on all the same")
        case "url":
            visit = {"mode": "url", "message": "log in", "url": "https://x.invalid", "elicitationId": "1"}
            fail(number, -32042, "log in first", {"elicitations": [visit]})
        case "input_required":
            reply(number, {"resultType": "input_required", "requestState": "s"})
        case "lifeline":
            lifelines.append(socket.create_connection(("127.0.0.1", arguments["port"])))
            text(number, "held")
        case "child":
            # It holds on to stdout and stderr, as a daemon that forgets to close them would.
            hold = (
                f"import socket, time; line = socket.create_connection(('127.0.0.1', {arguments['port']}));"
            )
            subprocess.Popen([sys.executable, "-c", f"{hold} time.sleep(600)"], stdin=subprocess.DEVNULL)
            text(number, "held")


answers: dict[str, dict[str, Any]] = {}
answered = threading.Condition()


def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask the client something and wait for its answer, which it writes down on stderr."""
    say({"id": method, "method": method, "params": params})
    with answered:
        answered.wait_for(lambda: method in answers)
    mutter("was told error" if "error" in answers[method] else "was told something")
    return answers[method]


def main() -> None:
    if "--dies-at-start" in sys.argv:
        mutter(os.environ.get("LAST_WORDS", "setting TOKEN is missing"))
        sys.exit(3)
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "method" not in message:
            with answered:
                answers[message["id"]] = message
                answered.notify_all()
        elif "id" not in message or wedged.is_set():
            continue
        elif message["method"] == "tools/call":
            params = message["params"]
            arguments = (message["id"], params["name"], params.get("arguments") or {})
            threading.Thread(target=call, args=arguments, daemon=True).start()
        else:
            greet(message["id"], message["method"], message.get("params") or {})


main()
