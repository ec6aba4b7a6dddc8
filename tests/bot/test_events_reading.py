"""What a payload says, from its bytes alone; GitHub's are cut from real ones (octokit/webhooks, payload-examples)."""

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from bot.events_reading import NotAnEvent, read
from bot.events_settings import PayloadMap
from handrail.config.events_presets import PRESETS
from tests.bot.events import source

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
REPOSITORY = {"full_name": "octo-org/octo-repo", "name": "octo-repo"}
SHA = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
CHECK_RUN = {
    "action": "completed",
    "check_run": {
        "id": 128620228,
        "name": "Octocoders-linter",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "success",
        "output": {"title": None, "summary": None},
        "check_suite": {"id": 118578147, "head_branch": "changes", "status": "completed"},
    },
    "repository": REPOSITORY,
    "sender": {"login": "Codertocat"},
}
CHECK_SUITE = {
    "action": "completed",
    "check_suite": {
        "head_branch": "changes",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "failure",
        "app": {"slug": "github-actions"},
    },
    "repository": REPOSITORY,
}
WORKFLOW_RUN = {
    "action": "completed",
    "workflow": {"name": "test", "state": "active"},
    "workflow_run": {
        "name": "test",
        "head_branch": "master",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "success",
    },
    "repository": REPOSITORY,
}
PULL_REQUEST = {"number": 2, "state": "open", "merged": False, "merge_commit_sha": "c4295bd"}
REVIEW = {
    "action": "submitted",
    "review": {"state": "approved", "commit_id": SHA, "user": {"login": "Codertocat"}, "body": None},
    "pull_request": PULL_REQUEST,
    "repository": REPOSITORY,
}
MERGED = {
    "action": "closed",
    "number": 2,
    "pull_request": {**PULL_REQUEST, "state": "closed", "merged": True},
    "repository": REPOSITORY,
    "sender": {"login": "Codertocat"},
}
CHECKS, REVIEWS = PRESETS["preset/github-checks"], PRESETS["preset/github-reviews"]


def event(payload, *maps, **headers):
    body = json.dumps(payload).encode()
    return read(source("github", maps=maps), body, lambda name: headers.get(name, ""), NOON).event


@pytest.mark.parametrize(
    ("payload", "key", "facts"),
    [
        (
            CHECK_RUN,
            f"octo-org/octo-repo@{SHA}",
            {"event": "check_run", "name": "Octocoders-linter", "conclusion": "success", "branch": "changes"},
        ),
        (
            CHECK_SUITE,
            f"octo-org/octo-repo@{SHA}",
            {"event": "check_suite", "name": "github-actions", "conclusion": "failure", "branch": "changes"},
        ),
        (
            WORKFLOW_RUN,
            f"octo-org/octo-repo@{SHA}",
            {"event": "workflow_run", "name": "test", "conclusion": "success", "branch": "master"},
        ),
        (
            REVIEW,
            "octo-org/octo-repo#2",
            {"event": "review", "state": "approved", "by": "Codertocat", "number": "2"},
        ),
        (
            MERGED,
            "octo-org/octo-repo#2",
            {"event": "closed", "merged": "true", "by": "Codertocat", "number": "2"},
        ),
    ],
    ids=["check run", "check suite", "workflow run", "review", "merged"],
)
def test_the_presets_read_what_github_sends(payload, key, facts):
    made = event(payload, *CHECKS, *REVIEWS)

    assert made.key == key
    assert made.facts == {
        "repository": "octo-org/octo-repo",
        "sha": "c4295bd" if payload is MERGED else SHA,
        **facts,
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"zen": "Keep it logically awesome.", "hook_id": 1, "repository": REPOSITORY},
        {**CHECK_RUN, "action": "created"},
        {**CHECK_RUN, "action": "rerequested"},
        {**WORKFLOW_RUN, "action": "requested", "workflow_run": {"status": "queued"}},
        {**MERGED, "action": "opened"},
        # A deployment names the check run that made it.
        {**CHECK_RUN, "action": "created", "deployment_status": {"state": "success"}},
        # A comment on a line is no review.
        {"action": "created", "comment": {}, "pull_request": PULL_REQUEST, "repository": REPOSITORY},
    ],
    ids=range(7),
)
def test_what_else_github_sends_is_no_event(payload):
    with pytest.raises(NotAnEvent):
        event(payload, *CHECKS, *REVIEWS)


def test_a_header_that_nobody_signed_decides_nothing():
    plain = event(CHECK_RUN, *CHECKS, *REVIEWS)
    lied = event(
        CHECK_RUN,
        *CHECKS,
        *REVIEWS,
        **{"X-GitHub-Event": "pull_request_review", "X-GitHub-Delivery": "another"},
    )

    assert lied == plain


ODD = {
    "a/b": {"m~n": "escaped"},
    "list": [{"id": 7}, {"id": 8}],
    "number": 1.5,
    "yes": True,
    "nothing": None,
    "": "no name",
    "object": {"a": 1},
}


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/a~1b/m~0n", "escaped"),
        ("/list/1/id", "8"),
        ("/number", "1.5"),
        ("/yes", "true"),
        ("/", "no name"),
        ("/nothing", None),
        ("/object", None),
        ("/list", None),
        ("/list/-", None),
        ("/list/2/id", None),
        ("/list/01/id", None),
        ("/number/x", None),
        ("/a~1b/m~0n/0", None),
        ("/list/" + "9" * 5000, None),
    ],
)
def test_a_fact_is_found_by_its_pointer_or_left_out(pointer, text):
    """RFC 6901: ~1 is a slash, ~0 a tilde, a list has numbers."""
    made = event(ODD, PayloadMap(key="k", facts={"found": f"{{{pointer}}}"}))

    assert made.facts == ({} if text is None else {"found": text})


def test_a_fact_may_be_a_sentence_and_a_long_one_says_that_it_was_cut():
    made = event(
        {"id": 7, "log": "x" * 5000},
        PayloadMap(key="k", facts={"what": "alert {/id} fires", "log": "{/log}"}),
    )

    assert made.facts["what"] == "alert 7 fires"
    assert len(made.facts["log"]) <= 1000
    assert "of 5,000 characters shown" in made.facts["log"]


def test_the_first_map_whose_conditions_all_hold_counts():
    first = PayloadMap(when={"/yes": ("true",), "/number": ("1", "2")}, key="first")
    second = PayloadMap(when={"/yes": ("true",), "/number": ("1", "1.5")}, key="second")

    assert event(ODD, first, second).key == "second"


def test_the_same_bytes_are_the_same_delivery_and_one_more_blank_is_another():
    again = deepcopy(CHECK_RUN)
    assert event(again, *CHECKS) == event(CHECK_RUN, *CHECKS)
    again["check_run"]["conclusion"] = "failure"
    assert event(again, *CHECKS).delivery != event(CHECK_RUN, *CHECKS).delivery
