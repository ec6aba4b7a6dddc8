"""Who may freeze and unfreeze."""

import pytest

from tests.workflows.far_end import ALICE, BOB, TEAM
from tests.workflows.samples import member
from workflows.rules.names import is_environment
from workflows.rules.policy import may_freeze
from workflows.values.people import People, Person, Standing

BY_ALICE = People(users=("U0ALICE",), groups=("S0SRE",))


@pytest.mark.parametrize("facts", [member(ALICE), member(BOB, "S0SRE"), member(BOB, "S0OTHERS", "S0SRE")])
def test_whoever_is_named_may_by_name_or_by_group(facts):
    assert may_freeze(facts, TEAM, BY_ALICE) == ""


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (member(BOB), "You are not one of those who may freeze or unfreeze."),
        (member(BOB, "S0OTHERS"), "You are not one of those who may freeze or unfreeze."),
        (member(Person(team="T0AWAY", user="U0ALICE")), "Only members of this workspace may freeze or unfreeze."),
        (member(ALICE, standing=Standing.OUTSIDER), "Only members of this workspace may freeze or unfreeze."),
        (member(ALICE, standing=Standing.GUEST), "A guest account may neither freeze nor unfreeze."),
        (member(ALICE, standing=Standing.BOT), "A bot account may neither freeze nor unfreeze."),
        (member(ALICE, "S0SRE", standing=Standing.DEACTIVATED), "A deactivated account may neither freeze nor unfreeze."),
    ],
)  # fmt: skip
def test_everybody_else_is_told_why_not(facts, why):
    assert may_freeze(facts, TEAM, BY_ALICE) == why


def test_nobody_may_until_somebody_is_named():
    assert may_freeze(member(ALICE, "S0SRE"), TEAM, People()) != ""


@pytest.mark.parametrize("name", ["prod", "eu-west-1/blue", "Prod_2", "a:b@c+d", "7"])
def test_a_plain_name_is_an_environment_s(name):
    assert is_environment(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "prod*", "-prod", "pr\u200bod", "prod\n", "`prod`", "x" * 101, "prüd?"]
)
def test_a_name_with_odd_characters_is_not(name):
    assert not is_environment(name)
