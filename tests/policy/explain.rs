use std::net::IpAddr;

use nexa_core::id::{DeviceId, GroupId, UserId};
use nexa_core::identity::NewGroup;
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, ServiceRange, Target, Verdict};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::World;

/// A few prefixes inside each other, so that policies meet.
const PREFIXES: [&str; 6] =
    ["10.20.0.0/16", "10.20.8.0/22", "10.20.9.0/24", "10.20.9.128/25", "0.0.0.0/0", "fd20::/64"];
/// Addresses inside and outside all of them, and the gateway's own.
const ADDRESSES: [&str; 9] = [
    "10.20.1.1",
    "10.20.8.1",
    "10.20.9.1",
    "10.20.9.129",
    "10.66.0.1",
    "8.8.8.8",
    "fd20::1",
    "fd21::1",
    "::ffff:10.20.1.1",
];

/// allow, priority, whom (by number), prefixes (by number), full tunnel, active
type Drawn = (bool, i64, usize, Vec<usize>, bool, bool);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let prefixes = proptest::collection::vec(0..PREFIXES.len(), 0..3);
    let full_tunnel = prop_oneof![9 => Just(false), 1 => Just(true)];
    let active = prop_oneof![9 => Just(true), 1 => Just(false)];
    let one = (any::<bool>(), 0_i64..4, 0_usize..5, prefixes, full_tunnel, active);
    proptest::collection::vec(one, 0..8)
}

fn policy(number: usize, drawn: Drawn, targets: &[Target]) -> NewPolicy {
    let (allow, priority, whom, prefixes, full_tunnel, active) = drawn;
    let name = format!("policy {number}");
    let mut new = if allow { NewPolicy::allow(name) } else { NewPolicy::deny(name) };
    new = new.priority(priority).target(targets[whom]);
    for prefix in prefixes {
        new = new.destination(PREFIXES[prefix].parse::<Cidr>().unwrap());
    }
    new.full_tunnel = full_tunnel;
    new.is_active = active;
    new
}

#[nexa_test_macros::every_database]
async fn explain_agrees_with_resolve_on_every_address_but_those_of_the_built_in_rule() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    let phone = world.enrol(ben, "phone").await.device.id;
    let targets = targets(&world, ben, cat, phone).await;
    let policies = world.system().policy();
    let mut runner = TestRunner::deterministic();
    for _ in 0..40 {
        let mut created = Vec::new();
        for (number, one) in drawn().new_tree(&mut runner).unwrap().current().into_iter().enumerate() {
            created.push(policies.create(policy(number, one, &targets)).await.unwrap().id);
        }
        agrees(&world, phone).await;
        for id in created {
            policies.remove(id).await.unwrap();
        }
    }
}

/// Ben, his phone, a group of his, another person, and a group that he is not in.
async fn targets(world: &World, ben: UserId, cat: UserId, phone: DeviceId) -> [Target; 5] {
    let identity = world.system().identity();
    let mut groups: Vec<GroupId> = Vec::new();
    for name in ["staff", "guests"] {
        groups.push(identity.create_group(NewGroup::new(name)).await.unwrap().id);
    }
    identity.add_member(groups[0], ben).await.unwrap();
    [ben.into(), phone.into(), groups[0].into(), cat.into(), groups[1].into()]
}

async fn agrees(world: &World, phone: DeviceId) {
    let access = world.system().policy().resolve(phone).await.unwrap();
    for text in ADDRESSES {
        let address: IpAddr = text.parse().unwrap();
        let why = world.system().policy().explain(phone, address, ServiceRange::ANY).await.unwrap();
        match why.answers[0].verdict {
            Verdict::Infrastructure(_) => assert_eq!(text, "10.66.0.1", "{why}"),
            _ => assert_eq!(why.is_allowed(), access.addresses().contains(address.to_canonical()), "{why}"),
        }
    }
}

#[nexa_test_macros::every_database]
async fn an_explanation_names_the_winner_the_path_and_who_lost() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let prefix = |text: &str| text.parse::<Cidr>().unwrap();
    let policies = world.system().policy();
    policies
        .create(NewPolicy::allow("office").target(ben).destination(prefix("10.20.0.0/16")))
        .await
        .unwrap();
    let deny = NewPolicy::deny("vault").priority(10).target(phone).destination(prefix("10.20.9.0/24"));
    policies.create(deny).await.unwrap();
    policies
        .create(NewPolicy::deny("elsewhere").target(ben).destination(prefix("10.30.0.0/16")))
        .await
        .unwrap();
    let why = policies.explain(phone, "10.20.9.1".parse().unwrap(), ServiceRange::ANY).await.unwrap();
    let text = why.to_string().replace(&phone.to_string(), "<phone>").replace(&ben.to_string(), "<ben>");
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r#"
    10.20.9.1 is denied: deny "vault" (priority 10) contains it by 10.20.9.0/24
      for device <phone>
      not allow "office" (priority 100): a lower priority number won
      not 1 more: no destination contains the address
    "#);
    }
    world.system().identity().suspend_user(ben).await.unwrap();
    let why = policies.explain(phone, "10.20.1.1".parse().unwrap(), ServiceRange::ANY).await.unwrap();
    let text = why.to_string().replace(&phone.to_string(), "<phone>").replace(&ben.to_string(), "<ben>");
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r"
    10.20.1.1 is denied: the user is suspended
      for device <phone> <- user <ben>
    ");
    }
}
