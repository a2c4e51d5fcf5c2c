use super::claiming::{self, MAX_MANY};
use super::model::{
    Allocation, Claim, NewPool, Pool, PoolChange, PoolUsage, Renumbering, Reservation, Resize,
};
use super::store;
use super::value::{Value, ValueRange};
use super::verify::{Finding, Rebuilt};
use super::{Forecast, HeatMap, ImportFormat, ImportReport, exchange, pools, renumbering, resting, seeing};
use crate::actor::right;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{AllocationId, PoolId, ReservationId};
use crate::net::Cidr;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::unit::Unit;

/// Pools of addresses, ports and other numbers, and what is handed out of them.
pub struct Ipam {
    handle: Handle,
}

impl Ipam {
    pub(crate) fn new(handle: Handle) -> Self {
        Ipam { handle }
    }

    /// Creates a pool that stands alone, or that is a part of another. A gateway's pools are created with the gateway.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # use nexa_core::{Nexa, ipam::{Claim, NewPool, PoolKind}};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let ipam = nexa.system("example").ipam();
    /// let site = ipam.create_pool(NewPool::new("berlin", "10.20.0.0/16".parse()?)).await?;
    /// let lab = ipam.create_pool(NewPool::child("lab", PoolKind::Ipv4, site.id, 24)).await?;
    /// assert_eq!(lab.ranges[0].to_string(), "10.20.1.0/24");
    ///
    /// let printer = ipam.claim_with(lab.id, Claim::new().holder("printer")).await?;
    /// assert_eq!(printer.value.to_string(), "10.20.1.1");
    /// assert_eq!(ipam.claim_with(lab.id, Claim::new().holder("printer")).await?, printer);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`name`, `ranges`, `reserve`, `scope`, `quarantine`, `parent`, `prefix_len`),
    /// [`Conflict`](crate::ErrorKind::Conflict) (`ranges`) when another pool of the scope has a value of it, or the parent has it no
    /// more, [`NotFound`](crate::ErrorKind::NotFound) (`parent`), [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`) when the
    /// parent has no such block, [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`); what every call can fail with.
    pub async fn create_pool(&self, pool: NewPool) -> Result<Pool> {
        let call = self.handle.call("ipam.create_pool", &pool);
        let pool = pool.checked()?;
        call.write(pool, |unit, pool| Box::pin(pools::create(unit, pool))).await
    }

    /// One pool.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn get_pool(&self, id: PoolId) -> Result<Pool> {
        self.handle.read(id, |unit, id| Box::pin(pools::get(unit, *id))).await
    }

    /// A page of the pools, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list_pools(&self, page: PageRequest) -> Result<Page<Pool>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(pools::list(unit, page))).await
    }

    /// Changes a pool's name, strategy, quarantine or mode. What rests already rests as long as it was told to.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`name`, `quarantine`),
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`); what every call can fail with.
    pub async fn change_pool(&self, id: PoolId, change: PoolChange) -> Result<Pool> {
        let input = (id, change);
        let call = self.handle.call("ipam.change_pool", &input);
        call.write(input, |unit, (id, change)| Box::pin(pools::change(unit, *id, change))).await
    }

    /// Deletes a pool of which nothing is allocated or rests. A part gives its ranges back to its parent.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`Conflict`](crate::ErrorKind::Conflict) (`pool_id`) when it is in use,
    /// has parts, or is a gateway's; what every call can fail with.
    pub async fn delete_pool(&self, id: PoolId) -> Result<()> {
        let call = self.handle.call("ipam.delete_pool", &id);
        call.write(id, |unit, id| Box::pin(pools::delete(unit, *id))).await
    }

    /// Keeps a free range out of a pool, for a reason.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`range`, `reason`),
    /// [`Conflict`](crate::ErrorKind::Conflict) (`range`) when a value of it is reserved, allocated, at rest or a child's; what every
    /// call can fail with.
    pub async fn reserve(&self, pool: PoolId, range: ValueRange, reason: &str) -> Result<Reservation> {
        let input = (pool, range, reason.to_owned());
        let call = self.handle.call("ipam.reserve", &input);
        call.write(input, |unit, (pool, range, reason)| Box::pin(pools::reserve(unit, *pool, *range, reason)))
            .await
    }

    /// Lifts a reservation.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`reservation_id`), [`Conflict`](crate::ErrorKind::Conflict) (`reservation_id`) for
    /// one that follows from what the pool is; what every call can fail with.
    pub async fn unreserve(&self, id: ReservationId) -> Result<()> {
        let call = self.handle.call("ipam.unreserve", &id);
        call.write(id, |unit, id| Box::pin(pools::unreserve(unit, *id))).await
    }

    /// A page of what is reserved of a pool, in order of its making.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000,
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn list_reservations(&self, pool: PoolId, page: PageRequest) -> Result<Page<Reservation>> {
        page.checked_limit()?;
        self.handle
            .read((pool, page), |unit, (pool, page)| Box::pin(pools::list_reservations(unit, *pool, page)))
            .await
    }

    /// What other ranges would mean for a pool: what it would gain and lose, and what is in the way.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`ranges`); what every
    /// call can fail with.
    pub async fn preview_resize(&self, pool: PoolId, ranges: Vec<ValueRange>) -> Result<Resize> {
        self.handle
            .read((pool, ranges), |unit, (pool, ranges)| Box::pin(pools::preview_resize(unit, *pool, ranges)))
            .await
    }

    /// Grows or shrinks a pool to these ranges. Reservations that lie outside them go. A gateway's pool has one range, which becomes
    /// the gateway's prefix and must have room for its own address.
    ///
    /// # Errors
    /// As [`Ipam::preview_resize`]; [`Conflict`](crate::ErrorKind::Conflict) (`ranges`) when something in use lies outside, another
    /// pool has a value of them, or the parent has it no more.
    pub async fn resize(&self, pool: PoolId, ranges: Vec<ValueRange>) -> Result<Resize> {
        let input = (pool, ranges);
        let call = self.handle.call("ipam.resize", &input);
        call.write(input, |unit, (pool, ranges)| Box::pin(pools::resize(unit, *pool, ranges))).await
    }

    /// What a renumbering would move, and where to.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`old_range`, `new_range`),
    /// [`Conflict`](crate::ErrorKind::Conflict) (`pool_id`) for a pool that has parts or is one, or one of which
    /// something rests; what every call can fail with.
    pub async fn preview_renumber(
        &self,
        pool: PoolId,
        old_range: ValueRange,
        new_range: ValueRange,
    ) -> Result<Renumbering> {
        self.handle
            .read((pool, old_range, new_range), |unit, (pool, from, to)| {
                Box::pin(renumbering::preview(unit, *pool, *from, *to))
            })
            .await
    }

    /// Puts another range in the place of one of a pool's. What is allocated moves to the same place in it: each life ends, and its
    /// holder begins another. With a gateway's pool its prefix changes, its own address and the DNS servers in it move as well, and
    /// every device there has a new profile to fetch.
    ///
    /// # Errors
    /// As [`Ipam::preview_renumber`]; [`Conflict`](crate::ErrorKind::Conflict) (`new_range`) when another pool has a value of it.
    pub async fn renumber(
        &self,
        pool: PoolId,
        old_range: ValueRange,
        new_range: ValueRange,
    ) -> Result<Renumbering> {
        let input = (pool, old_range, new_range);
        let call = self.handle.call("ipam.renumber", &input);
        call.write(input, |unit, (pool, from, to)| Box::pin(renumbering::renumber(unit, *pool, *from, *to)))
            .await
    }

    /// Claims one value of a pool by its strategy, for something that is not a device.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`) with the counts
    /// when all is taken; what every call can fail with.
    pub async fn claim(&self, pool: PoolId) -> Result<Allocation> {
        let call = self.handle.call("ipam.claim", &pool);
        let outcome = call.write(pool, |unit, pool| Box::pin(claiming::claim_one(unit, *pool))).await;
        self.settled(pool, outcome).await
    }

    /// Claims a value for a holder, a value that is named, or a block. A holder that has one gets the same one; one that gave it back
    /// gets it again while it rests.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`holder`, `specific`,
    /// `block`), [`Conflict`](crate::ErrorKind::Conflict) (`specific`) when it is taken, reserved, or a child's, and (`holder`) when
    /// that has another one, [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`); what every call can fail with.
    pub async fn claim_with(&self, pool: PoolId, claim: Claim) -> Result<Allocation> {
        let input = (pool, claim);
        let call = self.handle.call("ipam.claim_with", &input);
        let (pool, claim) = input;
        let input = (pool, claim.checked()?);
        let outcome =
            call.write(input, |unit, (pool, claim)| Box::pin(claiming::claim_with(unit, *pool, claim)));
        self.settled(pool, outcome.await).await
    }

    /// Claims several at once, the lowest there are, or none.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`count`) for none or more than 100,000,
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`) when fewer are
    /// free; what every call can fail with.
    pub async fn claim_many(&self, pool: PoolId, count: u32) -> Result<Vec<Allocation>> {
        let input = (pool, count);
        let call = self.handle.call("ipam.claim_many", &input);
        if count == 0 || count > MAX_MANY {
            return Err(Error::invalid("count", format!("is not from 1 to {MAX_MANY}")));
        }
        let outcome =
            call.write(input, |unit, (pool, count)| Box::pin(claiming::claim_many(unit, *pool, *count)));
        self.settled(pool, outcome.await).await
    }

    /// Keeps what a claim that failed for want of anything free has found out about rests, such as that the clock was set back and they
    /// begin again: it is taken back with the claim.
    async fn settled<T>(&self, pool: PoolId, outcome: Result<T>) -> Result<T> {
        if outcome.as_ref().is_err_and(|refused| refused.kind() == ErrorKind::Exhausted) {
            let settling = self.handle.call("ipam.settle", &pool);
            settling.write(pool, |unit, pool| Box::pin(resting::settle(unit, *pool))).await?;
        }
        outcome
    }

    /// Gives a value back. Naming the generation keeps a late release from taking it away from whoever has it now; releasing the same
    /// generation twice is not an error.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`allocation_id`), [`Conflict`](crate::ErrorKind::Conflict)
    /// (`generation`) for another generation, or for a device's address, which goes with the device.
    pub async fn release(&self, allocation: AllocationId, generation: i64) -> Result<()> {
        let input = (allocation, generation);
        let call = self.handle.call("ipam.release", &input);
        call.write(input, |unit, (id, generation)| Box::pin(resting::release(unit, *id, *generation))).await
    }

    /// A page of what of a pool is in somebody's hands, in order of the values.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000,
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn list_allocations(&self, pool: PoolId, page: PageRequest) -> Result<Page<Allocation>> {
        page.checked_limit()?;
        self.handle
            .read((pool, page), |unit, (pool, page)| Box::pin(list_allocations(unit, *pool, page)))
            .await
    }

    /// How full a pool is, exactly: counted over ranges, whatever is handed out of them.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn usage(&self, pool: PoolId) -> Result<PoolUsage> {
        self.handle.read(pool, |unit, pool| Box::pin(seeing::usage(unit, *pool))).await
    }

    /// What the next claim from a pool gives that names nothing: certain for the strategies `lowest` and `next`, and while nobody else
    /// claims. None when nothing is free.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn next_free(&self, pool: PoolId) -> Result<Option<Value>> {
        self.handle.read(pool, |unit, pool| Box::pin(seeing::next_free(unit, *pool))).await
    }

    /// Who has a value in a scope, or had it last while it rests. `scope` is empty for the one that all share.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn who_holds(&self, scope: &str, value: Value) -> Result<Option<Allocation>> {
        let lives = self.handle.read((scope.to_owned(), value), |unit, (scope, value)| {
            Box::pin(seeing::lives(unit, scope, *value, true))
        });
        Ok(lives.await?.into_iter().next())
    }

    /// The lives of a value in a scope, the latest first; a thousand at most.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn history(&self, scope: &str, value: Value) -> Result<Vec<Allocation>> {
        self.handle
            .read((scope.to_owned(), value), |unit, (scope, value)| {
                Box::pin(seeing::lives(unit, scope, *value, false))
            })
            .await
    }

    /// Compares what is stored of every pool with itself: what is free, allocated, at rest, reserved and children's must be the pool,
    /// each once. No findings is the good answer.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn verify(&self) -> Result<Vec<Finding>> {
        self.handle.read((), |unit, ()| Box::pin(seeing::verify(unit))).await
    }

    /// When a pool will be used up, if it goes on as in the last thirty days.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn forecast(&self, pool: PoolId) -> Result<Forecast> {
        self.handle.read(pool, |unit, pool| Box::pin(seeing::forecast(unit, *pool))).await
    }

    /// A prefix as a picture: what of it is handed out, at rest, reserved, free, or in no pool. `scope` is empty for the one that all
    /// share.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn heat_map(&self, scope: &str, prefix: Cidr) -> Result<HeatMap> {
        self.handle
            .read((scope.to_owned(), prefix), |unit, (scope, prefix)| {
                Box::pin(seeing::heat_map(unit, scope, *prefix))
            })
            .await
    }

    /// What an import would do, and what is in its way, line by line.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`scope`, or `text` above 16 MiB); what every call can fail with.
    pub async fn check_import(&self, scope: &str, format: ImportFormat, text: &str) -> Result<ImportReport> {
        self.handle
            .read((scope.to_owned(), format, text.to_owned()), |unit, (scope, format, text)| {
                Box::pin(exchange::check(unit, scope, (*format, text)))
            })
            .await
    }

    /// Creates the pools of a text that are not there, a prefix inside another as a part of it, reserves what it reserves, and claims
    /// what it says is held: all of it, or nothing.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) (`text`) when anything is in the way, which [`Ipam::check_import`] lists;
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`scope`, `text`); what every call can fail with.
    pub async fn import_pools(&self, scope: &str, format: ImportFormat, text: &str) -> Result<ImportReport> {
        let input = (scope.to_owned(), format, text.to_owned());
        let call = self.handle.call("ipam.import_pools", &input);
        call.write(input, |unit, (scope, format, text)| {
            Box::pin(exchange::import(unit, scope, (*format, text)))
        })
        .await
    }

    /// The pools of a scope, with what is reserved of them and who holds what, as a text that can be imported. NetBox's JSON has place
    /// for addresses only, and has what NetBox does not know in custom fields. The pool of a gateway is a pool like others there, in
    /// which the gateway's own addresses are reserved.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`scope`, or `format` for dnsmasq's leases, which are only read); what every
    /// call can fail with.
    pub async fn export_pools(&self, scope: &str, format: ImportFormat) -> Result<String> {
        self.handle
            .read((scope.to_owned(), format), |unit, (scope, format)| {
                Box::pin(exchange::export(unit, scope, *format))
            })
            .await
    }

    /// Works out anew what is free of a pool, from everything else that is stored of it.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn rebuild(&self, pool: PoolId) -> Result<Rebuilt> {
        let call = self.handle.call("ipam.rebuild", &pool);
        call.write(pool, |unit, pool| Box::pin(seeing::rebuild(unit, *pool))).await
    }
}

async fn list_allocations(unit: &mut Unit, pool: PoolId, page: &PageRequest) -> Result<Page<Allocation>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, pool).await?;
    let limit = page.checked_limit()?;
    let rows =
        store::list_allocations(&mut unit.tx, &authorized, &pool, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(rows, limit, |allocation| allocation.id.as_uuid()))
}
