"""The driver that other tests and `handrail try` use."""

import pytest

from sandbox.client import PersonError

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "action_id": "approve:7"}


async def test_pressing_what_is_not_there_says_what_is(client, alice):
    await client.chat_postMessage(
        channel="C0OPS", text="x", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    message = await alice.sees("C0OPS", "Approve")

    with pytest.raises(PersonError, match="nothing called 'Reject' to press here; there is: Approve"):
        await alice.click(message, "Reject")


async def test_waiting_ends_as_soon_as_what_is_awaited_shows(client, alice):
    async def announce():
        await client.chat_postMessage(channel="C0OPS", text="one")
        await client.chat_postMessage(channel="C0OPS", text="two")

    asked = 0

    async def both():
        nonlocal asked
        asked += 1
        if asked == 1:
            await announce()
            return None
        messages = await alice.messages("C0OPS")
        return [message["text"] for message in messages] if len(messages) == 2 else None

    assert await alice.until(both) == ["one", "two"]


async def test_waiting_for_what_never_comes_ends_too(alice):
    with pytest.raises(TimeoutError):
        await alice.sees("C0OPS", "Godot", timeout=0.05)
