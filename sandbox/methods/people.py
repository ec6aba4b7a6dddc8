"""`auth.test`, `users.*`, `usergroups.*`, `bots.info`: who is there."""

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.methods.method import Method, page
from sandbox.roster import APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from sandbox.workspace import Workspace


class PeopleMethods:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> dict[str, Method]:
        return {
            "api.test": Method(self.api_test, 4, token="none"),  # noqa: S106
            "auth.test": Method(self.auth_test, "special"),
            "bots.info": Method(self.bot, 3, "users:read"),
            "users.info": Method(self.user, 4, "users:read"),
            "users.list": Method(self.users, 2, "users:read"),
            "usergroups.list": Method(self.groups, 2, "usergroups:read"),
            "usergroups.users.list": Method(self.group_members, 2, "usergroups:read"),
        }

    def api_test(self, args: Arguments) -> Json:
        if args.has("error"):
            raise SlackError(args.text("error"), extra={"args": args.raw})
        return {"args": args.raw}

    def auth_test(self, _args: Arguments) -> Json:
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": "handrail",
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def bot(self, args: Arguments) -> Json:
        if args.text("bot", "") != BOT_ID:
            raise SlackError("bot_not_found")
        return {
            "bot": {
                "id": BOT_ID,
                "app_id": APP_ID,
                "user_id": BOT_USER_ID,
                "name": "handrail",
                "deleted": False,
            }
        }

    def user(self, args: Arguments) -> Json:
        user = self._workspace.users.get(args.text("user", ""))
        if user is None:
            raise SlackError("user_not_found")
        return {"user": user.to_slack()}

    def users(self, args: Arguments) -> Json:
        members, cursor = page([user.to_slack() for user in self._workspace.users.values()], args)
        return {"members": members, "response_metadata": {"next_cursor": cursor}}

    def groups(self, args: Arguments) -> Json:
        with_users = args.flag("include_users")
        return {
            "usergroups": [group.to_slack(with_users=with_users) for group in self._workspace.groups.values()]
        }

    def group_members(self, args: Arguments) -> Json:
        group = self._workspace.groups.get(args.text("usergroup", ""))
        if group is None:
            raise SlackError("no_such_subteam")
        return {"users": list(group.members)}
