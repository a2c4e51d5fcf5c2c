//! Policies that are changed, and what holds a change back.

use nexa_core::ErrorKind;
use nexa_core::audit::AuditFilter;
use nexa_core::id::{GroupId, UserId};
use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::policy::{Effect, NewPolicy, NewPolicyTest, PolicyChanges, Protocol};

use crate::support::{BEGINNING, World, kind, refusal};
use crate::{ip, staffed, to};

#[nexa_test_macros::every_database]
async fn a_change_leaves_alone_what_it_does_not_say() {
    let world = World::new().await;
    let policies = world.system().policy();
    let ben = world.member("ben").await;
    let new = NewPolicy::deny("vault")
        .described("the bank")
        .priority(7)
        .target(ben)
        .destination(to("10.20.9.0/24 tcp/443"))
        .destination(to("service:git"))
        .valid_from(BEGINNING)
        .valid_until(BEGINNING.saturating_add(std::time::Duration::from_secs(9)));
    let created = policies.create(new).await.unwrap();
    assert_eq!(created.revision, 1);
    let changed = policies.update(created.id, 1, PolicyChanges::new().priority(3)).await.unwrap();
    let mut expected = created.clone();
    (expected.priority, expected.revision) = (3, 2);
    assert_eq!(changed, expected);
    assert_eq!(policies.get(created.id).await.unwrap(), expected);
    // A window is opened only by saying so.
    let changes =
        PolicyChanges::new().valid_until(None).destinations([to("10.20.9.0/25")]).effect(Effect::Allow);
    let changed = policies.update(created.id, 2, changes).await.unwrap();
    assert_eq!((changed.valid_from, changed.valid_until), (created.valid_from, None));
    assert_eq!((changed.destinations, changed.targets), (vec![to("10.20.9.0/25")], created.targets));
    // What changes nothing is no change.
    assert_eq!(policies.update(created.id, 3, PolicyChanges::new()).await.unwrap().revision, 3);
    let stale = policies.update(created.id, 2, PolicyChanges::new().priority(9)).await;
    assert_eq!(refusal(stale), (ErrorKind::Conflict, Some("revision".to_owned())));
    let other = policies.create(NewPolicy::allow("office")).await.unwrap();
    let taken = policies.update(other.id, 1, PolicyChanges::new().name("Vault")).await;
    assert_eq!(refusal(taken), (ErrorKind::AlreadyExists, Some("name".to_owned())));
    let nobody = PolicyChanges::new()
        .targets(["00000000-0000-4000-8000-000000000000".parse::<UserId>().unwrap().into()]);
    let absent = policies.update(other.id, 1, nobody).await;
    assert_eq!(refusal(absent), (ErrorKind::NotFound, Some("targets".to_owned())));
    assert_eq!(policies.get(other.id).await.unwrap(), other, "a change that is refused changes nothing");
}

/// Staff may reach the office, and must not reach the vault.
async fn tested() -> (World, UserId, GroupId) {
    let (world, ben, staff) = staffed().await;
    let policies = world.system().policy();
    policies.create(NewPolicy::allow("office").target(staff).destination(to("10.20.0.0/16"))).await.unwrap();
    let vault = NewPolicy::deny("vault").priority(10).target(staff).destination(to("10.20.9.0/24"));
    world.tick();
    policies.create(vault).await.unwrap();
    policies
        .create_test(NewPolicyTest::allow("mail", ben, ip("10.20.1.1")).by("tcp/25".parse().unwrap()))
        .await
        .unwrap();
    world.tick();
    policies.create_test(NewPolicyTest::deny("vault is closed", staff, ip("10.20.9.1"))).await.unwrap();
    assert!(policies.run_tests().await.unwrap().iter().all(|result| result.passed));
    (world, ben, staff)
}

#[nexa_test_macros::every_database]
async fn a_change_after_which_a_test_would_fail_is_refused_whole() {
    let (world, ben, staff) = tested().await;
    let policies = world.system().policy();
    let all = policies.list(PageRequest::default()).await.unwrap().items;
    let [office, vault] = &all[..] else { panic!("{all:?}") };
    let opening = NewPolicy::allow("ssh").priority(1).target(staff).destination(to("10.20.9.1/32 tcp/22"));
    let refused = policies.create(opening.clone()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "policy.tests_fail"));
    assert!(refused.to_string().contains("vault is closed"), "{refused}");
    let refused = [
        kind(&policies.remove(vault.id).await),
        kind(&policies.update(vault.id, 1, PolicyChanges::new().inactive()).await),
        kind(
            &policies.update(office.id, 1, PolicyChanges::new().destinations([to("10.20.0.0/16 udp")])).await,
        ),
        kind(&world.system().identity().remove_member(staff, ben).await),
    ];
    assert_eq!(refused, [Some(ErrorKind::Conflict); 4]);
    assert_eq!(policies.list(PageRequest::default()).await.unwrap().items, all);
    assert_eq!(world.system().identity().list_groups(PageRequest::default()).await.unwrap().items.len(), 3);
    // Others than those asked about may be let in.
    let cat = world.member("cat").await;
    let mut for_cat = opening;
    for_cat.targets = vec![cat.into()];
    policies.create(for_cat).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn suspending_revoking_and_expiring_are_never_held_back() {
    let (world, ben, _) = tested().await;
    let phone = world.enrol(ben, "phone").await.device.id;
    let policies = world.system().policy();
    world.tick();
    policies.create_test(NewPolicyTest::allow("ben's phone", phone, ip("10.20.1.1"))).await.unwrap();
    world.system().devices().revoke(phone).await.unwrap();
    world.system().identity().suspend_user(ben).await.unwrap();
    let results = policies.run_tests().await.unwrap();
    let failed: Vec<_> =
        results.iter().filter(|result| !result.passed).map(|result| result.test.name.as_str()).collect();
    assert_eq!(failed, ["mail", "ben's phone"]);
    // Nobody was asked, but it is said.
    let filter = |kind: &str| {
        let mut filter = AuditFilter::default();
        filter.event_type = Some(kind.to_owned());
        filter
    };
    let audit = world.system().audit();
    let said = audit.list(filter("policy_test.failed"), PageRequest::default()).await.unwrap().items;
    let said: Vec<_> = said.iter().map(|record| record.message.as_str()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.contains(&"policy test mail does not pass any more"), "{said:?}");
    // What failed before a change does not hold it back.
    policies.create(NewPolicy::deny("more").destination(to("10.9.0.0/16"))).await.unwrap();
    let tests = policies.list_tests(PageRequest::default()).await.unwrap().items;
    for test in &tests {
        policies.remove_test(test.id).await.unwrap();
        assert_eq!(kind(&policies.remove_test(test.id).await), Some(ErrorKind::NotFound));
    }
    assert!(policies.run_tests().await.unwrap().is_empty());
}

#[nexa_test_macros::every_database]
async fn a_change_gives_or_takes_access_from_no_more_devices_than_the_settings_let() {
    let world = World::new().await;
    world.gateway().await;
    let staff = world.system().identity().create_group(NewGroup::new("staff")).await.unwrap().id;
    for name in ["ben", "cat", "dan"] {
        let user = world.member(name).await;
        world.system().identity().add_member(staff, user).await.unwrap();
        world.enrol(user, name).await;
    }
    let (policies, settings) = (world.system().policy(), world.system().settings());
    settings.set("policy", "max_devices_gaining", "2").await.unwrap();
    let office = NewPolicy::allow("office").target(staff).destination(to("10.20.0.0/16"));
    let refused = policies.create(office.clone()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "policy.too_many_devices"));
    settings.set("policy", "max_devices_gaining", "3").await.unwrap();
    let office = policies.create(office).await.unwrap();
    settings.set("policy", "max_devices_losing", "1").await.unwrap();
    assert_eq!(kind(&policies.remove(office.id).await), Some(ErrorKind::Conflict));
    // Nobody loses anything by what was nobody's.
    let changes = PolicyChanges::new().destinations([to("10.20.0.0/16"), to("10.30.0.0/16")]);
    policies.update(office.id, 1, changes).await.unwrap();
    let all = world.system().identity().list_users(PageRequest::default()).await.unwrap().items;
    let cat = all.iter().find(|user| user.username == "cat").unwrap().id;
    world.system().identity().remove_member(staff, cat).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn two_changes_at_once_are_not_against_a_test_together() {
    let (world, _, staff) = tested().await;
    let cat = world.member("cat").await;
    world
        .system()
        .policy()
        .create_test(NewPolicyTest::deny("cat keeps out", cat, ip("10.40.0.1")))
        .await
        .unwrap();
    // Each is as it should be without the other: cat joins, and the group may reach it.
    let (system, other) = (world.system(), world.open_again().await);
    let joins = async { system.identity().add_member(staff, cat).await };
    let other_system = other.system("test");
    let opens = async {
        let new = NewPolicy::allow("lab").target(staff).destination(to("10.40.0.0/16"));
        other_system.policy().create(new).await.map(drop)
    };
    let (joins, opens) = tokio::join!(joins, opens);
    assert!(joins.is_ok() != opens.is_ok(), "{joins:?} {opens:?}");
    other.close().await;
}

#[nexa_test_macros::every_database]
async fn a_port_is_enforced_at_the_gateway_and_its_address_is_routed() {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let ben = world.member("ben").await;
    let new = NewPolicy::allow("git").target(ben).destination(to("10.20.3.5/32 tcp/22"));
    world.system().policy().create(new).await.unwrap();
    let enrolled = world.enrol(ben, "phone").await;
    let routed = &enrolled.profile.peer.allowed_ips;
    assert!(routed.contains(&"10.20.3.5/32".parse().unwrap()), "{routed:?}");
    let state = world.system().gateways().desired_state(gateway).await.unwrap();
    let admits = |protocol, port| {
        let own = enrolled.profile.addresses[0];
        state.peers[0].enforcement.admits(own, ip("10.20.3.5"), protocol, port)
    };
    assert!(admits(Protocol::TCP, 22));
    assert!(!admits(Protocol::TCP, 23) && !admits(Protocol::UDP, 22) && !admits(Protocol::ICMP, 0));
}

#[nexa_test_macros::every_database]
async fn nobody_is_given_what_is_protected_and_whoever_has_it_keeps_it() {
    let world = World::new().await;
    world.gateway().await;
    let (staff, ben, cat) = {
        let staff = world.system().identity().create_group(NewGroup::new("staff")).await.unwrap().id;
        (staff, world.member("ben").await, world.member("cat").await)
    };
    world.system().identity().add_member(staff, ben).await.unwrap();
    for (user, label) in [(ben, "laptop"), (cat, "phone")] {
        world.enrol(user, label).await;
    }
    let (policies, settings) = (world.system().policy(), world.system().settings());
    let vault = NewPolicy::allow("vault").target(staff).destination(to("10.20.9.0/24 tcp/443"));
    let vault = policies.create(vault).await.unwrap();
    let bad = settings.set("policy", "protected", "10.20.9.1/24").await;
    assert_eq!(refusal(bad), (ErrorKind::InvalidInput, Some("value".to_owned())));
    let set = settings.set("policy", "protected", " fd20::/32  10.20.9.0/25 10.20.9.0/25 ").await.unwrap();
    assert_eq!(
        (set.value.as_str(), set.setting_type.to_string().as_str()),
        ("10.20.9.0/25 fd20::/32", "prefixes")
    );
    // By a new policy, by a wider one, by one fewer, and by another person in the group.
    let more = NewPolicy::allow("more").target(cat).destination(to("10.0.0.0/8"));
    let refused = policies.create(more).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "policy.protected"));
    assert_eq!(refused.details()["range"], "10.20.9.0-10.20.9.127");
    let wider = PolicyChanges::new().destinations([to("10.20.9.0/24")]);
    assert_eq!(kind(&policies.update(vault.id, 1, wider).await), Some(ErrorKind::Conflict));
    let joins = world.system().identity().add_member(staff, cat).await;
    assert_eq!(kind(&joins), Some(ErrorKind::Conflict));
    // What gives nobody more of it may be.
    policies.create(NewPolicy::allow("beside").target(cat).destination(to("10.20.9.128/25"))).await.unwrap();
    let narrower = PolicyChanges::new().destinations([to("10.20.9.0/28 tcp/443")]);
    policies.update(vault.id, 1, narrower).await.unwrap();
    policies.remove(vault.id).await.unwrap();
    settings.set("policy", "protected", "").await.unwrap();
    policies.create(NewPolicy::allow("again").target(cat).destination(to("10.20.9.0/24"))).await.unwrap();
}
