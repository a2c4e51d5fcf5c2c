"""Giving a call up reaches Rust: nothing goes on waiting, and nothing is lost to a caller that has gone."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from world import CEILING, world

from nexa import CancelHandle, Cancelled, EventStream, Handle, NewGroup, User


async def begun(call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task that has handed its call to Rust: that happens in its first turn, and then it waits."""
    task = asyncio.create_task(call)
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def soon(call: Coroutine[Any, Any, Any]) -> Any:
    """Fails where a call that was given up still holds what this one needs."""
    return await asyncio.wait_for(call, CEILING / 1000)


async def at_the_end(system: Handle) -> EventStream:
    """A stream that has given everything there is, and looks for more often."""
    newest = (await system.events().after(0, 1000))[-1]
    return system.events().stream(newest.position, look_every_ms=1)


async def test_a_cancelled_task_gives_its_stream_free_and_loses_no_event(system: Handle, ada: User) -> None:
    stream = await at_the_end(system)
    for turn in range(20):
        # While one call waits it holds the stream; had it gone on, it would take the event, or the others would wait.
        waiting = await begun(stream.next())
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await system.identity().create_group(NewGroup(name=f"g{turn}"))
        event = await soon(stream.next())
        assert (event.position, event.event_type) == (turn + 3, "group.created")


async def test_wait_for_cancels(system: Handle, ada: User) -> None:
    stream = await at_the_end(system)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(stream.next(), 0.01)
    await system.identity().create_group(NewGroup(name="staff"))
    assert (await soon(stream.next())).event_type == "group.created"


async def test_a_timeout_is_an_error_with_a_code_and_the_stream_goes_on(system: Handle, ada: User) -> None:
    stream = await at_the_end(system)
    with pytest.raises(Cancelled) as caught:
        await stream.next(timeout_ms=1)
    assert caught.value.code == "call.timed_out"
    await system.identity().create_group(NewGroup(name="staff"))
    assert (await soon(stream.next())).event_type == "group.created"


async def test_a_cancel_handle_gives_up_from_another_thread(system: Handle, ada: User) -> None:
    stream, handle = await at_the_end(system), CancelHandle.create()
    assert not handle.is_cancelled()
    calls = [await begun(stream.next(cancel=handle)) for _ in range(3)]
    thread = threading.Thread(target=handle.cancel)
    thread.start()
    for call in calls:
        with pytest.raises(Cancelled) as caught:
            await call
        assert caught.value.code == "call.cancelled"
    thread.join()
    assert handle.is_cancelled()
    with pytest.raises(Cancelled):
        await system.identity().list_users(cancel=handle)


async def test_a_deadline_that_has_passed_leaves_nothing_behind(system: Handle, ada: User) -> None:
    with pytest.raises(Cancelled) as caught:
        await system.identity().create_group(NewGroup(name="staff"), timeout_ms=0)
    assert caught.value.code == "call.timed_out"
    assert "staff" not in [group.name for group in (await system.identity().list_groups()).items]


async def test_a_cancelled_accept_gives_the_next_one_its_connection(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(80) as listener:
        for turn in range(3):
            waiting = await begun(listener.accept())
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            # Rust's thread may still be in the middle of accepting for the caller that has gone.
            async with await there.laptop.connect("10.20.0.10:80", CEILING) as client:
                async with await soon(listener.accept()) as served:
                    await served.write(f"turn {turn}".encode())
                assert await client.read_to_end(100) == f"turn {turn}".encode()


async def test_a_cancelled_read_leaves_the_bytes_to_the_next_one(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(80) as listener:
        async with await there.laptop.connect("10.20.0.10:80", CEILING) as client:
            async with await soon(listener.accept()) as served:
                waiting = await begun(client.read(100))
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                await served.write(b"nothing is lost")
                await served.finish()
                assert await soon(client.read_to_end(100)) == b"nothing is lost"
