"""Forks, the runtime's end, and the end of the process: each in a process of its own."""

import errno
import multiprocessing
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import NOBODY

import nexa
from nexa import Closed, ErrorKind, GatewayOptions, Handle, Nexa, NewUser, PrivateKey, Tunnel, User

OPENED = """
import asyncio, os, sys
import nexa

async def opened():
    control = await nexa.Nexa.open("sqlite::memory:")
    await control.system("child").identity().create_first_user(nexa.NewUser(username="ada"))
    return control
"""

FORKS = """
loop = asyncio.new_event_loop()
control = loop.run_until_complete(opened())
child = os.fork()
if child == 0:
    status = 1
    try:
        asyncio.new_event_loop().run_until_complete(control.system("child").identity().list_users())
    except nexa.Unsupported as refused:
        print(refused.code, refused.kind, refused.retryable, flush=True)
        nexa.shutdown()
        status = 0
    os._exit(status)
assert os.waitpid(child, 0)[1] == 0
page = loop.run_until_complete(control.system("parent").identity().list_users())
print([user.username for user in page.items])
loop.run_until_complete(control.close())
"""

# The child ends as a program does, with everything that Python tears down.
FORKS_WITH_TUNNELS = """
from contextlib import AsyncExitStack
from world import CEILING, world

loop = asyncio.new_event_loop()
control = loop.run_until_complete(opened())
system = control.system("child")
events = system.events().stream()
stack = AsyncExitStack()

async def connected():
    ada = (await system.identity().list_users()).items[0]
    there = await stack.enter_async_context(world(system, ada))
    listener = await there.office.listen(80)
    near = await there.laptop.connect("10.20.0.10:80", CEILING)
    return there.office, listener, near, await listener.accept()

def known():
    return tunnel.local_addr(), listener.port(), near.peer_addr(), far.local_addr()

tunnel, listener, near, far = loop.run_until_complete(connected())
before = known()
# The child would share the epoll of an open loop, and take it apart for the parent too when it ends.
loop.close()
child = os.fork()
if child == 0:
    assert known() == before
    for call in (listener.accept, tunnel.close, events.next):
        try:
            asyncio.new_event_loop().run_until_complete(call())
        except nexa.Unsupported as refused:
            print(refused.code, flush=True)
    del far
    sys.exit()
assert os.waitpid(child, 0)[1] == 0

async def talk():
    await far.write(b"still here")
    print((await near.read(100)).decode(), (await events.next()).position)
    await stack.aclose()

asyncio.new_event_loop().run_until_complete(talk())
"""

FORKS_FIRST = """
child = os.fork()
control = asyncio.run(opened())
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("both")
"""

LEAVES_ALL_OPEN = """
async def main():
    control = await opened()
    stream = control.system("child").events().stream(look_every_ms=1)
    waiting = [asyncio.create_task(stream.next()) for _ in range(20)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    print("leaves")

asyncio.run(main())
"""


def started(script: str) -> "subprocess.Popen[str]":
    # Newer Pythons warn of every fork of a process that has threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", OPENED + script]
    # `world` is found where the script runs.
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    )


def ended(process: "subprocess.Popen[str]") -> tuple[str, str, int]:
    said, complained = process.communicate()
    return said, complained, process.returncode


def test_a_forked_child_is_refused_and_the_parent_goes_on() -> None:
    refused = "runtime.forked unsupported False\n"
    assert ended(started(FORKS)) == (f"{refused}['ada']\n", "", 0)


def test_a_forked_child_that_holds_tunnels_ends_as_it_likes_and_the_parent_keeps_them() -> None:
    refused = "runtime.forked\n" * 3
    assert ended(started(FORKS_WITH_TUNNELS)) == (f"{refused}still here 1\n", "", 0)


def test_a_fork_before_the_first_call_is_fine() -> None:
    assert ended(started(FORKS_FIRST)) == ("both\n", "", 0)


def test_a_process_may_end_with_everything_open() -> None:
    # Several at once, so that the end of some comes while Rust's threads are in the middle of something.
    processes = [started(LEAVES_ALL_OPEN) for _ in range(12)]
    assert {ended(process) for process in processes} == {("leaves\n", "", 0)}


def in_another_process(url: str) -> str:
    import asyncio

    async def look() -> str:
        async with await Nexa.open(url) as control:
            return (await control.system("child").identity().list_users()).items[0].username

    return asyncio.run(look())


async def test_a_spawned_process_may_use_the_same_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:{tmp_path_factory.mktemp('shared')}/nexa.db"
    async with await Nexa.open(url) as control:
        await control.system("tests").identity().create_first_user(NewUser(username="ada"))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(in_another_process, (url,)) == "ada"


async def test_shutdown_ends_what_is_open_and_the_next_call_starts_anew(system: Handle, ada: User) -> None:
    stream = system.events().stream(1000, look_every_ms=60_000)
    waiting = stream.next()
    nexa.shutdown()
    nexa.shutdown()
    with pytest.raises(Closed):
        await waiting
    with pytest.raises(Closed) as caught:
        await system.identity().list_users()
    assert caught.value.code == "runtime.ended"
    async with await Nexa.open("sqlite::memory:") as control:
        with pytest.raises(nexa.NotFound) as missing:
            await control.system("tests").identity().get_user(nexa.UserId(NOBODY))
        assert missing.value.kind == ErrorKind.NOT_FOUND


async def test_shutdown_closes_every_tunnel_and_gives_its_port_back() -> None:
    options = GatewayOptions(listen="127.0.0.1:0", addresses=["10.66.0.1"])
    tunnel = await Tunnel.serve(PrivateKey.generate(), options)
    listener = await tunnel.listen(80)
    host, port = tunnel.local_addr().split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port_of_ours:
        with pytest.raises(OSError) as taken:
            port_of_ours.bind((host, int(port)))
        assert taken.value.errno == errno.EADDRINUSE
        nexa.shutdown()
        port_of_ours.bind((host, int(port)))
    for call in (tunnel.listen(81), listener.accept()):
        with pytest.raises(Closed):
            await call
    await listener.close()
    await tunnel.close()


def test_the_version_is_a_version() -> None:
    assert [part.isdigit() for part in nexa.version().split(".")] == [True] * 3
