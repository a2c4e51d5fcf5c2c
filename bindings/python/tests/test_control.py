"""From an empty database to a signed-in administrator, and what values look like on the way."""

import asyncio
import threading

import pytest
from conftest import PASSWORD

from nexa import (
    Effect,
    ErrorKind,
    Handle,
    NewGroup,
    NewPolicy,
    NewUser,
    Nexa,
    RequestContext,
    Unauthenticated,
    User,
    UserStatus,
)


async def test_a_new_database_is_set_up_and_its_first_user_signs_in_and_out(control: Nexa) -> None:
    setup_token = control.take_setup_token()
    assert setup_token is not None
    assert control.take_setup_token() is None, "it is given once"
    identity = control.anonymous().identity()
    ada = await identity.redeem_setup_token(setup_token.reveal(), NewUser(username="ada"), PASSWORD)

    signed_in = await identity.sign_in("ada", PASSWORD)
    assert signed_in.user_id() == ada.id
    token = signed_in.token().reveal()
    admin = await control.authenticate(token)
    assert (await admin.identity().get_user(ada.id)).username == "ada"

    await admin.identity().sign_out()
    with pytest.raises(Unauthenticated):
        await control.authenticate(token)


async def test_what_is_absent_is_none_in_both_directions(system: Handle, ada: User) -> None:
    assert (ada.email, ada.ssh_public_key, ada.last_login_at) == (None, None, None)
    grace = await system.identity().create_user(NewUser(username="grace", email="grace@example.org"))
    assert grace.email == "grace@example.org"
    assert NewUser(username="grace").email is None
    explicit = NewUser(username="grace", email=None)
    assert explicit == NewUser(username="grace")


async def test_integers_past_32_and_53_bits_are_exact(system: Handle, ada: User) -> None:
    assert ada.created_at > 2**32
    for number, moment in enumerate([2**53 + 1, 2**63 - 1]):
        new = NewPolicy(
            name=f"p{number}", effect=Effect.ALLOW, targets=[], destinations=[], valid_until=moment
        )
        assert new.valid_until == moment
        made = await system.policy().create(new)
        assert (await system.policy().get(made.id)).valid_until == moment


async def test_text_of_every_script_comes_back_as_it_went_in(system: Handle) -> None:
    description = "Bürger & Co 🦀 שלום 你好"
    group = await system.identity().create_group(NewGroup(name="staff", description=description))
    groups = await system.identity().list_groups()
    assert group in groups.items
    assert group.description == description


async def test_a_record_is_a_value(ada: User, system: Handle) -> None:
    again = await system.identity().get_user(ada.id)
    assert again == ada
    assert again is not ada
    assert "username='ada'" in repr(ada) and "status=UserStatus.ACTIVE" in repr(ada)
    with pytest.raises(AttributeError):
        ada.username = "eve"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        NewUser("ada")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_an_enumeration_has_its_spelling() -> None:
    assert UserStatus.ACTIVE.value == str(UserStatus.ACTIVE) == "active"
    assert repr(ErrorKind.NOT_FOUND) == "ErrorKind.NOT_FOUND"
    assert ErrorKind.NOT_FOUND != ErrorKind.INTERNAL
    assert {ErrorKind.NOT_FOUND: 1}[ErrorKind.NOT_FOUND] == 1


async def test_the_audit_keeps_where_a_request_came_from(admin: Handle, system: Handle) -> None:
    context = RequestContext(source_ip="192.0.2.30", request_id="r-1")
    await admin.with_context(context).identity().create_group(NewGroup(name="staff"))
    newest = (await system.audit().list(limit=1)).items[0]
    assert (newest.event_type, newest.ip_address, newest.request_id) == ("group.created", "192.0.2.30", "r-1")


async def test_one_object_serves_event_loops_of_several_threads(system: Handle, ada: User) -> None:
    names: list[str] = []

    async def look() -> None:
        users = await asyncio.gather(*(system.identity().get_user(ada.id) for _ in range(20)))
        names.extend(user.username for user in users)

    threads = [threading.Thread(target=lambda: asyncio.run(look())) for _ in range(4)]
    for thread in threads:
        thread.start()
    await look()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    assert names == ["ada"] * 100
