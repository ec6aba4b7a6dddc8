"""Schedules: what is answered to who asked, and what a channel sees of one that can't go on."""

from collections.abc import Sequence
from datetime import datetime

from workflows.rules.visible import visible
from workflows.values.schedule import ScheduledGoal
from workflows.values.spec import AgentSpec, Runbook

from ..found import Found
from ..scheduled import Known
from ..words import PLAN_ONLY
from ..words import schedules as words
from .blocks import Block, Message, context, message, quote, rich, section
from .lists import sentence, state_of
from .text import SLACK_ID, channel, code, escaped, moment, one_line, plural, shortened, user

LIST = 10
NEXT = 3
GOAL = 500


def how_to_schedule(command: str) -> str:
    form = code(f'{command} schedule "{words.CRON_EXAMPLE}" [in <time zone>] <goal>')
    return words.HOW_TO_SCHEDULE.format(form=form, example=code(words.CRON_EXAMPLE))


def plainly(why: str) -> str:
    """Temporal's word on it, within a sentence."""
    return escaped(shortened(one_line(why), 300)).rstrip(".")


def not_understood(spec: AgentSpec) -> Message:
    phrases = spec.planner.phrases if isinstance(spec.planner, Runbook) else ()
    known = ", or ".join(code(phrase) for phrase in phrases)
    return sentence(words.NOT_UNDERSTOOD.format(agent=code(spec.name), phrases=known))


def scheduled(known: Known, command: str, hint: str, *, shadow: bool) -> Message:
    """*hint*: on its time zone, where nobody named one."""
    goal, kept = known.kept.goal, known.kept
    said = words.SCHEDULED_PLAN if goal.plan_only or shadow else words.SCHEDULED
    said = said.format(
        name=code(goal.name), cron=code(kept.cron), zone=code(kept.zone), agent=code(goal.agent)
    )
    example = code(f'{command} schedule "{kept.cron}" in Europe/Berlin …')
    end = words.WHILE_OPEN.format(form=code(f"{command} schedule delete {goal.name}"))
    return message(
        f"{said} {escaped(shortened(one_line(goal.goal), GOAL))}",
        section(said),
        rich(quote(shortened(visible(goal.goal), GOAL))),
        section(_next(known.next, command)),
        context(end, *([hint.format(form=example)] if hint else [])),
    )


def _next(times: Sequence[datetime] | None, command: str) -> str:
    if times is None:
        return words.NEXT_UNKNOWN.format(form=code(f"{command} schedules"))
    if not times:
        return words.NEVER_NEXT
    return words.NEXT.format(when=", then ".join(moment(each) for each in times[:NEXT]))


def schedules_card(rows: Sequence[tuple[Known, Found | None]], more: int, command: str) -> Message:
    how = how_to_schedule(command)
    if not rows:
        return sentence(words.NO_SCHEDULES, context(how))
    change = words.HOW_TO_CHANGE_ONE.format(form=code(f"{command} schedule pause <name>"))
    return message(
        f"{words.SCHEDULES_TITLE}: {len(rows) + more}",
        section(f"*{words.SCHEDULES_TITLE}*"),
        *(block for known, last in rows for block in _row(known, last, command)),
        context(f"{more} more are not shown.") if more > 0 else None,
        context(how, change),
    )


def _row(known: Known, last: Found | None, command: str) -> list[Block]:
    goal, kept = known.kept.goal, known.kept
    plan = f", {PLAN_ONLY}" if goal.plan_only else ""
    head = f"*{escaped(goal.name)}*: {code(kept.cron)} ({escaped(kept.zone)}), {code(goal.agent)}{plan}"
    when = _paused(known) if known.paused else _next(known.next and known.next[:1], command)
    return [
        section(f"{head}\n{escaped(shortened(one_line(goal.goal), GOAL))}\n{when}"),
        context(" ".join([_whose(goal), *_lately(known, last)])),
    ]


def _whose(goal: ScheduledGoal) -> str:
    return words.BY.format(who=user(goal.requester.user), channel=channel(goal.channel))


def _lately(known: Known, last: Found | None) -> list[str]:
    said = []
    if known.last is not None:
        said.append(words.LAST_RUN.format(when=moment(known.last), what=_what(known, last)))
    if known.skipped:
        said.append(words.SKIPPED.format(count=plural(known.skipped, "time")))
    if known.missed:
        said.append(words.MISSED.format(count=plural(known.missed, "time")))
    return said


def _what(known: Known, last: Found | None) -> str:
    if last is None:
        return words.UNDER_WAY if known.running else words.NOTHING_STARTED
    if last.summary is None:
        return code(last.run_id)
    return f"{code(last.summary.name)}, {state_of(last, last.summary)}"


def _paused(known: Known) -> str:
    who = known.note.removeprefix(words.PAUSED_BY)
    if who != known.note and SLACK_ID.fullmatch(who):
        return f"{words.PAUSED_BY}{user(who)}."
    return words.PAUSED.format(why=plainly(known.note) or words.NOBODY_SAID_WHY)


def stopped(schedule: ScheduledGoal, why: str, command: str) -> Message:
    """For everybody in the channel."""
    said = words.SCHEDULE_STOPPED.format(
        name=code(schedule.name), who=user(schedule.requester.user), why=plainly(why)
    )
    form = code(f"{command} schedule delete {schedule.name}")
    return message(
        f"{said} {escaped(shortened(one_line(schedule.goal), GOAL))}",
        section(said),
        rich(quote(shortened(visible(schedule.goal), GOAL))),
        context(words.TO_SCHEDULE_ANEW.format(form=form)),
    )
