"""The same app behind a request URL: Slack's signed HTTP instead of Socket Mode."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Approve"},
    "action_id": "approve",
    "value": "7",
}


class Site:
    """The app's own web server; `answers` overrides what Bolt would say."""

    def __init__(self):
        self.app = None
        self.requests = []
        self.arrived = asyncio.Event()
        self.answers = []

    async def serve(self, request):
        self.requests.append(request)
        self.arrived.set()
        if self.answers:
            return self.answers.pop(0)
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))


@pytest.fixture
async def site():
    site = Site()
    application = web.Application()
    application.router.add_post("/slack/events", site.serve)
    async with TestServer(application, host="127.0.0.1") as server:
        site.url = str(server.make_url("/slack/events"))
        yield site


@pytest.fixture
async def signed(start, site, make_app):
    slack = await start(request_url=site.url, signing_secret="shared", event_retry_after=(0, 0.05, 0.05))
    site.app = make_app(slack, signing_secret="shared")
    return slack


async def test_commands_clicks_and_events_pass_the_app_s_signature_check(signed, site, meet, heard):
    @site.app.command("/handrail")
    async def handrail(ack, command):
        await ack(f"Starting: {command['text']}")

    @site.app.action("approve")
    async def on_approve(ack, action):
        await ack()
        heard.add(action["value"])

    @site.app.event("message")
    async def on_message(event):
        heard.add(event["text"])

    alice = await meet(signed)

    assert await alice.say("C0OPS", "/handrail deploy a & b") == {"ok": True}
    assert (await alice.sees("C0OPS", "Starting"))["text"] == "Starting: deploy a &amp; b"
    await alice.say("C0OPS", "hello")
    assert await heard.next() == "hello"
    await site.app.client.chat_postMessage(
        channel="C0OPS", text="Approve?", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    assert await alice.click(await alice.sees("C0OPS", "Approve"), "Approve") == {"ok": True}
    assert await heard.next() == "7"


async def test_an_app_with_another_secret_refuses_everything(signed, site, make_app, meet):
    site.app = make_app(signed, signing_secret="another")
    alice = await meet(signed)

    assert await alice.say("C0OPS", "/handrail status") == {"ok": False, "error": "dispatch_failed"}


async def test_an_event_that_failed_is_sent_again_with_the_retry_headers(signed, site, meet, heard):
    @site.app.event("message")
    async def on_message(event, request):
        heard.add((request.headers["x-slack-retry-num"], request.headers["x-slack-retry-reason"]))

    site.answers = [web.Response(status=500), web.Response(status=503)]
    alice = await meet(signed)
    await alice.say("C0OPS", "hello")

    assert await heard.next() == (["2"], ["http_error"])
    assert "X-Slack-Retry-Num" not in site.requests[0].headers


async def test_an_event_is_not_sent_again_when_the_app_says_no_retry(signed, site, meet, heard):
    @site.app.event("message")
    async def on_message(event, request):
        heard.add(event["text"])

    site.answers = [web.Response(status=500, headers={"X-Slack-No-Retry": "1"})]
    alice = await meet(signed)
    await alice.say("C0OPS", "first")
    await asyncio.wait_for(site.arrived.wait(), 10)
    await alice.say("C0OPS", "second")

    assert await heard.next() == "second"
    assert len(site.requests) == 2
