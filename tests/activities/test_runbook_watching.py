"""A step of a runbook that looks again and again."""

import pytest

from activities.runbook import propose
from activities.watching import MOST_LOOKS
from tests.activities.runbooks import goal, with_steps
from workflows.rules.canonical import parse
from workflows.values.calls import Call, Called, CallResult, Ended, Thought, ThoughtKind, Transcript
from workflows.values.durations import duration
from workflows.values.spec import Runbook, RunbookStep, Watch

LOOK = RunbookStep(
    id="health",
    title="Look",
    call="fleet.get_service",
    watch=Watch(every=duration("1m"), lasting="2m30s", until="health.state == 'down'"),
)
WELL, ILL = {"state": "well"}, {"state": "down"}


def watched(*answers: object, ended: Ended = Ended.OK, **changes: object) -> tuple[list[str], Thought]:
    """All that it waits and looks for, while its looks are *answers*; the last of all calls ends as *ended*."""
    return played(
        with_steps(LOOK.model_copy(update=changes), answer="It is {{ health.state }}."), answers, ended
    )


def played(runbook: Runbook, answers: tuple[object, ...], ended: Ended) -> tuple[list[str], Thought]:
    entries, made, left = [goal()], [], list(answers)
    while True:
        thought = propose(runbook, Transcript(entries=tuple(entries)))
        if thought.kind is not ThoughtKind.CALLS:
            return made, thought
        [call] = thought.calls
        number = len(entries)
        looks = call.tool == "fleet.get_service"
        made.append(call.title if looks else parse(call.arguments)["for"])
        answer = left.pop(0) if looks else {"waited": True}
        how = ended if not left and looks else Ended.OK
        result = CallResult(call=number, ended=how, text="It broke.", structured=answer)
        entries.append(Called(call=Call(**call.model_dump(), number=number, turn=number), result=result))


def test_it_looks_until_its_time_is_over_and_once_more_at_the_end():
    made, end = watched(WELL, WELL, WELL, WELL)

    assert made == ["Look", "1m", "Look", "1m", "Look", "30s", "Look"]
    assert end.text == "It is well."


def test_it_stops_as_soon_as_what_it_watches_for_is_so():
    made, end = watched(WELL, ILL)

    assert made == ["Look", "1m", "Look"]
    assert end.text == "It is down."


def test_in_a_long_time_it_looks_less_often_and_no_longer():
    step = LOOK.model_copy(update={"watch": Watch(every=duration("1m"), lasting="1d", until="false")})

    made, _ = played(with_steps(step), (WELL,) * (MOST_LOOKS + 1), Ended.OK)

    pauses = [duration(each) for each in made if each != "Look"]
    assert sum(pauses, duration("1s")) == duration("1d1s")
    assert {*pauses} == {duration("14m24s")}


def test_a_look_that_fails_ends_the_run():
    made, end = watched(WELL, None, ended=Ended.FAILED)

    assert made == ["Look", "1m", "Look"]
    assert (end.kind, end.text) == (ThoughtKind.GIVE_UP, "“Look” failed, so I stopped there. It broke.")


def test_a_look_that_fails_ends_the_watch_alone_where_the_runbook_goes_on():
    made, end = played(
        with_steps(LOOK.model_copy(update={"unless_failed": False}), answer="{{ steps.health.ended }}"),
        (WELL, None),
        Ended.FAILED,
    )

    assert made == ["Look", "1m", "Look"]
    assert end.text == "failed"


def test_it_is_not_watched_where_nothing_was_applied():
    deployed = RunbookStep(id="deployed", title="Deploy", call="fleet.deploy")
    runbook = with_steps(deployed, LOOK)
    planned, seen = (
        Called(
            call=Call(number=n, turn=n, tool=step.call, arguments="{}", label=step.id),
            result=CallResult(call=n, ended=ended, text="", structured=WELL),
        )
        for n, step, ended in ((1, deployed, Ended.PLANNED), (2, LOOK, Ended.OK))
    )

    assert propose(runbook, Transcript(entries=(goal(), planned, seen))).kind is ThoughtKind.ANSWER


def test_what_depends_on_how_it_ends_is_planned_as_needed_perhaps_while_it_is_watched():
    back = RunbookStep(id="back", title="Put it back", call="fleet.deploy", when="health.state == 'down'")
    call = Call(number=1, turn=1, tool=LOOK.call, arguments="{}", label=LOOK.id)
    seen = Called(call=call, result=CallResult(call=1, ended=Ended.OK, text="", structured=WELL))

    thought = propose(with_steps(LOOK, back), Transcript(entries=(goal(), seen)))

    assert [step.title for step in thought.plan] == ["If needed: Put it back"]


@pytest.mark.parametrize(("lasting", "said"), [("soon", "“soon”"), ("{{ service }}", "“checkout”")])
def test_a_time_that_is_none_is_said(lasting: str, said: str):
    _, end = watched(WELL, watch=LOOK.watch.model_copy(update={"lasting": lasting}))

    assert end.kind is ThoughtKind.GIVE_UP
    assert said in end.text
    assert "such as 30s" in end.text
