"""The story as a newcomer does it: on the page, with a browser. Screenshots go to `screenshots/`."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from tests.journeys.stage import raised

SHOTS = Path(__file__).parent.parent.parent / "screenshots"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
SLOWLY = 40_000
"""Milliseconds: a machine may be busy."""

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "this test needs a browser: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*QUIET, "--disable-sync"])
        made = await browser.new_page(viewport={"width": 1440, "height": 900})
        made.set_default_timeout(SLOWLY)
        expect.set_options(timeout=SLOWLY)
        yield made
        await browser.close()


async def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")


async def approve(page: Page) -> None:
    await page.get_by_test_id("thread").get_by_test_id("action-approve").last.click()
    await page.get_by_test_id("confirm-yes").click()


async def test_a_newcomer_deploys_breaks_it_and_sees_the_count_stay_right(page, tmp_path):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    async with raised(tmp_path) as stage:
        await page.goto(f"{stage.url}?as=U0ALICE")
        channel, thread = page.get_by_test_id("channel"), page.get_by_test_id("thread")
        await expect(channel.get_by_text("Done: 1 step of 1 done")).to_be_visible()
        await expect(page.get_by_test_id("version-checkout-prod")).to_have_text("1.4.1")
        await shot(page, "1-first-look")

        await channel.locator(
            '[data-testid="suggestion"][data-says*="deploy checkout 1.4.2 to prod"]'
        ).first.click()
        await expect(thread.get_by_text("Approval needed").first).to_be_visible()
        await expect(thread.get_by_text("checkout-prod-1: 1.4.1 → 1.4.2")).to_be_visible()
        await shot(page, "2-approval-needed")

        await approve(page)
        await expect(thread.get_by_text("somebody else has to decide on it").first).to_be_visible()
        await shot(page, "3-alice-is-refused")

        await thread.get_by_test_id("action-edit").last.click()
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("modal").get_by_text("Nothing was changed.")).to_be_visible()
        await shot(page, "3-edit")
        await page.get_by_test_id("modal-close").click()

        await page.get_by_test_id("act-as-bob").last.click()
        await approve(page)
        await expect(thread.get_by_text("this is how it ended")).to_be_visible()
        await expect(page.get_by_test_id("version-checkout-prod")).to_have_text("1.4.2")
        await expect(page.get_by_test_id("deployments-count")).to_have_text("1")
        await shot(page, "4-done")

        await page.get_by_test_id("person-U0ALICE").click()
        await page.get_by_test_id("break-lose_reply").click()
        await channel.locator(
            '[data-testid="suggestion"][data-says*="roll back checkout in prod"]'
        ).first.click()
        await expect(thread.get_by_text("Approval needed").first).to_be_visible()
        home = page.get_by_test_id("home")
        await page.get_by_test_id("person-U0BOB").click()
        await page.get_by_test_id("place-home").click()
        await expect(home.get_by_text("What waits for you: 1")).to_be_visible()
        await shot(page, "5-home")
        await home.get_by_test_id("action-approve").click()
        await page.get_by_test_id("confirm-yes").click()
        # What may have happened waits for him too; the run's name leads to its thread.
        await expect(home.get_by_text("May have happened")).to_be_visible()
        await home.get_by_role("link").first.click()
        await expect(thread.get_by_text("May have happened").first).to_be_visible()
        await expect(page.get_by_test_id("deployments-count")).to_have_text("2")
        await expect(page.get_by_test_id("would-have-count")).to_have_text("3")
        await shot(page, "6-may-have-happened")

        await page.get_by_test_id("theme-dark").click()
        await shot(page, "7-dark")
        await page.set_viewport_size({"width": 390, "height": 844})
        await shot(page, "8-phone")
        # Asked while the demo still runs: afterwards the page rightly misses it.
        assert errors == []
