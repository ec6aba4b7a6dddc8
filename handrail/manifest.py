"""The Slack app's manifest: what it may do, and why; the same for Socket Mode and HTTP but for the addresses.

https://docs.slack.dev/reference/app-manifest
"""

import re
from urllib.parse import urlsplit

from .trouble import Misused

BOT_SCOPES = {
    "app_mentions:read": "a goal may be typed as a mention",
    "assistant:write": "an agent: Slack shows whether a run works or waits, with a Stop button, and suggests goals in direct messages",
    "channels:history": "a post that may or may not have arrived is looked up before it is repeated",
    "channels:read": "the name of a channel that a tool posts in, and whose home shows which runs",
    "chat:write": "cards in threads, and notices to one person",
    "commands": "the slash command, and the shortcuts",
    "groups:history": "the same look-up in private channels",
    "groups:read": "the same as channels:read for private channels that the bot is in",
    "im:history": "a goal may be typed as a direct message; and the same look-up there",
    "im:write": "a notice to somebody who is not in the channel",
    "usergroups:read": "who is in a group of approvers, looked up at the moment it counts",
    "users:read": "whether somebody who decides is a member, a guest or deactivated",
}
"""Each with its reason."""
OPTIONAL_SCOPES = ("assistant:write", "channels:read", "groups:history", "groups:read", "im:history")
"""An admin may leave these out: threads show no sessions then, nothing is suggested, nobody is heard in direct messages, a
post that may have arrived is not looked up, no tool posts, and lists show only one's own runs."""
BOT_EVENTS = {
    "agent_session_stopped": "Slack's Stop button beside a run's thread",
    "app_home_opened": "somebody's home is drawn when they look at it, and goals are suggested in direct messages",
    "app_mention": "a goal, typed as a mention",
    "message.im": "a goal, typed as a direct message",
}
PATH = "/slack/events"
"""Where the bot listens over HTTP (bot/http.py)."""

_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")

_HEAD = """\
# The Slack app of Handrail, to paste at https://api.slack.com/apps (Create New App, From a manifest).
# `handrail manifest` renders it, with the command that handrail.yaml names.
_metadata:
  major_version: 1
display_information:
  name: Handrail
  description: Durable agent runs from Slack, previewed, approved by the right person, applied once
  long_description: >-
    Type a goal. Handrail works it out step by step in a thread. What only reads, runs. What changes something is
    shown beforehand, waits for the people who may decide, for as long as it takes, and is then applied exactly as it
    was approved, once.
  background_color: "#1f3a3d"
features:
  agent_view:
    agent_description: Works out goals step by step, and asks before it changes anything
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false  # a direct message is a goal
  bot_user:
    display_name: handrail
    always_online: true
  shortcuts:
    - name: Start a run
      type: global
      callback_id: start_run
      description: Fill in a form, and choose where it runs
    - name: Ask Handrail about this
      type: message
      callback_id: ask_about_message
      description: A run in this message's thread, with the message quoted
  slash_commands:
    - command: {command}
      description: Start a run, or see and stop one
      usage_hint: '<goal> | plan <goal> | status <run> | why <run> | cancel <run> | list | schedule "<cron>" <goal> | freeze <environment> <reason> | help'
      should_escape: true
{url}\
oauth_config:
  scopes:
    bot:
{scopes}\
    bot_optional:
{optional}\
settings:
  event_subscriptions:
{request_url}\
    bot_events:
{events}\
  interactivity:
    is_enabled: true
{request_url}\
  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"""


def rendered(command: str, http: str | None = None) -> str:
    """The manifest as YAML: for Socket Mode, or for delivery over HTTP to *http*. Raises `Misused`."""
    if not _COMMAND.fullmatch(command):
        raise Misused(f"A slash command such as /handrail is expected, found {command!r}.")
    address = None if http is None else _address(http)
    return _HEAD.format(
        command=command,
        url="" if address is None else f"      url: {address}\n",
        request_url="" if address is None else f"    request_url: {address}\n",
        scopes=_explained(BOT_SCOPES),
        optional="".join(f"      - {scope}\n" for scope in OPTIONAL_SCOPES),
        events=_explained(BOT_EVENTS),
        socket_mode="true" if address is None else "false",
    )


def _explained(entries: dict[str, str]) -> str:
    return "".join(f"      - {name}  # {why}\n" for name, why in entries.items())


def _address(http: str) -> str:
    """Slack accepts https only."""
    parts = urlsplit(http)
    if parts.scheme != "https" or not parts.hostname:
        raise Misused(f"An address such as https://handrail.example.org is expected, found {http!r}.")
    return http if parts.path not in ("", "/") else f"https://{parts.netloc}{PATH}"
