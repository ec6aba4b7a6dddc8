"""Most of what people type is a goal, even where it begins like a command."""

import pytest

from bot.commands import (
    GOAL_LIMIT,
    VERBS,
    AboutRun,
    Agents,
    Ambiguous,
    CancelRun,
    Freeze,
    Help,
    ListFreezes,
    ListRuns,
    NoGoal,
    NoReason,
    NoRunNamed,
    NoSuchAgent,
    NothingToPlan,
    OddCommand,
    OddEnvironment,
    ReasonTooLong,
    Scope,
    StartRun,
    Status,
    TellRun,
    TooLong,
    Unfreeze,
    Unmatched,
    read,
    settle,
)
from bot.schedule_texts import (
    BadCron,
    ChangeSchedule,
    ListSchedules,
    NewSchedule,
    NoQuotes,
    NothingScheduled,
    OddZone,
    Verb,
)
from bot.settings import BotSettings
from bot.views.lists import odd_command_card
from sandbox.client import words
from tests.bot.deployer import AGENT

STRICT = BotSettings(agents=(AGENT,))
WITH_DEFAULT = BotSettings(agents=(AGENT,), default_agent="deployer")


def meant(text: str, settings: BotSettings = STRICT, *, run_exists: bool = False):
    reading = read(text, settings)
    return settle(reading, exists=run_exists) if isinstance(reading, AboutRun) else reading


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("", Help()),
        ("  help ", Help()),
        ("Agents", Agents()),
        ("list", ListRuns(scope=Scope.HERE)),
        ("list   mine", ListRuns(scope=Scope.MINE)),
        ("status", ListRuns(scope=Scope.HERE)),
        ("cancel", NoRunNamed(verb="cancel")),
        ("tell", NoRunNamed(verb="tell")),
        ("deploy checkout 1.4.2 to prod", StartRun(agent="deployer", goal="deploy checkout 1.4.2 to prod")),
        ("run deployer: clean up", StartRun(agent="deployer", goal="clean up")),
        ("run Deployer :  clean up", StartRun(agent="deployer", goal="clean up")),
        ("run deployer:", NoGoal(agent="deployer")),
        ("run deploier: x", NoSuchAgent(name="deploier", nearest=("deployer",), goal="x")),
        ("run zzz: x", NoSuchAgent(name="zzz", nearest=(), goal="x")),
        ("make me a sandwich", Unmatched(goal="make me a sandwich")),
        ("plan", NothingToPlan()),
        ("Plan deploy cart 2.0.0", StartRun(agent="deployer", goal="deploy cart 2.0.0", plan_only=True)),
        ("plan run deployer: clean up", StartRun(agent="deployer", goal="clean up", plan_only=True)),
        ("plan run zzz: x", NoSuchAgent(name="zzz", nearest=(), goal="x", plan_only=True)),
        ("plan make me a sandwich", Unmatched(goal="make me a sandwich", plan_only=True)),
    ],
)
def test_a_command_is_recognised_by_its_whole_shape(text, intent):
    assert meant(text) == intent


@pytest.mark.parametrize(
    "goal",
    [
        "cancel the maintenance window",
        "status of checkout in prod?",
        "list the failing pods",
        "help me with the release",
        "agents of change",
        "run the smoke tests",
        "list mine and yours",
        "tell me what runs in prod",
    ],
)
def test_a_goal_that_merely_begins_like_a_command_is_a_goal(goal):
    assert meant(goal, WITH_DEFAULT) == StartRun(agent="deployer", goal=goal)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("list foo", "list"),
        ("List all 2", "list"),
        ("dm maybe", "dm"),
        ("why deploy-checkout-7 abc", "why"),
        ("tell deploy-checkout-7", "tell"),
        ("tell deploy-checkout-7:", "tell"),
        ("tell me what runs in prod", "tell"),
        ("cancel the maintenance window", "cancel"),
        ("status of checkout in prod?", "status"),
        ("run deployer clean up", "run"),
        ("run", "run"),
        ("deployer: make tea", "run"),
        ("agents of change", "agents"),
        ("unfreeze the account of bob", "unfreeze"),
        ("schedule the migration", "schedule"),
        ("freezes, please", "freezes"),
    ],
)
def test_a_command_that_was_mistyped_is_no_goal_that_nobody_knows(text, verb):
    assert meant(text) == OddCommand(verb=verb, text=text)


def test_an_agent_that_is_named_and_is_none_is_no_goal_that_nobody_knows():
    assert meant("frobnicate: do x") == NoSuchAgent(name="frobnicate", nearest=(), goal="do x")
    assert meant("look at this: do x") == Unmatched(goal="look at this: do x")


def test_a_run_that_is_told_nothing_is_no_goal_either():
    told = OddCommand(verb="tell", text="tell deploy-checkout-7")

    assert meant("tell deploy-checkout-7", WITH_DEFAULT, run_exists=True) == told


@pytest.mark.parametrize("text", ["list foo", "tell cart-7", "agents: all", "dm bob", "deployer: x"])
def test_what_an_agent_knows_word_for_word_is_its_goal_however_it_begins(text):
    runbook = AGENT.planner.model_copy(
        update={"phrases": ("list <x>", "tell <x>", "agents: <x>", "dm <x>", "deployer: <x>")}
    )
    knows = BotSettings(agents=(AGENT.model_copy(update={"planner": runbook}),))

    assert meant(text, knows) == StartRun(agent="deployer", goal=text)


def test_whatever_begins_a_command_is_explained():
    for verb in VERBS:
        said = words(list(odd_command_card(verb, f"{verb} x", "/handrail").blocks))
        assert f"• `/handrail {verb.removeprefix('un').removesuffix('s')}" in said


def test_a_run_that_exists_can_be_cancelled_with_a_reason():
    assert meant("cancel deploy-checkout-7 wrong version", run_exists=True) == CancelRun(
        run="deploy-checkout-7", reason="wrong version"
    )


def test_a_run_is_told_what_follows_its_name():
    told = TellRun(run="deploy-checkout-7", text="only in staging, please")

    for spelled in (
        "tell deploy-checkout-7 only",
        "Tell deploy-checkout-7: only",
        "tell deploy-checkout-7, only",
    ):
        assert meant(f"{spelled} in staging, please", run_exists=True) == told


def test_when_both_readings_hold_both_are_offered():
    goal = StartRun(agent="deployer", goal="cancel deploy-checkout-7 now")
    command = CancelRun(run="deploy-checkout-7", reason="now")

    assert meant("cancel deploy-checkout-7 now", run_exists=True) == Ambiguous(command=command, goal=goal)
    assert meant("cancel deploy-checkout-7 now", run_exists=False) == goal


def test_a_name_that_can_only_be_a_runs_is_not_taken_for_a_goal():
    assert meant("status deploy-checkout-7", WITH_DEFAULT) == Status(run="deploy-checkout-7")


def test_one_plain_word_is_a_run_where_there_is_one_and_else_a_goal():
    assert meant("status checkout", WITH_DEFAULT, run_exists=True) == Status(run="checkout")
    assert meant("status checkout", WITH_DEFAULT) == StartRun(agent="deployer", goal="status checkout")


def test_what_a_phone_makes_of_quotes_and_blanks_is_undone():
    typed = "deploy checkout\u00a01.4.2 to \u201cprod\u201d &amp; don\u2019t wait"

    assert meant(typed, WITH_DEFAULT) == StartRun(
        agent="deployer", goal='deploy checkout 1.4.2 to "prod" & don\'t wait'
    )


def test_a_link_that_slack_made_of_a_word_is_the_word_again():
    assert meant("deploy <http://checkout.io|checkout.io> 1.4.2") == StartRun(
        agent="deployer", goal="deploy checkout.io 1.4.2"
    )


FREEZABLE = BotSettings(agents=(AGENT,), default_agent="deployer", environments=("staging", "Prod-EU"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("freeze", ListFreezes()),
        ("Freezes", ListFreezes()),
        ("freeze staging the database is on fire", Freeze(environment="staging", reason="the database is on fire")),
        ("Freeze Staging: fire", Freeze(environment="staging", reason="fire")),
        ("freeze prod-eu, fire", Freeze(environment="Prod-EU", reason="fire")),
        ("freeze everything the auditors are here", Freeze(environment="", reason="the auditors are here")),
        ("freeze the auditors are here", Freeze(environment="", reason="the auditors are here")),
        ("freeze stagin fire", Freeze(environment="", reason="stagin fire")),
        ("freeze fire:  red\nand hot", Freeze(environment="", reason="fire:  red\nand hot")),
        ("freeze staging", NoReason(environment="staging")),
        ("freeze everything ", NoReason(environment="")),
        ("freeze staging " + "x" * 501, ReasonTooLong(length=501)),
        ("unfreeze", Unfreeze(environment="")),
        ("unfreeze Everything", Unfreeze(environment="")),
        ("UNFREEZE Staging", Unfreeze(environment="staging")),
        ("unfreeze eu-west-1/blue", Unfreeze(environment="eu-west-1/blue")),
        ("unfreeze prod*", OddEnvironment(name="prod*")),
        ("unfreeze the account of bob", StartRun(agent="deployer", goal="unfreeze the account of bob")),
        ("frozen pizza", StartRun(agent="deployer", goal="frozen pizza")),
    ],
)  # fmt: skip
def test_a_freeze_names_an_environment_where_its_first_word_is_a_known_one(text, intent):
    assert meant(text, FREEZABLE) == intent


def test_a_goal_that_an_agent_knows_word_for_word_is_no_freeze():
    runbook = AGENT.planner.model_copy(update={"phrases": ("freeze <account>",)})
    banker = AGENT.model_copy(update={"planner": runbook})

    assert meant("freeze A-17", BotSettings(agents=(banker,))) == StartRun(
        agent="deployer", goal="freeze A-17"
    )


def test_a_goal_that_an_agent_knows_word_for_word_is_no_plan():
    runbook = AGENT.planner.model_copy(update={"phrases": ("plan <trip>",)})
    traveller = AGENT.model_copy(update={"planner": runbook})

    assert meant("plan rome", BotSettings(agents=(traveller,))) == StartRun(
        agent="deployer", goal="plan rome"
    )


GOAL = "deploy cart 2.0.0"
WEEKDAYS = NewSchedule(cron="0 9 * * 1-5", zone="", goal=GOAL)


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        '""',
        "\u201c\u201d",
        "\u201e\u201c",
        "\u201d\u201d",
        "\u00ab\u00bb",
        "\u00bb\u00ab",
        "''",
        "\u2018\u2019",
        "\u201a\u2018",
        "\u2039\u203a",
        "``",
        "\u2033\u2033",
        "\uff02\uff02",
        '\u201c"',
        "\u275d\u275e",
        "\u301d\u301e",
        "\u00b4\u00b4",
    ],
)
def test_times_stand_in_whatever_quotes_a_keyboard_makes(opened, closed):
    assert meant(f"schedule {opened}0 9 * * 1-5{closed} {GOAL}") == WEEKDAYS
    assert meant(f"Schedule  {opened} 0 9  *\u00a0* 1-5 {closed}{GOAL}") == WEEKDAYS


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("schedule", ListSchedules()),
        ("Schedules", ListSchedules()),
        ("schedule list", ListSchedules()),
        ("schedule pause", ListSchedules()),
        ("schedule pause deployer-cart", ChangeSchedule(verb=Verb.PAUSE, name="deployer-cart")),
        ("schedule Resume `Deployer-Cart`", ChangeSchedule(verb=Verb.RESUME, name="deployer-cart")),
        ("schedule delete deployer-cart", ChangeSchedule(verb=Verb.DELETE, name="deployer-cart")),
        ("schedule run deployer-cart", ChangeSchedule(verb=Verb.RUN, name="deployer-cart")),
        (f'schedule "0 9 * * 1-5" in europe/berlin {GOAL}', WEEKDAYS.model_copy(update={"zone": "Europe/Berlin"})),
        (f'schedule "0 9 * * 1-5" in UTC: {GOAL}', WEEKDAYS.model_copy(update={"zone": "UTC"})),
        (f'schedule "@Daily" {GOAL}', NewSchedule(cron="@daily", zone="", goal=GOAL)),
        ('schedule "0 9 * * 1" in prod deploy', NewSchedule(cron="0 9 * * 1", zone="", goal="in prod deploy")),
        (f'schedule "0 9 * * 1" in Europe/Berln {GOAL}', OddZone(zone="Europe/Berln")),
        ('schedule "0 9 * * 1"', NothingScheduled()),
        ('schedule "0 9 * * 1" in Europe/Berlin', NothingScheduled()),
        (f"schedule 0 9 * * 1 {GOAL}", NoQuotes()),
        (f"schedule @daily {GOAL}", NoQuotes()),
        (f'schedule "" {GOAL}', BadCron(cron="")),
        (f'schedule "every day" {GOAL}', BadCron(cron="every day")),
        (f'schedule "0 9 * *" {GOAL}', BadCron(cron="0 9 * *")),
        (f'schedule "* * * * * *" {GOAL}', BadCron(cron="* * * * * *")),
        (f'schedule "0 9 * * 1#2" {GOAL}', BadCron(cron="0 9 * * 1#2")),
        (f'schedule "@every 1s" {GOAL}', BadCron(cron="@every 1s")),
        (f'schedule "TZ=UTC 0 9 * * 1" {GOAL}', BadCron(cron="TZ=UTC 0 9 * * 1")),
        (f'schedule "{"1," * 200}1 9 * * 1" {GOAL}', BadCron(cron=f"{'1,' * 200}1 9 * * 1")),
        ("schedule the migration", StartRun(agent="deployer", goal="schedule the migration")),
        ('schedule a "big" party', StartRun(agent="deployer", goal='schedule a "big" party')),
        ("schedules of the trains", StartRun(agent="deployer", goal="schedules of the trains")),
    ],
)  # fmt: skip
def test_what_is_said_of_schedules_is_recognised_by_its_whole_shape(text, intent):
    assert meant(text, WITH_DEFAULT) == intent


def test_a_goal_without_measure_is_refused_with_its_length():
    assert meant("x" * (GOAL_LIMIT + 1)) == TooLong(length=GOAL_LIMIT + 1)
