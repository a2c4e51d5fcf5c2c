"""A control plane in memory for each test."""

from collections.abc import AsyncIterator

import pytest

from nexa import Handle, NewUser, Nexa, User

PASSWORD = "correct horse battery"
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def control() -> AsyncIterator[Nexa]:
    async with await Nexa.open("sqlite::memory:") as nexa:
        yield nexa


@pytest.fixture
def system(control: Nexa) -> Handle:
    return control.system("tests")


@pytest.fixture
async def ada(system: Handle) -> User:
    """The first user, who has a password."""
    return await system.identity().create_first_user(NewUser(username="ada"), PASSWORD)


@pytest.fixture
async def admin(control: Nexa, ada: User) -> Handle:
    signed_in = await control.anonymous().identity().sign_in(ada.username, PASSWORD)
    return await control.authenticate(signed_in.token().reveal())
