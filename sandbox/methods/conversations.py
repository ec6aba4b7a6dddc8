"""`conversations.*`: the channels, and what was said in them."""

from collections.abc import Collection

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.message_rules import shown_metadata
from sandbox.methods.method import HISTORY, READ, Method, channel_of, page
from sandbox.roster import BOT_USER_ID, PEOPLE, Channel
from sandbox.workspace import Workspace


class ConversationsMethods:
    def __init__(self, workspace: Workspace, scopes: Collection[str]) -> None:
        self._workspace = workspace
        self._scopes = scopes

    def methods(self) -> dict[str, Method]:
        return {
            "conversations.info": Method(self.info, 3, scopes_by_type=READ),
            "conversations.list": Method(self.list_all, 2, "channels:read"),
            "users.conversations": Method(self.of_user, 3),
            "conversations.members": Method(self.members, 4, scopes_by_type=READ),
            "conversations.history": Method(self.history, 3, scopes_by_type=HISTORY),
            "conversations.replies": Method(self.replies, 3, scopes_by_type=HISTORY),
            "conversations.open": Method(self.open, 3, "im:write"),
            "conversations.join": Method(self.join, 3, "channels:join"),
        }

    def info(self, args: Arguments) -> Json:
        return {"channel": channel_of(self._workspace, args).to_slack(BOT_USER_ID)}

    def list_all(self, args: Arguments) -> Json:
        return self._listed(args, self._seen(_types(args)))

    def of_user(self, args: Arguments) -> Json:
        """The channels somebody is in; private ones only where the bot is in them too."""
        user = args.text("user", BOT_USER_ID)
        if user not in self._workspace.users:
            raise SlackError("user_not_found")
        types = _types(args)
        for needed in sorted(READ[each] for each in types & READ.keys()):
            if needed not in self._scopes:
                provided = ",".join(self._scopes)
                raise SlackError("missing_scope", extra={"needed": needed, "provided": provided})
        return self._listed(args, [channel for channel in self._seen(types) if user in channel.members])

    def _seen(self, types: set[str]) -> list[Channel]:
        return [
            channel
            for channel in self._workspace.channels.values()
            if channel.channel_type in types and (not channel.is_private or BOT_USER_ID in channel.members)
        ]

    def _listed(self, args: Arguments, found: list[Channel]) -> Json:
        channels, cursor = page([channel.to_slack(BOT_USER_ID) for channel in found], args)
        return {"channels": channels, "response_metadata": {"next_cursor": cursor}}

    def members(self, args: Arguments) -> Json:
        found: list[Json] = [{"id": member} for member in channel_of(self._workspace, args).members]
        members, cursor = page(found, args)
        return {"members": [each["id"] for each in members], "response_metadata": {"next_cursor": cursor}}

    def _readable(self, args: Arguments) -> Channel:
        channel = channel_of(self._workspace, args)
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def history(self, args: Arguments) -> Json:
        """Newest first, replies left out."""
        channel = self._readable(args)
        roots = [
            message
            for message in self._workspace.messages(channel.id)
            if message.get("thread_ts", message["ts"]) == message["ts"]
        ]
        return self._answer(_between(roots, args)[::-1], args)

    def replies(self, args: Arguments) -> Json:
        """The root, then its replies, oldest first."""
        channel = self._readable(args)
        thread = self._workspace.thread(channel.id, args.text("ts", ""))
        if not thread:
            raise SlackError("thread_not_found")
        root, *replies = thread
        return self._answer([root, *_between(replies, args)], args)

    def _answer(self, found: list[Json], args: Arguments) -> Json:
        messages, cursor = page(found, args)
        whole = args.flag("include_all_metadata")
        return {
            "messages": [shown_metadata(message, whole=whole) for message in messages],
            "has_more": bool(cursor),
            "pin_count": 0,
            "response_metadata": {"next_cursor": cursor},
        }

    def open(self, args: Arguments) -> Json:
        if args.has("channel"):
            channel = channel_of(self._workspace, args)
            return {"channel": channel.to_slack(BOT_USER_ID), "already_open": True, "no_op": True}
        users = [each for each in args.text("users", "").split(",") if each]
        if not users:
            raise SlackError("users_list_not_supplied")
        if any(user not in PEOPLE for user in users):
            raise SlackError("user_not_found")
        if len(users) > 1:
            raise SlackError("method_not_supported_for_channel_type", ["this sandbox has no group messages"])
        channel = self._workspace.direct_channel(users[0])
        whole = args.flag("return_im")
        return {"channel": channel.to_slack(BOT_USER_ID) if whole else {"id": channel.id}}

    def join(self, args: Arguments) -> Json:
        channel = channel_of(self._workspace, args)
        if channel.is_im or channel.is_private:
            raise SlackError("method_not_supported_for_channel_type")
        if BOT_USER_ID not in channel.members:
            self._workspace.join(channel, BOT_USER_ID)
        return {"channel": channel.to_slack(BOT_USER_ID)}


def _types(args: Arguments) -> set[str]:
    names = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    types = {names.get(each.strip(), "") for each in args.text("types", "public_channel").split(",")} - {""}
    if not types:
        raise SlackError("invalid_types")
    return types


def _between(messages: list[Json], args: Arguments) -> list[Json]:
    oldest, latest = args.text("oldest", "0"), args.text("latest", "9999999999.999999")
    for name, value in (("oldest", oldest), ("latest", latest)):
        if not value.replace(".", "", 1).isdigit():
            raise SlackError(f"invalid_ts_{name}")
    inclusive = args.flag("inclusive")
    return [
        message
        for message in messages
        if float(oldest) < float(message["ts"]) < float(latest)
        or (inclusive and float(message["ts"]) in (float(oldest), float(latest)))
    ]
