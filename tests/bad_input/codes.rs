//! What a program reads of a refusal beyond its kind: a code that is listed, and the values that the message speaks of.

use std::collections::BTreeMap;

use nexa_core::Error;
use nexa_core::error::CODES;
use nexa_core::id::DeviceId;
use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;

use crate::support::World;

fn assert_is(error: &Error, code: &str, details: &[(&'static str, &str)]) {
    assert_eq!(error.code(), code, "{error:?}");
    let details: BTreeMap<_, _> = details.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    assert_eq!(error.details(), details, "{error:?}");
    assert!(CODES.contains(&(code, error.kind())), "{code} is not listed as {:?}", error.kind());
}

#[nexa_test_macros::every_database]
async fn a_name_that_is_taken_is_given_as_it_was_typed() {
    let world = World::new().await;
    let error = world.system().identity().create_user(NewUser::without_password("ADA")).await.unwrap_err();
    assert_is(&error, "identity.username_taken", &[("field", "username"), ("name", "ADA")]);
}

#[nexa_test_macros::every_database]
async fn a_pool_that_is_used_up_tells_its_counts() {
    let world = World::new().await;
    let ipam = world.system().ipam();
    let pool = ipam.create_pool(NewPool::new("few", "10.99.0.0/30".parse().unwrap())).await.unwrap();
    let assignable = ipam.usage(pool.id).await.unwrap().assignable.to_string();
    while ipam.usage(pool.id).await.unwrap().allocated.to_string() != assignable {
        ipam.claim(pool.id).await.unwrap();
    }
    let error = ipam.claim(pool.id).await.unwrap_err();
    let details = [
        ("field", "pool_id"),
        ("pool", "few"),
        ("allocated", &*assignable),
        ("assignable", &*assignable),
        ("delegated", "0"),
        ("free", "0"),
        ("quarantined", "0"),
        ("reserved", "2"),
    ];
    assert_is(&error, "ipam.exhausted", &details);
}

#[nexa_test_macros::every_database]
async fn a_thing_that_is_not_there_is_named_by_its_id() {
    let world = World::new().await;
    let id: DeviceId = "00000000-0000-7000-8000-000000000000".parse().unwrap();
    let error = world.system().devices().get(id).await.unwrap_err();
    assert_is(
        &error,
        "devices.not_found",
        &[("field", "device_id"), ("id", "00000000-0000-7000-8000-000000000000")],
    );
}

#[nexa_test_macros::every_database]
async fn the_last_administrator_stays_under_a_code_of_its_own() {
    let world = World::new().await;
    let error = world.system().identity().suspend_user(world.ada).await.unwrap_err();
    assert_is(&error, "identity.last_administrator", &[]);
}

#[nexa_test_macros::every_database]
async fn an_argument_that_is_refused_is_the_detail() {
    let world = World::new().await;
    let error = world.system().devices().list(PageRequest::first(0)).await.unwrap_err();
    assert_is(&error, "input.invalid", &[("field", "limit")]);
}

#[test]
fn codes_are_words_with_one_dot_sorted_and_unique() {
    for (code, _) in CODES {
        let (domain, rest) = code.split_once('.').unwrap();
        for part in [domain, rest] {
            assert!(!part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
        }
    }
    assert!(CODES.is_sorted_by(|one, two| one.0 < two.0));
}
