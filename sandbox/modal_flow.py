"""What people do with a modal: fill it in and submit it, or close it."""

from sandbox import payloads
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.roster import User
from sandbox.view_rules import complaints, filled_state, parse_view
from sandbox.world import Refused, World, error_of


class ModalFlow:
    def __init__(self, world: World) -> None:
        self._world = world

    def _open_view(self, user: User, view_id: str) -> Json:
        view = self._world.modals.find(user.id, view_id)
        if view is None:
            raise Refused("view_not_found")
        return view

    async def submit(self, user_id: str, view_id: str, state: Json) -> Json:
        """Send a filled-in view. `errors` in what comes back names blocks, whoever found them wanting."""
        world = self._world
        user = world.person(user_id)
        view = self._open_view(user, view_id)
        values = filled_state(view, state)
        wanting = complaints(view, values)
        if wanting:
            return {"ok": False, "error": "invalid_input", "errors": wanting}
        view["state"] = {"values": values}
        trigger = world.triggers.issue(user.id, view_id)
        payload = payloads.view_submission(user, view, trigger)
        receipt = await world.deliveries.ask("interactive", payload)
        if not receipt.acknowledged:
            world.toast(user.id, f"We had some trouble connecting. Try again? ({error_of(receipt)})")
            raise Refused(error_of(receipt))
        return self._respond(user, view, receipt.answer or {})

    def _respond(self, user: User, view: Json, answer: Json) -> Json:
        modals = self._world.modals
        if modals.find(user.id, view["id"]) is None:
            return {"ok": True}
        try:
            match answer.get("response_action"):
                case None:
                    modals.close(user.id, view["id"])
                case "clear":
                    modals.clear(user.id)
                case "update":
                    modals.update(user.id, view["id"], parse_view(answer.get("view"), "modal"))
                case "push":
                    modals.push(user.id, parse_view(answer.get("view"), "modal"))
                case "errors":
                    return self._errors(view, answer.get("errors"))
                case other:
                    return self._not_understood(user, SlackError(f"unknown response_action {other}"))
        except SlackError as refusal:
            return self._not_understood(user, refusal)
        return {"ok": True}

    def _not_understood(self, user: User, refusal: SlackError) -> Json:
        self._world.toast(user.id, f"The answer of the app was not understood: {refusal.error}")
        return {"ok": False, "error": refusal.error}

    def _errors(self, view: Json, errors: object) -> Json:
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise SlackError("invalid_arguments", ["errors must name the blocks of inputs"])
        return {"ok": False, "error": "invalid_input", "errors": errors}

    async def close(self, user_id: str, view_id: str) -> Json:
        """Close one view, or with `clear_on_close` all of them; the app hears of it if it asked to."""
        world = self._world
        user = world.person(user_id)
        view = self._open_view(user, view_id)
        if view["clear_on_close"]:
            world.modals.clear(user.id)
        else:
            world.modals.close(user.id, view_id)
        if view["notify_on_close"]:
            payload = payloads.view_closed(user, view, is_cleared=bool(view["clear_on_close"]))
            await world.deliveries.ask("interactive", payload)
        return {"ok": True}
