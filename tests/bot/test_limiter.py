"""Never more than Slack allows in any minute, first come first served."""

import pytest

from bot.errors import RateLimited
from bot.limiter import A_CHANNEL, TIER_2, TIER_3, TIER_4, Limit, Limiter, post


class Clock:
    """Time as the test tells it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(clock, clock.sleep)


async def test_a_burst_goes_at_once_and_then_one_a_second(limiter, clock):
    waited = [await limiter.turn("chat.postMessage", post("C1")) for _ in range(5)]

    assert waited == [False, False, False, True, True]
    assert clock.slept == pytest.approx([1.0, 1.0])


async def test_channels_do_not_hold_each_other_up(limiter, clock):
    for channel in ("C1", "C2", "C3"):
        for _ in range(3):
            await limiter.turn("chat.postMessage", post(channel))

    assert clock.slept == []


def test_whoever_came_first_goes_first(limiter):
    due = post("C1")
    delays = [limiter.reserve("chat.postMessage", due) for _ in range(6)]

    assert delays == sorted(delays) == pytest.approx([0, 0, 0, 1, 2, 3])


@pytest.mark.parametrize(("limit", "allowed"), [(TIER_2, 20), (TIER_3, 50), (TIER_4, 100)])
def test_no_minute_ever_holds_more_calls_than_the_tier_allows(limiter, clock, limit, allowed):
    calls: list[float] = []
    while clock.now < 1400:
        delay = 0.0
        try:
            delay = limiter.reserve("m", [(("m",), limit)])
            calls.append(clock.now + delay)
        except RateLimited as full:
            clock.now += full.retry_after
    busiest = max(sum(start <= at < start + 60 for at in calls) for start in calls)

    assert busiest <= allowed


async def test_when_slack_says_wait_everybody_waits(limiter, clock):
    due = [(("m",), Limit(10, 5))]
    limiter.hold(due, 7)

    await limiter.turn("m", due)

    assert clock.slept == pytest.approx([7.0])


def test_who_would_wait_too_long_is_told_to_come_back_and_takes_no_place(limiter, clock):
    due = [(("m",), A_CHANNEL)]
    limiter.hold(due, 45)

    with pytest.raises(RateLimited) as told:
        limiter.reserve("m", due)
    assert told.value.retry_after == pytest.approx(45)

    clock.now += 45
    assert limiter.reserve("m", due) == pytest.approx(0)


async def test_a_server_that_takes_more_is_asked_more(clock):
    """Another Slack-compatible server: HANDRAIL_SLACK_PACE."""
    limiter = Limiter(clock, clock.sleep, pace=2)

    waited = [await limiter.turn("chat.postMessage", post("C1")) for _ in range(8)]

    assert waited == [False] * 6 + [True] * 2
    assert clock.slept == pytest.approx([0.5, 0.5])
