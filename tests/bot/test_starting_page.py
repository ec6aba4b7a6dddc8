"""Starting a run on the sandbox's page, with the keyboard alone."""

import pytest
from playwright.async_api import expect

from bot.start_settings import Parameter, StartSettings
from tests.bot.test_starting import THINKER, asked_for, listening
from tests.journeys.conftest import browser, screen
from tests.journeys.screen import PHONE

__all__ = ["browser", "screen"]
pytestmark = pytest.mark.browser


async def test_a_form_a_message_and_a_suggestion_start_runs_without_a_mouse(quiet, bob, screen):
    parameters = {"environment": Parameter(choices=("prod", "staging"))}
    await listening(quiet, THINKER, deployer=StartSettings(parameters=parameters))
    await screen.open(quiet.slack.page_url)
    composer, form = screen.channel.get_by_test_id("composer"), screen.modal

    # The agent with a model comes first; another is chosen by its first letter.
    await composer.fill("/handrail")
    await composer.press("Enter")
    await form.get_by_label("Goal").fill("find out why")
    await form.get_by_label("Agent").focus()
    await screen.keyboard.press("d")
    await expect(form.get_by_label("Service")).to_be_visible()
    await expect(form.get_by_label("Agent")).to_be_focused()
    await screen.shot("starting-1-form")
    await form.get_by_label("Service").fill("two words")
    await form.get_by_label("Version").fill("1.4.2")
    await form.get_by_label("Environment").select_option("staging")
    await screen.keyboard.press("Control+Enter")
    await expect(form.get_by_text("One word is expected here")).to_be_visible()
    await screen.shot("starting-2-at-the-field")
    await form.get_by_label("Service").fill("cart")
    await screen.keyboard.press("Control+Enter")
    await expect(form).to_be_hidden()
    assert (await asked_for(quiet)).ask.goal == "deploy cart 1.4.2 to staging"

    # A shortcut that works anywhere asks where, and begins with the channel that is open.
    await screen.at("shortcuts").press("Enter")
    await screen.keyboard.press("Enter")
    await expect(form.get_by_label("Where to run it")).to_have_value("C0OPS")
    await screen.keyboard.press("Escape")

    await bob.say("C0OPS", "checkout answers with 502 since noon")
    message = screen.at("message").filter(has_text="502 since noon")
    await message.get_by_test_id("message-shortcuts").press("Enter")
    await screen.keyboard.press("Enter")
    await expect(form.get_by_label("The message that you ask about")).to_have_value(
        "checkout answers with 502 since noon"
    )
    await screen.shot("starting-3-message")
    await screen.keyboard.press("Escape")

    await screen.at("place-D0ALICE").press("Enter")
    suggested = screen.at("prompt")
    await expect(suggested.first).to_have_text("deploy checkout 1.4.2 to prod")
    await screen.page.set_viewport_size(PHONE)
    await screen.fits()
    await screen.shot("starting-4-direct")
    await suggested.nth(1).press("Enter")
    await expect(screen.at("message").get_by_text("why is checkout slow?")).to_be_visible()
    await screen.close()
