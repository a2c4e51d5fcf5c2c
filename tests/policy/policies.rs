use std::time::Duration;

use nexa_core::ErrorKind;
use nexa_core::id::PolicyId;
use nexa_core::identity::NewGroup;
use nexa_core::net::Cidr;
use nexa_core::page::PageRequest;
use nexa_core::policy::{Bar, Destination, NewPolicy};

use crate::support::{BEGINNING, World, kind, refusal};

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

#[nexa_test_macros::every_database]
async fn a_policy_is_read_back_as_created() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let policies = world.system().policy();
    let staff = world.system().identity().create_group(NewGroup::new("staff")).await.unwrap().id;
    let new = NewPolicy::deny("Vault")
        .described("Nobody\nbut the bank")
        .priority(7)
        .target(ben)
        .target(staff)
        .target(phone)
        .destination(Destination::new(cidr("10.20.9.0/24")).described("the vault"))
        .destination(cidr("fd20::/64"))
        .full_tunnel()
        .inactive()
        .valid_from(BEGINNING)
        .valid_until(BEGINNING.saturating_add(Duration::from_secs(9)));
    let policy = policies.create(new).await.unwrap();
    assert_eq!(policies.get(policy.id).await.unwrap(), policy);
    assert_eq!(policies.list(PageRequest::default()).await.unwrap().items, [policy]);
}

#[nexa_test_macros::every_database]
async fn the_name_of_a_removed_policy_is_free_again() {
    let world = World::new().await;
    let policies = world.system().policy();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = policies.create(NewPolicy::allow("office")).await.unwrap().id;
        let taken = policies.create(NewPolicy::deny("Office")).await;
        assert_eq!(refusal(taken), (ErrorKind::AlreadyExists, Some("name".to_owned())));
        policies.remove(id).await.unwrap();
        assert_eq!(kind(&policies.get(id).await), Some(ErrorKind::NotFound));
        assert_eq!(kind(&policies.remove(id).await), Some(ErrorKind::NotFound));
        ids.push(id);
    }
    assert!(policies.list(PageRequest::default()).await.unwrap().items.is_empty());
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[nexa_test_macros::every_database]
async fn a_policy_that_is_removed_counts_no_more() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let policies = world.system().policy();
    let allow = NewPolicy::allow("office").target(ben).destination(cidr("10.20.0.0/16"));
    let deny = NewPolicy::deny("vault").priority(1).target(phone).destination(cidr("10.20.9.0/24"));
    policies.create(allow).await.unwrap();
    let deny = policies.create(deny).await.unwrap().id;
    let reaches_vault = || async {
        policies.resolve(phone).await.unwrap().addresses().contains("10.20.9.1".parse().unwrap())
    };
    assert!(!reaches_vault().await);
    policies.remove(deny).await.unwrap();
    assert!(reaches_vault().await);
}

#[nexa_test_macros::every_database]
async fn who_is_shut_out_reaches_nothing_whatever_policies_say() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let [phone, laptop] =
        [world.enrol(ben, "phone").await, world.enrol(ben, "laptop").await].map(|it| it.device.id);
    let system = world.system();
    let everything = NewPolicy::allow("everything").target(ben).full_tunnel();
    system.policy().create(everything).await.unwrap();
    system.devices().revoke(phone).await.unwrap();
    let access = system.policy().resolve(phone).await.unwrap();
    assert_eq!((access.barred, access.allowed.is_empty()), (Some(Bar::DeviceRevoked), true));
    assert!(system.policy().resolve(laptop).await.unwrap().addresses().contains("8.8.8.8".parse().unwrap()));
    system.identity().suspend_user(ben).await.unwrap();
    let access = system.policy().resolve(laptop).await.unwrap();
    assert_eq!((access.barred, access.allowed.is_empty()), (Some(Bar::UserSuspended), true));
}

#[nexa_test_macros::every_database]
async fn a_policy_about_a_device_or_person_that_is_gone_is_refused_whole() {
    let world = World::new().await;
    world.gateway().await;
    let phone = world.enrol(world.ada, "phone").await.device.id;
    world.system().devices().revoke(phone).await.unwrap();
    let database = world.database().await;
    let before = database.snapshot().await;
    let refused = world.system().policy().create(NewPolicy::allow("p").target(world.ada).target(phone)).await;
    assert_eq!(refusal(refused), (ErrorKind::NotFound, Some("targets".to_owned())));
    before.assert_unchanged(&database.snapshot().await, "half a policy was stored");
}

#[nexa_test_macros::every_database]
async fn the_pages_of_policies_hold_each_once_in_order_of_creation_and_skip_what_was_removed() {
    let world = World::new().await;
    let policies = world.system().policy();
    let mut expected: Vec<PolicyId> = Vec::new();
    for number in 0..17 {
        world.tick();
        expected.push(policies.create(NewPolicy::allow(format!("policy {number}"))).await.unwrap().id);
    }
    policies.remove(expected.remove(8)).await.unwrap();
    for limit in [1, 4, 16, 17] {
        let (mut seen, mut page) = (Vec::new(), Some(PageRequest::first(limit)));
        while let Some(request) = page {
            let got = policies.list(request.clone()).await.unwrap();
            seen.extend(got.items.iter().map(|policy| policy.id));
            page = got.next.map(|cursor| request.after(cursor));
        }
        assert_eq!(seen, expected, "by {limit}");
    }
}
