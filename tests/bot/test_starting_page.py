"""StartSettings a run on the sandbox's page, with the keyboard alone. Screenshots go to `screenshots/`."""

import pytest
from playwright.async_api import expect

from bot.start_settings import Parameter, StartSettings
from tests.bot.test_starting import THINKER, asked_for, listening
from tests.journeys.test_page import page, shot

__all__ = ["page"]
pytestmark = pytest.mark.browser


async def test_a_form_a_message_and_a_suggestion_start_runs_without_a_mouse(quiet, bob, page):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    parameters = {"environment": Parameter(choices=("prod", "staging"))}
    await listening(quiet, THINKER, deployer=StartSettings(parameters=parameters))
    await page.goto(f"{quiet.slack.page_url}?as=U0ALICE")
    composer, form = page.get_by_test_id("channel").get_by_test_id("composer"), page.get_by_test_id("modal")

    # The agent with a model comes first; another is chosen by its first letter.
    await composer.fill("/handrail")
    await composer.press("Enter")
    await form.get_by_label("Goal").fill("find out why")
    await form.get_by_label("Agent").focus()
    await page.keyboard.press("d")
    await expect(form.get_by_label("Service")).to_be_visible()
    await expect(form.get_by_label("Agent")).to_be_focused()
    await shot(page, "starting-1-form")
    await form.get_by_label("Service").fill("two words")
    await form.get_by_label("Version").fill("1.4.2")
    await form.get_by_label("Environment").select_option("staging")
    await page.keyboard.press("Control+Enter")
    await expect(form.get_by_text("One word is expected here")).to_be_visible()
    await shot(page, "starting-2-at-the-field")
    await form.get_by_label("Service").fill("cart")
    await page.keyboard.press("Control+Enter")
    await expect(form).to_be_hidden()
    assert (await asked_for(quiet)).ask.goal == "deploy cart 1.4.2 to staging"

    # A shortcut that works anywhere asks where, and begins with the channel that is open.
    await page.get_by_test_id("shortcuts").press("Enter")
    await page.keyboard.press("Enter")
    await expect(form.get_by_label("Where to run it")).to_have_value("C0OPS")
    await page.keyboard.press("Escape")

    await bob.say("C0OPS", "checkout answers with 502 since noon")
    message = page.get_by_test_id("message").filter(has_text="502 since noon")
    await message.get_by_test_id("message-shortcuts").press("Enter")
    await page.keyboard.press("Enter")
    await expect(form.get_by_label("The message that you ask about")).to_have_value(
        "checkout answers with 502 since noon"
    )
    await shot(page, "starting-3-message")
    await page.keyboard.press("Escape")

    await page.get_by_test_id("place-D0ALICE").press("Enter")
    suggested = page.get_by_test_id("prompt")
    await expect(suggested.first).to_have_text("deploy checkout 1.4.2 to prod")
    await page.set_viewport_size({"width": 390, "height": 844})
    await shot(page, "starting-4-direct")
    await suggested.nth(1).press("Enter")
    await expect(page.get_by_test_id("message").get_by_text("why is checkout slow?")).to_be_visible()
    assert errors == []
