"""Mistakes in a runbook, told when the config is read."""

from datetime import timedelta

import pytest

from activities.runbook_check import check
from workflows.values.spec import Runbook, RunbookStep, Watch
from workflows.values.tools import KeyForm, KeyPlace, Precondition, ToolContract

TOOLS = (
    ToolContract(
        name="fleet.deploy",
        server="fleet",
        tool="deploy",
        key=KeyPlace(argument="request_id"),
        precondition=Precondition(field="revision", argument="expected_revision"),
    ),
    ToolContract(name="fleet.get_service", server="fleet", tool="get_service", reads=True),
    ToolContract(
        name="fleet.note", server="fleet", tool="note", key=KeyPlace(argument="body", form=KeyForm.TRAILER)
    ),
)


def step(id: str = "one", **changes: object) -> RunbookStep:  # noqa: A002
    return RunbookStep(**{"id": id, "title": "A title", "call": "fleet.get_service", **changes})


def watch(**changes: object) -> Watch:
    return Watch(**{"every": timedelta(minutes=1), "lasting": "10m", "until": "one.ill", **changes})


def problems(
    *steps: RunbookStep, phrases: tuple[str, ...] = ("deploy <service> [to <environment>]",), **more: object
):
    return check(Runbook(**{"phrases": phrases, "steps": steps, "answer": "Done.", **more}), TOOLS)


def test_a_sound_runbook_has_no_problems():
    first = step(arguments={"service": "{{ service }}"})
    second = step(
        "two",
        when="one.version != 'x' and steps.one.well",
        title="{{ one.version }}",
        arguments={"all": ["{{ range(3) | list }}", {"deep": "{{ environment | default('prod') }}"}]},
    )

    answer = "{% for n in one.items %}{{ n }}{% endfor %}{% if environment is defined %}!{% endif %}"

    assert problems(first, second, answer=answer) == []


def test_a_step_for_each_item_sees_the_item_and_later_steps_what_became_of_each():
    first = step()
    each = step(
        "each",
        for_each="one.services",
        title="{{ item.name }}",
        when="item.version != environment | default('')",
        arguments={"service": "{{ item.name }}"},
    )

    answer = "{% for done in steps.each.each %}{{ done.arguments.service }}{% endfor %}"

    assert problems(first, each, answer=answer) == []


def test_a_text_that_takes_the_key_may_be_given():
    assert problems(step(call="fleet.note", arguments={"body": "{{ service }}"})) == []


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([step(), step()], "the step “one”: another step has the same id"),
        ([step("service")], "the step “service”: the parameter <service> has the same name"),
        ([step("a-b")], "its id has to be a letter"),
        ([step("steps")], "its id is a word with a meaning of its own"),
        (
            [step(call="fleet.fly")],
            "there is no tool fleet.fly; this agent has fleet.deploy, fleet.get_service, fleet.note",
        ),
        ([step(title="{{ service")], "the title of the step “one”: “{{ service” can't be read: "),
        ([step(title="{{ service | shout }}")], "No filter named 'shout'"),
        ([step(when="{{ service }}")], "`when` of the step “one”: “{{ service }}” can't be read: "),
        (
            [step(when="two.ok"), step("two")],
            "asks for two, which is neither a parameter nor an earlier step",
        ),
        ([step(when="steps.two.well"), step("two")], "asks for steps.two, which is no earlier step"),
        (
            [step(arguments={"a": [{"b": "{{ c }}"}]})],
            "the argument a of the step “one”: “{{ c }}” asks for c",
        ),
        (
            [step(title="{{ environment }}")],
            "asks for environment, which a goal may leave out: give it a default",
        ),
        ([step("item")], "its id is a word with a meaning of its own"),
        ([step(title="{{ item }}")], "asks for item, which is neither a parameter nor an earlier step"),
        (
            [step(for_each="item.services")],
            "`for_each` of the step “one”: “item.services” asks for item, which is neither",
        ),
        (
            [step(for_each="two.services"), step("two")],
            "`for_each` of the step “one”: “two.services” asks for two",
        ),
        ([step(for_each="[1, 2")], "`for_each` of the step “one”: “[1, 2” can't be read: "),
        (
            [step(call="fleet.deploy", arguments={"request_id": "1"})],
            "the argument request_id of fleet.deploy is",
        ),
        (
            [step(call="fleet.deploy", arguments={"expected_revision": 1})],
            "expected_revision of fleet.deploy is filled",
        ),
        ([step(watch=watch(until="{{ one }}"))], "`until` of the step “one”: “{{ one }}” can't be read: "),
        (
            [step(watch=watch(until="two.well")), step("two")],
            "`until` of the step “one”: “two.well” asks for two",
        ),
        (
            [step(watch=watch(lasting="soon"))],
            "the step “one”: `for` of its watch has to be a duration such as 30s",
        ),
        (
            [step(watch=watch(lasting="{{ time }}"))],
            "`for` of the watch of the step “one”: “{{ time }}” asks for time",
        ),
        (
            [step(watch=watch(every=timedelta()))],
            "the step “one”: `every` of its watch has to be at least 1s",
        ),
        ([step(watch=watch(), for_each="[1]")], "the step “one”: it can't have both `watch` and `for_each`"),
        (
            [step(watch=watch(), call="fleet.deploy")],
            "the step “one”: only what reads can be watched, and fleet.deploy changes something",
        ),
    ],
)
def test_a_mistake_in_a_step_is_told(steps: list[RunbookStep], problem: str):
    [told] = problems(*steps)

    assert problem in told


def test_a_tool_of_handrails_own_needs_no_contract():
    told = step(call="handrail.wait_for_event", arguments={"source": "github", "key": "{{ service }}"})
    asked = step("two", call="handrail.ask_person", arguments={"question": "Go?", "options": ["yes", "no"]})
    until = step("three", call="handrail.wait_until", arguments={"for": "{{ '2h' }}"})

    assert problems(told, asked, until, answer="{{ two.answer }}") == []


@pytest.mark.parametrize(
    ("call", "arguments", "problem"),
    [
        ("wait_until", {"for": "soon"}, "for: expected a duration such as 30s, 15m, 24h or 7d"),
        ("wait_until", {"for": "{{ service }}", "untill": "x"}, "handrail.wait_until has no argument untill"),
        ("ask_person", {}, "question: it is needed"),
        (
            "wait",
            {},
            "Handrail has handrail.wait_until, handrail.wait_for_event, handrail.ask_person",
        ),
    ],
)
def test_arguments_that_a_tool_of_handrails_own_would_not_take_are_told(call, arguments, problem):
    [told] = problems(step(call=f"handrail.{call}", arguments=arguments))

    assert told.startswith("the step “one”: ")
    assert told.endswith(problem)


@pytest.mark.parametrize(
    ("phrases", "problem"),
    [
        ((), "it has no phrase, so no goal ever fits"),
        (("deploy <service",), "“deploy <service” can't be read"),
        (("go <in>",), "<in> in “go <in>” is a word with a meaning of its own: choose another"),
    ],
)
def test_a_mistake_in_a_phrase_is_told(phrases: tuple[str, ...], problem: str):
    [told] = problems(phrases=phrases)

    assert problem in told


def test_a_parameter_that_only_one_phrase_has_needs_a_default():
    phrases = ("deploy <service>", "put <version> of <service> out")

    [told] = problems(phrases=phrases, answer="{{ version }}")

    assert (
        told == "the answer: “{{ version }}” asks for version, which a goal may leave out: give it a default"
    )
    assert problems(phrases=phrases, answer="{{ version }}", defaults={"version": "latest"}) == []
