"""What planners cost."""

from decimal import Decimal

from .base import Value


class Usage(Value):
    """What thoughts took; nothing for a planner that is no language model."""

    requests: int = 0
    """Sent to a model, those that failed among them."""
    tokens: int = 0
    """In and out. For a request whose reply was lost, those of its repetition stand in."""
    cost: Decimal = Decimal(0)
    """In US dollars, at list prices, of the tokens whose price is known."""
    unpriced: int = 0
    """Tokens whose price is not known."""

    @property
    def in_words(self) -> str:
        """What it cost."""
        if not self.unpriced:
            return f"${self.cost:.2f}"
        if not self.cost:
            return "at an unknown price"
        return f"${self.cost:.2f}, and {self.unpriced:,} tokens of unknown price"

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            requests=self.requests + other.requests,
            tokens=self.tokens + other.tokens,
            cost=self.cost + other.cost,
            unpriced=self.unpriced + other.unpriced,
        )
