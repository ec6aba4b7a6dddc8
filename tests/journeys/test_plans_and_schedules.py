"""What only plans, and what is asked again and again."""

import re

from sandbox.client import words


async def test_a_plan_shows_every_change_and_makes_none(stage):
    before = stage.made()
    thread = await stage.ask("plan restart everything in prod", shows="restart everything in prod")

    root = words(await thread.ends("planned"))

    assert "What would be changed:" in root
    assert "Plan only: nothing was applied." in root
    card = words(await thread.shows("Only planned: 4 changes"))
    assert "fleet.restart on prod/checkout" in card
    assert stage.made() == before


async def test_a_plan_of_a_deployment_goes_through_the_whole_runbook_and_deploys_nothing(stage):
    before = stage.runs("payments", "staging")
    thread = await stage.ask(
        "plan deploy payments 2.4.1 to staging", shows="deploy payments 2.4.1 to staging"
    )

    await thread.ends("planned")

    assert stage.runs("payments", "staging") == before


async def test_a_schedule_typed_with_the_quotes_of_a_phone_runs_and_is_deleted(stage):
    await stage.heard(
        lambda: stage.alice.say(
            "C0OPS", "/handrail schedule \u201c0 9 * * 1-5\u201d in Europe/Berlin what runs in staging?"
        )
    )
    answer = words(await stage.answer(stage.alice, "in the time zone `Europe/Berlin`"))
    found = re.search(r"Scheduled as `([a-z0-9-]+)`", answer)
    assert found is not None

    thread = await stage.ask(f"schedule run {found[1]}", shows=f"By the schedule `{found[1]}`")
    await thread.ends("done")

    await stage.heard(lambda: stage.alice.say("C0OPS", f"/handrail schedule delete {found[1]}"))
    await stage.answer(stage.alice, f"`{found[1]}` is deleted.")
