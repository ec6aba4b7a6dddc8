"""The workspace's page by itself, in a browser: nothing is cut or sticks out, and what was left open stays closed."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import browser, screen
from tests.sandbox.test_modals import app_with_modal

__all__ = ["app_with_modal", "browser", "screen"]
pytestmark = pytest.mark.browser

SMALL = {"width": 1280, "height": 900}
STICKS_OUT = """(code) => Math.max(...[...code.getClientRects()].map((each) => each.right))
    - code.closest(".blocks").getBoundingClientRect().right"""
"""Pixels by which code reaches beyond its column."""
FRAME = 5
"""Of code: where it breaks, Chromium does not count that."""
IS_CUT = """(pill) => pill.scrollWidth > pill.clientWidth"""
WORDS = "none, rolling, one instance at a time,  and then the others, one after the other"


def of_code(text):
    run = {"type": "text", "text": text, "style": {"code": True}}
    lead = {"type": "text", "text": "downtime: "}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [lead, run]}],
    }


async def test_beside_an_open_thread_nothing_is_cut_and_code_keeps_to_its_column(slack, client, screen):
    await screen.page.set_viewport_size(SMALL)
    blocks = [of_code(WORDS[start:]) for start in range(24)] + [of_code("x" * 200)]
    root = await client.chat_postMessage(channel="C0OPS", text="a run", blocks=blocks)
    await client.chat_postMessage(channel="C0OPS", text="a card", thread_ts=root["ts"])
    session = {"channel_id": "C0OPS", "thread_ts": root["ts"], "status": "suspended", "title": "a run"}
    await client.api_call("agents.sessions.setStatus", json=session)

    await screen.open(slack.page_url)
    await screen.at("open-thread").click()
    await expect(screen.thread.get_by_text("a card")).to_be_visible()

    for code in await screen.page.locator("code").all():
        assert await code.evaluate(STICKS_OUT) <= FRAME
    pill = screen.channel.locator(".session")
    await expect(pill).to_have_text("Waiting for a person")
    assert not await pill.evaluate(IS_CUT)
    await screen.close()


async def test_a_page_that_is_opened_anew_brings_back_no_dialog(slack, app_with_modal, screen):
    assert app_with_modal
    await screen.open(slack.page_url)
    await screen.say("/handrail")
    await expect(screen.modal).to_be_visible()

    await screen.page.reload()
    await expect(screen.channel.get_by_test_id("composer")).to_be_visible()
    await expect(screen.at("place-D0ALICE")).to_be_visible()
    await expect(screen.modal).to_have_count(0)

    await screen.say("/handrail")
    await expect(screen.modal).to_be_visible()
    await screen.close()
