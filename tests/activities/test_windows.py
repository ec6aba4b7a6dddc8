"""When changes are held by the clock on the wall, wherever that wall is."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from activities.windows import DAYS, BadWindow, Opening, check, opening
from workflows.values.spec import FreezeWindow

MINUTE = timedelta(minutes=1)
WEEKS = {
    "the clock goes forward": ("Europe/Berlin", datetime(2026, 3, 25, tzinfo=UTC)),
    "the clock goes back": ("Europe/Berlin", datetime(2026, 10, 21, tzinfo=UTC)),
    "on the other side of the sea": ("America/New_York", datetime(2026, 10, 28, tzinfo=UTC)),
    "by half an hour": ("Australia/Lord_Howe", datetime(2026, 4, 1, tzinfo=UTC)),
    "by two hours": ("Antarctica/Troll", datetime(2026, 10, 21, tzinfo=UTC)),
    "around midnight": ("America/Havana", datetime(2026, 10, 28, tzinfo=UTC)),
    "back into yesterday": ("America/St_Johns", datetime(2010, 11, 3, tzinfo=UTC)),
    "a day that never was": ("Pacific/Apia", datetime(2011, 12, 26, tzinfo=UTC)),
    "nothing happens": ("Asia/Kathmandu", datetime(2026, 7, 1, tzinfo=UTC)),
}


def window(starts: str, ends: str, timezone: str = "UTC") -> FreezeWindow:
    return FreezeWindow(name="hands off", starts=starts, ends=ends, timezone=timezone)


WEEKEND = window("fri 16:00", "mon 08:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-07-03 13:59:59", False),
        ("2026-07-03 14:00:00", True),
        ("2026-07-04 12:00:00", True),
        ("2026-07-06 05:59:59", True),
        ("2026-07-06 06:00:00", False),
        ("2026-07-08 12:00:00", False),
    ],
)
def test_a_weekend_is_open_from_its_start_until_just_before_its_end(at, is_open):
    assert (opening(WEEKEND, moment(at)) is not None) is is_open


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_it_says_since_when_and_until_when():
    # Berlin's summer ends on this weekend: it is an hour longer than others.
    assert opening(WEEKEND, moment("2026-10-24 12:00")) == Opening(
        moment("2026-10-23 14:00"), moment("2026-10-26 07:00")
    )


def test_a_window_may_wrap_the_week():
    nights = window("sun 22:00", "tue 06:00")

    assert opening(nights, moment("2026-07-05 21:59")) is None
    assert opening(nights, moment("2026-07-06 12:00")) == Opening(
        moment("2026-07-05 22:00"), moment("2026-07-07 06:00")
    )


def test_nearly_a_whole_week_is_open_all_but_a_minute():
    nearly = window("wed 10:01", "wed 10:00")

    assert opening(nearly, moment("2026-07-01 10:00:30")) is None
    assert opening(nearly, moment("2026-07-01 09:59:59")) == Opening(
        moment("2026-06-24 10:01"), moment("2026-07-01 10:00")
    )


def test_a_window_with_dates_is_open_once():
    holidays = window("2026-12-20 18:00", "2027-01-03 00:00", "America/New_York")

    assert opening(holidays, moment("2026-12-20 22:59")) is None
    assert opening(holidays, moment("2026-12-31 12:00")) == Opening(
        moment("2026-12-20 23:00"), moment("2027-01-03 05:00")
    )
    assert opening(holidays, moment("2027-12-25 12:00")) is None


def test_an_hour_that_the_clock_shows_twice_counts_whole():
    night = window("sun 02:15", "sun 02:45", "Europe/Berlin")

    assert opening(night, moment("2026-10-25 00:50")) == Opening(
        moment("2026-10-25 00:15"), moment("2026-10-25 01:45")
    )


def test_a_time_that_the_clock_jumps_over_is_the_moment_of_the_jump():
    assert opening(window("sun 02:30", "sun 04:00", "Europe/Berlin"), moment("2026-03-29 01:30")) == Opening(
        moment("2026-03-29 01:00"), moment("2026-03-29 02:00")
    )
    assert opening(window("sun 01:00", "sun 02:30", "Europe/Berlin"), moment("2026-03-29 00:30")) == Opening(
        moment("2026-03-29 00:00"), moment("2026-03-29 01:00")
    )


@pytest.mark.parametrize("now", ["2026-03-29 00:59", "2026-03-29 01:00", "2026-03-29 01:30"])
def test_a_window_that_the_clock_jumps_over_whole_is_never_open(now):
    assert opening(window("sun 02:15", "sun 02:45", "Europe/Berlin"), moment(now)) is None


@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        (window("friday", "mon 08:00"), "starts", "a time such as fri 16:00 or 2026-12-20 18:00, found 'friday'"),
        (window("fri 16:00", "mon 24:00"), "ends", "found 'mon 24:00'"),
        (window("fri 16:00", "2026-12-20 18:00"), "ends", "to be of the same kind as 'fri 16:00'"),
        (window("fri 16:00", "FRI 16:00"), "ends", "another time than the start, found 'FRI 16:00'"),
        (window("2026-02-30 18:00", "2026-03-01 18:00"), "starts", "found '2026-02-30 18:00'"),
        (window("2026-12-20 18:00", "2026-12-20 17:00"), "ends", "a time after '2026-12-20 18:00'"),
        (window("fri 16:00", "mon 08:00", "Europe/Berln"), "timezone", "did you mean Europe/Berlin?"),
        (window("fri 16:00", "mon 08:00", "Europe"), "timezone", "a time zone such as Europe/Berlin, found 'Europe'"),
        (window("fri 16:00", "mon 08:00", "../../etc"), "timezone", "found '../../etc'"),
        (window("fri 16:00", "mon 08:00", ""), "timezone", "found ''"),
    ],
)  # fmt: skip
def test_what_can_t_be_judged_is_told_with_its_field(wrong, field, told):
    with pytest.raises(BadWindow) as refused:
        check(wrong)

    assert refused.value.field == field
    assert told in str(refused.value)


# Against a person who looks at the clock every minute


@cache
def watched(week: str) -> list[tuple[datetime, datetime]]:
    """Every minute of the week, of the one before and the one after: the moment, and what the clock shows."""
    name, begin = WEEKS[week]
    zone = ZoneInfo(name)
    moments = [begin + minutes * MINUTE for minutes in range(-9 * 1440, 16 * 1440)]
    return [(at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in moments]


def seen_open(week: str, starts: datetime, ends: datetime) -> set[datetime]:
    """From the first minute that shows the start, or what comes after it, to the last that shows less than the end."""
    minutes = watched(week)
    first = next((at for at, clock in minutes if clock >= starts), None)
    last = next((at for at, clock in reversed(minutes) if clock < ends), None)
    if first is None or last is None:
        return set()
    return {at for at, _ in minutes if first <= at <= last}


MINUTES = st.integers(min_value=0, max_value=7 * 1440 - 1)
NIGHT = 6 * 1440 + 2 * 60
"""Sunday, two o'clock: when most clocks are changed."""
TIMES = MINUTES | st.integers(min_value=NIGHT - 130, max_value=NIGHT + 130)


def written(minute: int) -> str:
    return f"{DAYS[minute // 1440]} {minute % 1440 // 60:02}:{minute % 60:02}"


@settings(max_examples=60, deadline=None)
@given(week=st.sampled_from(sorted(WEEKS)), start=TIMES, end=TIMES)
@example(week="the clock goes back", start=NIGHT + 15, end=NIGHT + 45)
@example(week="the clock goes forward", start=NIGHT + 15, end=NIGHT + 45)
@example(week="around midnight", start=5 * 1440 + 23 * 60 + 30, end=6 * 1440 + 30)
@example(week="back into yesterday", start=6 * 1440, end=6 * 1440 + 60)
@example(week="a day that never was", start=4 * 1440 + 60, end=4 * 1440 + 120)
@example(week="a day that never was", start=3 * 1440 + 60, end=4 * 1440 + 120)
def test_it_is_open_in_the_very_minutes_in_which_somebody_watching_the_clock_says_so(week, start, end):
    name, begin = WEEKS[week]
    if start == end:
        return
    every_week = window(written(start), written(end), name)
    inside: set[datetime] = set()
    monday = begin.replace(tzinfo=None) - timedelta(days=begin.weekday() + 14)
    for number in range(5):
        starts = monday + timedelta(weeks=number, minutes=start)
        ends = starts + timedelta(minutes=(end - start) % (7 * 1440))
        if watched(week)[0][1] < starts:
            inside |= seen_open(week, starts, ends)

    the_week = [begin + minutes * MINUTE for minutes in range(7 * 1440)]
    turns = edges(inside)
    telling = [at for number, at in enumerate(the_week) if number % 17 == 0 or at in turns]

    for now in telling:
        found = opening(every_week, now)
        assert (found is not None) is (now in inside), now
        if found is not None:
            assert found.since <= now < found.until
            assert found.until not in inside or opening(every_week, found.until) is not None
            assert opening(every_week, found.until - MINUTE / 60) == found


def edges(inside: set[datetime]) -> set[datetime]:
    """Where it opens and closes, and the minutes before and after."""
    turns = {at for at in inside if at - MINUTE not in inside or at + MINUTE not in inside}
    return {at + each * MINUTE for at in turns for each in (-1, 0, 1)}
