"""Answers to commands: help, agents, runs, chips. Seen only by who asked."""

from collections.abc import Mapping, Sequence

from workflows.rules.visible import visible
from workflows.values.run import RunSummary
from workflows.values.spec import AgentSpec

from .. import words
from ..found import Found, Listed, Scope
from ..words import runs as said
from ..words.schedules import CRON_EXAMPLE
from .blocks import Block, Message, actions, button, context, line, message, quote, rich, run_of, section
from .refs import GoalRef, ListRef, Ref, RunRef, WhyRef
from .root import cancel_button
from .text import channel, code, escaped, moment, one_line, shortened, user

CHIPS = 6
"""As many as a person takes in at a glance."""
LIST = 20
FORMS = (
    ("", "a form to fill in"),
    ("<goal>", "say what should be done, in your own words"),
    ("run <agent>: <goal>", "the same, by an agent that you name"),
    ("plan <goal>", "only preview what it would change: nothing is applied"),
    ("list", "the runs of this channel; `list mine`, `list waiting`, `list all`"),
    ("status <run>", "where one stands"),
    ("why <run> [turn]", "what happened in a turn, and because of what"),
    ("cancel <run> [reason]", "stop one"),
    ("tell <run> <text>", "have one do something else; so does mentioning me in its thread"),
    ("dm on", "what you may decide on comes to you in a direct message too; `dm off` ends that"),
    ("agents", "who can do what"),
    ("freeze [environment] <reason>", "hold all changes, or those to one environment; `unfreeze` ends it"),
    ("freezes", "what is frozen now"),
    (
        f'schedule "{CRON_EXAMPLE}" [in <time zone>] <goal>',
        "ask again and again; `schedules` lists what is scheduled, and says how to end it",
    ),
)
"""What can be typed behind the command, and what comes of it."""
TITLES = {
    Scope.HERE: said.HERE,
    Scope.MINE: said.MINE,
    Scope.WAITING: said.WAITING,
    Scope.ALL: said.ALL,
}


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
    lines = "\n".join(_form(command, form, what) for form, what in FORMS)
    form = actions(button("start_form", words.START_TITLE, "form"))
    # All of it at once: Slack hides the end of a long text behind "See more".
    said = {**section(f"{words.GREETING}\n{lines}"), "expand": True}
    return message(words.GREETING, said, form, context(words.TRY_ONE), *chips(examples))


def odd_command_card(verb: str, text: str, command: str) -> Message:
    """What a command takes that could not be read. Nothing to press: whoever mistyped it wanted nothing started."""
    explained = {"unfreeze": "freeze", "schedules": "schedule"}.get(verb, verb)
    forms = [(form, what) for form, what in FORMS if form.split()[:1] == [explained]]
    lines = "\n".join(_form(command, form, what) for form, what in forms)
    said = words.ODD_COMMAND.format(verb=code(verb), help=code(f"{command} help"))
    asked = rich(quote(shortened(visible(text), 1000)))
    return message(
        f"{said} {', '.join(code(f'{command} {form}') for form, _ in forms)}",
        section(said),
        asked,
        section(lines),
    )


def _form(command: str, form: str, what: str) -> str:
    return f"• {code(f'{command} {form}')}: {what}"


def unmatched_card(goal: str, examples: Sequence[str], *, plan_only: bool = False) -> Message:
    """With *plan_only* the chips only plan too."""
    text = words.UNMATCHED_PLAN if plan_only else words.UNMATCHED
    asked = rich(quote(shortened(visible(goal), 1000)))
    return message(text, asked, section(text), *chips(examples, plan_only=plan_only))


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


def runs_card(listed: Listed, ref: ListRef) -> Message:
    """A page of them."""
    title = TITLES[ref.scope]
    none = said.NONE if not ref.cursor and not listed.following else said.NONE_ON_PAGE
    return message(
        f"{title}. {', '.join(_name(run) for run in listed.runs) or none}",
        section(f"*{title}*"),
        *(
            section(run_lines(run, listed.links.get(run.run_id, ""), asked=ref.scope is not Scope.HERE))
            for run in listed.runs
        ),
        None if listed.runs else section(none),
        context(said.ONLY_KNOWN) if listed.only_known else None,
        turning(
            ("list_first", said.FIRST, ListRef(scope=ref.scope) if ref.cursor else None),
            (
                "list_next",
                said.NEXT,
                ListRef(scope=ref.scope, cursor=listed.following) if listed.following else None,
            ),
        ),
    )


def turning(*turns: tuple[str, str, Ref | None]) -> Block | None:
    """Buttons to other pages, of those that there are: action, label, and what it leads to."""
    made = [
        button(action, label, ref.packed())
        for action, label, ref in turns
        if ref is not None and ref.fits_button
    ]
    return actions(*made) if made else None


def _name(run: Found) -> str:
    return escaped(run.summary.name if run.summary is not None else run.run_id)


def run_lines(found: Found, link: str = "", *, asked: bool = False) -> str:
    """Two lines of mrkdwn. *link*: where its name leads. *asked*: with who asked, and where."""
    summary = found.summary
    if summary is None:
        return f"{code(found.run_id)}: {said.UNDER_WAY if found.open else said.ENDED}"
    name = _linked(summary.name, link)
    by = f" by {user(summary.requester.user)} in {channel(summary.place.channel)}" if asked else ""
    return (
        f"*{name}*: {_standing(found, summary)}\n"
        f"“{escaped(shortened(one_line(summary.goal), 200))}”, {moment(found.started_at, 'started ')}{by}"
    )


def _linked(name: str, link: str) -> str:
    return f"<{link}|{escaped(name)}>" if link else escaped(name)


def _standing(found: Found, summary: RunSummary) -> str:
    """Its state, and what it does now or waits for: that begins with the word for waiting."""
    state, doing = state_of(found, summary), escaped(shortened(one_line(summary.doing), 200))
    if not found.open or not doing:
        return state
    waiting = doing.lower().startswith("wait") and not summary.plan_only
    return doing[0].lower() + doing[1:] if waiting else f"{state}, {doing}"


def state_of(found: Found, summary: RunSummary) -> str:
    if not found.open and not summary.state.ended:
        return said.WITHOUT_WORD.format(how=found.closed_as or said.ENDED)
    state = words.STATE[summary.state].lower()
    return f"{state}, {words.PLAN_ONLY}" if summary.plan_only else state


def status_card(found: Found, links: Mapping[str, str]) -> Message:
    """From Temporal's own record, so it answers when no worker is up."""
    summary = found.summary
    if summary is None:
        return sentence(run_lines(found))
    asked = said.ASKED.format(
        channel=channel(summary.place.channel),
        who=user(summary.requester.user),
        agent=code(summary.agent),
        when=moment(found.started_at, "Started "),
    )
    return message(
        f"{escaped(summary.name)}: {state_of(found, summary)}.",
        section(f"*{_linked(summary.name, links.get(found.run_id, ''))}*: {state_of(found, summary)}"),
        rich(quote(shortened(visible(summary.goal), 1000))),
        *(
            [rich(line(run_of(shortened(visible(summary.doing), 1000))))]
            if found.open and summary.doing
            else []
        ),
        context(asked),
        actions(
            button("why_turn", said.WHY, WhyRef(run=found.run_id).packed()),
            *([cancel_button(found.run_id)] if found.open else []),
        ),
    )


def which_card(runs: Sequence[Found], links: Mapping[str, str], *, cancel: bool) -> Message:
    """Several runs of that name."""
    blocks: list[Block] = []
    for found in runs[:CHIPS]:
        blocks.append(section(run_lines(found, links.get(found.run_id, ""))))
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


def not_understood(agent: str, phrases: Sequence[str]) -> Message:
    """Said before it is started: it would end over it, for everybody to see."""
    known = ", or ".join(code(phrase) for phrase in phrases)
    return sentence(words.NOT_UNDERSTOOD.format(agent=code(agent), phrases=known))


def unknown_agent(name: str, agents: Sequence[AgentSpec], command: str) -> Message:
    """With those that there are."""
    text = words.NO_SUCH_AGENT.format(name=code(name))
    if not agents:
        return sentence(f"{text} {words.NO_AGENTS}")
    names = ", ".join(code(agent.name) for agent in agents[:LIST])
    return sentence(f"{text} {words.THERE_ARE.format(names=names, form=code(f'{command} agents'))}")


def no_such_agent_card(name: str, nearest: Sequence[str], goal: str, *, plan_only: bool = False) -> Message:
    """With the *nearest*, each a button."""
    text = words.NO_SUCH_AGENT.format(name=code(name))
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
