"""A saved plan, from its preview to its change: the very file is applied, or nothing is."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.artifacts import Artifacts
from activities.blobs import Folder
from activities.command_server import CommandServer
from activities.command_tools import CommandSettings, CommandTool
from activities.masking import PLAIN
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.tools import Precondition, PreviewBy, ToolContract

TERRAFORMER = str(Path(__file__).parent / "commands" / "terraformer")
SIZE = {"size": {"type": "integer"}}
APPLY = ToolContract(
    name="infra.apply",
    server="infra",
    tool="apply",
    preview=PreviewBy(tool="plan", applies="artifact"),
    preview_identity=("artifact",),
    precondition=Precondition(field="artifact", argument="artifact"),
    proves_nothing_done=("Error: Saved plan is stale",),
)


@pytest_asyncio.fixture
async def infra(tmp_path: Path) -> AsyncIterator[Tools]:
    plan = CommandTool("Plans.", (TERRAFORMER, "plan", "{artifact}", "{size}"), SIZE, makes_artifact=True)
    # The size is for people and rules; what is applied is the file.
    apply = CommandTool("Applies.", (TERRAFORMER, "apply", "{artifact}"), SIZE, takes_artifact=True)
    settings = CommandSettings("infra", {"plan": plan, "apply": apply}, folder=str(tmp_path))
    server = CommandServer(settings, Artifacts(Folder(tmp_path / "kept")), path=os.environ["PATH"])
    async with ToolServers([server]) as servers:
        yield Tools(servers, PLAIN, BLOBS)


async def planned(infra: Tools, size: int) -> EffectOrder:
    arguments = {"size": size}
    return effect_of(
        APPLY, arguments, await ActivityEnvironment().run(infra.preview, preview_of(APPLY, arguments))
    )


async def test_the_file_is_in_the_digest_and_is_what_is_applied(
    infra: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    first, second = await planned(infra, 3), await planned(infra, 3)
    assert first.effect.digest != second.effect.digest

    outcome = await environment.run(infra.apply_once, first)

    assert (outcome.state, outcome.text) == (OutcomeState.APPLIED, "Apply complete")
    assert (tmp_path / "state.json").read_text() == '{"serial": 1, "size": 3}'


async def test_a_stale_plan_is_refused_by_its_own_tool(
    infra: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    first, second = await planned(infra, 3), await planned(infra, 4)
    await environment.run(infra.apply_once, first)

    outcome = await environment.run(infra.apply_once, second)

    assert (outcome.state, outcome.text) == (OutcomeState.NOT_APPLIED, "Error: Saved plan is stale")
    assert (tmp_path / "state.json").read_text() == '{"serial": 1, "size": 3}'


async def test_another_file_than_the_approved_one_is_not_applied(
    infra: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    approved, other = await planned(infra, 3), await planned(infra, 400)
    swapped = approved.model_copy(
        update={"effect": approved.effect.model_copy(update={"expected": other.effect.expected})}
    )

    outcome = await environment.run(infra.apply_once, swapped)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert "not the one that was previewed" in outcome.text
    assert not (tmp_path / "state.json").exists()


async def test_a_file_that_is_not_kept_any_more_is_not_applied(
    infra: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    order = await planned(infra, 3)
    [kept] = [each for each in (tmp_path / "kept").rglob("*") if each.is_file()]
    kept.unlink()

    outcome = await environment.run(infra.apply_once, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert "is not kept here any more" in outcome.text


@pytest.mark.parametrize("size", [0, 5])
async def test_the_plan_is_what_people_are_shown(infra: Tools, size: int) -> None:
    previewed = await ActivityEnvironment().run(infra.preview, preview_of(APPLY, {"size": size}))
    assert previewed.shown.text == f"size: 1 -> {size}"
    assert previewed.shown.complete
