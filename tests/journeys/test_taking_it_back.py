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
