"""What people type: messages and slash commands."""

from sandbox import payloads
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.mentions import escape, parse_typed
from sandbox.roster import BOT_USER_ID, TEAM_ID, Channel, User
from sandbox.world import Refused, World, error_of


class Speech:
    def __init__(self, world: World) -> None:
        self._world = world

    async def say(self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None) -> Json:
        """Send what *user_id* typed; raises `Refused` where Slack's client or the app would not have it."""
        world = self._world
        user = world.person(user_id)
        channel = world.channel_of(user, channel_id)
        if not text.strip():
            raise Refused("no_text")
        if text.startswith("/"):
            return await self._command(user, channel, text, thread_ts)
        return self._message(user, channel, text, thread_ts)

    def _message(self, user: User, channel: Channel, text: str, thread_ts: str | None) -> Json:
        workspace = self._world.workspace
        body: Json = {
            "user": user.id,
            "team": TEAM_ID,
            "text": parse_typed(workspace, text),
        }
        if thread_ts:
            root = workspace.message(channel.id, thread_ts)
            if root is None or root.get("thread_ts", thread_ts) != thread_ts:
                raise Refused("thread_not_found")
            body |= {"thread_ts": thread_ts, "parent_user_id": root["user"]}
        message = workspace.post(channel.id, body)
        if f"<@{BOT_USER_ID}>" in message["text"] and BOT_USER_ID not in channel.members:
            words = "You mentioned <@U0HANDRAIL>, but they are not in this channel."
            self._world.slackbot(channel.id, user.id, words, thread_ts)
        return {"ok": True, "ts": message["ts"]}

    async def _command(self, user: User, channel: Channel, typed: str, thread_ts: str | None) -> Json:
        world = self._world
        command, _, rest = typed.partition(" ")
        if thread_ts:
            world.slackbot(
                channel.id, user.id, f"`{escape(command)}` is not supported in threads. Sorry!", thread_ts
            )
            raise Refused("command_not_supported_in_threads")
        if command not in world.settings.commands:
            words = f"`{escape(command)}` is not a valid command. In Slack, all messages that start with the “/” character are interpreted as commands."
            world.slackbot(channel.id, user.id, words)
            raise Refused("invalid_command")
        text = parse_typed(world.workspace, rest.strip(), labelled=True)
        payload = payloads.slash_command(user, channel, command, text, world.moment(user, channel))
        receipt = await world.deliveries.ask("slash_commands", payload)
        if not receipt.acknowledged:
            raise self._failed(user, channel, command, error_of(receipt))
        self._show_answer(user, channel, typed, receipt.answer or {})
        return {"ok": True}

    def _show_answer(self, user: User, channel: Channel, typed: str, answer: Json) -> None:
        if not (answer.get("text") or answer.get("blocks")):
            return
        if answer.get("response_type") == "in_channel":
            # Slack shows what was typed to everybody as well, once the answer is for everybody.
            self._message(user, channel, typed, None)
        try:
            self._world.response_urls.answer(channel.id, user.id, answer)
        except SlackError as refusal:
            raise self._failed(user, channel, typed.partition(" ")[0], refusal.error) from refusal

    def _failed(self, user: User, channel: Channel, command: str, error: str) -> Refused:
        self._world.slackbot(channel.id, user.id, f'{command} failed with the error "{error}"')
        return Refused(error)
