//! Claims beside other claims, and of a device.

use std::collections::BTreeSet;

use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;
use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{Error, ErrorKind, Nexa};

use crate::support::{Place, empty};

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn claims_at_the_same_time_get_different_addresses_listed_in_their_order() {
    let place = Place::new().await;
    let nexa = Nexa::open(place.url()).await.unwrap();
    let system = nexa.system("test");
    let pool = system.ipam().create_pool(NewPool::new("p", "10.0.0.0/26".parse().unwrap())).await.unwrap();
    let claims: Vec<_> = (0..70)
        .map(|_| {
            let (ipam, pool) = (system.ipam(), pool.id);
            tokio::spawn(async move { ipam.claim(pool).await })
        })
        .collect();
    let mut claimed = BTreeSet::new();
    for claim in claims {
        match claim.await.unwrap() {
            Ok(allocation) => assert!(claimed.insert(allocation.value), "{allocation:?} came twice"),
            Err(refused) => assert_eq!(refused.kind(), ErrorKind::Exhausted),
        }
    }
    let listed = system.ipam().list_allocations(pool.id, PageRequest::default()).await.unwrap().items;
    let listed: Vec<_> = listed.into_iter().map(|allocation| allocation.value).collect();
    assert_eq!(listed.len(), 62);
    assert_eq!(listed, claimed.into_iter().collect::<Vec<_>>());
}

#[nexa_test_macros::every_database]
async fn an_exhausted_pool_says_how_full_it_is_and_recovers_by_a_release() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("links", "10.0.0.0/31".parse().unwrap())).await.unwrap();
    let first = ipam.claim(pool.id).await.unwrap();
    let second = ipam.claim(pool.id).await.unwrap();
    let refused = ipam.claim(pool.id).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Exhausted, Some("pool_id")));
    assert!(refused.to_string().contains("links is exhausted: no address is free: 2 of 2"), "{refused}");
    assert!(!refused.is_retryable());
    ipam.release(first.id, first.generation).await.unwrap();
    let again = ipam.claim(pool.id).await.unwrap();
    assert_eq!(again.value, first.value);
    assert!(again.generation > second.generation);
    ipam.release(first.id, first.generation).await.unwrap();
    assert_eq!(
        ipam.usage(pool.id).await.unwrap().free,
        0,
        "the second release of the first life took it away"
    );
}

#[nexa_test_macros::every_database]
async fn a_devices_address_goes_with_the_device_and_not_before() -> Result<(), Error> {
    let (_place, nexa, _clock) = empty().await;
    let system = nexa.system("test");
    let ada = system.identity().create_first_user(NewUser::without_password("ada")).await?;
    let key = || PrivateKey::generate(&SystemRandom).map(|key| key.public_key());
    let gateway = NewGateway::new("hq", "vpn.example.org:51820".parse()?, key()?);
    let gateway = system.gateways().create(gateway.vpn_cidr("10.1.0.0/29".parse()?)).await?;
    let device = NewEnrolment::new("laptop", key()?, "laptop").user(ada.id).gateway(gateway.id);
    let device = system.enrolment().enrol(device).await?.device;
    let pool = system.ipam().list_pools(PageRequest::default()).await?.items[0].id;
    let held = system.ipam().list_allocations(pool, PageRequest::default()).await?.items[0].clone();
    assert_eq!(held.device_id, Some(device.id));
    let refused = system.ipam().release(held.id, held.generation).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("allocation_id")));
    let before = system.ipam().usage(pool).await?;
    system.devices().revoke(device.id).await?;
    let after = system.ipam().usage(pool).await?;
    assert_eq!((before.allocated, after.allocated), (1, 0));
    assert_eq!((before.free + 1, before.assignable), (after.free, after.assignable));
    Ok(())
}
