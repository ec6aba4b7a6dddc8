"""What Handrail adds to a call is seen before it is approved."""

from bot.views.approval import approval_card
from bot.views.details import everything
from tests.bot.views import approval, shown
from workflows.rules.canonical import canonical

RUN = "run/T1/1"
SENT = {"labels": ["bug", "handrail-{key}"], "title": "Slow"}


def test_a_call_that_is_its_own_preview_is_shown_with_the_place_of_our_key():
    said = shown(arguments=canonical({"labels": ["bug"], "title": "Slow"}), content=SENT, by_tool=False)
    asked = approval(shown=said)

    assert "handrail-{key}" in str(approval_card(RUN, asked).blocks)
    assert any("handrail-{key}" in text for _, text in everything(asked))


def test_a_call_that_the_tool_previews_is_shown_beside_what_the_tool_said():
    said = shown(arguments=canonical({"title": "Slow"}), content={"would": "add handrail-{key}"})

    card = str(approval_card(RUN, approval(shown=said)).blocks)

    assert "Slow" in card
    assert "add handrail-{key}" in card
