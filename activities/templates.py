"""Templates of a runbook: Jinja2 in its sandbox, strict about names, and with nothing to escape.

They are written by the operator, in the config. What they are filled with is not: a goal that somebody typed, and
what tools answered. So values are only ever data here; none of them is read as a template.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2 import ChainableUndefined, StrictUndefined, TemplateError, Undefined, meta, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflows.values.base import Json

Names = Mapping[str, Json]
"""What a template sees."""


class BadTemplate(ValueError):
    """A template that can't be read or filled; the text says why."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """A field of a result comes before a method of its Python type: `{{ cart.items }}` is the field."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class _Ellipsis(ChainableUndefined, StrictUndefined):
    """What is not known yet. It can be shown, and asked for its fields; nothing can be decided or counted by it."""

    def __str__(self) -> str:  # type: ignore[override]  # its parent's always raises
        return "…"


_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STRICT = _Sandbox(undefined=StrictUndefined, autoescape=False)
_SKETCH = _Sandbox(undefined=_Ellipsis, autoescape=False)


def filled(value: Json, names: Names) -> Json:
    """*value* with every text in it filled. Raises `BadTemplate`.

    A text that is one `{{ expression }}` and nothing else becomes that value, its type kept: a number stays a number,
    and the text `1.4` stays a text.
    """
    match value:
        case str():
            return _filled_text(value, names)
        case dict():
            return {key: filled(item, names) for key, item in value.items()}
        case list() | tuple():
            return [filled(item, names) for item in value]
        case _:
            return value


def rendered(source: str, names: Names) -> str:
    """The template as text. Raises `BadTemplate`."""
    try:
        return _STRICT.from_string(source).render(names)
    except Exception as error:
        raise _bad(error) from error


def holds(expression: str, names: Names) -> bool:
    """Is the expression (without braces) true? Raises `BadTemplate`."""
    try:
        return bool(_STRICT.compile_expression(expression, undefined_to_none=False)(names))
    except Exception as error:
        raise _bad(error) from error


def worth(expression: str, names: Names) -> Any:
    """What the expression (without braces) comes to: often JSON, but a filter may make a generator. Raises `BadTemplate`."""
    try:
        value = _STRICT.compile_expression(expression, undefined_to_none=False)(names)
        if isinstance(value, Undefined):
            str(value)  # raises, saying what is missing
    except Exception as error:
        raise _bad(error) from error
    return value


def sketched(source: str, names: Names) -> str:
    """The template as text as far as it can be filled already, with `…` for the rest."""
    try:
        return _SKETCH.from_string(source).render(names)
    except Exception:  # noqa: BLE001 - a template may raise anything; this is a sketch
        return "…" if "{%" in source else _EXPRESSION.sub("…", source)


def _filled_text(source: str, names: Names) -> Json:
    try:
        expression = _only_expression(source)
        if expression is None:
            return _STRICT.from_string(source).render(names)
        value = _compiled(expression)(names)
        if isinstance(value, Undefined):
            str(value)  # raises, saying what is missing
    except Exception as error:
        raise _bad(error) from error
    return value


def only_name(source: Json) -> str:
    """The name that a template is, as in `{{ version }}`, and nothing else; empty where it is anything more."""
    try:
        return _name(_only_expression(source)) if isinstance(source, str) else ""
    except TemplateError:
        return ""


def _only_expression(source: str) -> nodes.Expr | None:
    match _STRICT.parse(source.strip()).body:
        case [nodes.Output(nodes=[node])] if not isinstance(node, nodes.TemplateData):
            return node
        case _:
            return None


def _compiled(expression: nodes.Expr) -> TemplateExpression:
    """As `Environment.compile_expression` does, from what was parsed already."""
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)]
    template = _STRICT.from_string(nodes.Template(body, lineno=1))
    return TemplateExpression(template, undefined_to_none=False)


def _bad(error: Exception) -> BadTemplate:
    text = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return BadTemplate((text or type(error).__name__).rstrip("."))


class Uses(NamedTuple):
    """What a template asks for."""

    names: frozenset[str]
    steps: frozenset[str]
    """Step ids asked for as `steps.<id>`."""
    guarded: frozenset[str]
    """Names it asks about first: `x is defined`, `x | default(…)`."""


def uses(source: str) -> Uses:
    """Raises `BadTemplate` when the template can't be read."""
    try:
        _STRICT.from_string(source)
        tree = _STRICT.parse(source)
    except Exception as error:
        raise _bad(error) from error
    steps = (node.attr for node in tree.find_all(nodes.Getattr) if _name(node.node) == "steps")
    asked = (node for node in tree.find_all((nodes.Test, nodes.Filter)) if node.name in _GUARDS)
    return Uses(
        names=frozenset(meta.find_undeclared_variables(tree) - set(_STRICT.globals)),
        steps=frozenset(steps),
        guarded=frozenset(_name(node.node) for node in asked),
    )


def uses_in_expression(source: str) -> Uses:
    """As `uses`, of an expression without braces."""
    try:
        _STRICT.compile_expression(source)
    except Exception as error:
        raise _bad(error) from error
    return uses("{{ (" + source + ") }}")


_GUARDS = {"defined", "undefined", "default", "d"}


def _name(node: nodes.Node | None) -> str:
    return node.name if isinstance(node, nodes.Name) else ""
