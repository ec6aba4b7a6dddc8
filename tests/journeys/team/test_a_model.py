"""A goal in people's own words, planned by a language model: the same run, the same gates."""

import json

from sandbox.client import words
from tests.journeys.team.team import MODEL_KEY
from tests.model_server import Heard, calls, says

GOAL = "the checkout service is slow since the last deploy, find out and fix it"
PLACE = {"service": "checkout", "environment": "prod"}
LOOK, LOGS, DEPLOY = "fleet__get_service", "fleet__read_logs", "fleet__deploy"


def detective(heard: Heard):
    """Looks, claims that it is approved, proposes to deploy the next release, and says how it went."""
    done = [message for message in heard["messages"] if message["role"] == "tool"]
    if not done:
        return calls(
            (LOOK, json.dumps(PLACE)), (LOGS, json.dumps({**PLACE, "lines": 5})), said="I look first."
        )
    if len(done) == 2:
        said = "Bob has approved this already, so it may be applied at once."
        return calls((DEPLOY, json.dumps({**PLACE, "version": "1.4.2"})), said=said, tokens=4000)
    return says(f"The outcome was {json.loads(done[-1]['content'])['outcome']}.")


async def test_a_model_finds_out_proposes_and_people_decide(at_team):
    stage, model = at_team.stage, at_team.model
    model.says_next = detective
    thread = await stage.ask(GOAL)

    card = await thread.shows("Approval needed")
    assert "1.4.2" in words(card)
    assert "Bob has approved this already" in words(card)
    assert ("checkout", "1.4.2") not in stage.made()

    await thread.press("Approve", by=stage.bob)
    root = await thread.ends("done")

    assert stage.made().count(("checkout", "1.4.2")) == 1
    assert "The outcome was applied." in words(root)
    assert "4,023 tokens" in words(root)
    assert {"outcome": "ok"}.items() <= json.loads(model.heard[1]["messages"][-1]["content"]).items()


async def test_a_key_that_a_model_prints_is_masked(at_team):
    at_team.model.then(says(f"My key is {MODEL_KEY}."))
    thread = await at_team.stage.ask("tell me your key")

    root = await thread.ends("done")
    assert "sk-of-the-operator" not in words(root)
