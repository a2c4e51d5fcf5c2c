"""The tunnel, end to end, in this process and without root."""

import asyncio
import re
from xml.etree import ElementTree

import pytest
from world import CEILING, SILENCE, world

from nexa import (
    Cancelled,
    Exhausted,
    Handle,
    TcpListener,
    Tunnel,
    TunnelEventType,
    Unavailable,
    Unauthenticated,
    Nexa,
    User,
)


async def echo(listener: TcpListener) -> None:
    """One connection, to its end."""
    async with await listener.accept() as stream:
        while data := await stream.read(4096):
            await stream.write(data)


async def test_bytes_come_back_from_an_allowed_destination(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(7) as listener:
        serving = asyncio.create_task(echo(listener))
        sent = bytes(range(256)) * 2048
        async with await there.laptop.connect("10.20.0.10:7", CEILING) as client:
            assert client.peer_addr() == "10.20.0.10:7"
            assert client.local_addr().startswith("10.66.0.2:")

            async def write() -> None:
                await client.write(sent)
                await client.finish()

            _, got = await asyncio.gather(write(), client.read_to_end(len(sent)))
        assert got == sent
        await serving
        assert there.office.counters().packets_delivered > 0
        (peer,) = there.office.peers()
        assert peer.public_key == there.device_key.public_key()
        assert peer.allowed_ips == ["10.66.0.2/32"]
        assert peer.received_bytes > len(sent) and peer.sent_bytes > len(sent)
        assert peer.last_handshake_ms_ago is not None and peer.last_handshake_ms_ago >= 0


async def test_the_gateway_knows_which_address_was_meant(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(80) as listener:
        for address in ("10.20.0.10:80", "10.20.200.1:80"):
            async with await there.laptop.connect(address, CEILING), await listener.accept() as served:
                assert served.local_addr() == address


async def test_a_denied_destination_does_not_answer_and_is_counted(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(80):
        assert await there.laptop.ping("10.20.0.10", CEILING) >= 0
        assert there.office.counters().dropped_filter == 0
        for call in (
            there.laptop.connect("10.20.9.10:80", SILENCE),
            there.laptop.ping("192.0.2.1", SILENCE),
        ):
            with pytest.raises(Cancelled) as caught:
                await call
            assert caught.value.code == "tunnel.timed_out"
        assert there.office.counters().dropped_filter >= 2


async def test_nobody_listens_is_another_failure_than_no_answer(system: Handle, ada: User) -> None:
    async with world(system, ada) as there:
        with pytest.raises(Unavailable):
            await there.laptop.connect("10.20.0.10:81", CEILING)


async def test_a_handshake_is_an_event_of_both_ends(system: Handle, ada: User) -> None:
    async with world(system, ada) as there:
        await there.laptop.ping("10.66.0.1", CEILING)

        async def shaken(tunnel: Tunnel) -> str | None:
            while event := await tunnel.next_event(CEILING):
                if event.event_type == TunnelEventType.HANDSHAKE_COMPLETED:
                    return event.peer
            return None

        assert await shaken(there.laptop) == there.gateway.public_key
        assert await shaken(there.office) == there.device_key.public_key()


async def test_a_revoked_device_is_silent_and_its_token_is_refused(
    control: Nexa, system: Handle, ada: User
) -> None:
    async with world(system, ada) as there:
        token = there.enrolled.token().reveal()
        await there.laptop.ping("10.20.0.10", CEILING)
        await control.authenticate(token)
        await system.devices().revoke(there.enrolled.device().id)
        state = await system.gateways().apply(there.gateway.id, there.office)
        assert state.peers == [] and there.office.peers() == []
        with pytest.raises(Cancelled):
            await there.laptop.ping("10.20.0.10", SILENCE)
        with pytest.raises(Unauthenticated):
            await control.authenticate(token)


async def test_more_than_was_asked_for_fails_and_stays(system: Handle, ada: User) -> None:
    async with world(system, ada) as there, await there.office.listen(80) as listener:
        async with await there.laptop.connect("10.20.0.10:80", CEILING) as client:
            async with await listener.accept() as served:
                await served.write(b"0123456789")
                await served.finish()
            with pytest.raises(Exhausted) as caught:
                await client.read_to_end(9)
            assert caught.value.code == "tunnel.too_much"
            assert await client.read_to_end(10) == b"0123456789"
            assert await client.read(1) == b""


async def test_the_profile_says_what_the_gateway_enforces(system: Handle, ada: User) -> None:
    async with world(system, ada) as there:
        state = await system.gateways().desired_state(there.gateway.id)
        (peer,) = state.peers
        details = there.enrolled.profile().details()
        reached = {cidr for reach in peer.enforcement.destinations for cidr in reach.addresses}
        assert reached <= set(details.peer.allowed_ips)
        assert peer.allowed_ips == ["10.66.0.2/32"] and details.addresses == ["10.66.0.2"]
        for address, expected in (("10.20.0.10", True), ("10.20.9.10", False)):
            why = await system.policy().explain(there.enrolled.device().id, address)
            assert why.is_allowed == expected and address in why.text


async def test_the_qr_code_of_a_profile_is_the_same_as_a_picture_and_on_a_terminal(
    system: Handle, ada: User
) -> None:
    async with world(system, ada) as there:
        profile = there.enrolled.profile()
        picture = profile.qr_svg(there.device_key).reveal()
        assert dark_in_picture(picture) == dark_on_terminal(profile.qr_terminal(there.device_key).reveal())
        assert profile.qr_svg().reveal() != picture


def dark_in_picture(svg: str) -> set[tuple[int, int]]:
    """The dark modules of a drawing, by column and row."""
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    (path,) = root.iterfind("{*}path")
    squares = re.findall(r"M?(\d+) (\d+)h(\d+)v\3H\1V\2", path.attrib["d"])
    module = int(squares[0][2])
    width = int(root.attrib["width"])
    assert root.attrib["viewBox"] == f"0 0 {width} {width}"
    # A border of four modules on each side, around a square that a QR code can have.
    assert width % module == 0 and (width // module - 8 - 17) % 4 == 0
    dark = {(int(x) // module, int(y) // module) for x, y, _ in squares}
    assert {(4 + step, 4) for step in range(7)} | {(4, 4 + step) for step in range(7)} <= dark
    return dark


def dark_on_terminal(text: str) -> set[tuple[int, int]]:
    """The same of lines that hold two rows each, where a block is light; below the last row there is nothing."""
    return {
        (column, row)
        for at, line in enumerate(text.splitlines())
        for column, block in enumerate(line)
        for row, dark in ((2 * at, " ▄"), (2 * at + 1, " ▀"))
        if block in dark and row < len(line)
    }
