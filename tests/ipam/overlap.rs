//! No two pools have an address in common, whoever they serve.

use nexa_core::gateway::NewGateway;
use nexa_core::ipam::NewPool;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{ErrorKind, Nexa, Result};

use crate::support::empty;

async fn gateway(nexa: &Nexa, name: &str, cidr: &str) -> Result<()> {
    let key = PrivateKey::generate(&SystemRandom)?.public_key();
    let new = NewGateway::new(name, "gw.example.org:51820".parse()?, key).vpn_cidr(cidr.parse()?);
    nexa.system("overlap").gateways().create(new).await.map(drop)
}

async fn pool(nexa: &Nexa, name: &str, cidr: &str) -> Result<()> {
    nexa.system("overlap").ipam().create_pool(NewPool::new(name, cidr.parse()?)).await.map(drop)
}

#[nexa_test_macros::every_database]
async fn a_pool_that_has_an_address_of_another_is_refused() {
    let (_place, nexa, _clock) = empty().await;
    gateway(&nexa, "hq", "10.66.0.0/24").await.unwrap();
    pool(&nexa, "printers", "10.9.0.0/16").await.unwrap();
    pool(&nexa, "lab", "fd09::/64").await.unwrap();
    for cidr in ["10.66.0.0/24", "10.66.0.128/25", "10.0.0.0/8", "10.9.255.252/30", "fd09::/65", "fd00::/8"] {
        let refused = pool(&nexa, "another", cidr).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("ranges")), "{cidr}");
    }
    let refused = gateway(&nexa, "branch", "10.9.1.0/24").await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("vpn_cidr")));
    for (name, cidr) in
        [("below", "10.65.255.0/24"), ("above", "10.66.1.0/24"), ("other family", "fd66::/64")]
    {
        pool(&nexa, name, cidr).await.unwrap();
    }
    gateway(&nexa, "branch", "10.67.0.0/24").await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_gateway_of_the_longest_name_has_its_pools() {
    let (_place, nexa, _clock) = empty().await;
    gateway(&nexa, &"g".repeat(128), "10.66.0.0/24").await.unwrap();
}
