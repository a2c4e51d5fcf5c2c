"""Lists end, by hand and by `all_of`."""

import pytest

from nexa import Handle, InvalidInput, NewGroup, NewPool, NewUser, User, all_of


async def test_pages_lead_to_the_end_and_hold_everything_once(system: Handle, ada: User) -> None:
    expected = ["ada"]
    for number in range(6):
        expected.append((await system.identity().create_user(NewUser(username=f"u{number}"))).username)
    names, sizes, after = [], [], None
    while True:
        page = await system.identity().list_users(after, 3)
        names += [user.username for user in page.items]
        sizes.append(len(page.items))
        after = page.next
        if after is None:
            break
    assert sizes == [3, 3, 1]
    assert sorted(names) == sorted(expected)


@pytest.mark.parametrize("limit", [1, 2, 3, 1000, None])
async def test_all_of_reads_every_page(system: Handle, limit: int | None) -> None:
    for number in range(4):
        await system.identity().create_group(NewGroup(name=f"g{number}"))
    whole = await system.identity().list_groups(limit=1000)
    assert [group async for group in all_of(system.identity().list_groups, limit=limit)] == whole.items


async def test_all_of_passes_what_the_list_is_of(system: Handle) -> None:
    pool = await system.ipam().create_pool(NewPool(name="servers", cidr="10.99.0.0/29"))
    claimed = [await system.ipam().claim(pool.id) for _ in range(3)]
    listed = [one async for one in all_of(system.ipam().list_allocations, pool.id, limit=1)]
    assert sorted(one.value for one in listed) == sorted(one.value for one in claimed)


async def test_an_empty_list_is_one_empty_page(system: Handle) -> None:
    page = await system.devices().list()
    assert (page.items, page.next) == ([], None)
    assert [device async for device in all_of(system.devices().list)] == []


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_of_no_or_too_many_is_refused(system: Handle, limit: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        await system.identity().list_users(limit=limit)
    assert caught.value.details["field"] == "limit"
