"""No secret is in anything that can be printed, whatever is asked to print it."""

from __future__ import annotations

import base64
import copy
import inspect
import json
import pickle
import pprint
import traceback
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from world import CEILING, World, world

import nexa
from nexa import (
    CancelHandle,
    Conf,
    ErrorKind,
    Handle,
    NewGroup,
    NewPool,
    NewUser,
    Nexa,
    NexaError,
    PrivateKey,
    RequestContext,
    Secret,
)
from nexa.errors import from_parts

PASSWORD = "planted-horse-battery-7391"
PRESHARED = base64.b64encode(bytes(range(200, 232))).decode()

Found = dict[type, list[object]]


class Planted:
    """Every secret of a run, in the forms in which it could come out."""

    def __init__(self) -> None:
        self.texts = [PASSWORD]
        self.forms = [PASSWORD]

    def text(self, text: str) -> str:
        self.texts.append(text)
        self.forms.append(text)
        return text

    def key(self, text: str) -> str:
        raw = base64.b64decode(text)
        self.forms += [raw.hex(), ", ".join(map(str, raw)), repr(raw)[2:-1]]
        return self.text(text)

    def is_in(self, dump: str) -> bool:
        return any(form in dump for form in self.forms)


def test_what_is_planted_would_be_found() -> None:
    planted = Planted()
    key = planted.key(PRESHARED)
    planted.text("token")
    for dump in (f"x {PASSWORD}", f"<{key}>", str(list(base64.b64decode(key))), "a token"):
        assert planted.is_in(dump)
    assert not planted.is_in("nothing of it")


def exported() -> set[type]:
    """Every class that the package has: values, objects and exceptions. Ids are text, and `Page` is only for types."""
    things = (getattr(nexa, name) for name in nexa.__all__)
    return {thing for thing in things if inspect.isclass(thing) and thing is not nexa.Page}


@pytest.fixture
async def found(control: Nexa) -> AsyncIterator[tuple[Planted, Found]]:
    """An instance of every class, from a system that is at work and from calls that failed with a secret."""
    planted = Planted()
    setup = control.take_setup_token()
    assert setup is not None
    token = planted.text(setup.reveal())
    identity = control.anonymous().identity()
    new_user = NewUser(username="ada")
    ada = await identity.redeem_setup_token(token, new_user, PASSWORD)
    signed_in = await identity.sign_in("ada", PASSWORD)
    admin = await control.authenticate(planted.text(signed_in.token().reveal()))
    async with world(admin, ada) as there, await there.office.listen(80) as listener:
        async with await there.laptop.connect("10.20.0.10:80", CEILING) as client:
            planted.text(there.enrolled.token().reveal())
            planted.key(there.device_key.reveal())
            profile = there.enrolled.profile()
            rendered = profile.render(there.device_key)
            conf = Conf.parse(f"{planted.text(rendered.reveal())}PresharedKey = {planted.key(PRESHARED)}\n")
            pictures = [profile.qr_svg(there.device_key), profile.qr_terminal(there.device_key)]
            for picture in pictures:
                planted.text(picture.reveal())
            roots = [control, setup, new_user, ada, signed_in, admin, there, listener, client, rendered, conf]
            roots += [*vars(there).values(), *pictures, PrivateKey.parse(there.device_key.reveal())]
            roots += [Secret.create(PASSWORD), Secret.create(token)]
            roots += await values(admin, there)
            roots += await failures(control, admin, token, there.device_key.reveal())
            yield planted, reachable(roots)


async def values(admin: Handle, there: World) -> list[object]:
    """What the calls give and take."""
    device, policy = there.enrolled.device().id, admin.policy()
    pool = await admin.ipam().create_pool(NewPool(name="servers", cidr="10.99.0.0/29"))
    await admin.ipam().claim(pool.id)
    stream = admin.events().stream()
    return [
        *[await policy.explain(device, address) for address in ("10.20.0.10", "10.20.9.10")],
        await policy.resolve(device),
        await policy.list(),
        await admin.identity().list_users(),
        await admin.identity().list_groups(),
        await admin.devices().list(),
        await admin.gateways().list(),
        await admin.gateways().desired_state(there.gateway.id),
        await admin.ipam().list_pools(),
        await admin.ipam().list_allocations(pool.id),
        *await pools(admin, pool),
        *await policies(admin, device),
        await admin.audit().list(limit=1000),
        await admin.sealing().list_keys(),
        await admin.settings().list(),
        await admin.audit().verify(),
        await admin.audit().signed_head(),
        await admin.audit().public_keys(),
        await admin.audit().seal(),
        await admin.audit().export(limit=1),
        nexa.AuditFilter(event_type="user.created"),
        nexa.AuditProblem(kind=nexa.AuditProblemKind.CUT_OFF, seal=1),
        await admin.sealing().finish_rotation(),
        await admin.events().after(0, 1000),
        stream,
        await stream.next(),
        await there.laptop.next_event(CEILING),
        CancelHandle.create(),
        NewGroup(name="staff"),
        NewPool(name="servers", cidr="10.99.0.0/29"),
        RequestContext(source_ip="192.0.2.1"),
        nexa.NewEnrolment(name="n", public_key=PRESHARED_PUBLIC, fingerprint="f"),
        nexa.NewGateway(name="n", endpoint="a:1", public_key=PRESHARED_PUBLIC, vpn_cidrs=[]),
        nexa.NewPolicy(name="n", effect=nexa.Effect.ALLOW, targets=[], destinations=[]),
        nexa.GatewayOptions(listen="127.0.0.1:0", addresses=[]),
        nexa.TunnelOptions(),
    ]


async def policies(admin: Handle, device: nexa.DeviceId) -> list[object]:
    policy, text = admin.policy(), "policies: []"
    first = (await policy.list()).items[0]
    test = nexa.NewPolicyTest(name="t", who=first.targets[0], to="192.0.2.1", expect=nexa.Effect.DENY)
    await policy.create_test(test)
    return [
        test,
        nexa.PolicyChanges(name="office"),
        await policy.why_not(device, "192.0.2.1", "tcp", 443),
        await policy.who_can_reach("10.20.0.0/16", nexa.Part.ANY),
        await policy.matrix(["10.20.0.0/16", "192.0.2.0/24"]),
        await policy.lint(),
        nexa.PolicyFinding(kind="over", policy=None, text="its window is over"),
        await policy.check_document("policies: ["),
        await policy.preview_document(text),
        await policy.compare_document(text),
        await policy.list_tests(),
        await policy.run_tests(),
        nexa.DocumentFormat.YAML,
    ]


async def pools(admin: Handle, pool: nexa.Pool) -> list[object]:
    ipam, csv = admin.ipam(), nexa.ImportFormat.CSV
    kind, held = nexa.PoolKind.IPV4, await admin.ipam().claim_with(pool.id, nexa.Claim(holder="printer"))
    moved = await ipam.create_pool(NewPool(name="moved", cidr="10.97.0.0/29", reserve=["10.97.0.6"]))
    await ipam.claim(moved.id)
    return [
        await ipam.usage(pool.id),
        await ipam.reserve(pool.id, "10.99.0.6", "kept"),
        await ipam.list_reservations(pool.id),
        await ipam.preview_resize(pool.id, ["10.99.0.0/30"]),
        await ipam.renumber(moved.id, "10.97.0.0/29", "10.96.0.0/29"),
        await ipam.forecast(pool.id),
        await ipam.heat_map("10.99.0.0/29"),
        await ipam.check_import(csv, "nothing"),
        await ipam.rebuild(pool.id),
        nexa.Finding(pool_id=pool.id, kind=nexa.FindingKind.LOST, range=held.value, message="is in no part"),
        nexa.PoolChange(name="others", strategy=nexa.Strategy.STICKY),
        nexa.Claim(holder="printer"),
        [kind, held.status],
    ]


PRESHARED_PUBLIC = PrivateKey.generate().public_key()


async def failures(control: Nexa, admin: Handle, setup_token: str, key: str) -> list[object]:
    """Calls that were given a secret and failed, and an exception of every class."""
    anonymous, eve = control.anonymous().identity(), NewUser(username="eve")
    calls: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: anonymous.sign_in("ada", PASSWORD + "!"),
        lambda: anonymous.sign_in(PASSWORD, PASSWORD),
        lambda: anonymous.redeem_setup_token(setup_token, eve, PASSWORD),
        lambda: admin.identity().create_user(NewUser(username="ada"), PASSWORD),
        lambda: admin.identity().create_user(eve, PASSWORD * 100),
        lambda: control.authenticate(setup_token),
        lambda: control.authenticate(PASSWORD),
        parsing(PrivateKey.parse, key[:-2]),
        parsing(PrivateKey.parse, key + "!"),
        parsing(Conf.parse, f"[Interface]\nPrivateKey = {key}!\n"),
        parsing(Conf.parse, f"[Interface]\nPrivateKey = {key}\nNonsense = {PASSWORD}\n"),
        parsing(Conf.parse, f"[Interface]\n{PASSWORD}\n"),
        parsing(Conf.parse, f"[Interface]\n[Peer]\nPresharedKey = {key[1:]}\n"),
    ]
    errors: list[object] = []
    for call in calls:
        with pytest.raises(NexaError) as caught:
            await call()
        errors.append(caught.value)
    kinds = [kind for kind in vars(ErrorKind).values() if isinstance(kind, ErrorKind)]
    return [*errors, *(from_parts("code", kind, "a sentence", {}, False) for kind in kinds)]


def parsing(parse: Callable[[str], object], text: str) -> Callable[[], Coroutine[Any, Any, object]]:
    async def call() -> object:
        return parse(text)

    return call


def reachable(roots: list[object]) -> Found:
    """Everything that attributes, items and calls without arguments lead to, by class."""
    found: Found = defaultdict(list)
    waiting = list(roots)
    for kind in exported():
        waiting += [member for member in vars(kind).values() if isinstance(member, kind)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif type(one) in exported() and one not in found[type(one)]:
            found[type(one)].append(one)
            waiting += parts(one)
    return found


# `reveal` is what is allowed to tell; the others lead to nothing that is there already.
NOT_CALLED = {"reveal", "cancel", "create", "generate"}


def parts(thing: object) -> list[object]:
    """What its attributes are and what its calls without arguments give."""
    given = []
    for name in dir(thing):
        member = None if name.startswith("_") or name in NOT_CALLED else getattr(thing, name)
        if not callable(member):
            given.append(member)
        elif not isinstance(thing, BaseException) and takes_nothing(member):
            outcome = member()
            if isinstance(outcome, Coroutine):
                outcome.close()
            given.append(outcome)
    return given


def takes_nothing(method: Callable[..., object]) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return all(one.default is not one.empty for one in parameters)


def dumps(thing: Any) -> list[str]:
    """What every way to look at a value shows of it."""
    shown = [repr(thing), str(thing), f"{thing}", f"{thing!r:>4}", ascii(thing), "%s %r" % (thing, thing)]
    shown += [pprint.pformat(thing), json.dumps(thing, default=repr), repr(getattr(thing, "__dict__", None))]
    shown += [repr(inspect.getmembers(thing)), *map(repr, parts(thing)), repr(dir(thing))]
    shown += traceback.format_exception(ValueError(thing))
    if isinstance(thing, BaseException):
        shown += traceback.format_exception(thing)
        shown += [repr(thing.args), repr(thing.__cause__), repr(thing.__context__)]
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        try:
            shown.append(repr(copied(thing)))
        except TypeError as refused:
            shown.append(repr(refused))
    return shown


async def test_there_is_an_instance_of_every_class(found: tuple[Planted, Found]) -> None:
    _, instances = found
    base_alone = {NexaError}
    assert exported() - base_alone - set(instances) == set()


async def test_nothing_that_can_be_printed_holds_a_secret(found: tuple[Planted, Found]) -> None:
    planted, instances = found
    leaks = {
        kind.__name__
        for kind, things in instances.items()
        for thing in things
        for dump in dumps(thing)
        if planted.is_in(dump)
    }
    assert leaks == set()


async def test_reveal_is_the_only_way_out(found: tuple[Planted, Found]) -> None:
    planted, instances = found
    revealing = {kind for kind in exported() if hasattr(kind, "reveal")}
    assert revealing == {Secret, PrivateKey}
    # All that is looked for above is there to be found.
    revealed = [getattr(thing, "reveal")() for kind in revealing for thing in instances[kind]]
    assert [text for text in planted.texts if not any(text in shown for shown in revealed)] == []
    assert len(planted.texts) == 9
