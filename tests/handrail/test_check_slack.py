"""What `handrail check` says of Slack: no is told apart from no answer."""

import pytest
from aiohttp import web

from handrail.check_slack import check_slack


@pytest.fixture
async def slack():
    """A server that answers as told: a Slack error, an HTTP status, or nothing at all."""
    app, answers = web.Application(), {}

    async def answer(request: web.Request) -> web.Response:
        said = answers.get(request.match_info["method"], "")
        if said is None:
            assert request.transport is not None
            request.transport.abort()
        if isinstance(said, int):
            return web.Response(status=said, text="<html>oops</html>", content_type="text/html")
        ids = {"team": "T", "user": "handrail", "url": "ws://127.0.0.1:1/"}
        return web.json_response({"ok": False, "error": said} if said else {"ok": True, **ids})

    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    [address] = runner.addresses
    yield f"http://127.0.0.1:{address[1]}/api/", answers
    await runner.cleanup()


@pytest.mark.parametrize(
    ("method", "answer", "told"),
    [
        ("auth.test", "invalid_auth", "the bot's token is refused: invalid_auth (the token is wrong"),
        (
            "auth.test",
            502,
            "the server does not say whether it takes the token, try again: auth.test: http_502",
        ),
        ("auth.test", None, "can't be reached"),
        ("apps.connections.open", "not_allowed_token_type", "SLACK_APP_TOKEN is refused: not_allowed"),
        ("apps.connections.open", 200, "the server does not say whether it takes the token"),
        ("apps.connections.open", None, "SLACK_APP_TOKEN can't be tried"),
    ],
)
async def test_a_refusal_is_told_apart_from_a_server_that_can_not_say(slack, method, answer, told):
    api_url, answers = slack
    answers[method] = answer
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": api_url}

    wrong = [text async for well, text in check_slack(environ) if not well]

    assert len(wrong) == 1
    assert told in wrong[0]


async def test_a_channel_that_events_start_runs_in_has_to_be_there(slack):
    api_url, answers = slack
    answers["conversations.history"] = "channel_not_found"
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": api_url}

    started = {"C0OPS": "the events of alerts"}
    [wrong] = [text async for well, text in check_slack(environ, (), started) if not well]

    assert wrong.startswith("the channel C0OPS of the events of alerts can't be used: channel_not_found")


async def test_a_channel_that_people_are_told_by_name_can_be_asked_for_it(slack):
    api_url, answers = slack
    answers["conversations.info"] = "missing_scope"
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": api_url}

    [wrong] = [text async for well, text in check_slack(environ, named=["C0NEWS"]) if not well]

    assert wrong == (
        "the name of the channel C0NEWS can't be used: missing_scope "
        "(the token lacks a scope: render the manifest again and reinstall the app)"
    )
