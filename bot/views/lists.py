"""Answers to commands: help, agents, runs, chips. Seen only by who asked."""

from collections.abc import Sequence

from workflows.rules.visible import visible
from workflows.values.run import RunSummary
from workflows.values.spec import AgentSpec

from .. import words
from ..found import Found
from .blocks import Block, Message, actions, button, context, line, message, quote, rich, run_of, section
from .refs import GoalRef, RunRef
from .text import channel, code, escaped, moment, one_line, shortened, user

CHIPS = 6
"""As many as a person takes in at a glance."""
LIST = 20


def chips(goals: Sequence[str], *, plan_only: bool = False) -> list[Block]:
    refs = [ref for goal in goals if (ref := GoalRef(goal=goal, plan_only=plan_only)).fits_button]
    buttons = [
        button(f"start_{number}", shortened(one_line(ref.goal), 75), ref.packed())
        for number, ref in enumerate(refs[:CHIPS])
    ]
    return [actions(*buttons)] if buttons else []


def sentence(text: str, *blocks: Block) -> Message:
    return message(text, section(text), *blocks)


def help_card(command: str, examples: Sequence[str]) -> Message:
    forms = [
        ("<goal>", "say what should be done, in your own words"),
        ("run <agent>: <goal>", "the same, by an agent that you name"),
        ("plan <goal>", "only preview what it would change: nothing is applied"),
        ("list", "the runs of this channel, and `list mine`"),
        ("status <run>", "where one stands"),
        ("cancel <run> [reason]", "stop one"),
        ("tell <run> <text>", "have one do something else; so does mentioning me in its thread"),
        ("dm on", "what you may decide on comes to you in a direct message too; `dm off` ends that"),
        ("agents", "who can do what"),
        (
            "freeze [environment] <reason>",
            "hold all changes, or those to one environment; `unfreeze` ends it",
        ),
        ("freezes", "what is frozen now"),
        (
            f'schedule "{words.CRON_EXAMPLE}" [in <time zone>] <goal>',
            "ask again and again; `schedules` lists what is scheduled, and says how to end it",
        ),
    ]
    lines = "\n".join(f"• {code(f'{command} {form}')}: {what}" for form, what in forms)
    return message(
        words.GREETING, section(f"{words.GREETING}\n{lines}"), context(words.TRY_ONE), *chips(examples)
    )


def unmatched_card(goal: str, examples: Sequence[str], *, plan_only: bool = False) -> Message:
    """With *plan_only* the chips only plan too."""
    said = words.UNMATCHED_PLAN if plan_only else words.UNMATCHED
    asked = rich(quote(shortened(visible(goal), 1000)))
    return message(said, asked, section(said), *chips(examples, plan_only=plan_only))


def agents_card(agents: Sequence[AgentSpec], command: str) -> Message:
    if not agents:
        return sentence(words.NO_AGENTS)
    listed = [_agent(agent, command) for agent in agents[:LIST]]
    return message(
        f"{len(agents)} agents: {', '.join(escaped(agent.name) for agent in agents[:LIST])}", *listed
    )


def _agent(agent: AgentSpec, command: str) -> Block:
    examples = [run_of(shortened(f"{command} {example}", 60), code=True) for example in agent.examples[:3]]
    between = [part for example in examples for part in (run_of("\n"), example)]
    return rich(
        line(
            run_of(agent.name, bold=True),
            *([run_of(f" ({words.PLAN_ONLY})")] if agent.shadow else []),
            run_of(f": {shortened(one_line(agent.description), 300)}"),
            *between,
        )
    )


def runs_card(title: str, runs: Sequence[Found]) -> Message:
    if not runs:
        return sentence(words.NO_RUNS)
    lines = [_run(found) for found in runs[:LIST]]
    more = [context(f"{len(runs) - LIST} more are not shown.")] if len(runs) > LIST else []
    return message(f"{title} {len(runs)}.", section(f"*{title}*"), *(section(each) for each in lines), *more)


def _run(found: Found) -> str:
    summary = found.summary
    if summary is None:
        return f"{code(found.run_id)}: {'under way' if found.open else 'ended'}"
    doing = f", {escaped(shortened(one_line(summary.doing), 200))}" if found.open and summary.doing else ""
    return (
        f"*{escaped(summary.name)}*: {state_of(found, summary)}{doing}\n"
        f"{escaped(shortened(one_line(summary.goal), 200))}: {moment(found.started_at)}"
    )


def state_of(found: Found, summary: RunSummary) -> str:
    if not found.open and not summary.state.ended:
        return f"{found.closed_as or 'ended'}, without its own word"
    state = words.STATE[summary.state].lower()
    return f"{state}, {words.PLAN_ONLY}" if summary.plan_only else state


def status_card(found: Found) -> Message:
    """From Temporal's own record, so it answers when no worker is up."""
    summary = found.summary
    if summary is None:
        return sentence(_run(found))
    where = (
        f"{channel(summary.place.channel)}, asked by {user(summary.requester.user)} of {code(summary.agent)}"
    )
    return message(
        f"{escaped(summary.name)}: {state_of(found, summary)}.",
        section(f"*{escaped(summary.name)}*: {state_of(found, summary)}"),
        rich(quote(shortened(visible(summary.goal), 1000))),
        *(
            [rich(line(run_of(shortened(visible(summary.doing), 1000))))]
            if found.open and summary.doing
            else []
        ),
        context(f"In {where}. Started {moment(found.started_at)}."),
    )


def which_card(runs: Sequence[Found], *, cancel: bool) -> Message:
    """Several runs of that name."""
    blocks: list[Block] = []
    for found in runs[:CHIPS]:
        blocks.append(section(_run(found)))
        if cancel and found.open:
            blocks.append(
                actions(button("cancel_run", words.CANCEL_RUN, RunRef(run=found.run_id).packed(), "danger"))
            )
    return message(words.WHICH_RUN, section(words.WHICH_RUN), *blocks)


def two_readings_card(run: str, command: Block, goal: str) -> Message:
    """Both readings as buttons: a command on *run*, or a goal."""
    start = button("start_goal", words.THE_GOAL, GoalRef(goal=goal).packed())
    text = words.TWO_READINGS.format(name=run)
    return message(text, section(text), rich(quote(goal)), actions(command, start))


def try_again_card(text: str, ref: GoalRef) -> Message:
    return sentence(text, actions(button("try_again", words.TRY_AGAIN, ref.packed(), "primary")))


def no_such_agent_card(name: str, nearest: Sequence[str], goal: str, *, plan_only: bool = False) -> Message:
    text = words.NO_SUCH_AGENT.format(name=code(name))
    if not nearest:
        return sentence(text)
    text += " " + words.CLOSEST.format(names=", ".join(code(each) for each in nearest))
    refs = [
        ref
        for each in nearest[:3]
        if (ref := GoalRef(goal=goal, agent=each, plan_only=plan_only)).fits_button
    ]
    buttons = [
        button(f"start_{number}", words.ASK_AGENT.format(name=one_line(ref.agent)), ref.packed())
        for number, ref in enumerate(refs)
    ]
    return sentence(text, *([actions(*buttons)] if buttons and goal else []))


def without_buttons(blocks: Sequence[Block], note: str) -> Message:
    """A card whose run can't speak for itself any more: what it showed stays, what could be clicked goes."""
    kept = [block for block in blocks if block.get("type") != "actions"][:48]
    return message(note, *kept, section(f"*{note}*"))
