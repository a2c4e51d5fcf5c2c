//! Input that a call refuses. A refused call may write one thing: the row of the audit that says it was refused, for
//! callers who were turned away. Every other row of every table is as it was.

use std::future::Future;
use std::pin::Pin;

use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::{Gateway, NewGateway};
use nexa_core::id::{GroupId, UserId};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::ipam::NewPool;
use nexa_core::net::Cidr;
use nexa_core::page::PageRequest;
use nexa_core::policy::{Destination, NewPolicy, ServiceRange};
use nexa_core::{Error, ErrorKind, Handle, Result};

use crate::support::{Person, World, device, key, parts};

type Call<'a> = Pin<Box<dyn Future<Output = Option<Error>> + Send + 'a>>;

/// What is put in, the call that must refuse it, and as what.
struct Case<'a> {
    what: String,
    call: Call<'a>,
    kind: ErrorKind,
    field: Option<&'static str>,
}

/// A case whose call is begun when its turn comes.
fn case<'a, T: 'a>(
    what: impl Into<String>,
    call: impl Future<Output = Result<T>> + Send + 'a,
    kind: ErrorKind,
    field: impl Into<Option<&'static str>>,
) -> Case<'a> {
    let call = Box::pin(async move { call.await.err() });
    Case { what: what.into(), call, kind, field: field.into() }
}

/// Refuses each case, and any trace of it.
async fn all_are_refused(world: &World, cases: Vec<Case<'_>>) {
    let database = world.database().await;
    let mut wrong = Vec::new();
    for Case { what, call, kind, field } in cases {
        let before = database.snapshot().await;
        match call.await {
            None => wrong.push(format!("  {what}: was taken")),
            Some(error) if parts(&error) != (kind, field.map(str::to_owned)) => {
                wrong.push(format!("  {what}: {kind:?} of {field:?} was expected, and it is {error:?}"));
            }
            Some(_) => {}
        }
        let difference = before.difference(&database.snapshot().await);
        if !difference.is_empty() {
            wrong.push(format!("  {what}: it left something behind\n{difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

#[nexa_test_macros::every_database]
async fn a_name_that_is_empty_too_long_or_hides_something_is_refused_wherever_there_is_a_name() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let system = world.system();
    let long = "x".repeat(10_000);
    let mut cases = Vec::new();
    for (how, text) in [
        ("an empty", ""),
        ("a blank", "   "),
        ("a 10 kB", long.as_str()),
        ("a NUL in a", "a\0b"),
        ("a line feed in a", "a\nb"),
        ("a bidi override in a", "a\u{202e}b"),
        ("a bidi isolate in a", "a\u{2066}b"),
        ("a zero-width space in a", "a\u{200b}b"),
    ] {
        cases.extend(names(&system, &gateway, how, text));
    }
    all_are_refused(&world, cases).await;
}

/// One case per kind of thing that has a name.
fn names<'a>(system: &'a Handle, gateway: &Gateway, how: &str, text: &'a str) -> Vec<Case<'a>> {
    let bad = ErrorKind::InvalidInput;
    let prefix: Cidr = "10.99.0.0/24".parse().unwrap();
    let new_gateway = NewGateway::new(text, gateway.endpoint.clone(), key("another").public_key());
    let enrolment = NewEnrolment::new(text, key("laptop").public_key(), "sha256:laptop");
    let user = || NewUser::without_password("bob");
    let (identity, enrolments) = (system.identity(), system.enrolment());
    let create = |new: NewUser| {
        let identity = system.identity();
        async move { identity.create_user(new).await }
    };
    vec![
        case(format!("{how} username"), create(NewUser::without_password(text)), bad, "username"),
        case(format!("{how} display name"), create(user().display_name(text)), bad, "display_name"),
        case(format!("{how} e-mail"), create(user().email(text)), bad, "email"),
        case(format!("{how} role"), create(user().role(text)), bad, "role"),
        case(
            format!("{how} group name"),
            async move { identity.create_group(NewGroup::new(text)).await },
            bad,
            "name",
        ),
        case(
            format!("{how} pool name"),
            async move { system.ipam().create_pool(NewPool::new(text, prefix)).await },
            bad,
            "name",
        ),
        case(
            format!("{how} gateway name"),
            async move { system.gateways().create(new_gateway.vpn_cidr(prefix)).await },
            bad,
            "name",
        ),
        case(
            format!("{how} policy name"),
            async move { system.policy().create(NewPolicy::allow(text)).await },
            bad,
            "name",
        ),
        case(format!("{how} device name"), async move { enrolments.enrol(enrolment).await }, bad, "name"),
    ]
}

#[nexa_test_macros::every_database]
async fn free_text_that_is_too_long_or_hides_something_is_refused() {
    let world = World::new().await;
    world.gateway().await;
    let system = &world.system();
    let long = "x".repeat(10_000);
    let mut cases = Vec::new();
    for (how, text) in [
        ("10 kB", long.as_str()),
        ("a NUL", "a\0b"),
        ("a bidi override", "a\u{202e}b"),
        ("an escape", "\u{1b}[2J"),
    ] {
        cases.extend(free_texts(system, world.ada, how, text));
    }
    all_are_refused(&world, cases).await;
}

/// One case per free text of anything.
fn free_texts<'a>(system: &'a Handle, ada: UserId, how: &str, text: &'a str) -> Vec<Case<'a>> {
    let prefix: Cidr = "10.20.0.0/16".parse().unwrap();
    let bad = ErrorKind::InvalidInput;
    let bob = || NewUser::without_password("bob");
    let create = |new: NewUser| {
        let identity = system.identity();
        async move { identity.create_user(new).await }
    };
    let fingerprint = NewEnrolment::new("laptop", key("laptop").public_key(), text).user(ada);
    let of_policy = NewPolicy::allow("p").described(text);
    let of_destination = NewPolicy::allow("p").destination(Destination::new(prefix).described(text));
    vec![
        case(format!("{how} in a surname"), create(bob().sn(text)), bad, "sn"),
        case(format!("{how} in a first name"), create(bob().given_name(text)), bad, "given_name"),
        case(format!("{how} in an SSH key"), create(bob().ssh_public_key(text)), bad, "ssh_public_key"),
        case(
            format!("{how} in a group's description"),
            async move { system.identity().create_group(NewGroup::new("g").description(text)).await },
            bad,
            "description",
        ),
        case(
            format!("{how} in a fingerprint"),
            async move { system.enrolment().enrol(fingerprint).await },
            bad,
            "fingerprint",
        ),
        case(
            format!("{how} in a platform"),
            async move { system.enrolment().enrol(device("laptop").user(ada).platform(text)).await },
            bad,
            "platform",
        ),
        case(
            format!("{how} in a policy's description"),
            async move { system.policy().create(of_policy).await },
            bad,
            "description",
        ),
        case(
            format!("{how} in a destination's description"),
            async move { system.policy().create(of_destination).await },
            bad,
            "description",
        ),
    ]
}

#[nexa_test_macros::every_database]
async fn a_person_or_a_page_out_of_bounds_is_refused() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let system = &world.system();
    let bad = ErrorKind::InvalidInput;
    let users = |new: NewUser| async move { system.identity().create_user(new).await };
    let devices = |limit| async move { system.devices().list(PageRequest::first(limit)).await };
    let cases = vec![
        case("a password of 7 bytes", users(NewUser::new("bob", "1234567")), bad, "password"),
        case("a password of 10 kB", users(NewUser::new("bob", "x".repeat(10_000))), bad, "password"),
        case("a password with a NUL", users(NewUser::new("bob", "12345678\0")), bad, "password"),
        case("a username with a slash", users(NewUser::without_password("../bob")), bad, "username"),
        case("a role that there is not", users(NewUser::without_password("bob").role("king")), bad, "role"),
        case("an e-mail without @", users(NewUser::without_password("bob").email("bob")), bad, "email"),
        case("a page of none", devices(0), bad, "limit"),
        case("a page of 1001", devices(1_001), bad, "limit"),
        case("1001 events", async move { system.events().after(0, 1_001).await }, bad, "limit"),
        case(
            "a device of nobody",
            async move { system.enrolment().enrol(device("laptop").gateway(gateway.id)).await },
            bad,
            "user_id",
        ),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn a_network_out_of_bounds_is_refused() {
    let world = World::new().await;
    let system = &world.system();
    let bad = ErrorKind::InvalidInput;
    let prefix = |text: &str| text.parse::<Cidr>().unwrap();
    let new_gateway = || NewGateway::new("gw", "gw.example.org:1".parse().unwrap(), key("gw").public_key());
    let gateways = |new: NewGateway| async move { system.gateways().create(new).await };
    let policies = |new: NewPolicy| async move { system.policy().create(new).await };
    let pools = |new: NewPool| async move { system.ipam().create_pool(new).await };
    let at = nexa_core::runtime::Timestamp::from_micros;
    let outside = NewPool::new("p", prefix("10.99.0.0/24")).reserve("10.98.0.1".parse().unwrap());
    let all_reserved = ["10.99.0.1", "10.99.0.2"].map(|address| address.parse().unwrap());
    let nothing_left =
        all_reserved.into_iter().fold(NewPool::new("p", prefix("10.99.0.0/30")), NewPool::reserve);
    let cases = vec![
        case("a gateway without a prefix", gateways(new_gateway()), bad, "vpn_cidr"),
        case(
            "a gateway with no room",
            gateways(new_gateway().vpn_cidr(prefix("10.9.0.0/32"))),
            bad,
            "vpn_cidr",
        ),
        case(
            "a gateway with room for itself only",
            gateways(new_gateway().vpn_cidr(prefix("10.9.0.0/30")).dns_server("10.9.0.2".parse().unwrap())),
            bad,
            "vpn_cidr",
        ),
        case(
            "a gateway with an IPv4-mapped DNS server",
            gateways(
                new_gateway().vpn_cidr(prefix("10.9.0.0/24")).dns_server("::ffff:10.9.0.1".parse().unwrap()),
            ),
            bad,
            "dns_server",
        ),
        case(
            "a gateway with an MTU of 1279",
            gateways(new_gateway().vpn_cidr(prefix("10.9.0.0/24")).mtu(1279)),
            bad,
            "mtu",
        ),
        case("a reservation outside its pool", pools(outside), bad, "reserve"),
        case("a pool with nothing left", pools(nothing_left), bad, "ranges"),
        case("a priority below 0", policies(NewPolicy::allow("p").priority(-1)), bad, "priority"),
        case("a priority past the last", policies(NewPolicy::allow("p").priority(1 << 31)), bad, "priority"),
        case(
            "a window that ends first",
            policies(NewPolicy::allow("p").valid_from(at(2)).valid_until(at(1))),
            bad,
            "valid_until",
        ),
    ];
    all_are_refused(&world, cases).await;
}

/// An id that nothing has.
const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[nexa_test_macros::every_database]
async fn an_id_of_no_person_or_group_is_not_found() {
    let world = World::new().await;
    world.gateway().await;
    let system = &world.system();
    let (user, group) = (UNKNOWN.parse().unwrap(), world.sysadmins().await);
    let absent = ErrorKind::NotFound;
    let identity = || system.identity();
    let cases = vec![
        case("user", async move { identity().get_user(user).await }, absent, "user_id"),
        case("user, to suspend", async move { identity().suspend_user(user).await }, absent, "user_id"),
        case("user, to activate", async move { identity().activate_user(user).await }, absent, "user_id"),
        case("user, to join", async move { identity().add_member(group, user).await }, absent, "user_id"),
        case("user, to leave", async move { identity().remove_member(group, user).await }, absent, None),
        case(
            "group, to read",
            async move { identity().get_group(UNKNOWN.parse().unwrap()).await },
            absent,
            "group_id",
        ),
        case(
            "group",
            async move { identity().add_member(UNKNOWN.parse().unwrap(), user).await },
            absent,
            "group_id",
        ),
        case(
            "user, to enrol for",
            async move { system.enrolment().enrol(device("laptop").user(user)).await },
            absent,
            "user_id",
        ),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn an_id_of_no_device_or_gateway_is_not_found() {
    let world = World::new().await;
    world.gateway().await;
    let system = &world.system();
    let (device_id, gateway) = (UNKNOWN.parse().unwrap(), UNKNOWN.parse().unwrap());
    let absent = ErrorKind::NotFound;
    let policies = || system.policy();
    let address = "10.0.0.1".parse().unwrap();
    let at_no_gateway = device("laptop").user(world.ada).gateway(gateway);
    let cases = vec![
        case("device", async move { system.devices().get(device_id).await }, absent, "device_id"),
        case(
            "device, to revoke",
            async move { system.devices().revoke(device_id).await },
            absent,
            "device_id",
        ),
        case(
            "device's profile",
            async move { system.enrolment().profile(device_id).await },
            absent,
            "device_id",
        ),
        case("device's access", async move { policies().resolve(device_id).await }, absent, "device_id"),
        case(
            "device, explained",
            async move { policies().explain(device_id, address, ServiceRange::ANY).await },
            absent,
            "device_id",
        ),
        case("gateway", async move { system.gateways().get(gateway).await }, absent, "gateway_id"),
        case(
            "gateway's state",
            async move { system.gateways().desired_state(gateway).await },
            absent,
            "gateway_id",
        ),
        case(
            "gateway, to enrol at",
            async move { system.enrolment().enrol(at_no_gateway).await },
            absent,
            "gateway_id",
        ),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn an_id_of_no_pool_allocation_or_policy_is_not_found() {
    let world = World::new().await;
    let system = &world.system();
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let (pool, policy) = (unknown.parse().unwrap(), unknown.parse().unwrap());
    let absent = ErrorKind::NotFound;
    let (ipam, policies) = (|| system.ipam(), || system.policy());
    let page = PageRequest::default;
    let half = NewPolicy::allow("p").target(world.ada).target(unknown.parse::<GroupId>().unwrap());
    let cases = vec![
        case("pool, to claim from", async move { ipam().claim(pool).await }, absent, "pool_id"),
        case("pool's usage", async move { ipam().usage(pool).await }, absent, "pool_id"),
        case("pool's list", async move { ipam().list_allocations(pool, page()).await }, absent, "pool_id"),
        case(
            "allocation",
            async move { ipam().release(unknown.parse().unwrap(), 1).await },
            absent,
            "allocation_id",
        ),
        case("policy", async move { policies().get(policy).await }, absent, "policy_id"),
        case("policy, to remove", async move { policies().remove(policy).await }, absent, "policy_id"),
        case("target of a policy", async move { policies().create(half).await }, absent, "targets"),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn what_is_taken_is_refused() {
    let world = World::new().await;
    world.gateway().await;
    let system = &world.system();
    let (ben, olga) = (world.person("ben").await, world.member("olga").await);
    let enrolled = world.enrol(ben.id, "laptop").await;
    system.policy().create(NewPolicy::allow("office")).await.unwrap();
    let taken = ErrorKind::AlreadyExists;
    let group = world.sysadmins().await;
    let (identity, enrol) = (|| system.identity(), |new| async move { system.enrolment().enrol(new).await });
    let same_key = NewEnrolment::new("x", enrolled.device.public_key, "sha256:other").user(olga);
    let same_fingerprint = NewEnrolment::new("x", key("new").public_key(), "sha256:laptop").user(ben.id);
    let same_gateway_key =
        NewGateway::new("other", "gw.example.org:1".parse().unwrap(), key("hq").public_key());
    let same_gateway_key = same_gateway_key.vpn_cidr("10.9.0.0/24".parse().unwrap());
    let cases = vec![
        case("a device enrolled twice", enrol(device("laptop").user(ben.id)), taken, "public_key"),
        case("a device enrolled again with a new key", enrol(same_fingerprint), taken, "fingerprint"),
        case("a key of another device", enrol(same_key), taken, "public_key"),
        case(
            "a username in other letters",
            async move { identity().create_user(NewUser::without_password("BEN")).await },
            taken,
            "username",
        ),
        case(
            "a group name in other letters",
            async move { identity().create_group(NewGroup::new("SysAdmins")).await },
            taken,
            "name",
        ),
        case("a member twice", async move { identity().add_member(group, world.ada).await }, taken, None),
        case(
            "a policy name in other letters",
            async move { system.policy().create(NewPolicy::deny("OFFICE")).await },
            taken,
            "name",
        ),
        case(
            "a gateway's key",
            async move { system.gateways().create(same_gateway_key).await },
            taken,
            "public_key",
        ),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn what_is_used_up_or_in_the_way_is_refused() {
    let world = World::new().await;
    // Room for the gateway and one device.
    world.gateway_with("hq", "10.66.0.0/30", "fd66::/126").await;
    world.enrol(world.ada, "laptop").await;
    let system = &world.system();
    let pool = system.ipam().list_pools(PageRequest::default()).await.unwrap().items[0].id;
    let held = system.ipam().list_allocations(pool, PageRequest::default()).await.unwrap().items[0].clone();
    let second = device("second").user(world.ada);
    let (full, busy) = (ErrorKind::Exhausted, ErrorKind::Conflict);
    let release = |generation| async move { system.ipam().release(held.id, generation).await };
    let cases = vec![
        case("a full pool", async move { system.ipam().claim(pool).await }, full, "pool_id"),
        case("a full gateway", async move { system.enrolment().enrol(second).await }, full, "pool_id"),
        case("a device's address, released by hand", release(held.generation), busy, "allocation_id"),
        case("a generation that never was", release(held.generation + 1), busy, "generation"),
    ];
    all_are_refused(&world, cases).await;
}

#[nexa_test_macros::every_database]
async fn who_proves_nothing_is_refused() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, olga) = (world.person("ben").await, world.member("olga").await);
    let Person { handle: bens, .. } = &ben;
    let olgas = world.enrol(olga, "of olga").await.device.id;
    let anonymous = &world.nexa.anonymous();
    let sign_in = |name: &'static str, password: &'static str| async move {
        anonymous.identity().sign_in(name, password).await
    };
    let nobody = ErrorKind::Unauthenticated;
    let session = ben.token.expose().replace("nxs_", "nxi_");
    let setup = |token: String| async move {
        let new = NewUser::without_password("mallory");
        anonymous.identity().redeem_setup_token(&token, new).await
    };
    let cases = vec![
        case("a wrong password", sign_in("ben", "incorrect horse"), nobody, "password"),
        case("an unknown name", sign_in("nobody", "incorrect horse"), nobody, "password"),
        case("a name that is none", sign_in("b\0n", "incorrect horse"), nobody, "password"),
        case("somebody without a password", sign_in("olga", ""), nobody, "password"),
        case("an empty setup token", setup(String::new()), nobody, "token"),
        case("a session as a setup token", setup(session), nobody, "token"),
        case(
            "a setup token that was expired",
            setup(world.nexa.take_setup_token().unwrap().expose().clone()),
            nobody,
            "token",
        ),
        case("a token of nothing", world.nexa.authenticate("nxs_"), nobody, "token"),
        case(
            "another person's device",
            async move { bens.devices().revoke(olgas).await },
            ErrorKind::NotFound,
            "device_id",
        ),
        case(
            "another person",
            async move { bens.identity().get_user(olga).await },
            ErrorKind::NotFound,
            "user_id",
        ),
        case(
            "a device for another person",
            async move { bens.enrolment().enrol(device("mine").user(olga)).await },
            ErrorKind::Forbidden,
            None,
        ),
    ];
    all_are_refused(&world, cases).await;
}
