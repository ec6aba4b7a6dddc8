"""Freezes in Slack: who may, and that everybody sees it."""

import asyncio
import os

import pytest
import pytest_asyncio
from temporalio.worker import Worker

from activities.freezes import Freezes as FreezesLookedUp
from activities.ledger import Ledger
from bot.afterwards import Afterwards
from bot.app import Bot, assemble
from bot.asked import Asked
from bot.commands import Freeze, Unfreeze
from bot.freezes import Freezes
from bot.freezing import Freezing
from bot.people import PeopleFinder
from bot.settings import BotSettings
from bot.slack import Slack, client_for
from handrail.queues import WORKFLOWS, as_activities, cached, runner
from sandbox.client import words
from sandbox.server import Sandbox
from tests.bot.conftest import Workspace
from tests.bot.test_asking import answered, plan
from workflows.outside import Queue
from workflows.rules.digests import freeze_id
from workflows.values.freeze import FreezeOrder, Thaw
from workflows.values.people import People, Person, Place
from workflows.values.spec import FreezeWindow

BY_NAME = People(users=("U0ALICE", "U0BOB", "U0GUS"))
WINDOW = FreezeWindow(
    name="*weekend*",
    environments=("elsewhere",),
    starts="fri 16:00",
    ends="mon 08:00",
    timezone="Europe/Berlin",
)


class Freezable(Workspace):
    """Its bot knows environments and who may freeze them; its worker asks Temporal what is frozen."""

    freezers = BY_NAME

    def bot_settings(self) -> BotSettings:
        return BotSettings(
            agents=(self.agent.model_copy(update={"windows": (WINDOW,)}),),
            freezers=self.freezers,
            environments=("staging", "prod"),
        )

    def assemble(self) -> Bot:
        return assemble(self.client, self.bot_settings(), self.settings())

    def freezing(self) -> Freezing:
        """As a bot process has it that was just started."""
        slack = Slack(client_for(self.slack.bot_token, self.api_url))
        return Freezing(Freezes(self.client), PeopleFinder(slack), slack, self.bot_settings(), Afterwards())

    def activities(self) -> list[object]:
        made_up = as_activities(self.tools, Ledger(self.client))[Queue.RUNS]
        looked_up = as_activities(FreezesLookedUp(self.client))[Queue.RUNS]
        return [*(each for each in made_up if each.__name__ != "frozen"), *looked_up]

    async def work(self) -> None:
        worker = Worker(
            self.client,
            task_queue=Queue.RUNS.value,
            workflows=WORKFLOWS,
            max_cached_workflows=cached(os.environ),
            activities=self.activities(),
            workflow_runner=runner(),
        )
        await self._stack.enter_async_context(worker)

    async def frozen(self, environment: str = "prod") -> bool:
        known = await Freezes(self.client)._look(environment)
        return known is not None and known.open


@pytest_asyncio.fixture
async def still(temporal):
    """Slack and the bot, and no worker yet."""
    async with Sandbox() as slack:
        workspace = Freezable(slack, temporal)
        await workspace.open()
        await workspace.listen()
        yield workspace
        await workspace.close()


@pytest_asyncio.fixture
async def workspace(still):
    await still.work()
    return still


@pytest_asyncio.fixture
async def alice(still):
    return await still.person("U0ALICE")


@pytest_asyncio.fixture
async def bob(still):
    return await still.person("U0BOB")


@pytest_asyncio.fixture
async def carol(still):
    return await still.person("U0CAROL")


async def told(person, text):
    """How often the channel was told this."""
    return len([each for each in await person.messages("C0OPS") if text in words(each)])


async def test_a_freeze_is_seen_by_everybody_in_the_channel(still, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod the database is on fire")

    seen = await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
    answer = await alice.sees("C0OPS", "From now on changes to `prod` wait")
    assert "the database is on fire" in words(seen)
    assert "`/handrail unfreeze prod`" in words(seen)
    assert answer["is_ephemeral"]
    assert await still.frozen("prod")
    assert not await still.frozen("")


async def test_without_an_environment_everything_is_frozen_and_the_answer_says_how_to_name_one(still, alice):
    await alice.say("C0OPS", "/handrail freeze the auditors are here")

    answer = await alice.sees("C0OPS", "From now on changes to everything wait")
    assert "name it first: `staging`, `prod`" in words(answer)
    assert await still.frozen("")


async def test_the_second_to_freeze_learns_of_the_first_and_changes_nothing(still, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")

    await bob.say("C0OPS", "/handrail freeze prod flood")

    answer = await bob.sees("C0OPS", "`prod` is frozen already, declared by <@U0ALICE> <!date^")
    assert "fire" in words(answer)
    assert await told(bob, "<@U0BOB> froze") == 0


async def test_a_command_delivered_twice_is_one_freeze_and_told_once(still, alice, bob):
    await plan(still.slack, {"kind": "duplicate_delivery", "type": "slash_commands"})

    await alice.say("C0OPS", "/handrail freeze prod fire")
    await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
    await bob.say("C0OPS", "/handrail freeze prod flood")
    await bob.sees("C0OPS", "frozen already")

    assert await told(bob, "<@U0ALICE> froze `prod`:") == 1
    assert await told(alice, "frozen already") == 0


async def test_a_redelivery_to_a_bot_that_was_started_again_is_told_once(still, bob):
    order = Freeze(environment="prod", reason="fire")
    asked = Asked(
        person=Person(team="T0HANDRAIL", user="U0ALICE"),
        place=Place(channel="C0OPS", thread_ts="1.2"),
        occasion="mention/C0OPS/1.2",
    )
    for _ in range(2):
        process = still.freezing()
        answer = await process.reply(order, asked)
        await process._later.close()
        assert "From now on changes to `prod` wait" in answer.text

    assert await told(bob, "<@U0ALICE> froze `prod`:") == 1


async def test_two_who_end_it_at_once_are_both_heard_and_it_is_told_once(still, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "From now on")
    process = still.freezing()
    people = [Person(team="T0HANDRAIL", user=each.user_id) for each in (alice, bob)]

    answers = await asyncio.gather(
        *(
            process.reply(
                Unfreeze(environment="prod"),
                Asked(person=person, place=Place(channel="C0OPS"), occasion=f"command/{person.user}"),
            )
            for person in people
        )
    )
    await process._later.close()

    assert [answer.text for answer in answers] == ["The freeze of `prod` ends as soon as a worker is up."] * 2
    assert await told(alice, "ended the freeze of `prod`") == 1


async def test_who_ended_it_is_told_to_whoever_comes_later(workspace, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "From now on")
    await alice.say("C0OPS", "/handrail unfreeze prod")
    await bob.sees("C0OPS", "<@U0ALICE> ended the freeze")

    await bob.say("C0OPS", "/handrail unfreeze prod")

    await bob.sees("C0OPS", "Nothing is left to end: <@U0ALICE> ended the last freeze of `prod`.")


async def test_who_is_not_named_freezes_nothing_and_is_told_who_may(still, carol):
    await carol.say("C0OPS", "/handrail freeze prod fire")

    answer = await carol.sees("C0OPS", "You are not one of those who may freeze or unfreeze.")
    assert "Those who may: <@U0ALICE>, <@U0BOB>" in words(answer)
    assert not await still.frozen()


async def test_a_guest_may_not_even_when_named(still):
    gus = await still.person("U0GUS")

    await gus.say("C0GENERAL", "/handrail freeze prod fire")

    await gus.sees("C0GENERAL", "A guest account may neither freeze nor unfreeze.")
    assert not await still.frozen()


async def test_nobody_may_until_somebody_is_named(still, alice):
    await still.stop_listening()
    still.freezers = People()
    await still.listen()

    await alice.say("C0OPS", "/handrail freeze prod fire")

    await alice.sees("C0OPS", "nobody is named under `freeze.who`")
    assert not await still.frozen()


async def test_members_of_a_named_group_may_others_may_not(still, alice, carol):
    await still.stop_listening()
    still.freezers = People(groups=("S0APPROVERS",))
    await still.listen()

    await alice.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "Those who may: <!subteam^S0APPROVERS>")
    assert not await still.frozen()

    await carol.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "<@U0CAROL> froze `prod`:")


@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_when_slack_can_not_say_who_somebody_is_it_is_not_now_and_never_yes(still, alice, method):
    await still.stop_listening()
    still.freezers = People(users=("U0ALICE",), groups=("S0APPROVERS",))
    await still.listen()
    await plan(still.slack, {"kind": "server_error", "method": method, "times": 3})

    await alice.say("C0OPS", "/handrail freeze prod fire")

    await alice.sees("C0OPS", "I can't look up in Slack just now who you are")
    assert not await still.frozen()


async def test_anybody_who_may_ends_it_and_then_it_may_be_declared_anew(workspace, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")

    await bob.say("C0OPS", "/handrail unfreeze prod")

    seen = await alice.sees("C0OPS", "<@U0BOB> ended the freeze of `prod`, which was declared by <@U0ALICE>.")
    assert "fire" in words(seen)
    await bob.sees("C0OPS", "The freeze of `prod` is over.")
    assert not await workspace.frozen()

    await bob.say("C0OPS", "/handrail freeze Prod: flood")
    await alice.sees("C0OPS", "<@U0BOB> froze `prod`:")


async def test_who_may_not_freeze_may_not_unfreeze(workspace, alice, carol):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await carol.sees("C0OPS", "<@U0ALICE> froze `prod`:")

    await carol.say("C0OPS", "/handrail unfreeze prod")

    await carol.sees("C0OPS", "You are not one of those who may freeze or unfreeze.")
    assert await workspace.frozen()


async def test_what_nobody_froze_can_not_be_ended_and_what_is_frozen_is_listed(still, alice):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "From now on")

    answer = await answered(alice, f"/handrail unfreeze {still.service}", "declared by <@U0ALICE>")

    assert f"Nobody has frozen `{still.service}`, so there is nothing to end." in words(answer)
    assert await still.frozen()


async def test_with_no_worker_up_a_freeze_holds_at_once_and_ends_when_one_is(still, alice):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await alice.sees("C0OPS", "From now on")

    await alice.say("C0OPS", "/handrail unfreeze prod")
    await alice.sees("C0OPS", "The freeze of `prod` ends as soon as a worker is up.")

    assert await still.frozen()
    await still.work()
    assert await still.client.get_workflow_handle(freeze_id("prod"), result_type=Thaw).result() == Thaw(
        by=Person(team="T0HANDRAIL", user="U0ALICE")
    )


async def test_freeze_alone_says_what_is_frozen_by_people_and_by_the_clock(still, alice, bob):
    await alice.say("C0OPS", "/handrail freeze staging fire")
    await alice.sees("C0OPS", "From now on")

    answer = await answered(bob, "/handrail freeze", "`staging` is frozen, declared by <@U0ALICE> <!date^")

    said = words(answer)
    assert "*weekend*: elsewhere, from fri 16:00 to mon 08:00 (Europe/Berlin)" in said
    assert "`/handrail freeze [environment] &lt;reason&gt;`" in said
    assert answer["is_ephemeral"]


async def test_a_reason_is_asked_for(still, alice):
    await alice.say("C0OPS", "/handrail freeze prod")

    await alice.sees("C0OPS", "Say why")
    assert not await still.frozen()


async def test_a_reason_can_neither_mention_nor_link_nor_format(still, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod <!channel> *done* <https://evil.example|here>")

    seen = await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
    [quoted] = [block for block in seen["blocks"] if block["type"] == "rich_text"]
    [reason] = quoted["elements"][0]["elements"]
    assert reason["type"] == "text"
    assert reason["text"] == "<!channel> *done* <https://evil.example|here>"
    assert "<!channel>" not in seen["text"]


async def test_where_the_channel_can_not_be_told_who_asked_is_told_that(still, alice):
    await alice.say("C0RANDOM", "/handrail freeze prod fire")

    await alice.sees("C0RANDOM", "From now on")
    [direct] = [each for each in (await alice.state())["channels"] if each.get("is_im")]
    await alice.sees(direct["id"], "I could not tell this channel: Handrail is not a member of the channel.")
    assert await still.frozen()


async def test_in_the_thread_of_a_run_a_freeze_is_a_freeze(workspace, alice, bob):
    said = await alice.say("C0OPS", f"@handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await alice.say("C0OPS", "@handrail freeze prod fire", thread_ts=said["ts"])

    seen = await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
    assert seen.get("thread_ts") in (None, seen["ts"])


async def test_what_was_approved_waits_for_the_end_of_a_freeze_and_goes_on_by_itself(workspace, alice, bob):
    await alice.say("C0OPS", "/handrail freeze prod fire")
    await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    card = await bob.sees("C0OPS", "Decide by")
    await bob.click(card, "Approve")
    await alice.sees("C0OPS", "prod is frozen")
    assert workspace.tools.applied == []

    await alice.say("C0OPS", "/handrail unfreeze prod")

    await alice.sees("C0OPS", f"Done: {workspace.run}")
    assert len(workspace.tools.applied) == 1


# The door to Temporal

ORDER = FreezeOrder(environment="door", reason="fire", by=Person(team="T0HANDRAIL", user="U0ALICE"))


async def test_a_late_redelivery_does_not_freeze_again_what_was_ended(workspace):
    freezes = Freezes(workspace.client, ending=10)
    first = await freezes.declare(ORDER, "mention/1")
    again = await freezes.declare(ORDER, "mention/1")
    assert (first.fresh, first.ours, again.fresh, again.ours) == (True, True, False, True)
    assert again.known.run_id == first.known.run_id
    ended = await freezes.end("door", Thaw(by_words="bob"))
    assert ended is not None
    assert ended.by == Thaw(by_words="bob")

    late = await freezes.declare(ORDER, "mention/1")

    assert (late.fresh, late.ours, late.known.open) == (False, True, False)
    nothing = await freezes.end("door", Thaw(by_words="carol"))
    assert nothing is not None
    assert (nothing.by, nothing.earlier) == (Thaw(by_words="bob"), True)
    assert (await freezes.declare(ORDER, "mention/2")).fresh


async def test_a_freeze_that_an_operator_ended_in_temporal_is_over(workspace):
    freezes = Freezes(workspace.client)
    await freezes.declare(ORDER, "mention/1")
    await workspace.client.get_workflow_handle(freeze_id("door")).terminate()

    nothing = await freezes.end("door", Thaw(by_words="carol"))

    assert nothing is not None
    assert (nothing.by, nothing.earlier) == (Thaw(), True)
