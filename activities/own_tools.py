"""Tools of Handrail's own, as a model is offered them."""

from typing import Any, Final

READS_OUTPUT: Final = (
    "Read a part of an answer to one of your calls that was too long to be told whole. Where an answer says `whole`, it "
    "names what can be read: by characters, by lines, or only the places where a text stands."
)
OUTPUT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "output": {"type": "string", "description": "As `whole` names it, such as 17 or 17.data."},
        "from": {
            "type": "integer",
            "minimum": 0,
            "description": "The first character, from 0; with `lines`, the first line, from 1.",
        },
        "length": {"type": "integer", "minimum": 1, "description": "Characters: 10,000 at most."},
        "lines": {"type": "integer", "minimum": 1, "description": "Lines, instead of `length`."},
        "search": {
            "type": "string",
            "description": "Tell only where this text stands from there on, in any case of its letters.",
        },
    },
    "required": ["output"],
}
