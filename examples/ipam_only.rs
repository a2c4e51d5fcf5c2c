//! The allocator alone, without people or gateways: `cargo run --release --example ipam_only`.

use std::time::Duration;

use nexa_core::ipam::{Claim, NewPool, PoolKind, Strategy};
use nexa_core::{Nexa, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let nexa = Nexa::open("sqlite::memory:").await?;
    let ipam = nexa.system("ipam_only").ipam();

    let site = NewPool::new("site", "10.20.0.0/16".parse()?).quarantine(Duration::from_secs(3_600));
    let site = ipam.create_pool(site).await?;
    let lab = ipam.create_pool(NewPool::child("lab", PoolKind::Ipv4, site.id, 24)).await?;
    let ports = ipam.create_pool(NewPool::tcp_ports("ports").strategy(Strategy::Next)).await?;

    let printer = ipam.claim_with(lab.id, Claim::new().holder("printer")).await?;
    let delegated = ipam.claim_with(site.id, Claim::new().holder("pve1").block(28)).await?;
    let port = ipam.claim(ports.id).await?;
    let many = ipam.claim_many(site.id, 1_000).await?;
    println!(
        "printer {}, block {}-{}, port {}",
        printer.value, delegated.value, delegated.last_value, port.value
    );

    ipam.release(delegated.id, delegated.generation).await?;
    let usage = ipam.usage(site.id).await?;
    println!("{}", ipam.heat_map("", "10.20.0.0/20".parse()?).await?.to_text());
    assert!(ipam.verify().await?.is_empty());
    println!("ipam_only: ok, {} claimed, {} at rest, {} free", many.len() + 3, usage.quarantined, usage.free);
    Ok(())
}
