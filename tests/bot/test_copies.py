"""Direct messages: who asked for them has the card there too, with the same buttons, and every copy stays true."""

from datetime import timedelta
from itertools import count

import pytest

from bot.direct_messages import DirectMessages
from sandbox.client import words
from tests.bot.test_asking import plan
from tests.bot.test_scheduling import in_temporal
from tests.bot.test_together import labels, press, started
from tests.workflows.far_end import deploy
from workflows.rules.names import direct_messages_id
from workflows.values.people import People, Person

BOTH = {"approvers": People(users=("U0BOB", "U0CAROL"))}


async def wants(workspace, *people):
    for who in people:
        team = (await workspace.assemble().slack.identity()).team
        await DirectMessages(workspace.client).want(Person(team=team, user=who.user_id), wanted=True)


async def direct(who):
    """Their direct messages with the bot."""
    channel = next((each for each in (await who.state())["channels"] if each.get("is_im")), None)
    return await who.messages(channel["id"]) if channel else []


async def copy(who, text):
    """The newest of them that shows *text*, once there is one."""

    async def probe():
        return next((each for each in reversed(await direct(who)) if text in words(each)), None)

    return await who.until(probe)


async def test_who_asked_for_direct_messages_decides_there_and_every_copy_is_redrawn(
    quiet, alice, bob, carol
):
    await wants(quiet, bob, carol)
    card = await started(quiet, alice, deploy(), **BOTH)

    mine = await copy(bob, "Decide by")
    assert labels(mine) == labels(card) == ["Approve", "Reject", "Edit", "Details"]
    assert "|Open the card>. Run `" in words(mine)
    assert "You asked for direct messages: `/handrail dm off` ends them." in words(mine)
    await copy(carol, "Decide by")
    await bob.click(mine, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    for who in (bob, carol):
        over = await copy(who, "Approved: fleet.deploy")
        assert "U0BOB" in str(over["blocks"])
        assert " approved" in words(over)
        assert labels(over) == []
        assert len(await direct(who)) == 1
    assert len(quiet.tools.applied) == 1


@pytest.mark.recorded
async def test_a_copy_is_redrawn_by_a_bot_that_was_started_since(quiet, alice, bob, carol, keep_histories):
    keep_histories.append(direct_messages_id(Person(team="T0HANDRAIL", user="U0BOB")))
    await wants(quiet, bob)
    await started(quiet, alice, deploy(), **BOTH)
    await copy(bob, "Decide by")
    await quiet.stop_listening()
    await DirectMessages(quiet.client).want(Person(team="T0HANDRAIL", user="U0BOB"), wanted=False)
    await quiet.listen()

    await press(carol, "Reject")
    await carol.submit(await carol.modal(), {"Reason": "not on a Friday"})

    over = await copy(bob, "Rejected: fleet.deploy")
    assert "not on a Friday" in words(over)
    assert labels(over) == []


async def test_direct_messages_that_fail_hold_up_nothing(quiet, alice, bob, carol):
    await wants(quiet, bob)
    await plan(quiet.slack, {"kind": "server_error", "method": "conversations.open", "times": 100})
    await started(quiet, alice, deploy(), **BOTH)

    await press(carol, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert await direct(bob) == []


async def test_a_copy_is_sent_once_though_the_answer_is_lost(quiet, alice, bob, carol):
    await started(quiet, alice, deploy(), **BOTH, quorum=2)
    await plan(quiet.slack, {"kind": "reply_lost", "method": "chat.postMessage"})
    await bob.say("C0OPS", "/handrail dm on")
    await press(carol, "Approve")
    await copy(bob, "1 of 2 approved so far")

    await bob.click(await copy(bob, "Decide by"), "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    await copy(bob, "Approved: fleet.deploy")
    assert len(await direct(bob)) == 1


async def test_who_asked_for_the_change_and_who_may_not_decide_get_none(quiet, alice, bob, carol):
    await wants(quiet, alice, bob, carol)
    await started(quiet, bob, deploy(), approvers=People(groups=("S0APPROVERS",)))
    await press(carol, "Approve")
    await bob.sees("C0OPS", f"Done: {quiet.run}")

    await copy(carol, "Approved: fleet.deploy")
    assert await direct(alice) == await direct(bob) == []


async def test_a_click_in_a_direct_message_that_does_not_count_is_answered_there(quiet, alice, bob):
    await wants(quiet, bob)
    await started(quiet, alice, deploy(), **BOTH, quorum=2)
    for _ in range(2):
        await bob.click(await copy(bob, "Decide by"), "Approve")

    assert await copy(bob, "already")


async def test_direct_messages_are_asked_for_and_ended_by_a_command(workspace, bob):
    async def says(text):
        await bob.say("C0OPS", f"/handrail {text}")
        return words((await bob.messages("C0OPS"))[-1])

    assert "in its thread only" in await says("dm")
    assert "in a direct message too, with the same buttons" in await says("dm on")
    assert "`/handrail dm off` ends that" in await says("dm")
    assert "no more direct messages" in await says("DM off")
    assert "no more direct messages" in await says("dm off")
    assert "in its thread only" in await says("dm")


async def test_who_wants_them_is_known_at_once_here_and_soon_elsewhere(quiet):
    now = [0.0]
    here, elsewhere = (DirectMessages(quiet.client, lambda: now[0]) for _ in range(2))
    person = Person(team="T0HANDRAIL", user="U0BOB")

    assert await here.everybody() == await elsewhere.everybody() == frozenset()
    await here.want(person, wanted=True)
    assert await here.everybody() == {person}
    assert await elsewhere.everybody() == frozenset()
    await in_temporal(DirectMessages(quiet.client, count(step=60).__next__).everybody)
    now[0] = timedelta(minutes=2).total_seconds()
    assert await here.everybody() == await elsewhere.everybody() == {person}
