"""Lists come a page at a time; this reads them to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item", covariant=True)


class Page(Protocol[Item]):
    """What every `list` call gives."""

    @property
    def items(self) -> Sequence[Item]: ...

    @property
    def next(self) -> str | None: ...


async def all_of(
    list_call: Callable[..., Awaitable[Page[Item]]],
    *arguments: object,
    limit: int | None = None,
) -> AsyncIterator[Item]:
    """Everything that a `list` call has, `limit` at a time, such as `all_of(handle.identity().list_users)`.

    What is created or removed meanwhile may be met or not; nothing is met twice.
    """
    after: str | None = None
    while True:
        page = await list_call(*arguments, after=after, limit=limit)
        for item in page.items:
            yield item
        after = page.next
        if after is None:
            return
