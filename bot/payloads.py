"""What Slack sends, parsed at the door. Past it there are only named values.

Raises BadPayload, which names the field that is wrong and never its content.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from workflows.values.base import Value
from workflows.values.people import Person

from .errors import BadPayload
from .views.blocks import Block
from .views.modals import REASON_BLOCK, REASON_INPUT
from .views.refs import Ref

Payload = dict[str, Any]
Read = TypeVar("Read", bound=Ref)

_NOTHING = object()


class Spot(Value):
    """Where something was said or clicked."""

    channel: str
    thread_ts: str | None = None


class Command(Value):
    """Somebody typed a slash command."""

    person: Person
    spot: Spot
    text: str
    trigger_id: str

    @property
    def occasion(self) -> str:
        return f"command/{self.trigger_id}"

    @classmethod
    def from_slack(cls, body: Payload) -> "Command":
        return cls(
            person=Person(team=_text(body, "team_id"), user=_text(body, "user_id")),
            spot=Spot(channel=_text(body, "channel_id")),
            text=_text(body, "text", default=""),
            trigger_id=_text(body, "trigger_id"),
        )


class Mention(Value):
    """Somebody mentioned the bot in a channel."""

    person: Person
    spot: Spot
    ts: str
    text: str
    """As written, with the mention."""
    by_bot: bool
    direct: bool = False
    """In direct messages with the bot, where nobody has to mention it."""

    @classmethod
    def from_slack(cls, body: Payload) -> "Mention":
        event = _get(body, "event")
        team = event.get("user_team") or event.get("team") if isinstance(event, dict) else None
        return cls(
            person=Person(
                team=team if isinstance(team, str) else _text(body, "team_id"),
                user=_text(body, "event", "user", default=""),
            ),
            spot=Spot(
                channel=_text(body, "event", "channel"),
                thread_ts=_text(body, "event", "thread_ts", default="") or None,
            ),
            ts=_text(body, "event", "ts"),
            text=_text(body, "event", "text", default=""),
            by_bot=bool(event.get("bot_id")) or not event.get("user"),
            direct=event.get("channel_type") == "im",
        )

    @property
    def occasion(self) -> str:
        """The message, not the delivery: one message is one run, however often and in whichever event it comes."""
        return f"mention/{self.spot.channel}/{self.ts}"

    @property
    def thread(self) -> str:
        return self.spot.thread_ts or self.ts

    def goal(self, bot: str) -> str:
        """The rest of the text. A server may write the bot's name out, or know it by another id."""
        rest, mentions = re.subn(rf"<@{re.escape(bot)}(\|[^>]*)?>", " ", self.text)
        return rest if mentions or self.direct else re.sub(r"\A\s*(<@[^>]*>|@\S+)", " ", self.text)


class HomeOpened(Value):
    """Somebody opened our App Home: the tab of that name, or the conversation beside it."""

    person: Person
    is_home: bool

    @classmethod
    def from_slack(cls, body: Payload) -> "HomeOpened":
        return cls(
            person=Person(team=_text(body, "team_id"), user=_text(body, "event", "user")),
            is_home=_text(body, "event", "tab", default="home") == "home",
        )


class SessionStop(Value):
    """Somebody pressed Slack's own Stop button beside a thread."""

    person: Person
    channel: str
    thread_ts: str
    delivery: str

    @classmethod
    def from_slack(cls, body: Payload) -> "SessionStop":
        channel, thread = _text(body, "event", "channel"), _text(body, "event", "thread_ts")
        person = Person(team=_text(body, "team_id"), user=_text(body, "event", "user"))
        pressed = _text(body, "event", "event_ts", default="") or _text(body, "event_id")
        delivery = f"stop/{channel}/{thread}/{person.user}/{pressed}"
        return cls(person=person, channel=channel, thread_ts=thread, delivery=delivery)


class Click(Value):
    """Somebody pressed a button on one of our cards, in one of our dialogs, or on their home."""

    person: Person
    spot: Spot
    """Its channel is empty in a dialog and on a home."""
    message_ts: str = ""
    action: str
    value: str
    trigger_id: str
    delivery: str
    clicked_at: datetime
    view_id: str = ""
    """Of a dialog."""
    home: str | None = None
    """The private_metadata of a home; None where it was no home."""
    response_url: str = ""
    text: str = ""
    blocks: tuple[Block, ...] = ()
    """Of the message or home clicked on, as Slack sent it back."""
    ephemeral: bool = False

    @classmethod
    def from_slack(cls, body: Payload, now: datetime) -> "Click":
        person = _person(body)
        actions = _get(body, "actions")
        if not isinstance(actions, list) or len(actions) != 1:
            raise BadPayload("actions: exactly one was expected")
        button = {"button": actions[0]}
        message = body.get("message") if isinstance(body.get("message"), dict) else {}
        assert isinstance(message, dict)
        action, made_at = _text(button, "button", "action_id"), _stamp(button, "button", "action_ts")
        message_ts = _text(body, "container", "message_ts", default="") or _text(message, "ts", default="")
        is_home = _text(body, "view", "type", default="") == "home"
        shown = body["view"] if is_home else message
        blocks = shown["blocks"] if isinstance(shown.get("blocks"), list) else []
        view_id = _text(body, "view", "id", default="")
        once = made_at or _text(body, "trigger_id", default="")
        return cls(
            person=person,
            spot=Spot(
                channel=_text(body, "channel", "id", default="")
                or _text(body, "container", "channel_id", default=""),
                thread_ts=_text(message, "thread_ts", default="")
                or _text(body, "container", "thread_ts", default="")
                or None,
            ),
            message_ts=message_ts,
            action=action,
            value=_text(button, "button", "value", default="")
            or _text(button, "button", "selected_option", "value", default=""),
            trigger_id=_text(body, "trigger_id", default=""),
            delivery=f"click/{message_ts or view_id}/{action}/{person.team}/{person.user}/{once}",
            clicked_at=_moment(made_at, now),
            view_id="" if is_home else view_id,
            home=_text(body, "view", "private_metadata", default="") if is_home else None,
            response_url=_text(body, "response_url", default=""),
            text=_text(message, "text", default=""),
            blocks=tuple(block for block in blocks if isinstance(block, dict)),
            ephemeral=bool(_get(body, "container", "is_ephemeral", default=False)),
        )

    @property
    def thread(self) -> str:
        return self.spot.thread_ts or ""

    def ref(self, kind: type[Read]) -> Read:
        return read_ref(kind, self.value)

    def beside(self, action: str) -> bool:
        """Stands a button *action* about the same thing on the message that was clicked on?"""
        rows = (block["elements"] for block in self.blocks if isinstance(block.get("elements"), list))
        same = {"action_id": action, "value": self.value}
        return any(isinstance(each, dict) and same.items() <= each.items() for row in rows for each in row)


class Opened(Value):
    """Somebody opened their direct messages with the bot."""

    person: Person
    channel: str

    @classmethod
    def from_slack(cls, body: Payload) -> "Opened":
        return cls(
            person=Person(team=_text(body, "team_id"), user=_text(body, "event", "user")),
            channel=_text(body, "event", "channel"),
        )


class Shortcut(Value):
    """Somebody chose a shortcut: a global one, or one on a message."""

    person: Person
    spot: Spot
    """Its channel is empty for a global one; its thread is the message's."""
    trigger_id: str
    text: str = ""
    """Of the message, as it was written."""
    author: str = ""
    """Of the message: a user's id, empty where a bot wrote it."""

    @classmethod
    def from_slack(cls, body: Payload) -> "Shortcut":
        person, trigger = _person(body), _text(body, "trigger_id")
        if body.get("type") != "message_action":
            return cls(person=person, spot=Spot(channel=""), trigger_id=trigger)
        thread = _text(body, "message", "thread_ts", default="") or _text(body, "message", "ts")
        return cls(
            person=person,
            spot=Spot(channel=_text(body, "channel", "id"), thread_ts=thread),
            trigger_id=trigger,
            text=_text(body, "message", "text", default="") or _of_attachments(body["message"]),
            author="" if body["message"].get("bot_id") else _text(body, "message", "user", default=""),
        )


class Filled(Value):
    """The form that starts a run, as far as it is filled in: when an agent is chosen in it, and when it is sent."""

    person: Person
    about: str
    """Its private_metadata."""
    view_id: str
    seen: str
    """The hash of the view that was filled in."""
    values: dict[str, str]
    """By block: what stands in it, or the value of what is chosen."""

    @classmethod
    def from_slack(cls, body: Payload) -> "Filled":
        state = _get(body, "view", "state", "values", default={})
        if not isinstance(state, dict):
            raise BadPayload("view.state.values is no object")
        return cls(
            person=_person(body),
            about=_text(body, "view", "private_metadata"),
            view_id=_text(body, "view", "id"),
            seen=_text(body, "view", "hash", default=""),
            values={well_formed(str(block)): _filled_in(entry) for block, entry in state.items()},
        )

    def ref(self, kind: type[Read]) -> Read:
        return read_ref(kind, self.about)


class Submission(Value):
    """Somebody sent one of our dialogs."""

    person: Person
    about: str
    """Its private_metadata."""
    reason: str
    delivery: str
    at: datetime

    @classmethod
    def from_slack(cls, body: Payload, now: datetime) -> "Submission":
        person = _person(body)
        view, state = _text(body, "view", "id"), _text(body, "view", "hash", default="")
        reason = _text(body, "view", "state", "values", REASON_BLOCK, REASON_INPUT, "value", default="")
        return cls(
            person=person,
            about=_text(body, "view", "private_metadata"),
            reason=reason.strip(),
            delivery=f"submit/{view}/{state}/{person.team}/{person.user}",
            at=now,
        )

    def ref(self, kind: type[Read]) -> Read:
        return read_ref(kind, self.about)


def check(body: Any) -> None:
    """What Bolt takes for granted before it has found a listener; put in where it goes without saying.

    Raises BadPayload.
    """
    match _get(body, "type", default=""):
        case "block_actions":
            actions = _get(body, "actions")
            if not isinstance(actions, list) or not actions:
                raise BadPayload("actions: at least one was expected")
            for action in actions:
                _text(action, "action_id")
        case "shortcut" | "message_action":
            _text(body, "callback_id")
        case "view_submission" | "view_closed":
            _text(body, "view", "callback_id", default="")
            _get(body, "view").setdefault("type", "modal")
        case "event_callback":
            _text(body, "event", "type")
        case "url_verification":
            pass
        case "":
            _text(body, "command")
        case _:
            raise BadPayload("type: nothing that is listened to")


def read_ref(kind: type[Read], packed: str) -> Read:
    try:
        return kind.model_validate_json(packed)
    except ValidationError:
        raise BadPayload(f"a button's value is no {kind.__name__}") from None


def _filled_in(entry: Any) -> str:
    """Of one field: docs.slack.dev/reference/views, "state"."""
    if not isinstance(entry, dict) or len(entry) != 1:
        raise BadPayload("a field of the form is malformed")
    [answer] = entry.values()
    chosen = _get(answer, "selected_options", default=[])
    if isinstance(chosen, list) and chosen:
        return _text(chosen[0], "value")
    for path in (("value",), ("selected_option", "value"), ("selected_conversation",)):
        if said := _text(answer, *path, default=""):
            return said
    return ""


def _of_attachments(message: Any) -> str:
    """What a message without a text of its own says, such as an alert of another app."""
    said = _get(message, "attachments", default=[])
    if not isinstance(said, list):
        return ""
    return "\n".join(
        filter(
            None, (_text(each, "text", default="") or _text(each, "fallback", default="") for each in said)
        )
    )


def _person(body: Payload) -> Person:
    """The clicker and their own team, which in a shared channel is not the channel's."""
    team = _text(body, "user", "team_id", default="") or _text(body, "team", "id")
    return Person(team=team, user=_text(body, "user", "id"))


def _stamp(body: Any, *path: str) -> str:
    """A time as Slack writes one, in text; some servers send a number."""
    value = _get(body, *path, default="")
    return repr(value) if isinstance(value, int | float) else _text(body, *path, default="")


def _moment(action_ts: str, now: datetime) -> datetime:
    """When the button was pressed, by Slack's clock; never later than now."""
    try:
        seconds = float(action_ts)
        return (
            min(now, datetime.fromtimestamp(seconds, UTC)) if math.isfinite(seconds) and seconds > 0 else now
        )
    except (ValueError, OverflowError, OSError):
        return now


def _get(body: Any, *path: str, default: Any = _NOTHING) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
        if body is None:
            if default is _NOTHING:
                raise BadPayload(f"{'.'.join(path)} is missing")
            return default
    return body


def _text(body: Any, *path: str, default: Any = _NOTHING) -> str:
    value = _get(body, *path, default=default)
    if not isinstance(value, str):
        raise BadPayload(f"{'.'.join(path)} is not text")
    if default is _NOTHING and not value:
        raise BadPayload(f"{'.'.join(path)} is empty")
    return well_formed(value)


def well_formed(text: str) -> str:
    """JSON can carry half a character; nothing behind this door can."""
    return json.loads(json.dumps(text)).encode("utf-8", "replace").decode() if not text.isascii() else text
