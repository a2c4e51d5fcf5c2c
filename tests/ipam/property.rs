//! Whatever is asked of it in whatever order, the allocator does what the model does.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::IpAddr;

use nexa_core::id::{AllocationId, PoolId};
use nexa_core::ipam::{Allocation, Ipam, NewPool};
use nexa_core::net::Cidr;
use nexa_core::page::PageRequest;
use nexa_core::{Error, ErrorKind, Nexa};
use proptest::prelude::*;
use proptest::sample::Index;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::model::ModelPool;
use crate::sound::assert_sound;

/// Small prefixes, also at both ends of the address space.
const BASES: [&str; 6] =
    ["10.0.0.0", "0.0.0.0", "255.255.255.240", "fd00::", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0"];

/// A pool to create, with the places in it that are reserved.
#[derive(Clone, Debug)]
struct Plan {
    cidr: Cidr,
    reserved: Vec<IpAddr>,
}

#[derive(Clone, Debug)]
enum Step {
    Claim(Index),
    ClaimFromNoPool,
    /// Of all claims there were, live or ended; so also a second time.
    Release(Index),
    ReleaseOtherGeneration(Index, i64),
    ReleaseNoAllocation,
}

fn plan() -> impl Strategy<Value = Plan> {
    let reserved = prop::collection::vec(any::<Index>(), 0..4);
    (0..BASES.len(), 0_u8..=4, reserved).prop_map(|(base, shorter, reserved)| {
        let base: IpAddr = BASES[base].parse().unwrap();
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let cidr = Cidr::new(base, longest - shorter).unwrap();
        let reserved: BTreeSet<_> =
            reserved.iter().map(|index| nth_of(cidr, index.index(1 << shorter))).collect();
        let reserved = reserved.into_iter().collect();
        Plan { cidr, reserved }
    })
}

fn nth_of(cidr: Cidr, n: usize) -> IpAddr {
    match cidr.first() {
        IpAddr::V4(first) => IpAddr::V4((first.to_bits() + u32::try_from(n).unwrap()).into()),
        IpAddr::V6(first) => IpAddr::V6((first.to_bits() + n as u128).into()),
    }
}

fn step() -> impl Strategy<Value = Step> {
    let other = prop_oneof![-3_i64..0, 1_i64..4, Just(i64::MIN / 2), Just(i64::MAX / 2)];
    prop_oneof![
        8 => any::<Index>().prop_map(Step::Claim),
        5 => any::<Index>().prop_map(Step::Release),
        2 => (any::<Index>(), other).prop_map(|(which, by)| Step::ReleaseOtherGeneration(which, by)),
        1 => Just(Step::ClaimFromNoPool),
        1 => Just(Step::ReleaseNoAllocation),
    ]
}

fn script() -> impl Strategy<Value = (Vec<Plan>, Vec<Step>)> {
    (prop::collection::vec(plan(), 1..4), prop::collection::vec(step(), 1..60))
}

/// An allocator and its model, side by side.
struct Sides {
    ipam: Ipam,
    pools: Vec<ModelPool>,
    claims: Vec<Allocation>,
}

impl Sides {
    async fn new(ipam: Ipam, plans: &[Plan]) -> Result<Self, TestCaseError> {
        let mut pools = Vec::new();
        let mut taken: Vec<Cidr> = Vec::new();
        for (nth, Plan { cidr, reserved }) in plans.iter().enumerate() {
            let new = reserved.iter().fold(NewPool::new(format!("{nth}"), *cidr), |new, a| new.reserve(*a));
            match (ipam.create_pool(new).await, ModelPool::assignable(*cidr, reserved)) {
                (Err(refused), Some(_)) if taken.iter().any(|other| other.overlaps(cidr)) => {
                    same_refusal(&refused, (ErrorKind::Conflict, Some("ranges")))?;
                }
                (Ok(pool), Some(free)) => {
                    prop_assert!(!taken.iter().any(|other| other.overlaps(cidr)), "{} overlaps", cidr);
                    taken.push(*cidr);
                    pools.push(ModelPool::new(pool.id, free));
                }
                (Err(refused), None) => same_refusal(&refused, (ErrorKind::InvalidInput, Some("ranges")))?,
                (got, expected) => return Err(TestCaseError::fail(format!("{got:?} not {expected:?}"))),
            }
        }
        Ok(Sides { ipam, pools, claims: Vec::new() })
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Claim(_) if self.pools.is_empty() => Ok(()),
            Step::Claim(pool) => self.claim(pool.index(self.pools.len())).await,
            Step::ClaimFromNoPool => {
                let nobody = PoolId::from_uuid(Default::default());
                let refused = refusal(self.ipam.claim(nobody).await)?;
                same_refusal(&refused, (ErrorKind::NotFound, Some("pool_id")))
            }
            Step::ReleaseNoAllocation => {
                let nothing = AllocationId::from_uuid(Default::default());
                let refused = refusal(self.ipam.release(nothing, 1).await)?;
                same_refusal(&refused, (ErrorKind::NotFound, Some("allocation_id")))
            }
            Step::Release(_) | Step::ReleaseOtherGeneration(..) if self.claims.is_empty() => Ok(()),
            Step::Release(which) => self.release(which.index(self.claims.len())).await,
            Step::ReleaseOtherGeneration(which, by) => {
                let claim = &self.claims[which.index(self.claims.len())];
                let refused = refusal(self.ipam.release(claim.id, claim.generation + by).await)?;
                same_refusal(&refused, (ErrorKind::Conflict, Some("generation")))
            }
        }
    }

    async fn claim(&mut self, pool: usize) -> Result<(), TestCaseError> {
        let pool = &mut self.pools[pool];
        match (self.ipam.claim(pool.id).await, pool.next()) {
            (Ok(allocation), Ok(lowest)) => {
                prop_assert_eq!((allocation.pool_id, allocation.address()), (pool.id, Some(lowest)));
                let newer =
                    |claim: &Allocation| claim.pool_id != pool.id || claim.generation < allocation.generation;
                prop_assert!(self.claims.iter().all(newer), "a generation came twice");
                pool.claimed(allocation.clone());
                self.claims.push(allocation);
                Ok(())
            }
            (Err(refused), Err(expected)) => same_refusal(&refused, expected),
            (got, expected) => Err(TestCaseError::fail(format!("claimed {got:?}, not {expected:?}"))),
        }
    }

    async fn release(&mut self, claim: usize) -> Result<(), TestCaseError> {
        let claim = &self.claims[claim];
        accepted(self.ipam.release(claim.id, claim.generation).await)?;
        self.pools.iter_mut().filter(|pool| pool.id == claim.pool_id).for_each(|pool| pool.released(claim));
        Ok(())
    }

    /// Usage and list say what the model says.
    async fn compare(&self) -> Result<(), TestCaseError> {
        for pool in &self.pools {
            let usage = accepted(self.ipam.usage(pool.id).await)?;
            prop_assert!(pool.is_as_full_as(&usage), "{:?}", usage);
            let listed = self.listed(pool.id).await?;
            prop_assert_eq!(listed.iter().collect::<Vec<_>>(), pool.live());
        }
        Ok(())
    }

    /// Every page, of a size that makes several.
    async fn listed(&self, pool: PoolId) -> Result<Vec<Allocation>, TestCaseError> {
        let mut request = PageRequest::first(5);
        let mut listed = Vec::new();
        loop {
            let page = accepted(self.ipam.list_allocations(pool, request.clone()).await)?;
            listed.extend(page.items);
            match page.next {
                Some(next) => request = request.after(next),
                None => return Ok(listed),
            }
        }
    }
}

fn accepted<T>(outcome: Result<T, Error>) -> Result<T, TestCaseError> {
    outcome.map_err(|refused| TestCaseError::fail(format!("refused: {refused:?}")))
}

fn refusal<T>(outcome: Result<T, Error>) -> Result<Error, TestCaseError> {
    outcome.err().ok_or_else(|| TestCaseError::fail("was not refused"))
}

fn same_refusal(refused: &Error, expected: (ErrorKind, Option<&'static str>)) -> Result<(), TestCaseError> {
    prop_assert_eq!((refused.kind(), refused.field()), expected, "{}", refused);
    Ok(())
}

fn cases(usual: u32) -> ProptestConfig {
    let times = if std::env::var_os("NEXA_TEST_FULL").is_some() { 10 } else { 1 };
    ProptestConfig { cases: usual * times, ..ProptestConfig::default() }
}

fn run(test: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(cases(200))]
    #[test]
    fn the_allocator_does_what_sets_of_addresses_do((plans, steps) in script()) {
        run(async {
            let nexa = Nexa::open("sqlite::memory:").await.unwrap();
            let mut sides = Sides::new(nexa.system("property").ipam(), &plans).await?;
            for step in &steps {
                sides.take(step).await?;
                sides.compare().await?;
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(cases(80))]
    #[test]
    fn what_is_stored_is_the_pool_exactly((plans, steps) in script()) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("nexa.db");
            let nexa = Nexa::open(&format!("sqlite:{}", file.display())).await.unwrap();
            let mut sides = Sides::new(nexa.system("property").ipam(), &plans).await?;
            for step in &steps {
                sides.take(step).await?;
            }
            sides.compare().await?;
            nexa.close().await;
            let options = SqliteConnectOptions::new().filename(&file);
            assert_sound(&mut SqliteConnection::connect_with(&options).await.unwrap()).await;
            Ok(())
        })?;
    }
}
