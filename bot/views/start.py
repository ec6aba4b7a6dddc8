"""The form that starts a run: an agent, its parameters or a goal, and what the run may use."""

from collections.abc import Mapping, Sequence

from workflows.values.spec import AgentSpec

from .. import words
from ..start_form import AGENT, BUDGET, CHANNEL, INPUT_LIMIT, PLAN, YES, Field, Kind, fields_of, fits
from ..start_settings import StartSettings
from .blocks import Block, context, line, plain, rich, run_of, units
from .modals import View, modal
from .refs import METADATA_LIMIT, StartRef
from .text import channel, code, mentions, one_line, shortened

CALLBACK = "start"
CHOOSE = "start_agent"
"""Choosing another agent in the form."""
MOST_AGENTS = 100
"""Of a select menu."""
NAME_LIMIT = 150
"""Of an option's value, which is an agent's name."""
OPTION = 75
AT_THE_END = (PLAN, *BUDGET)
"""Behind where it runs."""
ANYWHERE: Block = {"include": ["public", "private"], "exclude_bot_users": True}


def start_modal(
    about: StartRef,
    agents: Sequence[AgentSpec],
    spec: AgentSpec,
    starting: StartSettings,
    typed: Mapping[str, str],
    command: str,
) -> View:
    """*typed*: by field, what stands in the form already; what has no place in it is kept for when it has."""
    fields = fields_of(spec, starting, material=about.quotes)
    shown = {*(field.name for field in fields), CHANNEL}
    kept = {name: text for name, text in typed.items() if name not in shown}
    about = _within_limit(about.model_copy(update={"agent": spec.name, "kept": kept}))
    inputs = {field.name: _input(field, typed.get(field.name, "")) for field in fields}
    blocks = [
        *_agents(agents, spec, command),
        *_of_agent(spec, starting),
        *(block for name, block in inputs.items() if name not in AT_THE_END),
        _place(about, typed.get(CHANNEL, "")),
        *(block for name, block in inputs.items() if name in AT_THE_END),
    ]
    title = words.ASK_TITLE if about.quotes else words.START_TITLE
    return modal(CALLBACK, title, about, blocks, words.START)


def selectable(agents: Sequence[AgentSpec]) -> list[AgentSpec]:
    return [agent for agent in agents if len(agent.name) <= NAME_LIMIT][:MOST_AGENTS]


def _within_limit(about: StartRef) -> StartRef:
    """The longest goes first."""
    kept = dict(about.kept)
    while kept and units(about.packed()) > METADATA_LIMIT:
        del kept[max(kept, key=lambda name: len(kept[name]))]
        about = about.model_copy(update={"kept": dict(kept)})
    return about


def _agents(agents: Sequence[AgentSpec], chosen: AgentSpec, command: str) -> list[Block]:
    known = selectable(agents)
    options = [_option(agent.name, agent.name, agent.description) for agent in known]
    made: Block = {
        "type": "input",
        "block_id": AGENT,
        "dispatch_action": True,
        "label": plain(words.AGENT_FIELD),
        "element": {
            "type": "static_select",
            "action_id": CHOOSE,
            "options": options,
            "initial_option": options[known.index(chosen)],
        },
    }
    more = len(agents) - len(known)
    form = code(f"{command} run <agent>: <goal>")
    return [made, context(words.MORE_AGENTS.format(count=more, form=form))] if more else [made]


def _option(value: str, label: str, description: str = "") -> Block:
    made: Block = {"text": plain(shortened(one_line(label), OPTION)), "value": value}
    if one_line(description):
        made["description"] = plain(shortened(one_line(description), OPTION))
    return made


def _of_agent(spec: AgentSpec, starting: StartSettings) -> list[Block]:
    made = [rich(line(run_of(shortened(one_line(spec.description), 500))))]
    notes = [words.PLANS_ONLY] if spec.shadow else []
    if starting.people:
        notes.append(words.MAY_START.format(who=mentions(starting.people)))
    if starting.channels:
        where = ", ".join(channel(each) for each in starting.channels[:20])
        notes.append(words.MAY_START_IN.format(where=where))
    return [*made, context(*notes)] if notes else made


def _place(about: StartRef, chosen: str) -> Block:
    if about.channel:
        if about.channel.startswith("D"):
            return context(words.RUNS_HERE_WITH_YOU)
        said = words.RUNS_IN_THREAD if about.thread else words.RUNS_IN
        return context(said.format(channel=channel(about.channel)))
    element: Block = {
        "type": "conversations_select",
        "action_id": "value",
        "default_to_current_conversation": True,
        "filter": ANYWHERE,
    }
    if chosen:
        element["initial_conversation"] = chosen
    label, hint = plain(words.CHANNEL_FIELD), plain(words.CHANNEL_HINT)
    return {"type": "input", "block_id": CHANNEL, "label": label, "hint": hint, "element": element}


def _input(field: Field, typed: str) -> Block:
    value = next((each for each in (typed, field.default) if each and fits(field, each)), "")
    made: Block = {
        "type": "input",
        "block_id": field.block,
        "label": plain(shortened(field.label, 200)),
        "element": {"action_id": "value", **_element(field, value)},
        "optional": not field.required,
    }
    if field.hint:
        made["hint"] = plain(one_line(field.hint))
    return made


def _element(field: Field, value: str) -> Block:
    match field.kind:
        case Kind.TICK:
            option = _option(YES, words.PLAN_MEANS if field.name == PLAN else words.YES)
            ticked = {"initial_options": [option]} if value == YES else {}
            return {"type": "checkboxes", "options": [option], **ticked}
        case Kind.CHOICE:
            options = {each: _option(each, each) for each in field.choices}
            chosen = {"initial_option": options[value]} if value in options else {}
            return {"type": "static_select", "options": list(options.values()), **chosen}
        case Kind.WHOLE | Kind.DECIMAL:
            most = {"max_value": field.most} if field.most else {}
            entry: Block = {
                "type": "number_input",
                "is_decimal_allowed": field.kind is Kind.DECIMAL,
                **most,
            }
        case Kind.WORD | Kind.LINES:
            several = field.kind is Kind.LINES
            entry = {"type": "plain_text_input", "multiline": several, "max_length": INPUT_LIMIT}
    return {**entry, "initial_value": value} if value else entry
