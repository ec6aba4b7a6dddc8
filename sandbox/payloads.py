"""What Slack sends an app, as values in and JSON out."""

import secrets
import time
from dataclasses import dataclass

from sandbox.json_types import Json
from sandbox.message_rules import as_app_sees
from sandbox.roster import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, Channel, User

# Deprecated by Slack in favour of signatures, but still in every payload.
VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105


@dataclass(frozen=True)
class Moment:
    """What each thing a person does brings along: proof of freshness, and a way to answer."""

    trigger_id: str
    response_url: str | None
    action_ts: str


def slash_command(user: User, channel: Channel, command: str, text: str, moment: Moment) -> Json:
    name = "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": moment.response_url,
        "trigger_id": moment.trigger_id,
    }


def event_callback(event: Json) -> Json:
    """An Events API payload; its `event_id` is the same in every retry."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(30)}",
    }


def _interaction(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(user: User, channel: Channel, message: Json, action: Json, moment: Moment) -> Json:
    """A click on a message. An ephemeral message is not repeated in the payload, as in Slack."""
    ephemeral = bool(message.get("is_ephemeral"))
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    payload = {
        **_interaction("block_actions", user),
        "container": container,
        "trigger_id": moment.trigger_id,
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "state": {"values": {}},
        "response_url": moment.response_url,
        "actions": [{**action, "action_ts": moment.action_ts}],
    }
    return payload if ephemeral else payload | {"message": as_app_sees(message)}


def view_action(user: User, view: Json, action: Json, moment: Moment) -> Json:
    return {
        **_interaction("block_actions", user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": moment.trigger_id,
        "view": view,
        "actions": [{**action, "action_ts": moment.action_ts}],
    }


def view_submission(user: User, view: Json, trigger_id: str) -> Json:
    return {
        **_interaction("view_submission", user),
        "trigger_id": trigger_id,
        "view": view,
        "response_urls": [],
    }


def view_closed(user: User, view: Json, *, is_cleared: bool) -> Json:
    return {**_interaction("view_closed", user), "view": view, "is_cleared": is_cleared}


def global_shortcut(user: User, callback_id: str, moment: Moment) -> Json:
    return {
        **_interaction("shortcut", user),
        "callback_id": callback_id,
        "trigger_id": moment.trigger_id,
        "action_ts": moment.action_ts,
    }


def message_shortcut(user: User, channel: Channel, message: Json, callback_id: str, moment: Moment) -> Json:
    return {
        **_interaction("message_action", user),
        "callback_id": callback_id,
        "trigger_id": moment.trigger_id,
        "action_ts": moment.action_ts,
        "response_url": moment.response_url,
        "channel": {"id": channel.id, "name": channel.name},
        "message_ts": message["ts"],
        "message": as_app_sees(message),
    }
