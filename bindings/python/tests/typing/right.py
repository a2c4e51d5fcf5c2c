"""A program that uses the package. The type checkers must find nothing in it."""

import asyncio
from collections.abc import AsyncIterator

from nexa import (
    AlreadyExists,
    CancelHandle,
    ErrorKind,
    Event,
    EventStream,
    NewUser,
    Nexa,
    NexaError,
    Page,
    Profile,
    Secret,
    User,
    UserId,
    UserPage,
    all_of,
)


async def main() -> None:
    async with await Nexa.open("sqlite::memory:", timeout_ms=1000) as nexa:
        token: Secret | None = nexa.take_setup_token()
        if token is not None:
            text: str = token.reveal()
            print(len(text))
        identity = nexa.system("typing").identity()
        user: User = await identity.create_first_user(NewUser(username="ada", email=None), "a long password")
        user_id: UserId = user.id
        email: str | None = user.email
        moment: int = user.created_at
        page: UserPage = await identity.list_users(limit=10, cancel=CancelHandle.create())
        typed: Page[User] = page
        names: list[str] = [each.username for each in typed.items]
        everybody: AsyncIterator[User] = all_of(identity.list_users, limit=10)
        print(user_id, email, moment, names, [each.username async for each in everybody])
        await asyncio.wait_for(asyncio.create_task(identity.get_user(user_id)), 1)
        await show(nexa.system("typing").events().stream(look_every_ms=10))


async def show(stream: EventStream) -> Event | None:
    async with stream:
        async for event in stream:
            position: int = event.position
            print(position)
    return await stream.next()


async def name_is_free(nexa: Nexa, name: str) -> bool:
    try:
        await nexa.system("typing").identity().create_user(NewUser(username=name))
    except AlreadyExists as error:
        field: str = error.details["field"]
        return field != "username"
    except NexaError as error:
        kind: ErrorKind = error.kind
        if kind == ErrorKind.LOCKED or error.retryable:
            return False
        raise
    return True


def rendered(profile: Profile) -> Secret:
    return profile.render()
