"""Whether Slack lets the bot in, and lets it do what it has to do."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.settings import SlackSettings
from bot.slack import client_for, named_error

from .bot_process import slack_settings
from .manifest import BOT_SCOPES, OPTIONAL_SCOPES
from .trouble import Trouble

WHAT_TO_DO = {
    "invalid_auth": "the token is wrong: copy it again from the app's pages",
    "not_authed": "the token is empty",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again",
    "token_expired": "the token has expired: install the app again",
    "missing_scope": "the token lacks a scope: render the manifest again and reinstall the app",
}
"""By Slack's word for it: docs.slack.dev/reference/methods/auth.test."""


async def check_slack(environ: Mapping[str, str]) -> AsyncIterator[tuple[bool, str]]:
    """(is it well, in words) of the bot's token, its scopes and the way events come in."""
    try:
        settings = slack_settings(environ)
    except Trouble as trouble:
        yield False, str(trouble)
        return
    try:
        answer = await client_for(settings.bot_token.get_secret_value(), settings.api_url).auth_test()
    except SlackApiError as error:
        yield False, _why("the bot's token is refused", "auth.test", error)
        return
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        yield False, f"{settings.api_url} can't be reached: {error or type(error).__name__}"
        return
    yield True, f"SLACK_BOT_TOKEN is @{answer.get('user')} in {answer.get('team')}"
    headers = {name.lower(): value for name, value in answer.headers.items()}
    yield _scopes(headers.get("x-oauth-scopes"))
    yield await _way_in(settings)


def _scopes(header: str | None) -> tuple[bool, str]:
    if header is None:
        return True, "this server does not tell which scopes the token has"
    given = {scope.strip() for scope in header.split(",")}
    lost = [scope for scope in BOT_SCOPES if scope not in given and scope not in OPTIONAL_SCOPES]
    if lost:
        return (
            False,
            f"the token lacks {', '.join(lost)}: paste `handrail manifest` into the app, and reinstall it",
        )
    return True, f"the token has all {len(BOT_SCOPES)} scopes"


async def _way_in(settings: SlackSettings) -> tuple[bool, str]:
    if settings.app_token is None:
        return True, f"events come over HTTP, signed, to port {settings.http_port}"
    client = client_for(settings.app_token.get_secret_value(), settings.api_url)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SlackApiError as error:
        return False, _why("SLACK_APP_TOKEN is refused", "apps.connections.open", error)
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        return False, f"SLACK_APP_TOKEN can't be tried: {error or type(error).__name__}"
    return True, "SLACK_APP_TOKEN opens Socket Mode"


def _why(refused: str, method: str, error: SlackApiError) -> str:
    named = named_error(method, error)
    if not named.lasting:
        return f"the server does not say whether it takes the token, try again: {named}"
    advice = f" ({WHAT_TO_DO[named.code]})" if named.code in WHAT_TO_DO else ""
    return f"{refused}: {named.code}{advice}"
