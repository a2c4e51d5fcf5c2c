//! Writes through Nexa, each a transaction with its row in the audit and its event.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;
use nexa_core::id::{PoolId, UserId};
use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use nexa_core::policy::NewPolicy;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{Builder, Nexa};

use crate::bare::Bare;

/// How many sealed values there are to move.
const VALUES: usize = 500;

#[derive(Clone, Copy)]
pub(crate) enum What {
    Statement,
    Unit,
    Enrolment,
}

impl What {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            What::Statement => "one row: a policy is created",
            What::Unit => "a unit of work: an address is claimed and given back, two calls",
            What::Enrolment => "a unit of work: a device is enrolled and revoked, two calls",
        }
    }
}

pub(crate) struct Ours {
    nexa: Nexa,
    pool: PoolId,
    ada: UserId,
    next: AtomicU64,
}

impl Ours {
    pub(crate) async fn open(bare: &Bare, builder: Builder) -> anyhow::Result<Self> {
        let nexa = builder.open().await.with_context(|| format!("opening {}", bare.url()))?;
        let system = nexa.system("bench");
        let people = system.identity().list_users(PageRequest::first(1)).await?;
        let (ada, pool) = match people.items.first() {
            Some(ada) => {
                let pools = system.ipam().list_pools(PageRequest::default()).await?.items;
                let pool = pools.iter().find(|pool| pool.name == "bench").context("there is no pool")?;
                (ada.id, pool.id)
            }
            None => {
                let ada = system.identity().create_first_user(NewUser::without_password("ada")).await?.id;
                let key = PrivateKey::generate(&SystemRandom)?.public_key();
                let gateway = NewGateway::new("hq", "vpn.example.org:51820".parse()?, key);
                system.gateways().create(gateway.vpn_cidr("10.66.0.0/16".parse()?)).await?;
                let pool = system.ipam().create_pool(NewPool::new("bench", "10.99.0.0/16".parse()?)).await?;
                (ada, pool.id)
            }
        };
        let next = AtomicU64::new(people.items.len() as u64 * 1_000_000_000 + nanos());
        Ok(Ours { nexa, pool, ada, next })
    }

    pub(crate) async fn call(&self, what: What) -> anyhow::Result<()> {
        let system = self.nexa.system("bench");
        let name = format!("n{}", self.next.fetch_add(1, Ordering::Relaxed));
        match what {
            What::Statement => drop(system.policy().create(NewPolicy::allow(name)).await?),
            What::Unit => {
                let claimed = system.ipam().claim(self.pool).await?;
                system.ipam().release(claimed.id, claimed.generation).await?;
            }
            What::Enrolment => {
                let key = PrivateKey::generate(&SystemRandom)?.public_key();
                let new = NewEnrolment::new(&name, key, &name).user(self.ada);
                let enrolled = Box::pin(system.enrolment().enrol(new)).await?;
                system.devices().revoke(enrolled.device.id).await?;
            }
        }
        Ok(())
    }

    /// Devices that share a secret with their gateway.
    pub(crate) async fn make_values(&self) -> anyhow::Result<()> {
        for _ in 0..VALUES {
            let name = format!("n{}", self.next.fetch_add(1, Ordering::Relaxed));
            let key = PrivateKey::generate(&SystemRandom)?.public_key();
            let new = NewEnrolment::new(&name, key, &name).user(self.ada).with_preshared_key();
            Box::pin(self.nexa.system("bench").enrolment().enrol(new)).await?;
        }
        Ok(())
    }

    /// Moves every sealed value to a new key; how many it was.
    pub(crate) async fn reseal(&self) -> anyhow::Result<u64> {
        let sealing = self.nexa.system("bench").sealing();
        sealing.rotate().await?;
        Ok(Box::pin(sealing.finish_rotation()).await?.resealed)
    }

    pub(crate) async fn close(&self) {
        self.nexa.close().await;
    }
}

fn nanos() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "names that no run before has used")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::from(since.subsec_nanos()))
}
