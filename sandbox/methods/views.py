"""`views.*`: modals and the App Home."""

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.methods.method import Method
from sandbox.modals import Modals, new_view
from sandbox.triggers import Triggers
from sandbox.view_rules import parse_view
from sandbox.workspace import Workspace


class ViewsMethods:
    def __init__(
        self, workspace: Workspace, modals: Modals, triggers: Triggers, *, home_tab: bool = True
    ) -> None:
        self._workspace = workspace
        self._home_tab = home_tab
        self._modals = modals
        self._triggers = triggers

    def methods(self) -> dict[str, Method]:
        return {
            "views.open": Method(self.open, 4),
            "views.push": Method(self.push, 4),
            "views.update": Method(self.update, 4),
            "views.publish": Method(self.publish, 4),
        }

    def open(self, args: Arguments) -> Json:
        view = parse_view(args.parsed("view", "invalid_arguments"), "modal")
        trigger = self._triggers.exchange(args.text("trigger_id"))
        return {"view": self._modals.open(trigger.user, view)}

    def push(self, args: Arguments) -> Json:
        view = parse_view(args.parsed("view", "invalid_arguments"), "modal")
        trigger = self._triggers.exchange(args.text("trigger_id"))
        return {"view": self._modals.push(trigger.user, view)}

    def update(self, args: Arguments) -> Json:
        body = parse_view(args.parsed("view", "invalid_arguments"), "modal")
        view_id, external_id = args.raw.get("view_id"), args.raw.get("external_id")
        user, view = self._modals.holder(view_id=view_id, external_id=external_id)
        if args.has("hash") and args.text("hash") != view["hash"]:
            raise SlackError("hash_conflict")
        return {"view": self._modals.update(user, view["id"], body)}

    def publish(self, args: Arguments) -> Json:
        user = args.text("user_id")
        body = parse_view(args.parsed("view", "invalid_arguments"), "home")
        if not self._home_tab:
            raise SlackError("not_enabled")
        if user not in self._workspace.users:
            raise SlackError("user_not_found")
        before = self._workspace.homes.get(user)
        if before and args.has("hash") and args.text("hash") != before["hash"]:
            raise SlackError("hash_conflict")
        view = new_view(body) | ({"id": before["id"], "root_view_id": before["id"]} if before else {})
        self._workspace.set_home(user, view)
        return {"view": view}
