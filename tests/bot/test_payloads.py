"""Past the door there are only named values, and what is malformed is refused by the name of its field."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.asking import said_by_a_person
from bot.errors import BadPayload
from bot.payloads import Click, Command, Filled, Mention, Shortcut, Spot, Submission, check
from bot.views.refs import ApprovalRef
from workflows.values.people import Person

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REF = ApprovalRef(run="run/T1/abc", approval="4.1", gate="f" * 64)


def pressed(**changes):
    body = {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "11.1", "channel_id": "C1"},
        "message": {"ts": "11.1", "thread_ts": "10.1", "text": "t", "blocks": [{"type": "divider"}]},
        "trigger_id": "trigger",
        "actions": [{"action_id": "approve", "action_ts": "1795348700.5", "value": REF.packed()}],
    }
    return body | changes


def test_a_click_on_a_home_has_no_channel_and_no_dialog_but_the_page_that_was_shown():
    home = {"id": "V1", "type": "home", "private_metadata": "{}", "blocks": [{"type": "divider"}]}
    body = pressed(view=home, container={"type": "view", "view_id": "V1"})
    click = Click.from_slack({key: body[key] for key in body if key not in {"channel", "message"}}, NOW)

    assert (click.spot, click.view_id, click.home) == (Spot(channel=""), "", "{}")
    assert click.blocks == ({"type": "divider"},)
    assert click.delivery == "click/V1/approve/T1/U1/1795348700.5"


def test_a_slash_command_is_who_where_what_and_the_occasion_that_slack_repeats():
    body = {"team_id": "T1", "user_id": "U1", "channel_id": "C1", "text": "help", "trigger_id": "1.2.3"}

    assert Command.from_slack(body) == Command(
        person=Person(team="T1", user="U1"), spot=Spot(channel="C1"), text="help", trigger_id="1.2.3"
    )


def test_a_mention_is_the_same_occasion_in_whichever_event_it_comes():
    event = {
        "type": "app_mention",
        "user": "U1",
        "channel": "C1",
        "ts": "9.1",
        "text": "<@B> hi",
        "team": "T1",
    }
    first = Mention.from_slack({"team_id": "T1", "event_id": "Ev1", "event": event})
    again = Mention.from_slack({"team_id": "T1", "event_id": "Ev2", "event": event})

    assert first.occasion == again.occasion == "mention/C1/9.1"
    assert (first.person, first.thread, first.by_bot) == (Person(team="T1", user="U1"), "9.1", False)


@pytest.mark.parametrize("mention", ["<@U0BOT>", "<@U0BOT|handrail>", "<@U0OTHER>", "@handrail"])
def test_the_goal_is_what_stands_beside_the_mention(mention):
    def goal(text):
        event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "9.1", "text": text}
        return Mention.from_slack({"team_id": "T1", "event": event}).goal("U0BOT").strip()

    assert goal(f"{mention} deploy cart 2.0.0") == "deploy cart 2.0.0"
    assert goal("deploy cart <@U0BOT>") == "deploy cart"
    assert goal("deploy cart for <@U0ANN>") == "deploy cart for <@U0ANN>"


def test_a_mention_by_a_bot_is_known_as_such():
    event = {"type": "app_mention", "bot_id": "B9", "channel": "C1", "ts": "9.1", "text": "hi"}

    assert Mention.from_slack({"team_id": "T1", "event": event}).by_bot


def test_a_click_says_who_pressed_what_and_when_by_slacks_clock():
    click = Click.from_slack(pressed(), NOW)

    assert click.ref(ApprovalRef) == REF
    assert click.spot == Spot(channel="C1", thread_ts="10.1")
    assert click.clicked_at == datetime.fromtimestamp(1795348700.5, UTC)
    assert click.delivery == "click/11.1/approve/T1/U1/1795348700.5"


def test_a_click_knows_what_other_buttons_its_message_has_for_the_same():
    def beside(*elements):
        blocks = [{"type": "rich_text", "elements": ["x"]}, {"type": "actions", "elements": list(elements)}]
        message = {"ts": "11.1", "blocks": [*blocks, {"type": "odd", "elements": None}]}
        return Click.from_slack(pressed(message=message), NOW).beside("approve")

    same = {"type": "button", "action_id": "approve", "value": REF.packed()}
    assert beside(same)
    assert not beside()
    assert not beside({**same, "action_id": "reject"}, {**same, "value": "of another change"})


@pytest.mark.parametrize("action_ts", [1795348700.5, 1795348700, "1795348700.5"])
def test_a_click_is_heard_however_its_time_is_written(action_ts):
    action = {"action_id": "approve", "action_ts": action_ts, "value": REF.packed()}

    click = Click.from_slack(pressed(actions=[action], container={}), NOW)

    assert int(click.clicked_at.timestamp()) == 1795348700
    assert click.delivery == f"click/11.1/approve/T1/U1/{action_ts}"


@pytest.mark.parametrize("action_ts", ["nan", "inf", "-5", "", "soon", "9" * 40, "99999999999"])
def test_a_click_is_never_later_than_now(action_ts):
    action = {"action_id": "approve", "action_ts": action_ts, "value": REF.packed()}

    assert Click.from_slack(pressed(actions=[action]), NOW).clicked_at <= NOW + timedelta(0)


def test_the_team_of_a_click_is_the_clickers_own_in_a_shared_channel():
    click = Click.from_slack(pressed(user={"id": "U1", "team_id": "T0AWAY"}), NOW)

    assert click.person == Person(team="T0AWAY", user="U1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"actions": []}, "actions: exactly one was expected"),
        ({"actions": None}, "actions is missing"),
        ({"actions": ["x"]}, "button.action_id is missing"),
        ({"user": "U1"}, "team.id is missing"),
        ({"user": {"id": 5}, "team": {"id": "T1"}}, "user.id is not text"),
    ],
)
def test_a_malformed_click_is_refused_by_the_name_of_its_field(changes, said):
    body = pressed(**changes)
    if said.startswith("team"):
        body.pop("team")
    with pytest.raises(BadPayload, match=said):
        Click.from_slack(body, NOW)


def test_a_value_that_is_not_ours_is_refused_without_repeating_it():
    action = {"action_id": "approve", "action_ts": "1", "value": '{"secret": "hunter2"}'}
    with pytest.raises(BadPayload) as refused:
        Click.from_slack(pressed(actions=[action]), NOW).ref(ApprovalRef)
    assert "hunter2" not in str(refused.value)


def test_a_dialog_counts_by_when_it_reached_us_and_once_per_state_it_was_sent_in():
    body = {
        "user": {"id": "U1", "team_id": "T1"},
        "view": {
            "id": "V1",
            "hash": "h1",
            "private_metadata": "{}",
            "state": {"values": {"reason": {"reason": {"value": " not today "}}}},
        },
    }
    sent = Submission.from_slack(body, NOW)

    assert (sent.reason, sent.at, sent.delivery) == ("not today", NOW, "submit/V1/h1/T1/U1")


def test_half_a_character_does_not_get_past_the_door():
    body = {"team_id": "T1", "user_id": "U1", "channel_id": "C1", "text": "a\ud800b", "trigger_id": "t"}

    Command.from_slack(body).text.encode()


def test_a_dialog_is_a_modal_where_the_server_does_not_say_so():
    body = {"type": "view_submission", "view": {"callback_id": "reject"}}

    check(body)

    assert body["view"]["type"] == "modal"


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        ({"channel_type": "im"}, True),
        ({"channel_type": "im", "subtype": "message_changed"}, False),
        ({"channel_type": "im", "subtype": "message_deleted"}, False),
        ({"channel_type": "channel"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_in_direct_messages_only_what_is_said_is_heard(event, heard):
    assert said_by_a_person({"event": event}) is heard


def test_a_message_that_another_app_wrote_is_asked_about_by_what_it_says():
    message = {
        "ts": "1.1",
        "bot_id": "B9",
        "text": "",
        "attachments": [{"fallback": "down"}, {"text": "since noon"}],
    }
    body = {"type": "message_action", "trigger_id": "1.2", "channel": {"id": "C1"}, "message": message}

    chosen = Shortcut.from_slack(body | {"user": {"id": "U1", "team_id": "T1"}})

    assert (chosen.text, chosen.author, chosen.spot.thread_ts) == ("down\nsince noon", "", "1.1")


def test_a_form_is_read_whatever_kinds_its_fields_are_of():
    option = {"text": {"type": "plain_text", "text": "A"}, "value": "a"}
    values = {
        "select": {"x": {"type": "static_select", "selected_option": option}},
        "ticked": {"x": {"type": "checkboxes", "selected_options": [option]}},
        "not ticked": {"x": {"type": "checkboxes", "selected_options": []}},
        "where": {"x": {"type": "conversations_select", "selected_conversation": "C1"}},
        "typed": {"x": {"type": "plain_text_input", "value": "t"}},
        "empty": {"x": {"type": "number_input", "value": None}},
    }
    view = {"id": "V1", "hash": "h", "private_metadata": "{}", "state": {"values": values}}

    assert Filled.from_slack({"user": {"id": "U1", "team_id": "T1"}, "view": view}).values == {
        "select": "a",
        "ticked": "a",
        "not ticked": "",
        "where": "C1",
        "typed": "t",
        "empty": "",
    }
