"""Every flow once, on the page: what people read, press and type, by mouse or keyboard, in either theme, on a phone too."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.journeys.screen import PHONE, Screen

pytestmark = [pytest.mark.browser, pytest.mark.proof]


@pytest_asyncio.fixture
async def stage(at_team):
    return at_team.stage


@pytest_asyncio.fixture
async def desk(stage, screen) -> AsyncIterator[Screen]:
    """The page as alice opens it."""
    await screen.open(stage.url)
    yield screen
    await screen.close()


async def test_a_change_is_rejected_with_a_reason_by_the_keyboard_alone(desk):
    await desk.ask("restart search in prod")
    await desk.sees("Approval needed")
    await desk.be("bob")
    reject = desk.thread.get_by_role("button", name="Reject", exact=True).last
    await reject.press("Enter")
    reason = desk.modal.get_by_label("Reason")
    await expect(reason).to_be_focused()
    await desk.send()
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(desk.modal.get_by_role("alert")).to_have_text("Please complete this required field.")
    await desk.is_legible()
    await desk.shot("reject-1-no-reason")

    # Escape closes the dialog, not the thread below it; one is back where one was.
    await desk.keyboard.press("Escape")
    await expect(desk.modal).to_be_hidden()
    await expect(reject).to_be_focused()
    await reject.press("Enter")
    await desk.send("not during the sale")

    await desk.sees("ended without success")
    await desk.sees("“Restart search in prod” was rejected")
    await desk.shows(desk.thread.locator(".plan"), "0 of 1 done")
    await desk.shot("reject-2-rejected")


async def test_what_is_edited_is_shown_as_old_and_new(desk):
    await desk.ask("deploy payments 3.2.0 to staging")
    await desk.sees("Approval needed")
    await desk.press("Edit")
    await desk.modal.get_by_label("version").fill("3.0.7")
    await desk.keyboard.press("Enter")

    await desk.sees("Its arguments were edited by")
    await expect(desk.thread.locator("s", has_text="3.2.0").first).to_be_visible()
    await expect(desk.modal).to_be_hidden()
    await desk.shot("edit-asked-again")


async def test_one_card_asks_for_several_changes(desk):
    await desk.ask("restart everything in prod")
    await desk.sees("Approval needed: 4 of 4")
    await expect(desk.thread.get_by_text("Waiting for approval")).to_have_count(1)
    await desk.shot("together-1-asked")
    await desk.be("bob")
    await desk.press("Details 3")
    await desk.shows(desk.modal, "search-prod-1: restart on")
    await desk.shot("together-2-details")
    await desk.keyboard.press("Escape")
    await desk.approve("Approve all 4")

    await desk.sees("Restarted in prod: checkout, search, payments, catalog.")
    await desk.shot("together-3-done")


async def test_questions_are_answered_by_button_and_in_words(desk):
    await desk.ask("find a window for search")
    await desk.sees("When may search be restarted?")
    await desk.shot("question-1-asked")
    await desk.press("“tonight”")
    await desk.sees("What shall be noted?")
    await desk.press("Answer")
    await desk.send("the new index")

    await desk.sees("Tonight, and noted is: the new index")
    await expect(desk.thread.get_by_role("button", name="Answer")).to_have_count(0)
    await desk.shot("question-2-answered")

    await desk.ask("glance at search")
    await desk.sees("Its budget is used up")
    await desk.shot("question-3-budget")
    await desk.press("Go on: 3 more steps, 30 minutes")
    await desk.sees("It is healthy.")


async def test_what_drifted_is_asked_about_again_and_a_run_is_cancelled(desk):
    await desk.ask("deploy search 2.9.0 to prod")
    await desk.sees("Approval needed")
    await desk.at("break-carol_deploys").click()
    await desk.shows(desk.at("toast"), "Carol deployed search")
    await desk.be("bob")
    await desk.approve()
    await desk.sees("as you saw it → now")
    await desk.sees("It changed since it was approved, so nothing was applied.")
    await desk.shot("drift-1-asked-again")

    await desk.be("alice")
    await desk.press("Cancel run")
    await expect(desk.at("confirm-yes")).to_have_class("button button-danger-solid")
    await desk.is_legible()
    await desk.shot("drift-2-cancel")
    await desk.keyboard.press("Escape")
    await expect(desk.at("confirm")).to_be_hidden()
    await desk.press("Cancel run")
    await desk.sure()
    await desk.sees("2 of 3 done, 1 left out")
    await desk.sees("No longer needed")
    await desk.shot("drift-3-cancelled")


async def test_a_worker_that_is_killed_comes_back_and_the_run_goes_on(desk):
    worker = desk.at("part-worker")
    await expect(worker).to_have_attribute("data-state", "up")
    await desk.at("break-kill_worker").click()
    await expect(worker).not_to_have_attribute("data-state", "up")
    await desk.shot("kill-1-down")
    await desk.ask("report on staging")

    await desk.sees("this is how it ended")
    await expect(worker).to_have_attribute("data-state", "up")


async def test_lists_why_freezes_and_schedules_are_answered_to_one_alone(desk):
    for command, shown in (
        ("list all", "All runs that you may see"),
        ("why report-staging-1 1", "It wanted 1 call"),
        ("status report-staging-1", "asked by"),
        ("schedules", "Nothing is scheduled"),
        ('schedule "0 9 * * 1" report on staging', "It runs"),
        ("freeze staging the books are closed", "each says so in its thread"),
        ("freezes", "Frozen now"),
    ):
        await desk.say(f"/handrail {command}")
        answer = desk.channel.locator('[data-ephemeral="yes"]').filter(has_text=shown).last
        await expect(answer).to_be_visible()
        await desk.shot(f"answers-{command.split()[0]}")
    await desk.is_legible()
    await answer.get_by_test_id("dismiss").click()
    await expect(answer).to_have_count(0)

    await desk.ask("deploy checkout 1.4.3 to staging")
    await desk.sees("Approval needed")
    await desk.be("bob")
    await desk.press("Approve")
    await desk.sees("Held")
    await desk.shows(desk.thread, "the books are closed")
    await desk.shot("answers-held")
    await desk.say("/handrail unfreeze staging")
    await desk.shows(desk.channel, "What it held goes on.")
    await desk.sees("this is how it ended")


async def test_a_mention_and_a_direct_message_start_runs(desk):
    await desk.say("@handrail why is catalog slow in staging?")
    await desk.sees("I am a runbook, not a model")
    await desk.shot("mention")
    await desk.at("place-D0ALICE").click()
    await desk.say("report on staging")
    await desk.sees("payments 3.1.0 in staging")
    await desk.shot("direct")


async def test_the_tab_key_reaches_everything_and_shows_where_one_is(desk):
    await desk.ask("restart catalog in prod")
    await desk.sees("Approval needed")
    await desk.at("place-home").focus()
    seen: list[tuple[str, bool]] = []
    while len(seen) < 400 and ("break-kill_worker", True) not in seen:
        at = await desk.page.evaluate(
            """() => { const at = document.activeElement, style = getComputedStyle(at);
            const ring = style.outlineStyle !== "none" || style.boxShadow !== "none" ||
                getComputedStyle(at.closest(".composer-box") ?? at).boxShadow !== "none";
            return [at.dataset.testid ?? at.getAttribute("aria-label") ?? at.tagName, ring]; }"""
        )
        seen.append(tuple(at))
        await desk.keyboard.press("Tab")
    names = [name for name, _ in seen]

    assert [name for name, ring in seen if not ring and name != "BODY"] == []
    order = [
        "place-home",
        "person-U0ALICE",
        "composer",
        "action-approve",
        "thread-composer",
        "break-kill_worker",
    ]
    assert [name for name in dict.fromkeys(names) if name in order] == order
    await desk.shot("keyboard")
    # A menu closes alone; then the thread, and one is back in the channel.
    await desk.at("shortcuts").press("Enter")
    await desk.keyboard.press("Escape")
    await expect(desk.thread).to_be_visible()
    await expect(desk.at("shortcuts")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(desk.thread).to_be_hidden()
    await expect(desk.at("composer")).to_be_focused()


async def test_all_of_it_can_be_read_and_used_on_a_phone(desk):
    await desk.page.set_viewport_size(PHONE)
    await desk.say("/handrail restart checkout in prod")
    await desk.shows(desk.channel, "restart-checkout-1: waiting")
    for pane in ("sidebar", "fleet", "channel"):
        await desk.at(f"tab-{pane}").click()
        await desk.fits()
        await desk.shot(f"phone-{pane}")
    await desk.channel.get_by_test_id("open-thread").last.click()
    await desk.sees("Approval needed")
    await desk.fits()
    await desk.shot("phone-thread")
    await desk.press("Details")
    await desk.shows(desk.modal, "checkout-prod-1")
    await desk.fits()
    await desk.shot("phone-details")
    await desk.at("modal-close").click()
    await desk.at("tab-sidebar").click()
    await desk.be("bob")
    await desk.at("place-home").click()
    await desk.shows(desk.home, "What waits for you")
    await desk.is_legible()
    await desk.fits()
    await desk.shot("phone-home")
    asked = desk.home.get_by_text("Approval needed: fleet.restart on prod/checkout")
    await desk.home.get_by_role("button", name="Approve", exact=True).last.click()
    await desk.sure()
    await expect(asked).to_have_count(0)
