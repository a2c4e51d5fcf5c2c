"""A gateway and a device of the first user's in this process, over UDP on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nexa import (
    Effect,
    Enrolled,
    Gateway,
    GatewayOptions,
    Handle,
    NewEnrolment,
    NewGateway,
    NewPolicy,
    PrivateKey,
    Target,
    TargetType,
    Tunnel,
    TunnelOptions,
    User,
)

# Milliseconds; for what must come, on however busy a machine.
CEILING = 30_000
# For what must not come.
SILENCE = 300


@dataclass
class World:
    gateway: Gateway
    office: Tunnel
    enrolled: Enrolled
    device_key: PrivateKey
    laptop: Tunnel


@asynccontextmanager
async def world(handle: Handle, user: User) -> AsyncIterator[World]:
    """The device may reach 10.20.0.0/16 without 10.20.9.0/24, and sends everything into the tunnel."""
    gateway_key, device_key = PrivateKey.generate(), PrivateKey.generate()
    options = GatewayOptions(listen="127.0.0.1:0", addresses=["10.66.0.1"])
    async with await Tunnel.serve(gateway_key, options) as office:
        gateway = await handle.gateways().create(
            NewGateway(
                name="hq",
                endpoint=office.local_addr(),
                public_key=gateway_key.public_key(),
                vpn_cidrs=["10.66.0.0/24"],
            )
        )
        target = Target(target_type=TargetType.USER, id=user.id)
        for name, effect, priority, cidr in [
            ("office", Effect.ALLOW, 100, "10.20.0.0/16"),
            ("vault", Effect.DENY, 10, "10.20.9.0/24"),
        ]:
            policy = NewPolicy(
                name=name, effect=effect, priority=priority, targets=[target], destinations=[cidr]
            )
            await handle.policy().create(policy)
        enrolled = await handle.enrolment().enrol(
            NewEnrolment(
                name="laptop",
                public_key=device_key.public_key(),
                fingerprint="sha256:laptop",
                user_id=user.id,
            )
        )
        await handle.gateways().apply(gateway.id, office)
        everything = TunnelOptions(listen="127.0.0.1:0", allowed_ips=["0.0.0.0/0"])
        async with await Tunnel.up(enrolled.profile(), device_key, everything) as laptop:
            yield World(gateway, office, enrolled, device_key, laptop)
