"""What people press: buttons and menus on messages, in modals and on the App Home; shortcuts; Stop."""

from typing import Any

from sandbox import payloads
from sandbox.blocks import find_element
from sandbox.deliveries import Receipt
from sandbox.json_types import Json
from sandbox.roster import Channel, User
from sandbox.view_rules import filled_state
from sandbox.world import Refused, World, error_of


class Clicks:
    def __init__(self, world: World) -> None:
        self._world = world

    async def click(self, user_id: str, given: Json) -> Json:
        """Press an element that is there now: *given* names a message or a view, the block, and the action."""
        user = self._world.person(user_id)
        if "view_id" in given:
            return await self._on_view(user, given)
        channel = self._world.channel_of(user, given["channel"])
        message = self._visible(user, channel, given["message_ts"])
        action = chosen(user, message.get("blocks", []), given)
        return await self._on_message(user, channel, message, action)

    async def click_stale(self, user_id: str, channel_id: str, message_ts: str, action: Json) -> Json:
        """Press what a slow client still shows though the message was redrawn since."""
        user = self._world.person(user_id)
        channel = self._world.channel_of(user, channel_id)
        message = self._visible(user, channel, message_ts)
        return await self._on_message(user, channel, message, {"type": "button", **action})

    def _visible(self, user: User, channel: Channel, ts: str) -> Json:
        workspace = self._world.workspace
        message = workspace.message(channel.id, ts) or workspace.whispered(channel.id, ts, user.id)
        if message is None:
            raise Refused("message_not_found")
        return message

    async def _on_message(self, user: User, channel: Channel, message: Json, action: Json) -> Json:
        world = self._world
        moment = world.moment(user, channel, source=message)
        payload = payloads.message_action(user, channel, message, action, moment)
        receipt = await world.deliveries.ask("interactive", payload)
        if not receipt.acknowledged:
            words = f"That did not reach the app: {error_of(receipt)}"
            world.slackbot(channel.id, user.id, words, message.get("thread_ts"))
            raise Refused(error_of(receipt))
        return {"ok": True}

    async def _on_view(self, user: User, given: Json) -> Json:
        world = self._world
        view = world.modals.find(user.id, given["view_id"])
        home = world.workspace.homes.get(user.id)
        if view is None and home and home["id"] == given["view_id"]:
            view = home
        if view is None:
            raise Refused("view_not_found")
        action = chosen(user, view["blocks"], given)
        view["state"] = {"values": filled_state(view, given.get("state", {}))}
        moment = world.moment(user, view_id=view["id"])
        return self._heard(
            user, await world.deliveries.ask("interactive", payloads.view_action(user, view, action, moment))
        )

    def _heard(self, user: User, receipt: Receipt) -> Json:
        if not receipt.acknowledged:
            self._world.toast(user.id, f"That did not reach the app: {error_of(receipt)}")
            raise Refused(error_of(receipt))
        return {"ok": True}

    async def shortcut(self, user_id: str, callback_id: str, message: Json | None) -> Json:
        """Start a shortcut; with *message* (`channel`, `ts`) the kind that acts on one."""
        world = self._world
        user = world.person(user_id)
        if message is None:
            payload = payloads.global_shortcut(user, callback_id, world.moment(user))
        else:
            channel = world.channel_of(user, message["channel"])
            target = self._visible(user, channel, message["ts"])
            moment = world.moment(user, channel, source=target)
            payload = payloads.message_shortcut(user, channel, target, callback_id, moment)
        return self._heard(user, await world.deliveries.ask("interactive", payload))

    def stop_session(self, user_id: str, channel_id: str, thread_ts: str) -> Json:
        """Press Stop beside an agent that says it is working. The status stays: the app is to change it."""
        user = self._world.person(user_id)
        channel = self._world.channel_of(user, channel_id)
        session = self._world.workspace.sessions.get(f"{channel.id}/{thread_ts}")
        if session is None or session["status"] != "processing":
            raise Refused("session_not_processing")
        self._world.events.session_stopped(user.id, channel.id, thread_ts)
        return {"ok": True}


def chosen(user: User, blocks: list[Json], given: Json) -> Json:
    """The entry of `actions` for pressing an element; raises `Refused` unless it is there for *user*."""
    element = find_element(blocks, given.get("block_id", ""), given.get("action_id", ""))
    if element is None or user.id not in element.get("visible_to_user_ids", [user.id]):
        raise Refused("element_not_found")
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": given["block_id"],
    }
    match element["type"]:
        case "button" | "icon_button":
            return action | {key: element[key] for key in ("text", "value", "style", "url") if key in element}
        case "feedback_buttons":
            return action | _feedback(element, given.get("value"))
        case "static_select" | "radio_buttons" | "overflow":
            return action | {"selected_option": _option(element, given.get("selected_option"))}
        case _:
            # What one types, or chooses from what the workspace holds, comes from the page as it is.
            extra = {
                key: value for key, value in given.items() if key == "value" or key.startswith("selected_")
            }
            return action | extra


def _feedback(element: Json, value: Any) -> Json:
    for button in (element["positive_button"], element["negative_button"]):
        if button["value"] == value:
            return {"text": button["text"], "value": value}
    raise Refused("option_not_found")


def _option(element: Json, wanted: Any) -> Json:
    """*wanted* is an option or its value."""
    value = wanted.get("value") if isinstance(wanted, dict) else wanted
    groups = element.get("option_groups", [])
    options: list[Json] = element.get("options") or [each for group in groups for each in group["options"]]
    for option in options:
        if option["value"] == value:
            return option
    raise Refused("option_not_found")
