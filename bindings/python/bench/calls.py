"""What crossing costs: `python bench/calls.py` prints one line of JSON with the median of each call in nanoseconds.

`sync_ns` is a call that does not wait, `async_ns` one that waits for nothing, `read_ns` reads one row of a database in
memory, and `page_ns` a page of a thousand.
"""

import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

from nexa import NewUser, Nexa, version

USERS = 1000
BATCHES = 15


def sync_ns(calls: int) -> float:
    def batch() -> float:
        began = perf_counter_ns()
        for _ in range(calls):
            version()
        return (perf_counter_ns() - began) / calls

    batch()
    return statistics.median(batch() for _ in range(BATCHES))


async def waited_ns(call: Callable[[], Awaitable[object]], calls: int) -> float:
    async def batch() -> float:
        began = perf_counter_ns()
        for _ in range(calls):
            await call()
        return (perf_counter_ns() - began) / calls

    await batch()
    return statistics.median([await batch() for _ in range(BATCHES)])


async def main() -> None:
    async with await Nexa.open("sqlite::memory:") as nexa:
        handle = nexa.system("bench")
        identity = handle.identity()
        first = await identity.create_first_user(NewUser(username="user0"))
        for number in range(1, USERS):
            await identity.create_user(NewUser(username=f"user{number}"))
        assert len((await identity.list_users(limit=USERS)).items) == USERS
        stream = handle.events().stream()
        taken = {
            "async_ns": await waited_ns(stream.close, 500),
            "page_ns": await waited_ns(lambda: identity.list_users(limit=USERS), 5),
            "read_ns": await waited_ns(lambda: identity.get_user(first.id), 100),
            "sync_ns": sync_ns(10_000),
        }
    print(json.dumps({name: round(ns) for name, ns in taken.items()}, separators=(",", ":")))


if __name__ == "__main__":
    asyncio.run(main())
