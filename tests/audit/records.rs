use std::collections::BTreeSet;

use nexa_core::audit::{AuditRecord, AuditStatus};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::page::PageRequest;
use nexa_core::runtime::Clock as _;
use nexa_core::{Handle, RequestContext};

use crate::support::{PASSWORD, World, device};

/// The newest row.
async fn last(system: &Handle) -> AuditRecord {
    system.audit().list(Default::default(), PageRequest::first(1)).await.unwrap().items.remove(0)
}

#[nexa_test_macros::every_database]
async fn a_change_is_recorded_with_who_did_it_and_from_where() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.person("ben").await;
    world.tick();
    let context = RequestContext::default()
        .source_ip("192.0.2.7".parse().unwrap())
        .request_id("req-1")
        .user_agent("nexa-cli");
    let bens = ben.handle.with(context);
    let enrolled = bens.enrolment().enrol(device("phone")).await.unwrap();
    let records =
        world.system().audit().list(Default::default(), PageRequest::default()).await.unwrap().items;
    let record = records.iter().find(|record| record.event_type == "device.enrolled").unwrap();
    assert_eq!(
        (record.actor.as_str(), record.actor_user_id, record.actor_device_id),
        ("user", Some(ben.id), None)
    );
    assert_eq!(
        (record.entity_type.as_str(), record.entity_id),
        ("device", Some(enrolled.device.id.as_uuid()))
    );
    assert_eq!(record.status, AuditStatus::Done);
    assert_eq!(record.ip_address, Some("192.0.2.7".parse().unwrap()));
    assert_eq!(record.request_id.as_deref(), Some("req-1"));
    assert_eq!(record.created_at, world.clock.now());
    assert_eq!(record.message, "device phone was enrolled");
}

#[nexa_test_macros::every_database]
async fn what_a_client_calls_itself_cannot_keep_its_refusal_out_of_the_audit() {
    let world = World::new().await;
    let context = RequestContext::default()
        .user_agent("x".repeat(1_000_000))
        .request_id(format!("a\0b\u{202e}c{}", "x".repeat(10_000)));
    world.tick();
    let stranger = world.nexa.anonymous().with(context);
    assert!(stranger.identity().sign_in("ada", "a wrong password").await.is_err());
    let kept = last(&world.system()).await.request_id.unwrap();
    assert_eq!((kept.chars().count(), &kept[..10]), (200, "a\u{fffd}b\u{fffd}cx"));
}

#[nexa_test_macros::every_database]
async fn what_a_device_or_the_program_did_is_told_apart() {
    let world = World::new().await;
    world.gateway().await;
    let enrolled = world.enrol(world.ada, "phone").await;
    world.tick();
    let phone = world.nexa.authenticate(enrolled.token.expose()).await.unwrap();
    phone.enrolment().profile(enrolled.device.id).await.unwrap();
    let record = last(&world.system()).await;
    assert_eq!((record.actor.as_str(), record.actor_user_id), ("device", Some(world.ada)));
    assert_eq!(record.actor_device_id, Some(enrolled.device.id));
    world.tick();
    world.nexa.system("nightly sync").identity().create_group(NewGroup::new("staff")).await.unwrap();
    assert_eq!(last(&world.system()).await.actor, "system: nightly sync");
}

#[nexa_test_macros::every_database]
async fn a_refused_attempt_is_recorded_by_the_permission_that_was_missing() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    let strangers = world.nexa.anonymous();
    let (id, name) = (ben.id, || NewUser::without_password("eve"));
    world.tick();
    assert!(ben.handle.identity().create_user(name()).await.is_err());
    let record = last(&world.system()).await;
    assert_eq!((record.event_type.as_str(), record.status), ("users.create", AuditStatus::Refused));
    assert_eq!((record.actor.as_str(), record.actor_user_id), ("user", Some(id)));
    world.tick();
    assert!(strangers.identity().list_groups(PageRequest::default()).await.is_err());
    let record = last(&world.system()).await;
    assert_eq!((record.event_type.as_str(), record.actor.as_str()), ("groups.read", "anonymous"));
    world.tick();
    let from = RequestContext::default().source_ip("198.51.100.9".parse().unwrap());
    assert!(strangers.with(from).identity().sign_in("ben", "a wrong password").await.is_err());
    let record = last(&world.system()).await;
    assert_eq!((record.event_type.as_str(), record.status), ("sessions.create", AuditStatus::Refused));
    assert_eq!(record.ip_address, Some("198.51.100.9".parse().unwrap()));
    world.tick();
    ben.handle.identity().sign_out().await.unwrap();
    world.tick();
    assert!(ben.handle.identity().get_user(id).await.is_err());
    assert_eq!(last(&world.system()).await.event_type, "authenticate");
}

#[nexa_test_macros::every_database]
async fn a_flood_of_refusals_does_not_fill_the_audit_and_is_counted() {
    let world = World::new().await;
    let strangers = world.nexa.anonymous();
    for _ in 0..200 {
        assert!(strangers.audit().list(Default::default(), PageRequest::default()).await.is_err());
    }
    let refused = || async {
        let records =
            world.system().audit().list(Default::default(), PageRequest::first(1_000)).await.unwrap().items;
        records.into_iter().filter(|record| record.status == AuditStatus::Refused).collect::<Vec<_>>()
    };
    assert_eq!(refused().await.len(), 120);
    world.clock.advance(std::time::Duration::from_secs(60));
    assert!(strangers.audit().list(Default::default(), PageRequest::default()).await.is_err());
    let newest = refused().await.remove(0);
    assert!(newest.message.contains("80 such attempts before this one"), "{}", newest.message);
    // Nobody is kept out by a stranger's flood.
    world.system().identity().create_user(NewUser::new("ben", PASSWORD)).await.unwrap();
    world.sign_in("ben").await;
}

#[nexa_test_macros::every_database]
async fn a_refused_sign_in_is_recorded_with_the_name_and_never_with_what_can_be_no_name() {
    let world = World::new().await;
    world.person("ben").await;
    let strangers = world.nexa.anonymous();
    let why = "password: user name or password is wrong, or the account is not active";
    let longest = "x".repeat(64);
    for (typed, kept) in [
        (" BEN ", Some("ben")),
        ("nobody", Some("nobody")),
        (&longest, Some(longest.as_str())),
        (&"x".repeat(65), None),
        (PASSWORD, None),
        ("hunter2!", None),
        ("", None),
    ] {
        world.tick();
        let refused = strangers.identity().sign_in(typed, "a wrong password").await.unwrap_err();
        assert_eq!(refused.to_string(), why, "the caller is told nothing more");
        let expected = kept.map_or(why.to_owned(), |name| format!("{why} (username {name})"));
        assert_eq!(last(&world.system()).await.message, expected);
    }
}

#[nexa_test_macros::every_database]
async fn a_flood_by_strangers_does_not_keep_a_known_callers_refusal_out_of_the_audit() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    let list_as = |handle: &Handle| {
        let audit = handle.audit();
        async move { audit.list(Default::default(), PageRequest::default()).await }
    };
    for _ in 0..130 {
        assert!(list_as(&world.nexa.anonymous()).await.is_err());
    }
    world.tick();
    assert!(list_as(&ben.handle).await.is_err());
    let record = last(&world.system()).await;
    assert_eq!((record.status, record.actor_user_id), (AuditStatus::Refused, Some(ben.id)));
    assert!(!record.message.contains("refusals before"), "{}", record.message);
}

#[nexa_test_macros::every_database]
async fn the_pages_of_the_audit_hold_every_row_once_the_newest_first() {
    let world = World::new().await;
    for number in 0..12 {
        world.tick();
        world.system().identity().create_group(NewGroup::new(format!("group {number}"))).await.unwrap();
    }
    let all = world.system().audit().list(Default::default(), PageRequest::first(1_000)).await.unwrap().items;
    assert!(all.len() >= 14 && all.is_sorted_by(|newer, older| newer.created_at >= older.created_at));
    for limit in [1, 3, 5] {
        let (mut seen, mut page) = (Vec::new(), Some(PageRequest::first(limit)));
        while let Some(request) = page {
            let got = world.system().audit().list(Default::default(), request.clone()).await.unwrap();
            seen.extend(got.items);
            page = got.next.map(|cursor| request.after(cursor));
        }
        assert_eq!(seen, all, "by {limit}");
    }
}

#[nexa_test_macros::every_database]
async fn every_change_has_one_row_in_the_audit_and_one_event() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let enrolled = world.enrol(world.ada, "phone").await;
    world.system().devices().revoke(enrolled.device.id).await.unwrap();
    let audit =
        world.system().audit().list(Default::default(), PageRequest::first(1_000)).await.unwrap().items;
    let mut done: Vec<_> = audit.iter().map(|it| (it.event_type.clone(), it.entity_id.unwrap())).collect();
    let events = world.system().events().after(0, 1_000).await.unwrap();
    let mut told: Vec<_> = events.iter().map(|it| (it.event_type.clone(), it.entity_id)).collect();
    done.sort();
    told.sort();
    assert_eq!(done, told);
    let kinds: BTreeSet<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(
        kinds.contains("gateway.created")
            && told.contains(&("gateway.created".to_owned(), gateway.id.as_uuid()))
    );
}
