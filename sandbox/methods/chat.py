"""`chat.*` and `reactions.add`: what the app says, and takes back."""

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.message_rules import BY_BOT, UPDATE_TEXT, as_app_sees, parse_content, parse_metadata
from sandbox.methods.method import Method, channel_of
from sandbox.roster import BOT_USER_ID, TEAM_DOMAIN, Channel
from sandbox.workspace import Workspace


class ChatMethods:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> dict[str, Method]:
        return {
            "chat.postMessage": Method(self.post_message, "post", "chat:write"),
            "chat.postEphemeral": Method(self.post_ephemeral, 4, "chat:write"),
            "chat.update": Method(self.update, 3, "chat:write"),
            "chat.delete": Method(self.delete, 3, "chat:write"),
            "chat.getPermalink": Method(self.get_permalink, "special"),
            "reactions.add": Method(self.add_reaction, 3, "reactions:write"),
        }

    def _place(self, args: Arguments) -> Channel:
        """Where to post: a channel by id or name, or a person, who is reached by direct message."""
        wanted = args.text("channel", "")
        if wanted in self._workspace.users and wanted != BOT_USER_ID:
            return self._workspace.direct_channel(wanted)
        for channel in self._workspace.channels.values():
            if wanted == f"#{channel.name}":
                return channel
        return channel_of(self._workspace, args)

    def _content(self, args: Arguments) -> Json:
        given = dict(args.raw)
        for name in ("blocks", "attachments"):
            if name in given:
                given[name] = args.parsed(name, f"invalid_{name}_format")
        return parse_content(given)

    def _root(self, channel: Channel, args: Arguments) -> Json:
        """`thread_ts` of a reply; Slack wants the root's, not another reply's."""
        if not args.has("thread_ts"):
            return {}
        root = self._workspace.message(channel.id, args.text("thread_ts"))
        if root is None:
            raise SlackError("thread_not_found")
        if root.get("thread_ts", root["ts"]) != root["ts"]:
            raise SlackError("cannot_reply_to_message")
        return {"thread_ts": root["ts"], "parent_user_id": root["user"]}

    def post_message(self, args: Arguments) -> Json:
        channel = self._place(args)
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        body = {**BY_BOT, **self._content(args), **self._root(channel, args)}
        metadata = args.parsed("metadata", "invalid_metadata_format")
        if metadata:
            body["metadata"] = parse_metadata(metadata)
        message = self._workspace.post(channel.id, body)
        return {"channel": channel.id, "ts": message["ts"], "message": as_app_sees(message)}

    def post_ephemeral(self, args: Arguments) -> Json:
        channel, user = self._place(args), args.text("user")
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        body = {**BY_BOT, **self._content(args), **self._root(channel, args)}
        if "thread_ts" in body and len(self._workspace.thread(channel.id, body["thread_ts"])) == 1:
            # "Ephemeral messages in threads are only shown if there is already an active thread" (docs.slack.dev).
            return {"message_ts": self._workspace.next_ts()}
        message = self._workspace.whisper(channel.id, user, body)
        return {"message_ts": message["ts"]}

    def _own(self, args: Arguments, refusal: str) -> Json:
        channel = channel_of(self._workspace, args)
        message = self._workspace.message(channel.id, args.text("ts", ""))
        if message is None:
            raise SlackError("message_not_found")
        if message["user"] != BOT_USER_ID:
            raise SlackError(refusal)
        return message

    def update(self, args: Arguments) -> Json:
        """As `chat.update` says: blocks go when only text comes; metadata stays unless it is given, `{}` removes it."""
        before = self._own(args, "cant_update_message")
        if len(str(args.raw.get("text") or "")) > UPDATE_TEXT:
            raise SlackError("msg_too_long")
        after = dict(before)
        metadata = args.parsed("metadata", "invalid_metadata_format")
        if args.has("text") or args.has("blocks") or args.has("markdown_text") or metadata is None:
            after.pop("blocks", None)
            after |= self._content(args)
        if metadata is not None:
            after.pop("metadata", None)
            after |= {"metadata": parse_metadata(metadata)} if metadata else {}
        if "blocks" not in after:
            after["edited"] = {"user": BOT_USER_ID, "ts": self._workspace.next_ts()}
        message = self._workspace.change(before, after)
        return {
            "channel": message["channel"],
            "ts": message["ts"],
            "text": message["text"],
            "message": as_app_sees(message),
        }

    def delete(self, args: Arguments) -> Json:
        message = self._own(args, "cant_delete_message")
        self._workspace.delete(message)
        return {"channel": message["channel"], "ts": message["ts"]}

    def get_permalink(self, args: Arguments) -> Json:
        channel = channel_of(self._workspace, args)
        message = self._workspace.message(channel.id, args.text("message_ts", ""))
        if message is None:
            raise SlackError("message_not_found")
        link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        if "thread_ts" in message:
            link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def add_reaction(self, args: Arguments) -> Json:
        channel = channel_of(self._workspace, args)
        message = self._workspace.message(channel.id, args.text("timestamp", ""))
        if message is None:
            raise SlackError("message_not_found")
        name = args.text("name")
        reactions = {each["name"]: each["users"] for each in message.get("reactions", [])}
        if BOT_USER_ID in reactions.get(name, []):
            raise SlackError("already_reacted")
        reactions[name] = [*reactions.get(name, []), BOT_USER_ID]
        listed = [{"name": key, "users": who, "count": len(who)} for key, who in reactions.items()]
        self._workspace.change(message, message | {"reactions": listed})
        return {}
