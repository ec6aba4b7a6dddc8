"""What the demo says on the terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

EXAMPLE = "deploy checkout 1.4.2 to prod"
WIDTH = 12


class Telling:
    """Progress while it starts, then what to do, then only what goes wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self) -> None:
        self._console.print(
            Text("Handrail: durable agent runs, previewed, approved, applied once", style="bold")
        )

    @contextmanager
    def starting(self, name: str, about: str) -> Iterator[None]:
        """A line with the seconds it took, once the block is done."""
        began = time.monotonic()
        yield
        self._line("✓", "green", name, f"{time.monotonic() - began:4.1f} s  {about}")

    def note(self, text: str) -> None:
        self._line("·", "yellow", "", text)

    def fell(self, name: str, how: str, last_lines: str) -> None:
        self._line("!", "yellow", name, f"{how}; starting it again")
        if last_lines:
            self._line("!", "red", name, "keeps ending. The last it said:")
            self._console.print(Text(last_lines, style="dim"))

    def back(self, name: str, seconds: float) -> None:
        self._line("✓", "green", name, f"is back after {seconds:.1f} s")

    def what_to_do(self, page: str | None, command: str, home: str) -> None:
        say = self._console.print
        say()
        if page is None:
            say(Text(f"  In Slack, type {command} {EXAMPLE}"))
        else:
            say(Text.assemble("  Open ", (page, "bold underline"), " and type, as alice in #ops:"))
            say(Text(f"    {command} {EXAMPLE}", style="bold"))
            say(
                Text("  Then be bob, and approve it. Then try to break it: the buttons are beside the fleet.")
            )
        say()
        say(
            Text(
                f"  Ctrl-C stops everything; {home} keeps it for the next time (`make clean` forgets it).",
                style="dim",
            )
        )

    def stopping(self) -> None:
        self._console.print()
        self._line("·", "yellow", "", "stopping (Ctrl-C again: at once)")

    def stopped(self) -> None:
        self._line("✓", "green", "", "stopped")

    def _line(self, sign: str, style: str, name: str, text: str) -> None:
        padded = f"{name:<{WIDTH}}" if name else ""
        self._console.print(Text.assemble("  ", (sign, style), " ", (padded, "bold"), text))
