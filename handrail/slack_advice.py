"""What to do about Slack's refusals."""

WHAT_TO_DO = {
    "invalid_auth": "the token is wrong: copy it again from the app's pages",
    "not_authed": "the token is empty",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again",
    "token_expired": "the token has expired: install the app again",
    "channel_not_found": "a private channel is not there for who is not in it: /invite the bot",
    "not_in_channel": "/invite the bot",
    "missing_scope": "the token lacks a scope: render the manifest again and reinstall the app",
}
"""By Slack's word for it: docs.slack.dev/reference/methods/auth.test."""


def refusal(code: str, otherwise: str = "") -> str:
    """Slack's word, and what to do."""
    advice = WHAT_TO_DO.get(code, otherwise)
    return f"{code} ({advice})" if advice else code
