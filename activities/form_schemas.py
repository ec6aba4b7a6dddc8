"""A tool's input schema as people fill it in: without references, without what Handrail fills in itself."""

import json
from collections.abc import Mapping
from typing import Any

from workflows.values.base import Json
from workflows.values.tools import KeyForm, ToolContract

from .masking import Masker

LARGEST = 8_000
"""Bytes: it travels with every preview, and with the run's view for as long as its call is open."""
ONE = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"})
MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
NAMED = frozenset({"properties", "dependentSchemas"})
"""Keywords of JSON Schema that hold a schema, a list of them, or some by name."""
ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated"})
CANT = frozenset({"$dynamicRef", "$recursiveRef", "patternProperties", "unevaluatedProperties"})
"""References that can't be followed without what stands around them, and patterns for names."""


class TooMuch(Exception):
    """No form can be made of it: it is too large, refers to itself, or says what a form can't."""


def form_schema(schema: Mapping[str, Any], contract: ToolContract, masker: Masker) -> Json:
    """What people may fill in; None where no form can be made of it, and the arguments themselves have to do."""
    try:
        made = _Inlined(schema).whole()
    except (TooMuch, RecursionError):
        return None
    properties = made.get("properties")
    if not isinstance(properties, dict):
        return None
    ours = _ours(contract)
    made["properties"] = {name: part for name, part in properties.items() if name not in ours}
    required = made.get("required")
    made["required"] = [name for name in required if name not in ours] if isinstance(required, list) else []
    # With a part of it masked it would say something else.
    return None if masker.hides(made) else made


def _ours(contract: ToolContract) -> set[str]:
    """Arguments that Handrail fills in."""
    names = set(contract.preview.dry_run or ())
    names |= {contract.preview.applies} if contract.preview.applies else set()
    if contract.key is not None and contract.key.form is KeyForm.VALUE:
        names.add(contract.key.argument)
    if contract.precondition is not None:
        names.add(contract.precondition.argument)
    return names


class _Inlined:
    """Each reference replaced by what it refers to, within a budget: what refers to itself never ends."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._root = schema
        self._left = LARGEST

    def whole(self) -> dict[str, Any]:
        root = {name: part for name, part in self._root.items() if name not in ("$defs", "definitions")}
        made = self._schema(root)
        if not isinstance(made, dict):
            raise TooMuch
        return made

    def _schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return self._spent(schema)
        if set(schema) & CANT:
            raise TooMuch
        if "$ref" in schema:
            return self._referred(schema)
        return {self._spent(name): self._part(name, part) for name, part in schema.items()}

    def _part(self, name: str, part: Any) -> Any:
        if name in NAMED and isinstance(part, dict):
            return {self._spent(each): self._schema(inner) for each, inner in part.items()}
        if name in MANY | ONE and isinstance(part, list):
            return [self._schema(each) for each in part]
        return self._schema(part) if name in ONE else self._spent(part)

    def _referred(self, schema: dict[str, Any]) -> Any:
        target = self._schema(self._found(schema["$ref"]))
        beside = {name: part for name, part in schema.items() if name != "$ref"}
        if not beside:
            return target
        if isinstance(target, dict) and set(beside) <= ANNOTATIONS:
            return {**target, **self._spent(beside)}
        return {"allOf": [target, self._schema(beside)]}

    def _found(self, reference: Any) -> Any:
        """A JSON pointer into this very schema."""
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise TooMuch
        found: Any = self._root
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                raise TooMuch
            found = found[name]
        return found

    def _spent(self, value: Any) -> Any:
        self._left -= len(json.dumps(value, ensure_ascii=False).encode()) + 2
        if self._left < 0:
            raise TooMuch
        return value
