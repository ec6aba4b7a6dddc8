"""Ready-made maps: `use: preset/…`.

They tell GitHub's events apart by what the signed body says. No header does: a signature does not cover them.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping

from bot.events_settings import PayloadMap

_REPOSITORY = "{/repository/full_name}"
_DONE = {"/action": ("completed",)}


def _checks(kind: str, name: str, branch: str) -> PayloadMap:
    return PayloadMap(
        when={**_DONE, f"/{kind}/status": ("completed",)},
        key=f"{_REPOSITORY}@{{/{kind}/head_sha}}",
        facts={
            "event": kind,
            "name": name,
            "conclusion": f"{{/{kind}/conclusion}}",
            "branch": branch,
            "sha": f"{{/{kind}/head_sha}}",
            "repository": _REPOSITORY,
        },
    )


_PULL_REQUEST = f"{_REPOSITORY}#{{/pull_request/number}}"

PRESETS: Mapping[str, tuple[PayloadMap, ...]] = {
    "preset/github-checks": (
        _checks("check_run", "{/check_run/name}", "{/check_run/check_suite/head_branch}"),
        _checks("check_suite", "{/check_suite/app/slug}", "{/check_suite/head_branch}"),
        _checks("workflow_run", "{/workflow_run/name}", "{/workflow_run/head_branch}"),
    ),
    "preset/github-reviews": (
        PayloadMap(
            when={
                "/action": ("submitted", "dismissed"),
                "/review/state": ("approved", "changes_requested", "commented", "dismissed"),
            },
            key=_PULL_REQUEST,
            facts={
                "event": "review",
                "state": "{/review/state}",
                "by": "{/review/user/login}",
                "sha": "{/review/commit_id}",
                "number": "{/pull_request/number}",
                "repository": _REPOSITORY,
            },
        ),
        PayloadMap(
            when={"/action": ("closed",), "/pull_request/merged": ("true", "false")},
            key=_PULL_REQUEST,
            facts={
                "event": "closed",
                "merged": "{/pull_request/merged}",
                "by": "{/sender/login}",
                "sha": "{/pull_request/merge_commit_sha}",
                "number": "{/pull_request/number}",
                "repository": _REPOSITORY,
            },
        ),
    ),
}
