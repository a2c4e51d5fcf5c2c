//! What is given back rests: for a time, and until no gateway can know it as its former holder's.

use std::time::Duration;

use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;
use nexa_core::id::{DeviceId, GatewayId, PoolId, UserId};
use nexa_core::identity::NewUser;
use nexa_core::ipam::{AllocationStatus, Claim, NewPool, PoolChange, PoolKind, Strategy, Value};
use nexa_core::page::PageRequest;
use nexa_core::runtime::Timestamp;
use nexa_core::{ErrorKind, Nexa};

use crate::support::{BEGINNING, empty, key};

const HOUR: Duration = Duration::from_secs(3_600);

fn value(text: &str) -> Value {
    Value::parse(PoolKind::Ipv4, text).unwrap()
}

/// A gateway with room for two devices, its pool, and a person.
async fn gateway(nexa: &Nexa) -> (GatewayId, PoolId, UserId) {
    let system = nexa.system("test");
    let ada = system.identity().create_first_user(NewUser::without_password("ada")).await.unwrap().id;
    let new = NewGateway::new("hq", "vpn.example.org:51820".parse().unwrap(), key("hq").public_key());
    let gateway = system.gateways().create(new.vpn_cidr("10.1.0.0/29".parse().unwrap())).await.unwrap().id;
    let pool = system.ipam().list_pools(PageRequest::default()).await.unwrap().items[0].id;
    (gateway, pool, ada)
}

async fn enrol(nexa: &Nexa, owner: UserId, label: &str, fingerprint: &str) -> (DeviceId, Value) {
    let system = nexa.system("test");
    let new = NewEnrolment::new(label, key(label).public_key(), fingerprint).user(owner);
    let enrolled = system.enrolment().enrol(new).await.unwrap();
    (enrolled.device.id, Value::from(enrolled.profile.addresses[0]))
}

#[nexa_test_macros::every_database]
async fn an_address_rests_as_long_as_its_pool_says_and_the_former_holder_may_have_it_sooner() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = NewPool::new("few", "10.0.0.0/30".parse().unwrap()).quarantine(HOUR);
    let pool = ipam.create_pool(pool).await.unwrap().id;
    let printer = ipam.claim_with(pool, Claim::new().holder("printer")).await.unwrap();
    ipam.claim(pool).await.unwrap();
    ipam.release(printer.id, printer.generation).await.unwrap();
    let refused = ipam.claim(pool).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Exhausted);
    let ends = (BEGINNING.as_micros() + 3_600_000_000).to_string();
    let details = refused.details();
    assert_eq!(details.get("earliest_free_at"), Some(&ends), "{details:?}");
    assert_eq!((details["quarantined"].as_str(), details["allocated"].as_str()), ("1", "1"));

    let again = ipam.claim_with(pool, Claim::new().holder("printer")).await.unwrap();
    assert_eq!(again.value, printer.value);
    assert!(again.id != printer.id && again.generation > printer.generation);
    ipam.release(printer.id, printer.generation).await.unwrap();
    assert_eq!(
        ipam.who_holds("", again.value).await.unwrap().unwrap().id,
        again.id,
        "a late release took it"
    );

    ipam.release(again.id, again.generation).await.unwrap();
    clock.advance(HOUR);
    let other = ipam.claim(pool).await.unwrap();
    assert_eq!(other.value, printer.value);
    let lives = ipam.history("", other.value).await.unwrap();
    let statuses: Vec<_> = lives.iter().map(|life| life.status).collect();
    assert_eq!(
        statuses,
        [AllocationStatus::Allocated, AllocationStatus::Released, AllocationStatus::Released]
    );
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn an_address_rests_until_every_gateway_that_reports_has_applied_its_release() {
    let (_place, nexa, clock) = empty().await;
    let (gateway, pool, ada) = gateway(&nexa).await;
    let (system, ipam) = (nexa.system("test"), nexa.system("test").ipam());
    let (laptop, at) = enrol(&nexa, ada, "laptop", "sha256:laptop").await;
    let revision = system.gateways().get(gateway).await.unwrap().revision;
    system.gateways().report_applied(gateway, revision).await.unwrap();
    system.devices().revoke(laptop).await.unwrap();
    let resting = ipam.who_holds("", at).await.unwrap().unwrap();
    assert_eq!((resting.status, resting.device_id), (AllocationStatus::Quarantined, Some(laptop)));
    clock.advance(Duration::from_secs(60));
    let (_, other) = enrol(&nexa, ada, "phone", "sha256:phone").await;
    assert_ne!(other, at, "the gateway may still let the laptop in under it");

    // The report of the revision before it changes nothing, and a late one takes nothing back.
    system.gateways().report_applied(gateway, revision).await.unwrap();
    assert_eq!(ipam.usage(pool).await.unwrap().quarantined, 1);
    let now = system.gateways().get(gateway).await.unwrap().revision;
    let refused = system.gateways().report_applied(gateway, now + 1).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some("revision")));
    system.gateways().report_applied(gateway, now).await.unwrap();
    system.gateways().report_applied(gateway, 0).await.unwrap();
    let seen = system.gateways().get(gateway).await.unwrap();
    assert_eq!((seen.applied_revision, seen.last_sync_at.is_some()), (Some(now), true));
    let (_, third) = enrol(&nexa, ada, "tablet", "sha256:tablet").await;
    assert_eq!(third, at);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn a_gateway_that_falls_silent_is_waited_for_until_its_state_has_expired() {
    let (_place, nexa, clock) = empty().await;
    let (gateway, _, ada) = gateway(&nexa).await;
    let system = nexa.system("test");
    let (laptop, at) = enrol(&nexa, ada, "laptop", "sha256:laptop").await;
    system.gateways().report_applied(gateway, 0).await.unwrap();
    system.devices().revoke(laptop).await.unwrap();
    clock.advance(HOUR - Duration::from_secs(1));
    let (phone, other) = enrol(&nexa, ada, "phone", "sha256:phone").await;
    assert_ne!(other, at);
    clock.advance(Duration::from_secs(1));
    assert_eq!(enrol(&nexa, ada, "tablet", "sha256:tablet").await.1, at);
    system.devices().revoke(phone).await.unwrap();
    assert_eq!(enrol(&nexa, ada, "watch", "sha256:watch").await.1, other, "it has been silent all the time");
}

#[nexa_test_macros::every_database]
async fn a_device_that_is_enrolled_again_gets_the_address_it_had() {
    let (_place, nexa, _clock) = empty().await;
    let (_, pool, ada) = gateway(&nexa).await;
    let (system, ipam) = (nexa.system("test"), nexa.system("test").ipam());
    ipam.change_pool(pool, PoolChange::new().strategy(Strategy::Sticky)).await.unwrap();
    let (laptop, at) = enrol(&nexa, ada, "laptop", "sha256:laptop").await;
    system.devices().revoke(laptop).await.unwrap();
    let (_, again) = enrol(&nexa, ada, "the same laptop", "sha256:laptop").await;
    assert_eq!(again, at);
}

#[nexa_test_macros::every_database]
async fn a_clock_that_is_set_back_makes_a_rest_no_shorter_and_not_endless() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = NewPool::new("one", "10.0.0.7/32".parse().unwrap()).quarantine(HOUR);
    let pool = ipam.create_pool(pool).await.unwrap().id;
    let first = ipam.claim(pool).await.unwrap();
    ipam.release(first.id, first.generation).await.unwrap();
    let years = Duration::from_secs(3 * 365 * 86_400);
    clock.set(Timestamp::from_micros(BEGINNING.as_micros() - i64::try_from(years.as_micros()).unwrap()));
    assert_eq!(ipam.claim(pool).await.unwrap_err().kind(), ErrorKind::Exhausted);
    // What was refused has stored nothing, so the hour begins when something is done with the pool.
    ipam.change_pool(pool, PoolChange::new().name("still one")).await.unwrap();
    let kept = ipam.create_pool(NewPool::child("part", PoolKind::Ipv4, pool, 32)).await;
    assert_eq!(kept.unwrap_err().kind(), ErrorKind::Exhausted);
    clock.set(BEGINNING);
    clock.advance(HOUR);
    assert_eq!(ipam.claim(pool).await.unwrap().value, value("10.0.0.7"));
}
