"""What is closed says so, closing twice is fine, and a `with` block closes."""

import asyncio

import pytest
from conftest import PASSWORD
from world import CEILING, world

from nexa import (
    Closed,
    Conf,
    Exhausted,
    Handle,
    InvalidInput,
    NewUser,
    Nexa,
    PrivateKey,
    TcpStream,
    Tunnel,
    User,
)


async def test_a_closed_database_refuses_every_call(control: Nexa, admin: Handle) -> None:
    await control.close()
    await control.close()
    for call in (
        admin.identity().list_users(),
        admin.devices().list(),
        admin.gateways().list(),
        admin.policy().list(),
        admin.ipam().list_pools(),
        admin.audit().list(),
        admin.events().after(0, 1),
        admin.identity().create_user(NewUser(username="grace")),
    ):
        with pytest.raises(Closed) as caught:
            await call
        assert caught.value.code == "db.closed"


async def test_leaving_the_block_closes_also_after_an_error() -> None:
    nexa = await Nexa.open("sqlite::memory:")
    with pytest.raises(ZeroDivisionError):
        async with nexa as entered:
            assert entered is nexa
            raise ZeroDivisionError
    with pytest.raises(Closed):
        await nexa.system("tests").identity().list_users()


async def test_a_closed_stream_gives_nothing_also_to_one_that_waits(system: Handle, ada: User) -> None:
    stream = system.events().stream(1000, look_every_ms=60_000)
    waiting = [asyncio.ensure_future(stream.next()) for _ in range(3)]
    await asyncio.sleep(0)
    await stream.close()
    await stream.close()
    assert await asyncio.gather(*waiting, stream.next()) == [None] * 4


async def test_a_closed_tunnel_ends_what_waits_in_it(system: Handle, ada: User) -> None:
    async with world(system, ada) as there:
        listener = await there.office.listen(80)
        client = await there.laptop.connect("10.20.0.10:80", CEILING)
        served = await listener.accept()
        waiting = [
            asyncio.ensure_future(listener.accept()),
            asyncio.ensure_future(served.read(1)),
        ]
        await asyncio.sleep(0)
        await there.office.close()
        await there.office.close()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in ended] == [Closed, Closed]
        for call in (
            there.office.ping("10.66.0.2", CEILING),
            there.office.connect("10.66.0.2:80", CEILING),
            there.office.listen(81),
            listener.accept(),
            served.write(b"x"),
        ):
            with pytest.raises(Closed):
                await call
        await client.close()
        with pytest.raises(Closed):
            await client.read(1)


async def test_more_calls_than_may_wait_are_refused_and_keep_nothing_from_going_on(
    control: Nexa, system: Handle, ada: User
) -> None:
    async with world(system, ada) as there:
        listener = await there.office.listen(80)
        waiting = {asyncio.ensure_future(listener.accept()) for _ in range(600)}
        refused: set[asyncio.Future[TcpStream]] = set()
        while len(refused) < 200:
            ended, waiting = await asyncio.wait(
                waiting, timeout=CEILING / 1000, return_when=asyncio.FIRST_COMPLETED
            )
            assert ended, f"only {len(refused)} were refused"
            refused |= ended
        for accept in refused:
            error = accept.exception()
            assert isinstance(error, Exhausted)
            assert (error.code, error.retryable) == ("runtime.too_many_waiting", False)
        await control.anonymous().identity().sign_in(ada.username, PASSWORD)
        await there.office.close()
        assert len(waiting) == 400
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(end) for end in ends} == {Closed}
        # Their places are free again.
        with pytest.raises(Closed):
            await listener.accept()


async def test_a_closed_listener_and_a_closed_connection_refuse(system: Handle, ada: User) -> None:
    async with world(system, ada) as there:
        async with await there.office.listen(80) as listener:
            assert listener.port() == 80
            client = await there.laptop.connect("10.20.0.10:80", CEILING)
            served = await listener.accept()
        await listener.close()
        with pytest.raises(Closed):
            listener.port()
        with pytest.raises(Closed):
            await listener.accept()
        async with client:
            await served.write(b"what was accepted goes on")
            await served.finish()
            assert await client.read_to_end(100) == b"what was accepted goes on"
        await client.close()
        with pytest.raises(Closed):
            await client.write(b"x")


async def test_a_tunnel_of_a_configuration_file_needs_its_key() -> None:
    text = f"[Interface]\nAddress = 10.66.0.2/32\n[Peer]\nPublicKey = {PrivateKey.generate().public_key()}\n"
    conf = Conf.parse(text)
    assert conf.details().public_key is None
    with pytest.raises(InvalidInput) as caught:
        await Tunnel.up_conf(conf)
    assert caught.value.details == {"field": "private_key"}
