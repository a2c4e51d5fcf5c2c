"""One line per step with its time."""

from time import perf_counter


class Steps:
    """The steps of an example."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = self._last = perf_counter()
        self._count = 0

    def done(self, what: str) -> None:
        """Says that a step holds, and how long it took."""
        now = perf_counter()
        self._count += 1
        print(f"{self._count:>2}. {(now - self._last) * 1e3:>8.2f} ms  {what}")
        self._last = now

    def show(self, text: str) -> None:
        """Shows what a step made."""
        for line in text.splitlines():
            print(f"        | {line}")

    def finish(self) -> None:
        """Says that every step held."""
        took = (perf_counter() - self._began) * 1e3
        print(f"{self._name}: ok, {self._count} steps in {took:.0f} ms")
