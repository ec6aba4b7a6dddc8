"""What a package of Python tools is written with. It imports nothing of Handrail's, so that they don't either."""

from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

Takes = ParamSpec("Takes")
Gives = TypeVar("Gives")
Function = TypeVar("Function", bound=Callable[..., Any])


class NothingDone(Exception):
    """Raised by a tool that changes something: it did not, and the text says why. Every other exception proves nothing."""


class Tool(Generic[Takes, Gives]):
    """A function as a tool, with a preview and a look-up beside it. It may still be called as the function that it is."""

    def __init__(self, function: Callable[Takes, Gives]) -> None:
        update_wrapper(self, function)
        self._function = function
        self._beside: dict[str, Callable[..., Any]] = {}

    def __call__(self, *args: Takes.args, **kwargs: Takes.kwargs) -> Gives:
        return self._function(*args, **kwargs)

    def preview(self, function: Function) -> Function:
        """What a call would do: the tool `<name>_preview`, which only reads."""
        self._beside["preview"] = function
        return function

    def verify(self, function: Function) -> Function:
        """Whether a key's effect is there: the tool `<name>_verify`, which only reads."""
        self._beside["verify"] = function
        return function

    def functions(self) -> Iterator[tuple[str, Callable[..., Any], bool]]:
        """(name, function, does it say that it only reads) of all that is offered."""
        name = self._function.__name__
        yield name, self._function, False
        for what, function in self._beside.items():
            yield f"{name}_{what}", function, True


def tool(function: Callable[Takes, Gives]) -> Tool[Takes, Gives]:
    """Offer *function* as a tool. Its arguments have names and types; its docstring describes it."""
    return Tool(function)
