"""The modal views each person has open, newest on top."""

import secrets
from collections.abc import Callable

from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.roster import APP_ID, BOT_ID, TEAM_ID

MOST_PUSHED = 3

Tell = Callable[[str, Json], None]


def new_view(body: Json, *, root: str | None = None, previous: str | None = None) -> Json:
    view_id = f"V0{secrets.token_hex(5).upper()}"
    return {
        "id": view_id,
        "team_id": TEAM_ID,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "state": {"values": {}},
        "title": None,
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **body,
        "hash": new_hash(),
        "root_view_id": root or view_id,
        "previous_view_id": previous,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def new_hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"


class Modals:
    """Views as Slack stacks them: opened, pushed (three deep), updated, closed. *tell* pushes to the page."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._stacks: dict[str, list[Json]] = {}

    def stack(self, user: str) -> list[Json]:
        return self._stacks.get(user, [])

    def find(self, user: str, view_id: str) -> Json | None:
        return next((view for view in self.stack(user) if view["id"] == view_id), None)

    def open(self, user: str, body: Json) -> Json:
        self._check_external_id(body)
        self.clear(user)
        view = new_view(body)
        self._stacks[user] = [view]
        self._tell(user, {"type": "view_opened", "view": view})
        return view

    def push(self, user: str, body: Json) -> Json:
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MOST_PUSHED:
            raise SlackError("push_limit_reached")
        self._check_external_id(body)
        view = new_view(body, root=stack[0]["id"], previous=stack[-1]["id"])
        stack.append(view)
        self._tell(user, {"type": "view_opened", "view": view})
        return view

    def update(self, user: str, view_id: str, body: Json) -> Json:
        """Put *body* in the place of a view that is open; what was typed stays where the inputs stay."""
        stack = self.stack(user)
        [index] = [at for at, view in enumerate(stack) if view["id"] == view_id]
        before = stack[index]
        after = {
            **new_view(body, root=before["root_view_id"], previous=before["previous_view_id"]),
            "id": view_id,
            "state": before["state"],
        }
        stack[index] = after
        self._tell(user, {"type": "view_updated", "view": after})
        return after

    def holder(self, *, view_id: str | None, external_id: str | None) -> tuple[str, Json]:
        """Who has that view open; raises `not_found`."""
        for user, stack in self._stacks.items():
            for view in stack:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return user, view
        raise SlackError("not_found")

    def close(self, user: str, view_id: str) -> None:
        """Close one view; the one below it shows again."""
        stack = [view for view in self.stack(user) if view["id"] != view_id]
        self._stacks[user] = stack
        self._tell(user, {"type": "view_closed", "view_id": view_id, "view": stack[-1] if stack else None})

    def clear(self, user: str) -> None:
        for view in reversed(self._stacks.pop(user, [])):
            self._tell(user, {"type": "view_closed", "view_id": view["id"], "view": None})

    def _check_external_id(self, body: Json) -> None:
        external_id = body.get("external_id")
        views = (view for stack in self._stacks.values() for view in stack)
        if external_id and any(view["external_id"] == external_id for view in views):
            raise SlackError("duplicate_external_id")
