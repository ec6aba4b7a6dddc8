"""Who somebody is, as Slack says it now; where it says nothing, nobody is taken for a member."""

import pytest
from temporalio.exceptions import ApplicationError

from bot.people import FRESH, PeopleFinder
from bot.slack import Slack, client_for
from sandbox.server import Sandbox
from tests.bot.test_asking import plan
from workflows.values.people import PeopleQuestion, Person, Standing

TEAM = "T0HANDRAIL"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def slack():
    async with Sandbox() as slack:
        yield slack


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def finder(slack, clock) -> PeopleFinder:
    return PeopleFinder(Slack(client_for(slack.bot_token, slack.api_url)), clock)


async def facts(finder, user, team=TEAM, *groups):
    person = Person(team=team, user=user)
    answer = await finder.people(PeopleQuestion(people=(person,), groups=groups))
    return answer.of(person)


@pytest.mark.parametrize(
    ("user", "team", "standing"),
    [
        ("U0BOB", TEAM, Standing.MEMBER),
        ("U0GUS", TEAM, Standing.GUEST),
        ("U0HANDRAIL", TEAM, Standing.BOT),
        ("USLACKBOT", TEAM, Standing.BOT),
        ("U0NOBODY", TEAM, Standing.OUTSIDER),
        ("U0BOB", "T0AWAY", Standing.OUTSIDER),
    ],
)
async def test_everybody_is_what_slack_says(finder, user, team, standing):
    assert (await facts(finder, user, team)).standing is standing


async def test_of_the_groups_asked_about_those_one_is_in(finder):
    assert (await facts(finder, "U0BOB", TEAM, "S0APPROVERS")).groups == ("S0APPROVERS",)
    assert (await facts(finder, "U0ALICE", TEAM, "S0APPROVERS")).groups == ()


async def test_an_answer_is_believed_for_a_minute_and_no_longer(slack, finder, clock):
    def asked():
        return [call["method"] for call in slack.faults.calls].count("users.info")

    await facts(finder, "U0BOB")
    clock.now += FRESH - 1
    await facts(finder, "U0BOB")
    assert asked() == 1
    clock.now += 2
    await facts(finder, "U0BOB")
    assert asked() == 2


@pytest.mark.parametrize("fault", ["server_error", "not_performed", "ratelimited"])
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_when_slack_can_not_say_nobody_is_taken_for_a_member(slack, finder, method, fault):
    # aiohttp asks once more by itself where reading is all that a call does.
    await plan(slack, {"kind": fault, "method": method, "times": 3})

    with pytest.raises(ApplicationError):
        await facts(finder, "U0BOB", TEAM, "S0APPROVERS")


async def test_a_group_that_does_not_exist_is_no_reason_to_let_somebody_in_or_to_keep_others_out(finder):
    assert (await facts(finder, "U0BOB", TEAM, "S0NOWHERE", "S0APPROVERS")).groups == ("S0APPROVERS",)
