"""The main job, end to end, without root and without a server: a database, a first user, a gateway and a device;
addresses, policy and a profile; then gateway and device in one process over real UDP on loopback, an allowed
destination that answers and a denied one that does not, and a revocation that ends it.

Run it with `python examples/python/quickstart.py` where the package `nexa` is installed. Each line is a step and the time
it took; the program ends with an error at the first one that does not hold.
"""

import asyncio
import re
import tempfile
from collections.abc import Iterable

from nexa import (
    Cancelled,
    Closed,
    Conf,
    Effect,
    Enrolled,
    Gateway,
    GatewayOptions,
    GroupId,
    Handle,
    NewEnrolment,
    NewGateway,
    NewGroup,
    NewPolicy,
    NewUser,
    Nexa,
    NexaError,
    PrivateKey,
    Target,
    TargetType,
    TcpListener,
    Tunnel,
    TunnelEventType,
    Unauthenticated,
    shutdown,
)
from steps import Steps

# Milliseconds. Long enough for a busy machine; nothing waits for it to pass, except to see that nobody answers.
CEILING = 20_000
# How long a denied destination is given to answer.
SILENCE = 500


async def main() -> None:
    steps = Steps("quickstart")
    with tempfile.TemporaryDirectory() as folder:
        async with await Nexa.open(f"sqlite:{folder}/nexa.db") as nexa:
            await run(steps, nexa)
    shutdown()
    steps.done("everything is closed and every thread has ended")
    steps.finish()


async def run(steps: Steps, nexa: Nexa) -> None:
    admin, staff = await set_up(steps, nexa)
    gateway, office = await open_an_office(steps, admin)
    async with office, await office.listen(80) as listener:
        await allow_and_deny(steps, admin, staff)
        enrolled, device_key = await enrol_a_laptop(steps, admin)
        await explain_what_it_may_reach(steps, admin, enrolled)

        await admin.gateways().apply(gateway.id, office)
        server = asyncio.create_task(serve(listener))
        async with await start_the_laptop(enrolled, device_key) as laptop:
            steps.done("gateway and laptop are up in this process, over UDP on loopback")
            await reach_what_is_allowed(steps, laptop)
            await miss_what_is_denied(steps, laptop, office)
            await revoke(steps, nexa, admin, enrolled, laptop, gateway, office)
    await server


async def set_up(steps: Steps, nexa: Nexa) -> tuple[Handle, GroupId]:
    """The first user, signed in, and a group with them in it."""
    setup_token = nexa.take_setup_token()
    assert setup_token, "a new database has a setup token"
    first = NewUser(username="ada", display_name="Ada Lovelace")
    identity = nexa.anonymous().identity()
    ada = await identity.redeem_setup_token(setup_token.reveal(), first, "correct horse battery")
    signed_in = await identity.sign_in("ada", "correct horse battery")
    admin = await nexa.authenticate(signed_in.token().reveal())
    steps.done(f"a database, and its first user {ada.display_name} signed in")

    staff = await admin.identity().create_group(NewGroup(name="staff"))
    await admin.identity().add_member(staff.id, ada.id)
    steps.done("a group")
    return admin, staff.id


async def open_an_office(steps: Steps, admin: Handle) -> tuple[Gateway, Tunnel]:
    """A gateway in this process, which answers for the network behind it."""
    gateway_key = PrivateKey.generate()
    addresses = ["10.66.0.1", "fd66::1"]
    office = await Tunnel.serve(gateway_key, GatewayOptions(listen="127.0.0.1:0", addresses=addresses))
    new = NewGateway(
        name="hq",
        endpoint=office.local_addr(),
        public_key=gateway_key.public_key(),
        vpn_cidrs=["10.66.0.0/24", "fd66::/64"],
    )
    gateway = await admin.gateways().create(new)
    assert gateway.addresses == addresses, f"the gateway got {gateway.addresses}"
    cidrs = listed(gateway.vpn_cidrs)
    steps.done(f"a gateway at {gateway.endpoint} with {cidrs}, letting nothing through yet")
    return gateway, office


async def allow_and_deny(steps: Steps, admin: Handle, staff: GroupId) -> None:
    targets = [Target(target_type=TargetType.GROUP, id=staff)]
    allow = NewPolicy(
        name="office", effect=Effect.ALLOW, targets=targets, destinations=["10.20.0.0/16", "fd20::/48"]
    )
    deny = NewPolicy(
        name="vault", effect=Effect.DENY, priority=10, targets=targets, destinations=["10.20.9.0/24"]
    )
    await admin.policy().create(allow)
    await admin.policy().create(deny)
    steps.done("staff may reach 10.20.0.0/16 and fd20::/48, but not 10.20.9.0/24")


async def enrol_a_laptop(steps: Steps, admin: Handle) -> tuple[Enrolled, PrivateKey]:
    device_key = PrivateKey.generate()
    new = NewEnrolment(
        name="ada's laptop",
        public_key=device_key.public_key(),
        fingerprint="sha256:laptop",
        platform="linux",
    )
    enrolled = await admin.enrolment().enrol(new)
    profile = enrolled.profile()
    steps.done(f"ada's laptop is enrolled with {listed(profile.details().addresses)}")

    steps.show(profile.render(device_key).reveal())
    steps.show(profile.qr_terminal(device_key).reveal())
    steps.done("its profile, for wg-quick and for a phone's camera")
    return enrolled, device_key


async def explain_what_it_may_reach(steps: Steps, admin: Handle, enrolled: Enrolled) -> None:
    for address, expected in [("10.20.0.10", True), ("fd20::10", True), ("10.20.9.10", False)]:
        why = await admin.policy().explain(enrolled.device().id, address)
        steps.show(why.text)
        assert why.is_allowed == expected
    steps.show(f"AllowedIPs: {listed(enrolled.profile().details().peer.allowed_ips)}")
    steps.done("what it may reach, and why")


async def start_the_laptop(enrolled: Enrolled, device_key: PrivateKey) -> Tunnel:
    """The device, from its configuration as `wg-quick` reads it."""
    text = enrolled.profile().render(device_key).reveal()
    # A person who edits the client's configuration sends everything into the tunnel. It must not help.
    text = re.sub(r"^AllowedIPs = .*$", "AllowedIPs = 0.0.0.0/0, ::/0", text, flags=re.MULTILINE)
    return await Tunnel.up_conf(Conf.parse(text))


async def reach_what_is_allowed(steps: Steps, laptop: Tunnel) -> None:
    took = await laptop.ping("10.20.0.10", CEILING)
    await handshake(laptop)
    steps.done(f"a handshake, and ping 10.20.0.10 answered after {took:.2f} ms")
    took = await laptop.ping("fd20::10", CEILING)
    steps.done(f"ping fd20::10 answered after {took:.2f} ms")

    for allowed in ["10.20.0.10:80", "[fd20::10]:80"]:
        page = await http_get(laptop, allowed, CEILING)
        assert page.endswith(f"you reached {allowed}"), page
        steps.done(f"HTTP from {allowed} through the tunnel: 200, {len(page)} bytes")


async def miss_what_is_denied(steps: Steps, laptop: Tunnel, office: Tunnel) -> None:
    dropped = office.counters().dropped_filter
    try:
        page = await http_get(laptop, "10.20.9.10:80", SILENCE)
    except Cancelled:
        pass
    else:
        raise AssertionError(f"a denied destination answered: {page}")
    now_dropped = office.counters().dropped_filter
    assert now_dropped > dropped, "the gateway dropped nothing"
    steps.done(f"HTTP to 10.20.9.10 is not answered; the gateway dropped {now_dropped - dropped} packets")

    for peer in office.peers():
        steps.show(f"{peer.public_key}: {peer.received_bytes} bytes in, {peer.sent_bytes} bytes out")
        assert peer.received_bytes > 0 and peer.sent_bytes > 0
    steps.done("the gateway counted")


async def revoke(
    steps: Steps,
    nexa: Nexa,
    admin: Handle,
    enrolled: Enrolled,
    laptop: Tunnel,
    gateway: Gateway,
    office: Tunnel,
) -> None:
    await admin.devices().revoke(enrolled.device().id)
    await admin.gateways().apply(gateway.id, office)
    assert office.peers() == []
    try:
        await laptop.ping("10.20.0.10", SILENCE)
        raise AssertionError("the tunnel still answers")
    except Cancelled:
        pass
    try:
        await nexa.authenticate(enrolled.token().reveal())
        raise AssertionError("the device's token is still good")
    except Unauthenticated:
        pass
    steps.done("the laptop is revoked: the tunnel is silent and its token is refused")


async def serve(listener: TcpListener) -> None:
    """Answers HTTP for every address behind the gateway, until the listener is closed."""
    while True:
        try:
            stream = await listener.accept()
        except Closed:
            return
        try:
            async with stream:
                await stream.read(1024)
                body = f"you reached {stream.local_addr()}"
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                await stream.write((head + body).encode())
        except NexaError as error:
            # A client that went away loses its answer; the next one is served all the same.
            print(f"not answered: {error}")


async def http_get(tunnel: Tunnel, host: str, wait_ms: int) -> str:
    async with await tunnel.connect(host, wait_ms) as stream:
        await stream.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return (await stream.read_to_end(1 << 20)).decode()


async def handshake(tunnel: Tunnel) -> None:
    while event := await tunnel.next_event(CEILING):
        if event.event_type == TunnelEventType.HANDSHAKE_COMPLETED:
            return
    raise AssertionError("no handshake")


def listed(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


if __name__ == "__main__":
    asyncio.run(main())
