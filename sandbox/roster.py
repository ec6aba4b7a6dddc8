"""Who and what the workspace holds on its first day."""

from dataclasses import dataclass, field

from sandbox.json_types import Json

TEAM_ID = "T0HANDRAIL"
TEAM_NAME = "Handrail demo"
TEAM_DOMAIN = "handrail-demo"
APP_ID = "A0HANDRAIL"
BOT_ID = "B0HANDRAIL"
BOT_USER_ID = "U0HANDRAIL"
SLACKBOT_ID = "USLACKBOT"


@dataclass(frozen=True)
class User:
    id: str
    name: str
    real_name: str
    is_bot: bool = False
    is_guest: bool = False
    has_left: bool = False
    tz: str = "Europe/London"

    def to_slack(self) -> Json:
        """As `users.info` shows a user; the e-mail needs a scope of its own and is left out."""
        profile = {"real_name": self.real_name, "display_name": self.name, "team": TEAM_ID}
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.has_left,
            "tz": self.tz,
            "tz_label": "Greenwich Mean Time",
            "tz_offset": 0,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "profile": profile | ({"bot_id": BOT_ID, "api_app_id": APP_ID} if self.is_bot else {}),
        }


@dataclass
class Channel:
    id: str
    name: str
    members: list[str]
    is_im: bool = False
    is_private: bool = False

    @property
    def channel_type(self) -> str:
        """The word that Slack's message events use for this kind of channel."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    def to_slack(self, viewer: str) -> Json:
        if self.is_im:
            [other, *_] = [member for member in self.members if member != viewer] or [viewer]
            return {"id": self.id, "is_im": True, "user": other, "is_open": True, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": False,
            "is_general": self.name == "general",
            "is_member": viewer in self.members,
            "num_members": len(self.members),
            "creator": "U0ALICE",
            "context_team_id": TEAM_ID,
        }


@dataclass(frozen=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...] = field(default=())

    def to_slack(self, *, with_users: bool) -> Json:
        group: Json = {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "date_delete": 0,
            "user_count": len(self.members),
        }
        return group | ({"users": list(self.members)} if with_users else {})


USERS = (
    User("U0ALICE", "alice", "Alice"),
    User("U0BOB", "bob", "Bob"),
    User("U0CAROL", "carol", "Carol"),
    User("U0GUS", "gus", "Gus (guest)", is_guest=True),
    User(BOT_USER_ID, "handrail", "Handrail", is_bot=True),
    User(SLACKBOT_ID, "slackbot", "Slackbot"),
)
PEOPLE = tuple(user.id for user in USERS if not user.is_bot and user.id != SLACKBOT_ID)
STAFF = ("U0ALICE", "U0BOB", "U0CAROL")
USER_GROUPS = (UserGroup("S0APPROVERS", "approvers", "Approvers", ("U0BOB", "U0CAROL")),)


def first_channels() -> list[Channel]:
    """The channels of a new workspace. Nobody invited the bot to #random: there it may not post."""
    return [
        Channel("C0OPS", "ops", [*STAFF, BOT_USER_ID]),
        Channel("C0GENERAL", "general", [*PEOPLE, BOT_USER_ID]),
        Channel("C0RANDOM", "random", [*STAFF]),
    ]
