//! What tests and bounds see of a change: whom it is about, when, and that they are in nobody's way who shuts somebody out.

use std::time::Duration;

use nexa_core::id::{GroupId, UserId};
use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::policy::document::DocumentFormat;
use nexa_core::policy::{
    LossReason, NewPolicy, NewPolicyTest, Part, PolicyChanges, Protocol, Remedy, ServiceRange,
};
use nexa_core::runtime::Timestamp;
use nexa_core::{ErrorKind, Result};

use crate::support::{BEGINNING, World, kind};
use crate::{ip, staffed, to};

fn later(seconds: u64) -> Timestamp {
    BEGINNING.saturating_add(Duration::from_secs(seconds))
}

/// Staff, with ben in it, may reach the office; nobody of them may reach the vault.
async fn scene() -> (World, UserId, GroupId) {
    let (world, ben, staff) = staffed().await;
    let policies = world.system().policy();
    policies.create(NewPolicy::allow("office").target(staff).destination(to("10.20.0.0/24"))).await.unwrap();
    policies.create_test(NewPolicyTest::deny("vault", staff, ip("10.20.9.1"))).await.unwrap();
    (world, ben, staff)
}

/// The group that everybody is in.
async fn everybody(world: &World) -> GroupId {
    let groups = world.system().identity().list_groups(PageRequest::default()).await.unwrap().items;
    groups.iter().find(|group| group.name == "ldapusers").unwrap().id
}

fn is_held_back<T: std::fmt::Debug>(outcome: &Result<T>, code: &str) {
    let refused = outcome.as_ref().unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, code), "{refused}");
}

#[nexa_test_macros::every_database]
async fn a_change_is_held_to_what_will_be_too() {
    let (world, ben, staff) = scene().await;
    let policies = world.system().policy();
    let vault = || NewPolicy::allow("open").destination(to("10.20.9.0/24"));
    let tomorrow = vault().target(staff).valid_from(later(86_400)).valid_until(later(86_401));
    is_held_back(&policies.create(tomorrow).await, "policy.tests_fail");
    // What hides it only for a while does not make it right.
    let hiding = NewPolicy::deny("hiding").target(staff).priority(1).destination(to("10.20.9.0/24"));
    policies.create(hiding.valid_until(later(600))).await.unwrap();
    is_held_back(&policies.create(vault().target(staff)).await, "policy.tests_fail");
    // Nor does what will be in force hold something back that is as it was.
    policies.create(vault().target(world.member("cat").await).valid_from(later(9))).await.unwrap();
    world.system().settings().set("policy", "protected", "10.66.6.0/24").await.unwrap();
    let soon = NewPolicy::allow("soon").target(ben).destination(to("10.66.6.0/25")).valid_from(later(60));
    is_held_back(&policies.create(soon).await, "policy.protected");
}

#[nexa_test_macros::every_database]
async fn a_change_is_held_to_everybody_whom_a_test_is_about() {
    let (world, ben, staff) = scene().await;
    let (policies, identity) = (world.system().policy(), world.system().identity());
    let laptop = world.enrol(ben, "laptop").await.device.id;
    let everybody = everybody(&world).await;
    for (name, target) in [("everybody", everybody.into()), ("ben", ben.into()), ("laptop", laptop.into())] {
        let mut open = NewPolicy::allow(name).destination(to("10.20.9.0/24 tcp/22"));
        open.targets = vec![target];
        is_held_back(&policies.create(open).await, "policy.tests_fail");
    }
    // A person's test sees the person's devices, and not those of others.
    world.tick();
    policies.create_test(NewPolicyTest::deny("ben", ben, ip("10.30.0.1"))).await.unwrap();
    let lab = |name: &str| NewPolicy::allow(name).destination(to("10.30.0.0/16"));
    is_held_back(&policies.create(lab("lab").target(laptop)).await, "policy.tests_fail");
    let cat = world.member("cat").await;
    let phone = world.enrol(cat, "phone").await.device.id;
    policies.create(lab("lab").target(phone)).await.unwrap();
    // Whoever joins brings along what they had.
    policies.create(NewPolicy::allow("cat").target(cat).destination(to("10.20.9.0/24"))).await.unwrap();
    is_held_back(&identity.add_member(staff, cat).await, "policy.tests_fail");
}

#[nexa_test_macros::every_database]
async fn nothing_is_let_through_while_somebody_is_suspended() {
    let (world, ben, staff) = scene().await;
    let (policies, identity) = (world.system().policy(), world.system().identity());
    let laptop = world.enrol(ben, "laptop").await.device.id;
    world.tick();
    policies.create_test(NewPolicyTest::deny("laptop", laptop, ip("10.30.0.1"))).await.unwrap();
    identity.suspend_user(ben).await.unwrap();
    let lab = NewPolicy::allow("lab").target(ben).destination(to("10.30.0.0/16"));
    is_held_back(&policies.create(lab).await, "policy.tests_fail");
    world.system().settings().set("policy", "max_devices_gaining", "1").await.unwrap();
    world.enrol(world.member("cat").await, "phone").await;
    let everybody = everybody(&world).await;
    let wiki = NewPolicy::allow("wiki").target(everybody).destination(to("10.40.0.1/32"));
    is_held_back(&policies.create(wiki).await, "policy.too_many_devices");
    // A group that nobody is in is protected as well.
    let empty = identity.create_group(NewGroup::new("empty")).await.unwrap().id;
    world.system().settings().set("policy", "protected", "10.66.6.0/24").await.unwrap();
    let crown = NewPolicy::allow("crown").target(empty).destination(to("10.66.0.0/16"));
    is_held_back(&policies.create(crown).await, "policy.protected");
    let beside = NewPolicy::allow("beside").target(staff).destination(to("10.66.7.0/24"));
    policies.create(beside).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn shutting_out_works_whatever_becomes_of_tests() {
    let (world, ben, _) = scene().await;
    let (policies, identity, devices) =
        (world.system().policy(), world.system().identity(), world.system().devices());
    let laptop = world.enrol(ben, "laptop").await.device.id;
    let phone = world.enrol(ben, "phone").await.device.id;
    world.tick();
    policies.create_test(NewPolicyTest::allow("laptop", laptop, ip("10.20.0.1"))).await.unwrap();
    devices.revoke(laptop).await.unwrap();
    identity.suspend_user(ben).await.unwrap();
    identity.activate_user(ben).await.unwrap();
    // Something of a place that nobody knows, and a row that is damaged.
    let git = NewPolicy::deny("git").target(ben).destination(to("service:git"));
    policies.create(git).await.unwrap();
    let damage = "UPDATE policy_tests SET services_last = 9 WHERE name = 'laptop' AND services_first = 0";
    assert_eq!(world.database().await.tamper(damage).await, 1);
    devices.revoke(phone).await.unwrap();
    identity.suspend_user(ben).await.unwrap();
    // Nothing else is changed until the test is gone, which its error names.
    let wiki = || NewPolicy::allow("wiki").target(ben).destination(to("10.40.0.1/32"));
    let refused = policies.create(wiki()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    let text = refused.to_string();
    let id = text.split("policy test ").nth(1).unwrap().split(':').next().unwrap();
    policies.remove_test(id.parse().unwrap()).await.unwrap();
    policies.create(wiki()).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_policy_that_is_damaged_is_named_and_can_be_removed() {
    let (world, ben, staff) = scene().await;
    let policies = world.system().policy();
    let closed = NewPolicy::deny("closed").target(staff).priority(1).destination(to("10.20.9.0/24 tcp/22"));
    let closed = policies.create(closed).await.unwrap();
    let phone = world.enrol(ben, "phone").await;
    let damage = "UPDATE policy_destinations SET services_first = 65541, services_last = 65545";
    let damage = format!("{damage} WHERE policy_id = (SELECT id FROM policies WHERE name = 'closed')");
    assert_eq!(world.database().await.tamper(damage).await, 1);
    let refused = policies.resolve(phone.device.id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    assert!(refused.to_string().contains(&format!("policy {}", closed.id)), "{refused}");
    policies.remove(closed.id).await.unwrap();
    assert!(policies.resolve(phone.device.id).await.unwrap().allowed.addresses().contains(ip("10.20.0.1")));
    assert_eq!(kind(&policies.remove(closed.id).await), Some(ErrorKind::NotFound));
}

#[nexa_test_macros::every_database]
async fn a_target_that_is_gone_keeps_a_policy_from_nothing() {
    let (world, ben, _) = scene().await;
    let policies = world.system().policy();
    let phone = world.enrol(ben, "phone").await.device.id;
    let lab = NewPolicy::allow("lab").target(ben).target(phone).destination(to("10.30.0.0/16"));
    let lab = policies.create(lab).await.unwrap();
    world.system().devices().revoke(phone).await.unwrap();
    let lab = policies.update(lab.id, lab.revision, PolicyChanges::new().priority(9)).await.unwrap();
    assert_eq!(lab.priority, 9);
    // A text leaves out who is gone, and can be brought back.
    let text = policies.export_document(DocumentFormat::Yaml).await.unwrap();
    let report = policies.import_document(&text).await.unwrap();
    assert_eq!((report.created, report.removed, report.fault_count), (0, 0, 0), "{text}");
}

#[nexa_test_macros::every_database]
async fn whoever_asks_about_their_own_device_hears_of_no_policy_that_is_not_about_it() {
    let (world, ..) = scene().await;
    let (cat, dan) = (world.member("cat").await, world.person("dan").await);
    let phone = world.enrol(dan.id, "phone").await.device.id;
    let system = world.system().policy();
    let secret = NewPolicy::allow("merger talks").target(cat).destination(to("10.77.0.0/16"));
    system.create(secret).await.unwrap();
    for part in [Part::Any, Part::All] {
        assert_eq!(system.who_can_reach(to("tag:misspelled"), part).await.unwrap(), []);
    }
    let own = dan.handle.policy();
    let asked = (phone, ip("10.77.0.1"));
    let all = system.explain(asked.0, asked.1, ServiceRange::ANY).await.unwrap();
    assert!(all.answers[0].losers.iter().any(|loser| loser.reason == LossReason::NotTargeted));
    let explained = own.explain(asked.0, asked.1, ServiceRange::ANY).await.unwrap();
    assert!(!format!("{explained:?}").contains("merger"), "{explained:?}");
    assert_eq!(explained.is_allowed(), all.is_allowed());
    let remedies = system.why_not(asked.0, asked.1, Protocol::TCP, 22).await.unwrap().remedies;
    assert!(remedies.iter().any(|remedy| matches!(remedy, Remedy::AddTarget(_))));
    let remedies = own.why_not(asked.0, asked.1, Protocol::TCP, 22).await.unwrap().remedies;
    assert!(!format!("{remedies:?}").contains("merger"), "{remedies:?}");
}
