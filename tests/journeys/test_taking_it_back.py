"""A change is taken back, by whoever sees that it was wrong."""

from sandbox.client import words


async def test_a_deployment_is_undone_from_the_card_that_says_it_was_made(stage):
    thread = await stage.ask("deploy payments 3.2.0 to prod")
    await thread.press("Approve", by=stage.bob)
    await thread.ends("done")
    assert stage.runs("payments", "prod") == {"3.2.0"}

    await thread.press("Undo", by=stage.carol)
    card = await thread.shows("Decide by")
    for part in ("3.2.0", "3.1.0", "payments-prod-1"):
        assert part in words(card)
    await thread.press("Approve", by=stage.bob)
    await thread.shows("It is undone")
    await thread.shows("Undone by the run undo-deploy-")

    assert stage.runs("payments", "prod") == {"3.1.0"}
    assert stage.made()[:2] == [("payments", "3.1.0"), ("payments", "3.2.0")]


async def test_what_is_watched_and_is_not_well_is_proposed_to_be_put_back(stage):
    if stage.runs("payments", "staging") != {"3.1.0"}:
        earlier = await stage.ask("deploy payments 3.1.0 to staging")
        await earlier.press("Approve", by=stage.bob)
        await earlier.ends("done")
    thread = await stage.ask("deploy payments 3.2.0 to staging and watch for 10m")
    await thread.press("Approve", by=stage.bob)

    back = await thread.shows("3.2.0 → 3.1.0")
    assert "Put payments 3.1.0 back in staging" in words(await thread.root())
    assert back["ts"] != thread.ts
    await thread.press("Approve", by=stage.bob)
    root = await thread.ends("done")

    assert "payments runs 3.1.0 again in staging: 3.2.0 was down." in words(root)
    assert stage.runs("payments", "staging") == {"3.1.0"}
