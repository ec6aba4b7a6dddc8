"""Runs of hundreds of turns: history stays flat, earlier turns give way to a summary, and the facts stay."""

import json
from collections.abc import Callable

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from tests.workflows.far_end import ALICE, BOB, answer, click, deploy, look, spec
from workflows.journal import TRANSCRIPT_CHARACTERS
from workflows.outside import TOO_LONG
from workflows.rules.canonical import canonical
from workflows.rules.outputs import READ_OUTPUT
from workflows.rules.transcripts import LISTED, size
from workflows.values.calls import Called, Compacted, GoalSet, ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.outputs import Output, Stored
from workflows.values.spec import AgentSpec, Limits, ModelPlanner
from workflows.values.steps import ReadResult, Summary
from workflows.values.usage import Usage
from workflows.values.view import RunState

LONG = "a log line\n" * 1_800
KEPT = Output(text=Stored(digest="d" * 64, characters=5_000_000))
USAGE = Usage(requests=1, tokens=1_000)


def agent(context: int = 128_000, **limits: object) -> AgentSpec:
    planner = ModelPlanner(models=("small",), context=context)
    return spec(limits=Limits(**{"steps": 2_000, **limits})).model_copy(update={"planner": planner})


def calls(*proposed: ProposedCall, tokens: int = 0) -> Thought:
    return Thought(kind=ThoughtKind.CALLS, calls=proposed, size=tokens)


def done(text: str = "Done.") -> Thought:
    return Thought(kind=ThoughtKind.ANSWER, text=text)


def made(transcript: Transcript) -> int:
    """Calls so far, those that were summed up among them."""
    return sum(
        1 if isinstance(e, Called) else e.calls if isinstance(e, Compacted) else 0 for e in transcript.entries
    )


def planner(
    all_calls: int,
    seen: list[Transcript],
    of: Callable[[int], ProposedCall] = lambda _: look(),
    at_once: int = 5,
) -> Callable[[Transcript], Thought]:
    """So many calls, some at once; how full its context is is what it was told."""

    def propose(transcript: Transcript) -> Thought:
        seen.append(transcript)
        number = made(transcript)
        wanted = [of(n) for n in range(number, min(number + at_once, all_calls))]
        return calls(*wanted, tokens=sum(map(size, transcript.entries)) // 3) if wanted else done()

    return propose


async def lengths(client: Client, run: WorkflowHandle) -> list[int]:
    """Bytes of the history of each execution of a run, oldest first."""
    found = []
    run_id = run.first_execution_run_id
    while run_id:
        handle = client.get_workflow_handle(run.id, run_id=run_id)
        found.append((await handle.describe()).raw_description.workflow_execution_info.history_size_bytes)
        last = [event async for event in handle.fetch_history_events()][-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


@pytest.mark.proof
async def test_two_hundred_calls_with_large_answers_are_one_run(with_planner, temporal):
    seen: list[Transcript] = []
    far_end = await with_planner(planner(200, seen))
    far_end.answers = lambda _: ReadResult(ok=True, text=LONG, output=KEPT)
    run = await far_end.start("two-hundred", agent(context=10_000_000))

    assert (await run.result()).state is RunState.DONE

    assert far_end.reads == 200
    assert all(sum(map(size, each.entries)) <= TRANSCRIPT_CHARACTERS + len(LONG) for each in seen)
    # Nothing had to be summed up: where the whole is kept, its beginning is enough to carry along.
    assert sorted(e.call.number for e in seen[-1].entries if isinstance(e, Called)) == list(range(1, 201))
    assert list(seen[-1].outputs) == list(range(1, 201))
    histories = await lengths(temporal.client, run)
    assert len(histories) > 3
    # What was read comes through the history once; the memory does twice where a run is continued, and is bounded.
    assert sum(histories) < 200 * len(LONG) + len(histories) * 3 * TRANSCRIPT_CHARACTERS


@pytest.mark.proof
async def test_earlier_turns_give_way_to_a_summary_and_what_people_decided_does_not(with_planner):
    seen: list[Transcript] = []
    asked: list[Transcript] = []
    wanted = {2: deploy("1.4.2"), 4: deploy("1.5.0")}
    far_end = await with_planner(planner(150, seen, lambda number: wanted.get(number, look()), at_once=3))
    far_end.answers = lambda _: ReadResult(ok=True, text=LONG, output=KEPT)

    def sums_up(transcript: Transcript) -> Summary:
        asked.append(transcript)
        return Summary(text=f"The {len(asked)}. summary.", usage=USAGE)

    far_end.sums_up = sums_up
    run = await far_end.start("hundreds", agent(context=40_000))
    first = await far_end.asked(run)
    await run.signal("decide", click(first, BOB))
    await far_end.until(lambda: far_end.applied)
    second = (
        await far_end.seen(run, lambda view: [a for a in view.approvals if a.id == "5.1" and a.deadline])
    ).approvals[-1]
    await run.signal("decide", click(second, BOB, approve=False, reason="not on a Friday"))

    assert (await run.result()).state is RunState.DONE

    goal, compacted = seen[-1].entries[:2]
    assert isinstance(goal, GoalSet)
    assert compacted.summary == f"The {len(asked)}. summary."
    assert any(isinstance(entry, Compacted) for entry in asked[-1].entries), (
        "what was summed up before is told"
    )
    applied, rejected = compacted.facts
    assert applied.startswith(
        'Call 3, fleet.deploy {"environment":"prod","service":"checkout","version":"1.4.2"}: '
    )
    assert "applied, approved by U0BOB" in applied
    assert "rejected, by the word of U0BOB" in rejected
    assert "not on a Friday" in rejected
    assert compacted.calls + sum(isinstance(entry, Called) for entry in seen[-1].entries) == 150
    assert set(compacted.outputs) >= {1, 2, 4}
    assert all(sum(map(size, each.entries)) < 40_000 * 3 for each in seen)
    assert far_end.views[run.id].budget.usage.requests == len(asked)
    rows = [row for row in await run.query("audit") if row["what"] == "compacted"]
    assert len(rows) == len(asked) > 2


@pytest.mark.proof
async def test_where_no_summary_can_be_had_the_calls_are_listed(with_planner):
    seen: list[Transcript] = []
    far_end = await with_planner(planner(120, seen))
    far_end.answers = lambda _: ReadResult(ok=True, text=LONG, output=KEPT)

    def fails(transcript: Transcript) -> Summary:
        raise ApplicationError("no quota", type="Permanent", non_retryable=True)

    far_end.sums_up = fails
    run = await far_end.start("listed", agent(context=30_000))

    assert (await run.result()).state is RunState.DONE

    [compacted] = [entry for entry in seen[-1].entries if isinstance(entry, Compacted)]
    assert (compacted.summary, compacted.facts) == ("", ())
    assert f"Call {compacted.calls}, fleet.look {{}}: ok." in compacted.listed[-3:]
    assert len(compacted.listed) <= LISTED + 1


async def test_calls_with_long_arguments_never_become_too_many_to_carry_along(with_planner):
    """All of them are longer than what a run can carry; a runbook's would be refused."""
    padded = ProposedCall(tool="fleet.look", arguments=canonical({"pad": "x" * 30_000}))
    far_end = await with_planner(planner(15, [], lambda _: padded, at_once=1))
    run = await far_end.start("padded", agent(context=10_000_000))

    assert (await run.result()).state is RunState.DONE
    assert far_end.reads == 15


def too_long() -> ApplicationError:
    return ApplicationError("small can't take that much at once", type=TOO_LONG, non_retryable=True)


async def test_a_model_that_takes_less_than_was_thought_gets_less_and_goes_on(with_planner):
    seen: list[Transcript] = []

    def propose(transcript: Transcript) -> Thought:
        if sum(map(size, transcript.entries)) > 50_000:
            raise too_long()
        seen.append(transcript)
        return calls(look()) if made(transcript) < 20 else done()

    far_end = await with_planner(propose)
    far_end.answers = lambda _: ReadResult(ok=True, text=LONG, output=KEPT)
    far_end.sums_up = lambda _: Summary(text="Nothing yet.", usage=USAGE)
    run = await far_end.start("less", agent())

    assert (await run.result()).state is RunState.DONE
    assert far_end.reads == 20
    assert "Nothing yet." in [entry.summary for entry in seen[-1].entries if isinstance(entry, Compacted)]


async def test_a_model_that_can_not_even_take_the_goal_ends_the_run_and_says_why(with_planner):
    asked = []

    def propose(transcript: Transcript) -> Thought:
        asked.append(transcript)
        raise too_long()

    far_end = await with_planner(propose)
    run = await far_end.start("too-small", agent())

    result = await run.result()
    assert (result.state, result.text) == (
        RunState.FAILED,
        "The planner failed: small can't take that much at once",
    )
    assert len(asked) == 2


async def test_a_run_reads_only_what_its_own_calls_answered(with_planner):
    def read(**arguments: object) -> ProposedCall:
        return ProposedCall(tool=READ_OUTPUT, arguments=canonical(arguments))

    thoughts = [
        calls(look()),
        calls(read(output="1", search="FATAL"), read(output="9"), read(output="d" * 64)),
        done(),
    ]
    transcripts: list[Transcript] = []

    def propose(transcript: Transcript) -> Thought:
        transcripts.append(transcript)
        return thoughts[len(transcripts) - 1]

    far_end = await with_planner(propose)
    far_end.answers = lambda _: ReadResult(ok=True, text=LONG, output=KEPT)
    run = await far_end.start("own-calls", agent())
    await run.result()

    [part] = far_end.parts
    assert (part.stored, part.search) == (KEPT.text, "FATAL")
    results = {e.call.number: e.result for e in transcripts[-1].entries if isinstance(e, Called)}
    assert (results[2].text, results[2].output) == ("a part of it", KEPT)
    for number in (3, 4):
        assert "can't be called like that: output has to be the number of a call" in results[number].text


# The same call that fails


def failing(permitted: object) -> ReadResult:
    return ReadResult(ok=False, text="no such host")


async def test_the_same_failing_call_is_told_then_not_made_again_then_people_are_asked(with_planner):
    seen: list[Transcript] = []

    def propose(transcript: Transcript) -> Thought:
        seen.append(transcript)
        return calls(look())

    far_end = await with_planner(propose)
    far_end.answers = failing
    run = await far_end.start("stubborn-reads", agent())
    view = await far_end.seen(run, lambda view: view.questions)

    assert far_end.reads == 3
    texts = [e.result.text for e in seen[-1].entries if isinstance(e, Called)]
    assert texts[:2] == [
        "no such host",
        "no such host\n(The same call failed before, 2 times now: no such host)",
    ]
    assert texts[3].startswith("This is the same call that has failed 3 times, and nothing was changed since")
    assert texts[3].endswith("It failed with: no such host")
    await run.signal("answer", answer(view.questions[0].id, "stop", ALICE))
    assert (await run.result()).state is RunState.CANCELLED


@pytest.mark.parametrize("between", [0, 1])
async def test_looking_elsewhere_in_between_makes_no_other_call_of_it(with_planner, between):
    other = ProposedCall(tool="fleet.look", arguments=canonical({"at": "other"}))

    def propose(transcript: Transcript) -> Thought:
        turn = len({e.call.turn for e in transcript.entries if isinstance(e, Called)})
        return calls(*([look()] if turn % 2 == 0 else [other]), *([other] if between else []))

    far_end = await with_planner(propose)
    far_end.answers = lambda permitted: (
        ReadResult(ok=True, text="fine")
        if json.loads(permitted.call.arguments)
        else ReadResult(ok=False, text="no such host")
    )
    run = await far_end.start(f"in-between-{between}", agent())
    view = await far_end.seen(run, lambda view: view.questions)

    assert view.questions[0].text.startswith("The planner has made the same failing call 8 times.")
    await run.signal("answer", answer(view.questions[0].id, "stop", ALICE))
    await run.result()


async def test_once_something_was_changed_the_same_call_is_made_again(with_planner):
    turns = [look(), look(), look(), deploy(), look()]
    far_end = await with_planner(
        lambda transcript: calls(turns[made(transcript)]) if made(transcript) < len(turns) else done()
    )
    far_end.answers = failing
    run = await far_end.start("changed-since", agent())
    await run.signal("decide", click(await far_end.asked(run), BOB))
    await run.result()

    assert far_end.reads == 4


async def test_once_time_went_by_the_same_call_is_made_again(with_planner):
    wait = ProposedCall(tool="handrail.wait_until", arguments=canonical({"at": "2020-01-01T00:00:00Z"}))
    turns = [look(), look(), look(), wait, look()]
    far_end = await with_planner(
        lambda transcript: calls(turns[made(transcript)]) if made(transcript) < len(turns) else done()
    )
    far_end.answers = failing
    run = await far_end.start("time-went-by", agent().model_copy(update={"own_tools": (wait.tool,)}))
    await run.result()

    assert far_end.reads == 4
