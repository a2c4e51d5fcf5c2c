"""Each line with an `ignore` is wrong, and a checker that does not say so complains of the `ignore`."""

from nexa import Device, Effect, EventStream, Group, NewPolicy, NewUser, Nexa, NexaError, Secret, UserId

nobody = UserId("00000000-0000-7000-8000-000000000000")


async def wrong(nexa: Nexa, device: Device, group: Group, stream: EventStream) -> None:
    identity = nexa.system("typing").identity()
    await identity.get_user("text is no id")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await identity.get_user(device.id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await identity.add_member(nobody, group.id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await identity.get_user(nobody, timeout="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await identity.get_user(nobody, timeout_ms=0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await identity.list_users(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (await identity.get_user(nobody)).email.lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    (await identity.get_user(nobody)).password  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    identity.get_user(nobody).username  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    device.name = "another"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    for _ in stream:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        continue
    async with Nexa.open("sqlite::memory:"):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        pass


def also_wrong(secret: Secret, error: NexaError) -> str:
    NewUser("ada")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    NewUser(display_name="Ada")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    NewPolicy(name="a", effect="allow", targets=[], destinations=[])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    NewPolicy(name="a", effect=Effect.ALLOW, targets=[group_id], destinations=[])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    print(error.reason)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    return secret  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


group_id = "00000000-0000-7000-8000-000000000000"
