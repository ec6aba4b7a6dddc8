"""What would take a change back: how it is filled, and when a run offers it."""

import pytest

from tests.workflows.far_end import (
    BOB,
    BY_BOB,
    CAROL,
    WITH_UNDO,
    click,
    deploy,
    edit,
    in_order,
    resolve,
    spec,
)
from workflows.rules.canonical import canonical, parse
from workflows.rules.keys import NoPlace
from workflows.rules.undoing import from_preview, inverse
from workflows.values.calls import ProposedCall
from workflows.values.signals import Said
from workflows.values.spec import RuleKind
from workflows.values.tools import Undo

CALL = canonical({"service": "checkout", "replicas": 5})
AGENT = spec().model_copy(update={"tools": (WITH_UNDO,)})


def scaling(**arguments):
    undo = Undo(tool="k8s.scale", arguments=arguments)
    return WITH_UNDO.model_copy(update={"undo": undo})


def filled(contract, preview=None, result=None):
    return parse(inverse(contract, CALL, from_preview(contract.undo, preview), result))


def test_it_is_filled_from_the_call_its_preview_and_its_result():
    contract = scaling(
        service="{service}", replicas="{preview.now.replicas}", note="back from {result.id}", force=True
    )

    assert filled(contract, {"now": {"replicas": 3}}, {"id": 7}) == {
        "service": "checkout",
        "replicas": 3,
        "note": "back from 7",
        "force": True,
    }


def test_what_the_call_left_out_for_its_default_is_left_out():
    assert filled(scaling(service="{service}", zone="{zone}")) == {"service": "checkout"}


@pytest.mark.parametrize(
    ("template", "preview", "result"),
    [
        ("{preview.replicas}", {"replicas": None}, None),
        ("{preview.replicas}", "three", None),
        ("{result.id}", None, {"other": 1}),
        ("{result.token}", None, {"token": "a [masked] one"}),
        ("in {zone}", None, None),
    ],
)
def test_what_is_not_known_for_sure_is_not_filled_in(template, preview, result):
    with pytest.raises(NoPlace):
        filled(scaling(replicas=template), preview, result)


async def test_a_change_is_remembered_with_the_call_that_takes_it_back(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("undoable", AGENT)
    await run.signal("edit", edit(await far_end.asked(run), BOB, service="search"))

    await run.signal("decide", click(await far_end.asked(run, generation=2), CAROL))
    result = await run.result()

    [change] = result.changes
    undo = await run.query("undo", change.call, result_type=ProposedCall)
    assert change.undo == "fleet.deploy"
    assert parse(undo.arguments) == {"environment": "prod", "service": "search", "version": "1.4.1"}
    assert undo.title == "Undo: fleet.deploy on prod/search, edited"


async def test_what_may_have_happened_offers_no_undo_and_what_people_say_happened_does(with_planner):
    allowed = BY_BOB.model_copy(update={"then": RuleKind.ALLOW})
    far_end = await with_planner(in_order(deploy()))
    ended = {}
    for name, said in (("stopped", Said.STOP), ("happened", Said.HAPPENED)):
        far_end.lose_replies = 1
        run = await far_end.start(f"undo-{name}", AGENT.model_copy(update={"rules": (allowed,)}))
        view = await far_end.seen(run, lambda view: view.unknowns)
        await run.signal("resolve", resolve(view, said, BOB))
        ended[name] = [(change.certain, change.undo) for change in (await run.result()).changes]

    assert ended == {"stopped": [(False, "")], "happened": [(True, "fleet.deploy")]}


async def test_a_tool_whose_contract_names_no_undo_offers_none(with_planner):
    allowed = BY_BOB.model_copy(update={"then": RuleKind.ALLOW})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("no-undo", spec(allowed))

    [change] = (await run.result()).changes

    assert change.undo == ""
    assert await run.query("undo", change.call) is None
