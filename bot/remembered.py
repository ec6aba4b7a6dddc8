"""What this process has done lately, so that it does not say the same thing twice."""

from collections import OrderedDict

MOST = 2000


class Remembered:
    """Forgets the oldest; a run never depends on it."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, what: str) -> bool:
        return what in self._done

    def add(self, what: str) -> None:
        self._done[what] = None
        while len(self._done) > MOST:
            self._done.popitem(last=False)
