//! What a host decides for its whole control plane.

#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use nexa_core::audit::AuditFilter;
use nexa_core::identity::NewUser;
use nexa_core::page::PageRequest;
use nexa_core::runtime::Clock as _;
use nexa_core::settings::SettingType;
use nexa_core::{ErrorKind, Nexa};

use support::{PASSWORD, World, device, refusal};

#[nexa_test_macros::every_database]
async fn a_setting_has_its_default_until_it_is_decided_and_again_when_that_is_taken_back() {
    let world = World::new().await;
    let settings = world.system().settings();
    let all = settings.list().await.unwrap();
    assert!(all.len() >= 6 && all.iter().all(|one| one.default.as_ref() == Some(&one.value)), "{all:?}");
    assert!(all.is_sorted_by_key(|one| (one.category.clone(), one.key.clone())));
    world.tick();
    let decided = settings.set("gateway", "state_lifetime_seconds", "0600").await.unwrap();
    assert_eq!((decided.value.as_str(), decided.updated_at), ("600", Some(world.clock.now())));
    assert_eq!(settings.get("gateway", "state_lifetime_seconds").await.unwrap(), decided);
    settings.set("gateway", "state_lifetime_seconds", "700").await.unwrap();
    assert_eq!(settings.get("gateway", "state_lifetime_seconds").await.unwrap().value, "700");
    let reset = settings.reset("gateway", "state_lifetime_seconds").await.unwrap();
    assert_eq!((reset.value.as_str(), reset.updated_at), ("3600", None));
    assert_eq!(settings.list().await.unwrap(), all);
    let audit = world.system().audit().list(AuditFilter::default(), PageRequest::default()).await.unwrap();
    let changes = audit.items.iter().filter(|record| record.event_type == "setting.changed");
    assert_eq!(changes.count(), 3);
}

#[nexa_test_macros::every_database]
async fn what_is_not_of_its_type_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let settings = world.system().settings();
    for (key, value) in
        [("state_lifetime_seconds", "1h"), ("state_lifetime_seconds", "59"), ("state_lifetime_seconds", "")]
    {
        let refused = refusal(settings.set("gateway", key, value).await);
        assert_eq!(refused, (ErrorKind::InvalidInput, Some("value".to_owned())), "{value:?}");
    }
    let unknown = (ErrorKind::InvalidInput, Some("key".to_owned()));
    assert_eq!(refusal(settings.set("gateway", "mood", "good").await), unknown);
    assert_eq!(refusal(settings.reset("moods", "routes").await), unknown);
    assert_eq!(refusal(settings.get("enrolment", "Routes").await), unknown);
    assert_eq!(world.database().await.count("settings").await, 0);
}

#[nexa_test_macros::every_database]
async fn a_stored_text_that_makes_no_sense_fails_what_needs_it_and_names_it() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    world.system().settings().set("gateway", "state_lifetime_seconds", "600").await.unwrap();
    world.database().await.tamper("UPDATE settings SET value = 'soon'").await;
    let refused = world.system().gateways().desired_state(gateway.id).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Corrupt, "settings.unreadable"));
    assert!(refused.to_string().contains("gateway.state_lifetime_seconds"), "{refused}");
    assert_eq!(
        world.system().settings().get("gateway", "state_lifetime_seconds").await.unwrap().value,
        "soon"
    );
    world.system().settings().reset("gateway", "state_lifetime_seconds").await.unwrap();
    world.system().gateways().desired_state(gateway.id).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn what_another_build_decided_is_kept_and_listed() {
    let world = World::new().await;
    world.system().settings().set("enrolment", "routes", "exact").await.unwrap();
    let database = world.database().await;
    let theirs = "UPDATE settings SET category = 'weather', value = 'fair' WHERE category = 'enrolment'";
    assert_eq!(database.tamper(theirs).await, 1);
    let all = world.system().settings().list().await.unwrap();
    let unknown: Vec<_> = all.iter().filter(|one| one.setting_type == SettingType::Unknown).collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!((unknown[0].category.as_str(), unknown[0].value.as_str()), ("weather", "fair"));
    assert_eq!(world.system().settings().get("weather", "routes").await.unwrap(), *unknown[0]);
    assert_eq!(world.system().settings().get("enrolment", "routes").await.unwrap().value, "full");
}

#[nexa_test_macros::every_database]
async fn each_setting_decides_what_it_says() {
    let world = World::new().await;
    let settings = world.system().settings();
    let gateway = world.gateway().await;
    settings.set("gateway", "state_lifetime_seconds", "60").await.unwrap();
    let state = world.system().gateways().desired_state(gateway.id).await.unwrap();
    assert_eq!(state.valid_until.since(world.clock.now()), Duration::from_secs(60));

    settings.set("enrolment", "persistent_keepalive_seconds", "0").await.unwrap();
    let enrolled = world.system().enrolment().enrol(device("phone").user(world.ada)).await.unwrap();
    assert_eq!(enrolled.profile.peer.persistent_keepalive, None);
    settings.set("enrolment", "persistent_keepalive_seconds", "40").await.unwrap();
    let profile = world.system().enrolment().profile(enrolled.device.id).await.unwrap();
    assert_eq!(profile.peer.persistent_keepalive, Some(40));

    let everywhere = nexa_core::policy::NewPolicy::allow("out").target(world.ada).full_tunnel();
    world.system().policy().create(everywhere).await.unwrap();
    let private: nexa_core::net::Cidr = "192.168.0.0/16".parse().unwrap();
    let denied = nexa_core::policy::NewPolicy::deny("home").target(world.ada).destination(private);
    world.system().policy().create(denied).await.unwrap();
    let routed = async || {
        let profile = world.system().enrolment().profile(enrolled.device.id).await.unwrap();
        profile.peer.allowed_ips.iter().any(|cidr| cidr.contains("192.168.1.1".parse().unwrap()))
    };
    assert!(routed().await, "denied traffic ends at the gateway");
    settings.set("enrolment", "routes", "exact").await.unwrap();
    assert!(!routed().await);

    settings.set("identity", "session_lifetime_seconds", "300").await.unwrap();
    world.system().identity().create_user(NewUser::new("ben", PASSWORD)).await.unwrap();
    let signed_in = world.nexa.anonymous().identity().sign_in("ben", PASSWORD).await.unwrap();
    assert_eq!(signed_in.expires_at.since(world.clock.now()), Duration::from_secs(300));
}

#[nexa_test_macros::every_database]
async fn a_setup_token_lasts_as_long_as_the_setting_says() {
    let (_place, nexa, clock) = support::empty().await;
    let system = nexa.system("test");
    system.settings().set("identity", "setup_token_lifetime_seconds", "300").await.unwrap();
    let token = system.identity().issue_setup_token().await.unwrap();
    clock.advance(Duration::from_secs(301));
    let late =
        nexa.anonymous().identity().redeem_setup_token(token.expose(), NewUser::new("ada", PASSWORD)).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

/// The task that prunes does so once it has begun.
#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_the_audit_go_when_they_are_older_than_the_setting_says() {
    let world = World::new().await;
    world.member("ben").await;
    let old = world.system().audit().seal().await.unwrap();
    world.system().settings().set("audit", "retention_days", "30").await.unwrap();
    world.clock.advance(Duration::from_secs(31 * 86_400));
    world.member("cat").await;
    let builder = Nexa::builder(world.url()).clock(std::sync::Arc::clone(&world.clock) as _);
    let open = builder.open().await.unwrap();
    let pruned = async {
        loop {
            let report = world.system().audit().verify().await.unwrap();
            assert!(report.is_sound(), "{report:?}");
            if report.pruned > 0 {
                return report.pruned;
            }
            tokio::task::yield_now().await;
        }
    };
    let pruned =
        tokio::time::timeout(Duration::from_secs(60), pruned).await.expect("nobody prunes the audit");
    assert_eq!(pruned, old.rows);
    open.close().await;
}
