"""Every kind of failure is a class of its own, and says what it must."""

import asyncio
import pickle
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from conftest import NOBODY, PASSWORD

import nexa
from nexa import (
    ErrorKind,
    Gateway,
    GatewayOptions,
    Handle,
    NewGroup,
    NewPool,
    NewUser,
    Nexa,
    NexaError,
    PrivateKey,
    Throttled,
    Tunnel,
    User,
    UserId,
)
from nexa.errors import from_parts

KINDS = {name: kind for name, kind in vars(ErrorKind).items() if isinstance(kind, ErrorKind)}


def class_of(kind: ErrorKind) -> type[NexaError]:
    """`not_found` to `nexa.NotFound`."""
    found: type[NexaError] = getattr(nexa, "".join(word.capitalize() for word in str(kind).split("_")))
    return found


async def failure(call: Callable[[], Awaitable[object]]) -> NexaError:
    with pytest.raises(NexaError) as caught:
        await call()
    return caught.value


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_its_class_with_every_field(name: str) -> None:
    kind = KINDS[name]
    error = from_parts("some.code", kind, "a sentence", {"field": "name"}, True)
    assert type(error) is class_of(kind) and isinstance(error, NexaError)
    assert type(error).kind_name == kind.value == name.lower()
    assert str(error) == error.message == "a sentence"
    fields = (error.code, error.kind, error.details, error.retryable)
    assert fields == ("some.code", kind, {"field": "name"}, True)


def test_there_are_as_many_classes_as_kinds() -> None:
    assert len(KINDS) == 16
    assert {class_of(kind) for kind in KINDS.values()} == set(NexaError.__subclasses__())


def test_an_error_reaches_another_process_whole() -> None:
    error = from_parts("some.code", ErrorKind.CONFLICT, "a sentence", {"a": "b"}, False)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is nexa.Conflict
    assert again.info == error.info
    assert again.info != from_parts("other.code", ErrorKind.CONFLICT, "a sentence", {"a": "b"}, False).info


# What can be provoked, by kind: the code and the details that it must have.
Provoked = tuple[str, dict[str, str], Callable[["Room"], Awaitable[object]]]


class Room:
    """What a failing call needs."""

    def __init__(self, control: Nexa, system: Handle, ada: User, folder: Path) -> None:
        self.control, self.system, self.ada, self.folder = control, system, ada, folder
        self.identity = system.identity()

    async def forbidden(self) -> None:
        await self.identity.create_user(NewUser(username="grace"), PASSWORD)
        signed_in = await self.control.anonymous().identity().sign_in("grace", PASSWORD)
        grace = await self.control.authenticate(signed_in.token().reveal())
        await grace.identity().create_group(NewGroup(name="mine"))

    async def exhausted(self) -> None:
        new = NewPool(name="servers", cidr="10.99.0.0/30", reserve=["10.99.0.1"])
        pool = await self.system.ipam().create_pool(new)
        await self.system.ipam().claim(pool.id)
        await self.system.ipam().claim(pool.id)

    async def unavailable(self) -> None:
        key, addresses = PrivateKey.generate(), ["10.66.0.1"]
        async with await Tunnel.serve(
            key, GatewayOptions(listen="127.0.0.1:0", addresses=addresses)
        ) as first:
            await Tunnel.serve(key, GatewayOptions(listen=first.local_addr(), addresses=addresses))

    async def corrupt(self) -> None:
        (self.folder / "notes.txt").write_text("not a database\n" * 100)
        await Nexa.open(f"sqlite:{self.folder}/notes.txt")

    async def newer(self) -> None:
        await (await Nexa.open(f"sqlite:{self.folder}/newer.db")).close()
        with sqlite3.connect(self.folder / "newer.db") as database:
            database.execute("INSERT INTO nexa_migrations VALUES (999, 'later', x'00', 999)")
        await Nexa.open(f"sqlite:{self.folder}/newer.db")

    async def needs_operator(self) -> None:
        await (await Nexa.open(f"sqlite:{self.folder}/nexa.db")).close()
        (self.folder / "nexa.db.key").unlink()
        await Nexa.open(f"sqlite:{self.folder}/nexa.db")

    async def closed(self) -> None:
        await self.control.close()
        await self.identity.get_user(self.ada.id)


PROVOKED: dict[str, Provoked] = {
    "NOT_FOUND": ("identity.user_not_found", {}, lambda room: room.identity.get_user(UserId(NOBODY))),
    "ALREADY_EXISTS": (
        "identity.username_taken",
        {"field": "username", "name": "ADA"},
        lambda room: room.identity.create_user(NewUser(username="ADA")),
    ),
    "CONFLICT": ("identity.last_administrator", {}, lambda room: room.identity.suspend_user(room.ada.id)),
    "INVALID_INPUT": (
        "input.invalid",
        {"field": "id"},
        lambda room: room.identity.get_user(UserId("not an id")),
    ),
    "UNAUTHENTICATED": (
        "identity.sign_in_refused",
        {},
        lambda room: room.control.anonymous().identity().sign_in("ada", "wrong horse battery"),
    ),
    "FORBIDDEN": ("access.forbidden", {}, Room.forbidden),
    "EXHAUSTED": ("ipam.exhausted", {"allocated": "1", "assignable": "1"}, Room.exhausted),
    "UNAVAILABLE": ("tunnel.socket", {"operation": "binding"}, Room.unavailable),
    "UNSUPPORTED": ("db.newer", {"field": "url", "version": "999"}, Room.newer),
    "NEEDS_OPERATOR": ("sealed.file_missing", {}, Room.needs_operator),
    "CORRUPT": ("db.foreign", {"field": "url"}, Room.corrupt),
    "CANCELLED": ("call.timed_out", {}, lambda room: room.system.events().stream(2).next(timeout_ms=1)),
    "CLOSED": ("db.closed", {}, Room.closed),
}


@pytest.mark.parametrize("name", PROVOKED)
async def test_a_failed_call_raises_the_class_of_its_kind(
    name: str, control: Nexa, system: Handle, ada: User, tmp_path: Path
) -> None:
    code, details, call = PROVOKED[name]
    error = await failure(lambda: call(Room(control, system, ada, tmp_path)))
    assert type(error) is class_of(KINDS[name])
    assert error.kind == KINDS[name]
    assert error.code == code
    assert details.items() <= error.details.items()
    assert error.message and error.message == str(error)
    assert error.retryable == (name == "UNAVAILABLE")


async def test_too_many_passwords_at_once_are_throttled(control: Nexa, ada: User) -> None:
    identity = control.anonymous().identity()
    attempts = [asyncio.ensure_future(identity.sign_in("ada", "wrong horse battery")) for _ in range(200)]
    errors = []
    for attempt in asyncio.as_completed(attempts):
        errors.append(await failure(lambda: attempt))
        if isinstance(errors[-1], Throttled):
            break
    for waiting in attempts:
        waiting.cancel()
    await asyncio.gather(*attempts, return_exceptions=True)
    assert errors[-1].code == "identity.password_queue_full"
    assert errors[-1].kind == ErrorKind.THROTTLED and errors[-1].retryable


def test_a_call_that_does_not_wait_fails_alike() -> None:
    with pytest.raises(nexa.InvalidInput) as caught:
        PrivateKey.parse("not a key")
    assert caught.value.code == "input.invalid"
    assert caught.value.details == {"field": "private_key"}


async def test_what_is_not_of_the_type_is_refused_by_python(system: Handle) -> None:
    with pytest.raises(OverflowError):
        await system.identity().list_users(limit=-1)
    with pytest.raises(TypeError):
        await system.identity().list_users(limit="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        await system.identity().list_users(page=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
