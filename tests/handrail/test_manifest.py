"""The app's manifest: what Slack accepts, and neither more nor less than the code uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.http import PATH
from handrail.manifest import rendered
from handrail.trouble import Misused
from sandbox.settings import SandboxSettings
from tests.handrail.manifest_schema import MANIFEST

ROOT = Path(__file__).parents[2]
HTTP = "https://handrail.example.org"
WEB_API_METHOD = re.compile(
    r"(agents|apps|assistant|auth|bots|chat|conversations|files|pins|reactions|team|usergroups|users|views)(\.[a-zA-Z]+)+"
)
# docs.slack.dev/reference/methods: what each method asks of a bot token
SCOPES = {
    "agents.sessions.setStatus": ("assistant:write", "chat:write"),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "auth.test": (),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.conversations": ("channels:read", "groups:read"),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
BY_APP_TOKEN = {"apps.connections.open"}
# docs.slack.dev/reference/events
SCOPES_OF_EVENTS = {
    "agent_session_stopped": ("assistant:write",),
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "message.im": ("im:history",),
}
SUBSCRIBED_AS = {"message": "message.im"}
"""Where the event that comes has another name than its subscription."""


def code_of_the_bot() -> Iterator[ast.AST]:
    for file in sorted((ROOT / "bot").rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text()))


def methods_called() -> set[str]:
    texts = {
        node.value
        for node in code_of_the_bot()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if WEB_API_METHOD.fullmatch(text)} - BY_APP_TOKEN


def listened_for(kind: str) -> set[str]:
    """What `app.<kind>("…")` names, as one subscribes to it."""
    return {
        SUBSCRIBED_AS.get(node.args[0].value, node.args[0].value)
        for node in code_of_the_bot()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == kind
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "app"
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.fixture
def manifest():
    return yaml.safe_load(rendered("/handrail"))


def test_the_file_in_the_repository_is_what_the_command_prints():
    assert (ROOT / "manifest.yml").read_text() == rendered("/handrail")


@pytest.mark.parametrize("http", [None, HTTP])
def test_slack_accepts_it(http):
    jsonschema.validate(yaml.safe_load(rendered("/handrail", http)), MANIFEST)


def test_it_asks_for_the_scopes_that_the_code_needs_and_no_others(manifest):
    needed = {scope for method in methods_called() for scope in SCOPES[method]}
    needed |= {scope for event in listened_for("event") for scope in SCOPES_OF_EVENTS[event]}

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed | {"commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot_optional"]) < needed


def test_it_subscribes_to_the_events_that_the_code_listens_for_and_no_others(manifest):
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == listened_for("event")


def test_it_has_the_shortcuts_that_the_code_listens_for_and_no_others(manifest):
    shortcuts = {shortcut["callback_id"] for shortcut in manifest["features"].get("shortcuts", [])}

    assert shortcuts == listened_for("shortcut")


def test_the_sandbox_has_its_shortcuts(manifest):
    known = [shortcut.model_dump() for shortcut in SandboxSettings().shortcuts]

    assert known == [
        {name: each[name] for name in ("name", "type", "callback_id")}
        for each in manifest["features"]["shortcuts"]
    ]


def test_the_command_is_the_one_asked_for():
    [command] = yaml.safe_load(rendered("/ops"))["features"]["slash_commands"]

    assert command["command"] == "/ops"
    assert command["should_escape"] is True


def test_over_http_every_way_in_has_the_bots_address():
    made = yaml.safe_load(rendered("/handrail", HTTP))

    ways = (
        made["features"]["slash_commands"][0]["url"],
        made["settings"]["event_subscriptions"]["request_url"],
        made["settings"]["interactivity"]["request_url"],
    )
    assert set(ways) == {f"{HTTP}{PATH}"}
    assert made["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize(
    ("command", "http"), [("handrail", None), ("/Hand", None), ("/h", "http://plain.example.org")]
)
def test_what_slack_would_refuse_is_refused_here(command, http):
    with pytest.raises(Misused):
        rendered(command, http)
