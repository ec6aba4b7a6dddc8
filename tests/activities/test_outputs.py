"""Answers that are kept whole: masked before, read in parts, and whole for a runbook."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.answers import LONGEST_TEXT
from activities.blobs import Folder
from activities.masking import MARK, PLAIN, Masker
from activities.outputs import LONGEST_PART, Outputs, cut_out, found
from activities.runbook import propose
from activities.tool_servers import ToolServers
from activities.tools import Tools
from sandbox.fleet.database import Database
from tests.activities.orders import CANARY, effect_of, odd, preview_of, read_of
from workflows.rules.canonical import canonical, parse
from workflows.rules.outputs import NoSuchPart, wanted
from workflows.rules.transcripts import shortened
from workflows.values.calls import Call, Called, CallResult, Compacted, Ended, GoalSet, Transcript
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.outputs import Output, OutputPart, Stored
from workflows.values.people import Person
from workflows.values.spec import Runbook, RunbookStep

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
STORED = Stored(digest="d", characters=100)


@pytest.fixture
def masked(tool_servers: ToolServers, fleet: Database, blobs: Folder) -> Tools:
    return Tools(tool_servers, Masker([CANARY], []), blobs)


async def order_for(tools: Tools) -> EffectOrder:
    terms = odd("long_log")
    return effect_of(terms, {}, await ActivityEnvironment().run(tools.preview, preview_of(terms, {})))


def files(blobs: Path) -> list[Path]:
    return [path for path in blobs.rglob("*") if path.is_file()]


def called(number: int, output: Output | None, text: str = "", **more: object) -> Called:
    call = Call(tool="odd.long_log", arguments=canonical({}), label="log", number=number, turn=number)
    return Called(call=call, result=CallResult(call=number, ended=Ended.OK, text=text, output=output, **more))


async def test_a_long_answer_is_kept_whole_without_its_secrets_and_read_in_parts(
    masked: Tools, blobs: Folder, environment: ActivityEnvironment, tmp_path: Path
):
    result = await environment.run(masked.read, read_of(odd("long_log"), {}))

    assert result.output is not None
    assert result.output.text is not None
    assert result.output.text.characters > 5_000_000
    assert LONGEST_TEXT < len(result.text) < LONGEST_TEXT + 200
    assert result.text.startswith("line 1: ")
    assert "line 50000: " in result.text
    [file] = files(tmp_path / "blobs")
    kept = file.read_text()
    assert MARK in kept
    assert not Masker([CANARY], []).hides(kept)

    outputs = Outputs(blobs)

    async def read(**arguments: object) -> str:
        part = wanted(
            canonical({"output": "7", **arguments}), Transcript(entries=(called(7, result.output),))
        )
        answer = await environment.run(outputs.read_output, part)
        assert answer.ok
        return answer.text

    line = kept.splitlines()[30_000]
    assert line in await read(search="fatal")
    assert await read(lines=2, **{"from": 30_001}) == (
        f"[lines 30,001 to 30,002 of 50,000 of output 7]\n{line}\n{kept.splitlines()[30_001]}\n"
    )
    at = kept.index(line)
    assert (await read(length=5, **{"from": at})).endswith("\nline ")
    head, _, all_of_it = (await read()).partition("\n")
    assert (head, all_of_it) == (
        f"[characters 0 to 10,000 of {len(kept):,} of output 7]",
        kept[:LONGEST_PART],
    )


async def test_what_was_read_of_an_answer_can_be_left_out_again(
    masked: Tools, blobs: Folder, environment: ActivityEnvironment
):
    """A part of an answer needs no place of its own: the whole has one."""
    stored = (await environment.run(masked.read, read_of(odd("long_log"), {}))).output.text

    part = await environment.run(Outputs(blobs).read_output, OutputPart(name="7", stored=stored))

    assert part.output == Output(text=stored)


async def test_what_a_change_answered_is_kept_whole_too(
    masked: Tools, environment: ActivityEnvironment, tmp_path: Path
):
    outcome = await environment.run(masked.apply_once, await order_for(masked))

    assert outcome.state is OutcomeState.APPLIED
    assert outcome.output is not None
    assert len(files(tmp_path / "blobs")) == 1


async def test_a_store_that_is_away_repeats_a_read_but_never_a_change(
    tool_servers: ToolServers, environment: ActivityEnvironment, tmp_path: Path
):
    (tmp_path / "taken").write_text("")
    tools = Tools(tool_servers, PLAIN, Folder(tmp_path / "taken"))

    with pytest.raises(ApplicationError, match="Its answer can't be kept") as caught:
        await environment.run(tools.read, read_of(odd("long_log"), {}))
    outcome = await environment.run(tools.apply_once, await order_for(tools))

    assert (caught.value.type, caught.value.non_retryable) == ("BlobsUnavailable", False)
    assert (outcome.state, outcome.output) == (OutcomeState.APPLIED, None)
    assert "The whole answer could not be kept" in outcome.text


async def test_an_answer_that_is_gone_is_said_to_be(environment: ActivityEnvironment, blobs: Folder):
    answer = await environment.run(
        Outputs(blobs).read_output, OutputPart(name="7", stored=Stored(digest="0" * 64, characters=9))
    )

    assert not answer.ok
    assert answer.text.startswith("There is no blob 0000")


# A runbook


RUNBOOK = Runbook(
    phrases=("count",),
    steps=(RunbookStep(id="log", title="Log", call="odd.large_data"),),
    answer="{{ log['items'] | length }} items; the last is {{ log['items'][-1].n }}",
)


async def test_a_large_structured_answer_reaches_a_runbooks_templates_whole(
    masked: Tools, blobs: Folder, environment: ActivityEnvironment
):
    result = await environment.run(masked.read, read_of(odd("large_data"), {}))
    assert result.structured is None
    assert "kept aside" in result.text
    goal = GoalSet(text="count", by=Person(team="T1", user="U1"), at=NOON)
    entry = shortened(called(1, result.output, result.text))

    whole = await environment.run(Outputs(blobs).whole, Transcript(entries=(goal, entry)))

    assert propose(RUNBOOK, whole).text == "3000 items; the last is 2999"


async def test_a_runbook_is_told_when_its_answers_are_lost_or_too_many(
    environment: ActivityEnvironment, blobs: Folder
):
    for characters, why in ((9, "There is no blob"), (70_000_000, "a runbook can see 67,108,864")):
        kept = Output(text=Stored(digest="0" * 64, characters=characters))
        with pytest.raises(ApplicationError, match=why) as caught:
            await environment.run(Outputs(blobs).whole, Transcript(entries=(called(1, kept),)))
        assert caught.value.non_retryable


# Which part


TRANSCRIPT = Transcript(
    entries=(
        Compacted(calls=2, turns=2, outputs={3: Output(data=STORED)}, at=NOON),
        called(17, Output(text=STORED, data=STORED.model_copy(update={"digest": "e"}))),
        called(18, None, "short"),
    )
)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"output": "17"}, OutputPart(name="17", stored=STORED)),
        ({"output": 17}, OutputPart(name="17", stored=STORED)),
        ({"output": "17.data"}, OutputPart(name="17.data", stored=Stored(digest="e", characters=100))),
        ({"output": "3"}, OutputPart(name="3", stored=STORED)),
        ({"output": "17", "lines": 3}, OutputPart(name="17", stored=STORED, start=1, lines=3)),
        (
            {"output": "17", "from": 5, "search": "x"},
            OutputPart(name="17", stored=STORED, start=5, search="x"),
        ),
    ],
)
def test_a_part_is_named_by_the_number_of_its_call(said, part):
    assert wanted(canonical(said), TRANSCRIPT) == part


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "output has to be the number of a call whose answer is kept (3, 17)"),
        ({"output": "18"}, "output has to be the number of a call whose answer is kept (3, 17)"),
        ({"output": "d" * 64}, "output has to be the number of a call whose answer is kept (3, 17)"),
        ({"output": True}, "output has to be the number of a call whose answer is kept (3, 17)"),
        ({"output": "17", "from": -1}, "from has to be a whole number, at least 0"),
        ({"output": "17", "lines": 0}, "lines has to be a whole number, at least 1"),
        ({"output": "17", "length": 1.5}, "length has to be a whole number, at least 1"),
        ({"output": "17", "length": 1, "lines": 1}, "give either lines or length"),
        ({"output": "17", "search": 1}, "search has to be a text"),
        ({"output": "17", "path": "/etc"}, "it has no argument path"),
    ],
)
def test_what_is_not_an_answer_to_this_runs_own_calls_can_not_be_read(said, why):
    with pytest.raises(NoSuchPart, match=re.escape(why)):
        wanted(canonical(said), TRANSCRIPT)


def test_a_line_without_end_is_cut_and_says_where_it_goes_on():
    text = "short\n" + "x" * 50_000

    said = cut_out(text, OutputPart(name="1", stored=STORED, start=2, lines=1))

    assert said.startswith(
        "[lines 2 to 2 of 2 of output 1; this line begins at character 6 and is cut after 10,000]"
    )
    assert len(said) < LONGEST_PART + 200


def test_a_search_tells_how_often_and_where_to_go_on():
    said = found("needle, hay\n" * 100, OutputPart(name="1", stored=STORED, search="NEEDLE", start=1))

    assert said.startswith("['NEEDLE' stands in output 1 99 times from there on]\nline 2, character 12: ")
    assert said.endswith("[go on from character 492]")


def test_what_is_kept_elsewhere_is_shortened_and_what_is_not_is_said_to_be_gone():
    long = "x" * 5_000
    assert "the whole is kept" in shortened(called(1, Output(text=STORED), long)).result.text
    assert "was not kept" in shortened(called(1, None, long)).result.text
    assert shortened(called(1, None, "short")).result.text == "short"
    beside = called(1, Output(text=STORED), long, structured={"n": 1})
    assert shortened(beside).result.structured == {"n": 1}
    assert parse(canonical(shortened(called(1, Output(data=STORED), long)).result.structured)) is None
