"""What a device may reach, as the fewest prefixes there are: beside the standard library's own arithmetic."""

import ipaddress
import json
import random
from typing import Any

import pytest

from nexa import Device, Handle, NewEnrolment, NewGateway, PrivateKey, User

# What policies are drawn over: small enough to decide each address by itself, at both ends of each family and in their middle.
UNIVERSES = [
    "0.0.0.0/25",
    "10.20.30.128/25",
    "255.255.255.128/25",
    "::/121",
    "fd20::4:0/121",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff80/121",
]
CASES = 15


@pytest.fixture
async def device(system: Handle, ada: User) -> Device:
    key = PrivateKey.generate().public_key()
    new = NewGateway(name="hq", endpoint="192.0.2.1:51820", public_key=key, vpn_cidrs=["10.66.0.0/24"])
    await system.gateways().create(new)
    enrolment = NewEnrolment(
        name="laptop",
        public_key=PrivateKey.generate().public_key(),
        fingerprint="sha256:laptop",
        user_id=ada.id,
    )
    return (await system.enrolment().enrol(enrolment)).device()


# A network or an address of either family: the standard library's types tell them apart where this has no need to.
Either = Any


def draw(chance: random.Random, universe: Either) -> dict[str, Any]:
    prefixes = []
    for _ in range(chance.randrange(1, 5)):
        length = chance.randrange(universe.prefixlen, universe.max_prefixlen + 1)
        bits = universe.max_prefixlen - length
        offset = chance.randrange(universe.num_addresses) >> bits << bits
        prefixes.append(f"{universe[offset]}/{length}")
    # One that reaches far beyond, now and then.
    if chance.random() < 0.1:
        prefixes.append("0.0.0.0/0" if universe.version == 4 else "::/0")
    return {
        "name": f"p{chance.getrandbits(64)}",
        "effect": chance.choice(["allow", "deny"]),
        "priority": chance.randrange(3),
        "targets": ["user:ada"],
        "destinations": sorted(set(prefixes)),
    }


def is_allowed(policies: list[dict[str, Any]], address: Either) -> bool:
    """The lowest priority number that has the address decides, and deny at the same one; nothing is deny."""
    ranks: list[tuple[int, bool]] = []
    for policy in policies:
        if any(address in ipaddress.ip_network(prefix) for prefix in policy["destinations"]):
            ranks.append((policy["priority"], policy["effect"] == "allow"))
    return min(ranks)[1] if ranks else False


@pytest.mark.parametrize("universe", UNIVERSES)
async def test_the_cover_is_what_ipaddress_says_and_no_prefix_more(
    system: Handle, device: Device, universe: str
) -> None:
    network: Either = ipaddress.ip_network(universe)
    chance = random.Random(universe)
    for _ in range(CASES):
        policies = [draw(chance, network) for _ in range(chance.randrange(1, 7))]
        await system.policy().import_document(json.dumps({"policies": policies}))
        access = await system.policy().resolve(device.id)
        assert len(access.allowed) <= 1, access
        reached: list[Either] = [ipaddress.ip_network(prefix) for reach in access.allowed for prefix in reach.addresses]
        # No shorter list of prefixes is the same addresses.
        assert reached == list(ipaddress.collapse_addresses(reached)), policies
        inside = [part for part in reached if part.subnet_of(network) or network.subnet_of(part)]
        allowed: list[Either] = [ipaddress.ip_network(address) for address in network if is_allowed(policies, address)]
        expected = list(ipaddress.collapse_addresses(allowed))
        if any(network.subnet_of(part) for part in inside):
            assert expected == [network], policies
        else:
            assert inside == expected, policies
