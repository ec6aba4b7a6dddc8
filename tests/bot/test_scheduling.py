"""Schedules in Slack, on Temporal's own: who may, what fires, what is skipped, and what is said of it."""

from dataclasses import replace

import pytest
import pytest_asyncio
from temporalio.service import RPCError

from bot.app import assemble
from bot.scheduled import Kept, Known
from bot.settings import BotSettings
from bot.start_settings import StartSettings
from bot.views.schedules import schedules_card
from sandbox.client import words
from sandbox.roster import TEAM_ID
from sandbox.server import Sandbox
from tests.bot.conftest import Workspace
from tests.bot.test_asking import answered, plan
from tests.bot.views import NOON
from tests.workflows.far_end import ALICE
from tests.workflows.resetting import points_of, reset
from workflows.rules.names import schedule_id
from workflows.scheduled_start import ScheduledStart
from workflows.values.people import People
from workflows.values.schedule import ScheduledGoal

NEVER_SOON = "0 0 1 1 *"
"""Nothing fires by itself while a test looks."""


class Scheduling(Workspace):
    """Its schedules are its own, and its agents can change."""

    default_agent = None

    @property
    def schedule(self) -> str:
        return f"deployer-{self.service}"

    def assemble(self):
        agents = () if self.agent is None else (self.agent,)
        settings = BotSettings(agents=agents, default_agent=self.default_agent, starting=self.starting)
        return assemble(self.client, settings, self.settings())

    async def scheduled(self) -> list[str]:
        return [each.id async for each in await self.client.list_schedules() if self.service in each.id]

    async def described(self, name=None):
        return await self.client.get_schedule_handle(schedule_id(TEAM_ID, name or self.schedule)).describe()

    async def exists(self, name) -> bool:
        try:
            await self.described(name)
        except RPCError:
            return False
        return True

    async def close(self) -> None:
        for name in await self.scheduled():
            await self.client.get_schedule_handle(name).delete()
        await super().close()


@pytest_asyncio.fixture
async def quiet(temporal):
    async with Sandbox() as slack:
        workspace = Scheduling(slack, temporal)
        await workspace.open()
        yield workspace
        await workspace.close()


async def said(who, command, text):
    """The answer to what is typed once."""
    await who.say("C0OPS", command)
    return await who.sees("C0OPS", text)


async def in_temporal(probe):
    """What *probe* finds, once it does: nobody is told when Temporal gets there."""
    for _ in range(1000):
        if found := await probe():
            return found
    raise AssertionError("never")


def typed(workspace, cron=NEVER_SOON, more=""):
    return f'/handrail schedule "{cron}" {more}{workspace.goal}'


async def test_a_schedule_says_when_it_runs_next_and_what_was_understood(workspace, alice, bob):
    answer = await said(alice, typed(workspace, "0 9 * * 1-5"), "Scheduled as")

    text = words(answer)
    assert f"`{workspace.schedule}`: `0 9 * * 1-5` in the time zone `Europe/London`" in text
    assert "the agent `deployer` is asked:" in text
    assert "The time zone is yours in Slack." in text
    known = await workspace.described()
    assert f"It runs <!date^{int(known.info.next_action_times[0].timestamp())}^" in text
    assert answer["is_ephemeral"]
    assert await workspace.runs() == []


@pytest.mark.recorded
async def test_each_firing_is_a_run_of_whoever_scheduled_it_in_the_channel_it_was_scheduled_in(
    keep_histories, workspace, alice, bob
):
    thread = await alice.say("C0OPS", "let us see")
    await alice.say(
        "C0OPS", f"@handrail {typed(workspace).removeprefix('/handrail ')}", thread_ts=thread["ts"]
    )
    await alice.sees("C0OPS", "Scheduled as")

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    await alice.sees("C0OPS", f"`{workspace.schedule}` runs now, in <#C0OPS>.")
    root = await bob.sees("C0OPS", workspace.run)
    assert f"By the schedule `{workspace.schedule}`, <@U0ALICE> asked the agent `deployer`:" in words(root)
    assert root.get("thread_ts", root["ts"]) == root["ts"]
    card = await bob.sees("C0OPS", "Decide by")
    await bob.click(card, "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")
    assert len(workspace.tools.applied) == 1
    known = await workspace.described()
    keep_histories.append(known.info.recent_actions[0].action.workflow_id)


async def test_while_a_run_of_it_is_open_the_next_is_skipped_and_the_list_says_so(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")
    await alice.sees("C0OPS", "Decide by")

    await workspace.client.get_schedule_handle(schedule_id(TEAM_ID, workspace.schedule)).trigger()

    async def skipped():
        return (await workspace.described()).info.num_actions_skipped_overlap

    assert await in_temporal(skipped) == 1
    assert len(await workspace.runs()) == 1
    listed = words(
        await answered(alice, "/handrail schedules", "Skipped 1 time, because a run was still open.")
    )
    assert f"`{workspace.run}`, waiting." in listed
    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")
    await alice.sees(
        "C0OPS", f"The last run of `{workspace.schedule}` is still open, so no other was started."
    )

    await alice.say("C0OPS", f"/handrail cancel {workspace.run}")
    await alice.sees("C0OPS", f"Stopped: {workspace.run}")

    async def free():
        return not (await workspace.described()).info.running_actions

    await in_temporal(free)
    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    async def shown():
        said = map(words, await alice.messages("C0OPS"))
        return sum(f"By the schedule `{workspace.schedule}`" in each for each in said) == 2

    await alice.until(shown)


async def test_it_runs_with_the_config_of_that_moment(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await workspace.stop_listening()
    workspace.agent = workspace.agent.model_copy(update={"shadow": True})
    await workspace.listen()

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    await alice.sees("C0OPS", f"{workspace.run}: planned")


async def test_what_is_scheduled_as_a_plan_only_plans(workspace, alice):
    answer = await said(alice, typed(workspace, more="in Europe/Berlin plan "), "Scheduled as")
    assert "the agent `deployer` plans, and applies nothing:" in words(answer)
    assert "in the time zone `Europe/Berlin`" in words(answer)

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    await alice.sees("C0OPS", f"{workspace.run}: planned")
    assert workspace.tools.applied == []


async def test_who_has_no_time_zone_in_slack_gets_utc_and_is_told(workspace, alice):
    users = workspace.slack.world.workspace.users
    users["U0ALICE"] = replace(users["U0ALICE"], tz="Mars/Olympus")

    answer = await said(alice, typed(workspace), "Scheduled as")

    assert "in the time zone `UTC`" in words(answer)
    assert "Slack does not say which time zone is yours." in words(answer)


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("61 9 * * *", "Minute is not in range [0-59]"),
        ("0 9 * * foo", "DayOfWeek is not in range [0-7]"),
        ("0 17-9 * * *", "Hour End is before Start"),
        ("0 9 31 2 *", "that time never comes"),
        ("every morning", "five fields are needed"),
    ],
)
async def test_times_that_make_no_sense_are_answered_with_an_example_and_nothing_is_created(
    workspace, alice, cron, why
):
    answer = words(await said(alice, typed(workspace, cron), "is no time that I can read"))

    assert why in answer
    assert "`0 9 * * 1-5` is 9:00 from Monday to Friday" in answer
    assert await workspace.scheduled() == []


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        ("make me a sandwich", "I don't know how to do that"),
        ("run zzz: x", "There is no agent called `zzz`."),
        ("run deployer:", "Say what should be done"),
    ],
)
async def test_what_nobody_understands_now_is_not_scheduled(workspace, alice, goal, text):
    before = [each.id async for each in await workspace.client.list_schedules()]

    await said(alice, f'/handrail schedule "{NEVER_SOON}" {goal}', text)

    assert [each.id async for each in await workspace.client.list_schedules()] == before


async def test_a_goal_that_its_named_agent_makes_nothing_of_is_not_scheduled(workspace, alice):
    await alice.say("C0OPS", f'/handrail schedule "{NEVER_SOON}" run deployer: clean up {workspace.service}')

    await alice.sees("C0OPS", "The agent `deployer` can't make anything of that, so nothing was scheduled.")
    assert await workspace.scheduled() == []


async def test_a_command_delivered_twice_is_one_schedule_and_the_next_of_that_name_is_numbered(
    workspace, alice
):
    await plan(workspace.slack, {"kind": "duplicate_delivery", "type": "slash_commands"})
    await said(alice, typed(workspace), f"Scheduled as `{workspace.schedule}`")

    await said(alice, typed(workspace), f"Scheduled as `{workspace.schedule}-2`")

    assert not await workspace.exists(f"{workspace.schedule}-3")


async def test_one_is_paused_resumed_and_deleted_by_who_scheduled_it(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")

    await said(alice, f"/handrail schedule pause {workspace.schedule}", "is paused.")
    assert (await workspace.described()).schedule.state.paused
    await answered(alice, "/handrail schedules", "Paused by <@U0ALICE>.")
    await said(alice, f"/handrail schedule resume {workspace.schedule}", "goes on.")
    assert not (await workspace.described()).schedule.state.paused
    await said(alice, f"/handrail schedule delete {workspace.schedule}", "is deleted.")
    await said(alice, f"/handrail schedule pause {workspace.schedule}", "I know no schedule of that name.")


async def test_approvers_and_stewards_may_end_it_too_and_others_may_not(workspace, alice, bob, carol):
    await said(alice, typed(workspace), "Scheduled as")

    for verb in ("pause", "delete", "run", "resume"):
        await carol.say("C0OPS", f"/handrail schedule {verb} {workspace.schedule}")
        await carol.sees("C0OPS", f"Only <@U0ALICE>, who scheduled `{workspace.schedule}`")
    assert not (await workspace.described()).schedule.state.paused
    assert await workspace.runs() == []

    await said(bob, f"/handrail schedule delete {workspace.schedule}", "is deleted.")


async def test_when_slack_can_not_say_who_somebody_is_nothing_is_scheduled(workspace, alice):
    await plan(workspace.slack, {"kind": "server_error", "method": "users.info", "times": 1})

    await alice.say("C0OPS", typed(workspace))

    await alice.sees("C0OPS", "I can't look up in Slack just now who you are, so nothing was done.")
    assert await workspace.scheduled() == []


async def test_for_somebody_who_left_nothing_is_started_and_the_channel_is_told(workspace, alice, bob):
    await said(alice, typed(workspace), "Scheduled as")
    users = workspace.slack.world.workspace.users
    users["U0ALICE"] = replace(users["U0ALICE"], has_left=True)
    await workspace.stop_listening()
    await workspace.listen()

    await bob.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    told = words(await bob.sees("C0OPS", f"The schedule `{workspace.schedule}` of <@U0ALICE> did not run"))
    assert "whoever scheduled it has no account in this workspace any more" in told
    assert workspace.goal in told
    state = (await workspace.described()).schedule.state
    assert (state.paused, state.note) == (
        True,
        "whoever scheduled it has no account in this workspace any more",
    )
    assert await workspace.runs() == []


async def test_a_post_that_slack_lost_is_repeated_and_the_channel_is_told_once(workspace, alice, bob):
    await said(alice, typed(workspace), "Scheduled as")
    await workspace.stop_listening()
    workspace.agent = None
    await plan(workspace.slack, {"kind": "reply_lost", "method": "chat.postMessage", "times": 1})
    await workspace.listen()

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    told = "did not run, and is paused: there is no agent deployer any more."
    await bob.sees("C0OPS", told)
    await in_temporal(lambda: over(workspace))
    assert len([each for each in await bob.messages("C0OPS") if told in words(each)]) == 1


async def over(workspace):
    return not (await workspace.described()).info.running_actions


async def test_where_its_phrase_is_gone_nothing_is_started_and_the_list_says_why(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await workspace.stop_listening()
    lost = workspace.agent.planner.model_copy(update={"phrases": ("ship <service>",)})
    workspace.agent = workspace.agent.model_copy(update={"planner": lost})
    await workspace.listen()

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    await alice.sees(
        "C0OPS", "did not run, and is paused: the agent deployer does not understand that goal any more."
    )
    listed = words(await answered(alice, "/handrail schedules", "nothing was started."))
    assert "Paused: the agent deployer does not understand that goal any more." in listed


async def test_for_somebody_who_may_not_start_its_agent_any_more_nothing_is_started(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await workspace.stop_listening()
    workspace.starting = {"deployer": StartSettings(people=People(groups=("S0APPROVERS",)))}
    await workspace.listen()

    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")

    why = "whoever scheduled it may not start the agent deployer any more, or not in this channel."
    await alice.sees("C0OPS", f"did not run, and is paused: {why}")
    assert await workspace.runs() == []


async def test_a_firing_waits_for_the_bot_and_is_one_run(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await workspace.stop_listening()
    await workspace.client.get_schedule_handle(schedule_id(TEAM_ID, workspace.schedule)).trigger()

    async def taken_up():
        return (await workspace.described()).info.running_actions

    await in_temporal(taken_up)
    assert await workspace.runs() == []
    await workspace.listen()

    await alice.sees("C0OPS", workspace.run)
    assert len(await workspace.runs()) == 1


async def test_a_firing_that_is_reset_starts_no_second_run(workspace, alice):
    await said(alice, typed(workspace), "Scheduled as")
    await alice.say("C0OPS", f"/handrail schedule run {workspace.schedule}")
    await alice.sees("C0OPS", "Decide by")
    [fired] = (await workspace.described()).info.running_actions
    firing = workspace.client.get_workflow_handle_for(ScheduledStart.run, fired.workflow_id)
    first = workspace.client.get_workflow_handle(
        fired.workflow_id, first_execution_run_id=fired.first_execution_run_id
    )
    await reset(workspace.client, first, (await points_of(first))[0])

    assert await firing.result() == "Its run was started before."
    assert len(await workspace.runs()) == 1


async def test_only_what_is_of_this_channel_or_of_mine_is_listed(workspace, alice, bob):
    await alice.say("C0GENERAL", typed(workspace))
    await alice.sees("C0GENERAL", "Scheduled as")

    mine = words(await answered(alice, "/handrail schedules", workspace.schedule))
    assert "By <@U0ALICE>, in <#C0GENERAL>." in mine
    await bob.say("C0OPS", "/handrail schedules")
    theirs = await bob.sees("C0OPS", "To schedule: ")
    assert workspace.schedule not in words(theirs)


def test_a_list_says_of_each_what_became_of_it_and_hides_nothing_that_people_wrote():
    goal = ScheduledGoal(name="a", goal="<!channel> *x*", agent="deployer", requester=ALICE, channel="C0OPS")
    kept = Kept(goal=goal, cron="0 9 * * *", zone="UTC", occasion="o")
    known = Known(kept=kept, next=(NOON,), last=NOON, skipped=2, missed=1)

    said = str(schedules_card([(known, None)], 3, "/handrail").blocks)

    for text in (
        "nothing was started",
        "Skipped 2 times",
        "Left out 1 time",
        "3 more are not shown",
        "&lt;!channel&gt;",
    ):
        assert text in said
    assert "<!channel>" not in said
    for state, text in (
        ({"next": ()}, "It does not run again"),
        ({"next": None}, "says in a moment"),
        ({"running": True}, "under way"),
        ({"paused": True, "note": "<@U1>"}, "Paused: &lt;@U1&gt;."),
    ):
        assert text in str(schedules_card([(known.model_copy(update=state), None)], 0, "/handrail").blocks)
