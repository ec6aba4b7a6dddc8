"""What each digest and each id is made of. They outlive the deploy that made them, so a change here is a new `SCHEMA`."""

from hashlib import sha256

from tests.workflows.far_end import ALICE, BOB, BY_BOB, DEPLOY, RESTART
from tests.workflows.samples import SHOWN, call, effect
from workflows.rules.canonical import canonical
from workflows.rules.digests import (
    definition_digest,
    effect_digest,
    effect_key,
    effect_workflow_id,
    freeze_id,
    gate_digest,
    gates_digest,
    lease_id,
    proposal_digest,
)
from workflows.values.base import CanonicalJson, EffectKey, GateDigest

ARGUMENTS = '{"environment":"prod","service":"checkout","version":"1.4.2"}'


def over(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_a_definition_is_what_the_server_lists():
    assert definition_digest({"name": "deploy", "description": "Löscht"}) == over(
        'definition/v1\n{"description":"Löscht","name":"deploy"}'
    )


def test_an_effect_is_the_tool_its_definition_the_arguments_the_target_and_what_the_preview_saw():
    assert effect_digest(
        DEPLOY, CanonicalJson(ARGUMENTS), "prod/checkout", "d", CanonicalJson("null")
    ) == over(
        'effect/v1\n{"arguments":' + canonical(ARGUMENTS) + ',"class":"at_most_once","definition":"d",'
        '"precondition":"null","server":"fleet","target":"prod/checkout","tool":"deploy"}'
    )


def test_an_effect_has_a_placeholder_where_the_key_goes():
    assert effect_digest(
        RESTART, CanonicalJson('{"service":"checkout"}'), "t", "d", CanonicalJson("null")
    ) == over(
        'effect/v1\n{"arguments":' + canonical('{"request_id":"{key}","service":"checkout"}') + ","
        '"class":"idempotent","definition":"d","precondition":"null","server":"fleet","target":"t","tool":"restart"}'
    )


def test_arguments_that_are_no_object_have_no_place_for_a_key():
    assert effect_digest(RESTART, CanonicalJson("[]"), "t", "d", CanonicalJson("null")) == over(
        'effect/v1\n{"arguments":"[]","class":"idempotent","definition":"d",'
        '"precondition":"null","server":"fleet","target":"t","tool":"restart"}'
    )


def test_a_gate_is_the_effect_who_asked_under_which_rule_and_what_was_shown_once():
    rule = canonical(BY_BOB.model_dump(mode="json"))
    shown = canonical(SHOWN.model_dump(mode="json"))

    assert gate_digest(effect(), "run/1", "1.2", (ALICE, BOB), BY_BOB, SHOWN, "first") == over(
        'gate/v1\n{"approval":"1.2","call":1,"effect":"' + effect().digest + '",'
        '"nonce":"first","preview":' + shown + ',"requesters":[{"team":"T0HOME","user":"U0ALICE"},'
        '{"team":"T0HOME","user":"U0BOB"}],"rule":' + rule + ',"run":"run/1"}'
    )


def test_a_key_is_the_run_and_the_call_as_it_was_proposed():
    assert effect_key("run/1", call(), DEPLOY, 1) == over(
        'key/v1\n{"arguments":' + canonical(ARGUMENTS) + ',"call":1,"n":1,"run":"run/1",'
        '"target":"prod/checkout","tool":"fleet.deploy"}'
    )


def test_a_proposal_is_the_tool_the_arguments_and_the_target():
    assert proposal_digest(call(), "prod/checkout") == over(
        'proposal/v1\n{"arguments":'
        + canonical(ARGUMENTS)
        + ',"target":"prod/checkout","tool":"fleet.deploy"}'
    )


def test_one_button_for_several_stands_for_them_in_this_order():
    assert gates_digest((GateDigest("b"), GateDigest("a"))) == over('gates/v1\n["b","a"]')


def test_the_ids_of_workflows_say_what_they_are_of():
    assert [
        freeze_id(""),
        freeze_id("prod"),
        lease_id("prod/checkout"),
        effect_workflow_id(EffectKey("k")),
    ] == [
        "freeze/everything",
        "freeze/environment/prod",
        "target/" + over('target/v1\n"prod/checkout"'),
        "effect/k",
    ]
