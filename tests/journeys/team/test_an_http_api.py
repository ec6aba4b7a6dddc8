"""A change of a plain HTTP API: previewed, approved, and done once though its answer is lost."""

from sandbox.client import words


async def test_a_refund_is_paid_once_after_bob_agreed(at_team):
    stage, far, billing = at_team.stage, at_team.api, at_team.billing
    thread = await stage.ask("refund 40 of 7")
    card = await thread.shows("Approval needed")
    assert "100" in words(card)
    assert billing.refunds == {}

    def loses_the_first(heard):
        far.answers = billing
        billing(heard)
        return b""

    looked = [line for line in far.lines() if line.startswith("GET")]
    far.answers = lambda heard: loses_the_first(heard) if "POST" in heard.line else billing(heard)
    await thread.press("Approve", by=stage.bob)
    root = await thread.ends("done")

    assert "40 was paid back." in words(root)
    assert list(billing.refunds.values()) == [40]
    sent = [heard for heard in far.heard if heard.line.startswith("POST")]
    assert len(sent) == 2
    assert len({heard.headers["idempotency-key"] for heard in sent}) == 1
    assert len(far.lines()) > len(looked) + len(sent)  # it was looked at again before it was applied
