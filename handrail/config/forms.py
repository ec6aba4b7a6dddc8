"""What every section of the file is made of."""

import re

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the file. A key it does not know is a mistake, never a shrug."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def spelled(pattern: str, expected: str) -> AfterValidator:
    """Text that matches *pattern*, or a refusal that says what was *expected*."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)
