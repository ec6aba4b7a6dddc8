"""What agents alone may do: say of their work in a thread (docs.slack.dev/ai/agent-sessions), suggest what to ask for."""

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.methods.method import Method, channel_of
from sandbox.roster import BOT_USER_ID
from sandbox.schema import Problems, items, shape, string
from sandbox.workspace import Workspace

STATUSES = ("active", "processing", "suspended", "closed")
TITLE = 200
PROMPTS = 4
PROMPT = shape({"title": string(), "message": string()})


class AgentsMethods:
    """*stop_heard* says whether the app subscribes to the event behind the Stop button."""

    def __init__(self, workspace: Workspace, *, is_agent: bool, stop_heard: bool) -> None:
        self._workspace = workspace
        self._is_agent = is_agent
        self._stop_heard = stop_heard

    def methods(self) -> dict[str, Method]:
        return {
            "agents.sessions.setStatus": Method(self.set_status, 3, "chat:write"),
            "agents.sessions.rename": Method(self.rename, 3, "chat:write"),
            "assistant.threads.setSuggestedPrompts": Method(self.suggest, 4, "assistant:write"),
        }

    def _thread(self, args: Arguments) -> tuple[str, str]:
        if not self._is_agent:
            raise SlackError("missing_scope", extra={"needed": "assistant:write"})
        channel = channel_of(self._workspace, args, "channel_id")
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        root = self._workspace.message(channel.id, args.text("thread_ts"))
        if root is None or "thread_ts" in root:
            raise SlackError("thread_not_found")
        return channel.id, root["ts"]

    def set_status(self, args: Arguments) -> Json:
        """Create or change a session; its title is taken only when it is created."""
        channel, thread_ts = self._thread(args)
        status, title = args.text("status"), args.text("title", "")
        if status not in STATUSES:
            raise SlackError(
                "invalid_arguments", [f"must be one of: {', '.join(STATUSES)} [json-pointer:/status]"]
            )
        if len(title) > TITLE:
            raise SlackError(
                "invalid_arguments", [f"must be less than {TITLE + 1} characters [json-pointer:/title]"]
            )
        initiator = args.raw.get("initiator_user_id")
        if initiator and initiator not in self._workspace.channels[channel].members:
            raise SlackError("user_not_in_channel")
        fresh = {"channel": channel, "thread_ts": thread_ts, "title": title, "initiator_user_id": initiator}
        session = self._workspace.sessions.get(f"{channel}/{thread_ts}", fresh) | {"status": status}
        self._workspace.set_session(session)
        answer = {"status": status, "agent_status": status, "title": session["title"]}
        warning = "missing_agent_session_stopped_event_subscription"
        return answer if self._stop_heard else answer | {"warning": warning}

    def suggest(self, args: Arguments) -> Json:
        """Up to four prompts above where a person types to the bot. An agent need not name a thread."""
        channel = channel_of(self._workspace, args, "channel_id")
        if not channel.is_im:
            raise SlackError("channel_not_supported")
        prompts, problems = args.parsed("prompts", "invalid_arguments"), Problems()
        items(PROMPT, most=PROMPTS, fewest=1)(prompts, "/prompts", problems)
        if problems.found:
            raise SlackError("invalid_arguments", problems.found)
        self._workspace.suggest(channel.id, {"title": args.text("title", ""), "prompts": prompts})
        return {}

    def rename(self, args: Arguments) -> Json:
        channel, thread_ts = self._thread(args)
        title = args.text("title")
        if len(title) > TITLE:
            raise SlackError(
                "invalid_arguments", [f"must be less than {TITLE + 1} characters [json-pointer:/title]"]
            )
        session = self._workspace.sessions.get(f"{channel}/{thread_ts}")
        if session is None:
            raise SlackError("session_not_found")
        self._workspace.set_session(session | {"title": title})
        return {"title": title}
