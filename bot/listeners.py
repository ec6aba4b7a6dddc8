"""Which listener hears what: the routing table, the same for Socket Mode and HTTP."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from .asking import Asking
from .clicks import Clicks
from .dialogs import Dialogs
from .errors import BadPayload
from .feedback import Feedback
from .homes import Homes
from .payloads import Payload, check
from .prompts import Prompts
from .sessions import Sessions
from .starting import Starting
from .undoing import Undoing

log = logging.getLogger(__name__)

ANY = re.compile(".*", re.DOTALL)
Headers = dict[str, str | Sequence[str]]
NO_RETRY = {"x-slack-no-retry": "1"}
"""docs.slack.dev/apis/events-api: a repetition would be just as malformed."""


def listen_for_starts(app: AsyncApp, starting: Starting, prompts: Prompts) -> None:
    """Before `listen`, which hears whatever nobody else does."""
    app.event("app_home_opened", matchers=[_of_messages])(prompts.opened)
    app.shortcut("start_run")(starting.by_shortcut)
    app.shortcut("ask_about_message")(starting.about_message)
    app.action("start_form")(starting.by_button)
    app.action("start_agent")(starting.choose)
    app.view("start")(starting.submit)


def listen(
    app: AsyncApp,
    command: str,
    asking: Asking,
    clicks: Clicks,
    dialogs: Dialogs,
    sessions: Sessions,
    homes: Homes,
) -> None:
    app.command(command)(asking.command)
    app.event("app_mention")(_event(asking.mention))
    app.event("message")(_event(asking.direct))
    app.event("agent_session_stopped")(sessions.stopped)
    app.event("app_home_opened")(homes.opened)

    app.action("approve")(clicks.approve)
    app.action("reject")(clicks.reject)
    app.action("approve_all")(clicks.approve_all)
    app.action("reject_all")(clicks.reject_all)
    app.action("edit")(clicks.edit)
    app.action("break_glass")(clicks.break_glass)
    app.action("details")(clicks.details)
    app.action(re.compile("details_(next|previous)"))(clicks.turn_page)
    app.action("cancel_run")(clicks.cancel_run)
    app.action("temporal_link")(clicks.link)
    app.action(re.compile(r"answer_\d+"))(clicks.answer)
    app.action("write_answer")(clicks.write_answer)
    app.action(re.compile("resolve_(happened|did_not|stop)"))(clicks.resolve)
    app.action(re.compile(r"start_(\d+|goal)|try_again"))(asking.chip)
    app.action(re.compile("list_(first|next)"))(asking.turn_list)
    app.action("show_status")(asking.status)
    app.action(re.compile("why_(turn|previous|next|more|first)"))(asking.why)
    app.action(re.compile("home_page_.*"))(homes.turn)
    app.action("home_messages")(homes.messages)
    app.action(ANY)(clicks.unknown)

    app.view("reject")(dialogs.reject)
    app.view("reject_all")(dialogs.reject_all)
    app.view("edit")(dialogs.edit)
    app.view("break_glass")(dialogs.break_glass)
    app.view("resolve")(dialogs.resolve)
    app.view("answer")(dialogs.answer)
    app.view("approve")(dialogs.approve)
    app.view(ANY)(_nothing_to_do)

    app.event(ANY)(_nothing_to_do)
    app.error(_failed)


def listen_to_ends(app: AsyncApp, undoing: Undoing, feedback: Feedback) -> None:
    """What stands under the end of a run. Before `listen`, which takes all that is left."""
    app.action("undo")(undoing.clicked)
    app.action("feedback")(feedback.clicked)
    app.view("feedback")(feedback.sent)


def _event(hear: Callable[[Payload, int], Awaitable[None]]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Bolt's own type
    async def heard(body: Payload, request: AsyncBoltRequest) -> None:
        await hear(body, _delivery(request))

    return heard


async def _of_messages(event: Payload) -> bool:
    """The same event tells of the App Home's other tab."""
    return event.get("tab") == "messages"


def _delivery(request: AsyncBoltRequest) -> int:
    """0 for the first, then Slack's own count."""
    number = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0


async def _nothing_to_do(ack: AsyncAck) -> None:
    await ack()


async def deliver(
    app: AsyncApp, body: str | Payload, mode: str, headers: Headers | None = None, query: str = ""
) -> BoltResponse:
    """Give one payload to whoever listens for it. Never raises."""
    try:
        request = AsyncBoltRequest(body=body, query=query, headers=headers, mode=mode)
        check(request.body)
    except (BadPayload, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        log.warning(
            "a malformed payload was refused: %s", error if isinstance(error, BadPayload) else "unreadable"
        )
        return _refused(mode)
    try:
        return await app.async_dispatch(request)
    except Exception:
        log.exception("a payload could not be delivered")
        return BoltResponse(status=500, body="")


async def _failed(error: Exception, request: AsyncBoltRequest) -> BoltResponse:
    """What a repetition can't mend is refused once; the rest is not acknowledged, so that Slack delivers it again."""
    if isinstance(error, BadPayload):
        log.warning("a malformed payload was refused: %s", error)
        return _refused(request.mode)
    log.error("a listener failed", exc_info=error)
    return BoltResponse(status=500, body="")


def _refused(mode: str) -> BoltResponse:
    """In Socket Mode an envelope that is not acknowledged comes again."""
    return BoltResponse(status=200 if mode == "socket_mode" else 400, body="", headers=dict(NO_RETRY))
