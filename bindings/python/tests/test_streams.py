"""Streams are pulled, and `async for` pulls them."""

import asyncio

import pytest

from nexa import Closed, Handle, InvalidInput, NewGroup, Nexa, User


async def test_a_stream_gives_what_was_and_what_comes_in_order(system: Handle, ada: User) -> None:
    before = await system.events().after(0, 1000)
    stream = system.events().stream(look_every_ms=1)

    async def write() -> None:
        for number in range(5):
            await system.identity().create_group(NewGroup(name=f"g{number}"))

    writing = asyncio.create_task(write())
    seen = []
    async with stream:
        async for event in stream:
            seen.append(event)
            if len(seen) == len(before) + 5:
                break
    await writing
    assert [event.position for event in seen] == list(range(1, len(seen) + 1))
    assert seen[: len(before)] == before
    assert seen == await system.events().after(0, 1000)
    assert await stream.next() is None, "leaving the block closed it"


async def test_closing_ends_the_iteration(system: Handle, ada: User) -> None:
    stream = system.events().stream(look_every_ms=60_000)
    seen = []

    async def read() -> None:
        async for event in stream:
            seen.append(event)

    reading = asyncio.create_task(read())
    all_there_is = await system.events().after(0, 1000)
    while len(seen) < len(all_there_is):
        await asyncio.sleep(0)
    await stream.close()
    await reading
    assert seen == all_there_is


async def test_an_error_ends_the_iteration_and_is_raised(control: Nexa, system: Handle, ada: User) -> None:
    await control.close()
    with pytest.raises(Closed) as caught:
        async for _ in system.events().stream():
            raise AssertionError("a closed database has no events")
    assert caught.value.code == "db.closed"


async def test_several_readers_of_one_stream_share_its_events(system: Handle, ada: User) -> None:
    for number in range(20):
        await system.identity().create_group(NewGroup(name=f"g{number}"))
    expected = await system.events().after(0, 1000)
    stream = system.events().stream(look_every_ms=1)
    got = await asyncio.gather(*(stream.next() for _ in expected))
    assert sorted(event.position for event in got if event) == [event.position for event in expected]


def test_a_stream_that_never_looks_is_refused(system: Handle) -> None:
    with pytest.raises(InvalidInput) as caught:
        system.events().stream(look_every_ms=0)
    assert caught.value.details == {"field": "look_every_ms"}
