"""From what is typed in Slack to what truly happened, through every real part."""

from sandbox.client import words
from tests.journeys.stage import button_names


async def test_a_deployment_is_previewed_approved_by_somebody_else_and_made_once(stage):
    before = stage.made().count(("checkout", "1.4.2"))
    thread = await stage.ask("deploy checkout 1.4.2 to prod")

    card = await thread.shows("Approval needed")
    for part in ("1.4.1", "1.4.2", "checkout-prod-1", "rolling"):
        assert part in words(card)
    assert stage.made().count(("checkout", "1.4.2")) == before

    await thread.press("Approve", by=stage.alice)
    refusal = await thread.shows("somebody else has to decide")
    assert refusal["is_ephemeral"]
    assert all("somebody else has to decide" not in words(each) for each in await thread.messages(stage.bob))

    await thread.press("Approve", by=stage.bob)
    root = await thread.ends("done")
    result = await thread.shows("What was changed")

    assert stage.made().count(("checkout", "1.4.2")) == before + 1
    assert "1.4.1 to 1.4.2" in words(root) + words(result)
    assert "Approved" in words(await thread.shows("Approved"))
    assert {each for message in await thread.messages() for each in button_names(message)} == {
        "Details",
        "Open in Temporal",
        "Undo",
    }


async def test_a_rejection_asks_for_the_reason_and_nothing_is_changed(stage):
    thread = await stage.ask("restart search in prod")

    await thread.press("Reject", by=stage.bob)
    modal = await stage.bob.modal()
    answer = await stage.bob.submit(modal, {"Reason": "not during the sale"})
    assert answer["ok"], answer
    root = await thread.ends("ended without success")

    assert "not during the sale" in words(await thread.shows("Rejected"))
    assert "Nothing was changed" in words(root)


async def test_the_requester_cancels_from_the_root_card(stage):
    thread = await stage.ask("roll back payments in prod")
    await thread.shows("Approval needed")

    await thread.press("Cancel run", by=stage.alice)
    await thread.ends("stopped")

    await thread.shows("No longer needed")


async def test_a_tool_that_refuses_is_told_as_it_is(stage):
    thread = await stage.ask("deploy checkout 1.4.2 to nowhere")

    root = await thread.ends("ended without success")

    assert "nowhere" in words(root)
    assert "Nothing was changed" in words(root)


async def test_a_release_that_does_not_exist_ends_well_and_says_what_there_is(stage):
    thread = await stage.ask("deploy checkout 9.9.9 to prod")

    assert "There is no release 9.9.9" in words(await thread.ends("done"))


async def test_what_the_rules_allow_needs_nobody(stage):
    thread = await stage.ask("restart search in staging")

    assert "search was restarted in staging" in words(await thread.ends("done"))


async def test_a_question_is_answered_by_reading_alone(stage):
    thread = await stage.ask("why is catalog slow in staging?")

    root = await thread.ends("done")

    assert "I am a runbook, not a model" in words(root)
    assert "Nothing was changed" in words(root)


async def test_the_full_preview_opens_from_details(stage):
    thread = await stage.ask("restart catalog in prod")
    await thread.shows("Decide by")

    await thread.press("Details", by=stage.carol)

    async def whole():
        view = await stage.carol.modal()
        return view if "catalog-prod-1" in words(view) else None

    modal = await stage.carol.until(whole)

    assert "environment" in words(modal)
    await thread.press("Cancel run", by=stage.alice)
    await thread.ends("stopped")


async def test_an_agent_that_does_not_exist_is_answered_with_what_there_is(stage):
    await stage.alice.say("C0OPS", "/handrail run deplyo: checkout 1.4.2 to prod")

    answer = await stage.answer(stage.alice, "There is no agent called")

    assert "The nearest are `deploy`" in words(answer)


async def test_what_matches_nothing_is_answered_with_chips_that_work(stage):
    await stage.bob.say("C0OPS", "/handrail make me a sandwich")
    chips = await stage.answer(stage.bob, "I don't know how to do that")
    assert len(words(chips)) < 600

    earlier = {each["ts"] for each in await stage.bob.messages("C0OPS")}
    await stage.bob.click(chips, "report")

    async def reported():
        new = [each for each in await stage.bob.messages("C0OPS") if each["ts"] not in earlier]
        return [each for each in new if words(each).startswith("report-")]

    assert await stage.bob.until(reported, 20)


async def test_a_mention_starts_a_run_in_its_own_thread(stage):
    said = await stage.alice.say("C0OPS", "@handrail report on staging")
    assert said["ok"]

    async def replied():
        for message in await stage.alice.messages("C0OPS"):
            if "<@U0HANDRAIL> report on staging" in message["text"]:
                thread = await stage.alice.thread("C0OPS", message["ts"])
                return [each for each in thread if "healthy" in words(each)]
        return None

    assert await stage.alice.until(replied, 20)


async def test_a_run_is_found_by_its_name_and_stopped_by_it(stage):
    thread = await stage.ask("deploy payments 3.2.0 to prod", by=stage.carol)
    name = words(await thread.shows("Approval needed") and await thread.root()).split(":")[0]

    await stage.carol.say("C0OPS", f"/handrail status {name}")
    assert "Waiting" in words(await stage.answer(stage.carol, name))
    await stage.carol.say("C0OPS", f"/handrail cancel {name} wrong version")
    await thread.ends("stopped")

    assert "wrong version" in words(await thread.root())


async def test_what_begins_like_a_command_and_is_none_starts_nothing(stage):
    await stage.carol.say("C0OPS", "/handrail cancel the maintenance window")

    assert await stage.answer(stage.carol, "This is how `cancel` is used")
