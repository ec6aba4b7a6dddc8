"""What the bot is told of its workspace by the environment."""

import pytest

from handrail.bot_process import slack_settings
from handrail.trouble import Misused

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}


def test_slack_is_asked_at_its_own_pace_unless_another_is_set():
    assert slack_settings(TOKENS).pace == 1
    assert slack_settings({**TOKENS, "HANDRAIL_SLACK_PACE": "2.5"}).pace == 2.5


@pytest.mark.parametrize("written", ["0", "fast", "nan", "1e9"])
def test_a_pace_that_is_none_is_refused_by_name(written):
    with pytest.raises(Misused, match="HANDRAIL_SLACK_PACE: expected a number from 1 to 1000"):
        slack_settings({**TOKENS, "HANDRAIL_SLACK_PACE": written})
