"""The story as a newcomer does it: on the page, with a browser."""

import pytest
from playwright.async_api import expect

from tests.journeys.screen import PHONE

pytestmark = pytest.mark.browser


async def test_a_newcomer_deploys_breaks_it_and_sees_the_count_stay_right(stage, screen):
    happened, would_have = stage.count()
    await screen.open(stage.url)
    await expect(screen.channel.get_by_text("Done: 1 of 1 done").first).to_be_visible()
    await expect(screen.at("version-checkout-prod")).to_have_text("1.4.1")
    await screen.shot("1-first-look")

    await screen.channel.get_by_test_id("suggestion").filter(has_text="deploy checkout 1.4.2").first.click()
    await screen.sees("Approval needed")
    await screen.sees("checkout-prod-1: 1.4.1 → 1.4.2")
    await screen.shot("2-approval-needed")

    await screen.approve()
    await screen.sees("somebody else has to decide on it")
    await screen.shot("3-alice-is-refused")

    await screen.press("Edit")
    await screen.at("modal-submit").click()
    await screen.shows(screen.modal, "Nothing was changed.")
    await screen.shot("4-edit")
    await screen.at("modal-close").click()

    await screen.at("act-as-bob").last.click()
    await screen.approve()
    await screen.sees("this is how it ended")
    await expect(screen.at("version-checkout-prod")).to_have_text("1.4.2")
    await expect(screen.at("deployments-count")).to_have_text(str(happened + 1))
    await screen.shot("5-done")

    await screen.be("alice")
    await screen.at("break-lose_reply").click()
    await screen.ask("roll back checkout in prod")
    await screen.sees("Approval needed")
    await screen.be("bob")
    await screen.at("place-home").click()
    await screen.shows(screen.home, "What waits for you")
    await screen.shot("6-home")
    await screen.home.get_by_test_id("action-approve").last.click()
    await screen.sure()
    # What may have happened waits for him too; the run's name leads to its thread.
    await screen.shows(screen.home, "May have happened")
    await screen.home.get_by_role("link", name="rollback-checkout").first.click()
    await screen.sees("May have happened")
    await expect(screen.at("deployments-count")).to_have_text(str(happened + 2))
    await expect(screen.at("would-have-count")).to_have_text(str(would_have + 3))
    await screen.shot("7-may-have-happened")

    await screen.press("It happened")
    await screen.send("the panel shows it")
    await screen.sees("this is how it ended")
    await screen.is_legible()
    await screen.at("theme-dark").click()
    await screen.shot("8-dark")
    await screen.page.set_viewport_size(PHONE)
    await screen.fits()
    await screen.shot("9-phone")
    await screen.close()
