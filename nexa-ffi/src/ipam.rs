//! Pools of addresses and numbers.

use std::time::Duration;

use nexa_core::ipam::{self, ValueRange};
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::ids::{AllocationId, DeviceId, GatewayId, PoolId, ReservationId};
use crate::nexa::{Caller, page};
use crate::outward::Outward;
use crate::wireguard::parsed;

/// What a pool hands out.
#[enumeration(from = ipam::PoolKind, otherwise = UnixId)]
pub enum PoolKind {
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 addresses.
    Ipv6,
    /// TCP ports, 1 to 65535.
    TcpPort,
    /// UDP ports, 1 to 65535.
    UdpPort,
    /// MAC addresses: locally administered ones, or of the prefix that Proxmox VE has.
    Mac,
    /// VMIDs of Proxmox VE's guests, 100 to 999999999.
    Ctid,
    /// uid and gid numbers.
    UnixId,
}

impl PoolKind {
    fn core(&self) -> ipam::PoolKind {
        match self {
            PoolKind::Ipv4 => ipam::PoolKind::Ipv4,
            PoolKind::Ipv6 => ipam::PoolKind::Ipv6,
            PoolKind::TcpPort => ipam::PoolKind::TcpPort,
            PoolKind::UdpPort => ipam::PoolKind::UdpPort,
            PoolKind::Mac => ipam::PoolKind::Mac,
            PoolKind::Ctid => ipam::PoolKind::Ctid,
            PoolKind::UnixId => ipam::PoolKind::UnixId,
        }
    }
}

/// Which of the free ones a pool hands out.
#[enumeration(from = ipam::Strategy, otherwise = Lowest)]
pub enum Strategy {
    /// The lowest.
    Lowest,
    /// The lowest above the one that was handed out last, and then from the beginning again.
    Next,
    /// Any, each as likely as the others.
    Random,
    /// What the holder had before; else one that follows from who the holder is, or the next free one above it.
    Sticky,
}

impl Strategy {
    fn core(&self) -> ipam::Strategy {
        match self {
            Strategy::Lowest => ipam::Strategy::Lowest,
            Strategy::Next => ipam::Strategy::Next,
            Strategy::Random => ipam::Strategy::Random,
            Strategy::Sticky => ipam::Strategy::Sticky,
        }
    }
}

/// Where in its life an allocation is.
#[enumeration(from = ipam::AllocationStatus, otherwise = Released)]
pub enum AllocationStatus {
    /// In somebody's hands.
    Allocated,
    /// Given back, and not yet anybody else's to have.
    Quarantined,
    /// Over.
    Released,
}

/// What can be wrong with a pool.
#[enumeration(from = ipam::FindingKind, otherwise = Outside)]
pub enum FindingKind {
    /// It is neither free nor anything else. `rebuild` finds it again.
    Lost,
    /// It is two things at once.
    Twice,
    /// It is something in a pool that does not have it.
    Outside,
}

/// What a text of pools and addresses is written in.
#[enumeration(from = ipam::ImportFormat, otherwise = Csv)]
pub enum ImportFormat {
    /// A table: `record,type,value,name` as Nexa writes it, or the columns of NetBox's exports.
    Csv,
    /// JSON as NetBox's API gives it.
    NetboxJson,
    /// The file in which dnsmasq keeps its leases. It is read only.
    DnsmasqLeases,
}

impl ImportFormat {
    fn core(&self) -> ipam::ImportFormat {
        match self {
            ImportFormat::Csv => ipam::ImportFormat::Csv,
            ImportFormat::NetboxJson => ipam::ImportFormat::NetboxJson,
            ImportFormat::DnsmasqLeases => ipam::ImportFormat::DnsmasqLeases,
        }
    }
}

impl Outward<String> for ipam::Value {
    fn outward(self) -> String {
        self.to_string()
    }
}

impl Outward<String> for ValueRange {
    fn outward(self) -> String {
        self.to_string()
    }
}

/// A pool: ranges of one kind without what is reserved in them.
#[record(from = ipam::Pool)]
pub struct Pool {
    /// The id.
    pub id: PoolId,
    /// The name.
    pub name: String,
    /// What it hands out.
    pub kind: PoolKind,
    /// The network or the cluster in which its values mean something; empty for the one that all share.
    pub scope: String,
    /// What it covers, in order: a prefix, `first-last`, or one value.
    pub ranges: Vec<String>,
    /// The gateway whose devices it serves.
    pub gateway_id: Option<GatewayId>,
    /// The pool that it is a part of.
    pub parent_id: Option<PoolId>,
    /// Which of the free ones it hands out.
    pub strategy: Strategy,
    /// How long what is given back rests before anybody else gets it, in microseconds.
    pub quarantine: i64,
    /// Whether claims on a server do not wait for each other; "lowest" is then approximate.
    pub is_parallel: bool,
    /// When it was created, in microseconds since 1970.
    pub created_at: i64,
}

/// A pool to create. It has one prefix (`cidr`), several ranges, or a block of a parent.
#[record(input)]
pub struct NewPool {
    /// The name.
    pub name: String,
    /// What it covers; network and broadcast addresses are never handed out.
    pub cidr: Option<String>,
    /// Addresses and ranges to keep out of it.
    pub reserve: Option<Vec<String>>,
    /// What it hands out; with a prefix, or a range of addresses, that says it.
    pub kind: Option<PoolKind>,
    /// What it covers: prefixes, `first-last`, or single values.
    pub ranges: Option<Vec<String>>,
    /// The network or the cluster in which its values mean something; empty for the one that all share.
    pub scope: Option<String>,
    /// The pool that it becomes a part of.
    pub parent: Option<PoolId>,
    /// How long the prefix is that is cut out of the parent, where it does not matter which.
    pub prefix_len: Option<u32>,
    /// Which of the free ones it hands out: the lowest, unless this says otherwise.
    pub strategy: Option<Strategy>,
    /// How long what is given back rests before anybody else gets it, in microseconds: not at all, unless this says otherwise.
    pub quarantine: Option<i64>,
    /// Whether claims on a server do not wait for each other.
    pub parallel: Option<bool>,
}

impl NewPool {
    fn parse(self) -> Result<ipam::NewPool> {
        let mut texts = self.ranges.clone().unwrap_or_default();
        texts.extend(self.cidr.clone());
        let kind = self.kind(&texts)?;
        let mut new = match (&self.parent, self.prefix_len) {
            (Some(parent), Some(length)) => {
                let length =
                    u8::try_from(length).map_err(|_| Error::invalid("prefix_len", "is more than 128"))?;
                ipam::NewPool::child(self.name, kind, parent.parse()?, length)
            }
            (Some(parent), None) => ipam::NewPool::of(self.name, kind).parent(parent.parse()?),
            (None, Some(_)) => return Err(Error::invalid("parent", "is missing")),
            (None, None) => ipam::NewPool::of(self.name, kind),
        };
        for text in &texts {
            new = new.range(ValueRange::parse(kind, text).map_err(|refused| spelled(&refused, "ranges"))?);
        }
        for text in self.reserve.unwrap_or_default() {
            let range = ValueRange::parse(kind, &text).map_err(|refused| spelled(&refused, "reserve"))?;
            new = new.reserve_range(range, "reserved");
        }
        if let Some(scope) = self.scope {
            new = new.scope(scope);
        }
        if let Some(strategy) = self.strategy {
            new = new.strategy(strategy.core());
        }
        if let Some(micros) = self.quarantine {
            new = new.quarantine(duration("quarantine", micros)?);
        }
        Ok(if self.parallel == Some(true) { new.parallel() } else { new })
    }

    /// What it hands out: as it says, or as its first address does.
    fn kind(&self, texts: &[String]) -> Result<ipam::PoolKind> {
        if let Some(kind) = &self.kind {
            return Ok(kind.core());
        }
        let Some(first) = texts.first() else { return Err(Error::invalid("kind", "is missing")) };
        let of_first = [ipam::PoolKind::Ipv4, ipam::PoolKind::Ipv6, ipam::PoolKind::Mac];
        let found = of_first.into_iter().find(|kind| ValueRange::parse(*kind, first).is_ok());
        match (found, &self.cidr) {
            (Some(kind), _) => Ok(kind),
            (None, Some(cidr)) => Err(parsed::<nexa_core::net::Cidr>("cidr", cidr)
                .err()
                .unwrap_or_else(|| Error::invalid("kind", "is missing"))),
            (None, None) => {
                Err(Error::invalid("kind", "is missing, and the first range is not of addresses"))
            }
        }
    }
}

fn duration(field: &str, micros: i64) -> Result<Duration> {
    u64::try_from(micros)
        .map(Duration::from_micros)
        .map_err(|_| Error::invalid(field, "is less than nothing"))
}

/// What the core refused, said of the caller's name for the field.
fn spelled(refused: &nexa_core::Error, field: &str) -> Error {
    let said = refused.to_string();
    Error::invalid(field, said.split_once(": ").map_or(said.as_str(), |(_, reason)| reason))
}

/// What of a pool is to be changed; what is not named stays.
#[record(input)]
pub struct PoolChange {
    /// Another name.
    pub name: Option<String>,
    /// Which of the free ones it hands out from now on.
    pub strategy: Option<Strategy>,
    /// How long what is given back from now on rests, in microseconds.
    pub quarantine: Option<i64>,
    /// Whether claims on a server do not wait for each other.
    pub parallel: Option<bool>,
}

impl PoolChange {
    fn core(self) -> Result<ipam::PoolChange> {
        let mut change = ipam::PoolChange::new();
        if let Some(name) = self.name {
            change = change.name(name);
        }
        if let Some(strategy) = self.strategy {
            change = change.strategy(strategy.core());
        }
        if let Some(micros) = self.quarantine {
            change = change.quarantine(duration("quarantine", micros)?);
        }
        if let Some(parallel) = self.parallel {
            change = change.parallel(parallel);
        }
        Ok(change)
    }
}

/// One page of pools.
#[record(from = nexa_core::page::Page<ipam::Pool>)]
pub struct PoolPage {
    /// The pools, in a stable order.
    pub items: Vec<Pool>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// What is to be claimed, and for whom.
#[record(input)]
pub struct Claim {
    /// Who gets it, in up to 128 characters. A holder has one at most in a pool: claiming again gives the same one.
    pub holder: Option<String>,
    /// This one and no other; with `block` the block that begins there.
    pub specific: Option<String>,
    /// How long the prefix of a whole block is, such as 28 for a `/28`. The number of bits is that of the kind: 32, 128 for IPv6,
    /// 48 for MAC addresses, 16 for ports.
    pub block: Option<u32>,
}

/// One life of an address, a number or a block of them, in somebody's hands.
#[record(from = ipam::Allocation)]
pub struct Allocation {
    /// The id.
    pub id: AllocationId,
    /// The pool it came from.
    pub pool_id: PoolId,
    /// What was handed out: one value, or the first of a block.
    pub value: String,
    /// The last of a block; the same value where it is one.
    pub last_value: String,
    /// The device that has it.
    pub device_id: Option<DeviceId>,
    /// Who has it, where it is no device and the claim said so.
    pub holder: Option<String>,
    /// Where in its life it is.
    pub status: AllocationStatus,
    /// Which life of the address this is; a release must name it.
    pub generation: i64,
    /// When it was handed out, in microseconds since 1970.
    pub allocated_at: i64,
    /// When it was given back.
    pub released_at: Option<i64>,
    /// Until when it rests at least; gateways that have not applied its release keep it longer.
    pub quarantined_until: Option<i64>,
}

/// One page of allocations.
#[record(from = nexa_core::page::Page<ipam::Allocation>)]
pub struct AllocationPage {
    /// The allocations, in a stable order.
    pub items: Vec<Allocation>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// How full a pool is, exactly. What may pass 2^53 is text in decimal.
#[record(from = ipam::PoolUsage)]
pub struct PoolUsage {
    /// How many can be handed out at all; 2^128 - 1 stands for all of IPv6, which is one more.
    pub assignable: String,
    /// How many are in somebody's hands.
    pub allocated: String,
    /// How many were given back and rest.
    pub quarantined: String,
    /// How many are parts of child pools.
    pub delegated: String,
    /// How many are reserved, and so not among the assignable.
    pub reserved: String,
    /// How many can be handed out now.
    pub free: String,
    /// When the first of those that rest may be handed out again, in microseconds since 1970.
    pub earliest_free_at: Option<i64>,
}

/// Something in a pool that is never handed out.
#[record(from = ipam::Reservation)]
pub struct Reservation {
    /// The id.
    pub id: ReservationId,
    /// The pool.
    pub pool_id: PoolId,
    /// What is reserved.
    pub range: String,
    /// Why.
    pub reason: String,
    /// Whether it follows from what the pool is, and cannot be lifted.
    pub is_builtin: bool,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
}

/// One page of reservations.
#[record(from = nexa_core::page::Page<ipam::Reservation>)]
pub struct ReservationPage {
    /// The reservations, in a stable order.
    pub items: Vec<Reservation>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// What a change of a pool's ranges does, or would do.
#[record(from = ipam::Resize)]
pub struct Resize {
    /// The ranges that it has, or would have.
    pub ranges: Vec<String>,
    /// How many more can be handed out than before.
    pub gained: String,
    /// How many fewer.
    pub lost: String,
    /// What lies outside the new ranges and is in somebody's hands or rests; at most 1,000 are listed.
    pub outside: Vec<Allocation>,
    /// How many those are.
    pub outside_count: i64,
    /// Reservations that lie outside, which go.
    pub reservations: Vec<Reservation>,
    /// Child pools that lie outside.
    pub children: Vec<PoolId>,
}

/// One allocation that a renumbering moves.
#[record(from = ipam::Move)]
pub struct Move {
    /// The allocation that ends.
    pub allocation: Allocation,
    /// What its holder has afterwards: the first of as many as before.
    pub new_value: String,
}

/// A range that is kept out of a pool, and why.
#[record(from = ipam::ReservedRange)]
pub struct ReservedRange {
    /// The range.
    pub range: String,
    /// Why.
    pub reason: String,
}

/// What a renumbering does, or would do.
#[record(from = ipam::Renumbering)]
pub struct Renumbering {
    /// The range before.
    pub old_range: String,
    /// The range afterwards.
    pub new_range: String,
    /// What moves, in the order of the addresses.
    pub moves: Vec<Move>,
    /// What is reserved of the new range.
    pub reservations: Vec<ReservedRange>,
}

/// One thing that is wrong with what is stored of a pool.
#[record(from = ipam::Finding)]
pub struct Finding {
    /// The pool.
    pub pool_id: PoolId,
    /// What is wrong.
    pub kind: FindingKind,
    /// Where.
    pub range: String,
    /// In words.
    pub message: String,
}

/// What working out the free ranges of a pool anew has changed.
#[record(from = ipam::Rebuilt)]
pub struct Rebuilt {
    /// Whether anything was not as it had to be.
    pub changed: bool,
    /// How many were lost and are free again.
    pub found: String,
    /// How many were taken for free and are not.
    pub withdrawn: String,
}

/// What the last days say of the days to come.
#[record(from = ipam::Forecast)]
pub struct Forecast {
    /// How many days were looked at. Fewer than seven say nothing.
    pub observed_days: u32,
    /// How many more are handed out than given back in a day: the middle one of the slopes between each two days.
    pub per_day: f64,
    /// When the last one is handed out, in microseconds since 1970.
    pub exhausted_at: Option<i64>,
    /// The same by the slope that a quarter of the slopes are above.
    pub earliest: Option<i64>,
    /// The same by the slope that a quarter of the slopes are below.
    pub latest: Option<i64>,
}

/// A prefix as a picture.
#[record]
pub struct HeatMap {
    /// The prefix.
    pub prefix: String,
    /// The picture, as SVG.
    pub svg: String,
    /// The same as text for a terminal of 80 columns.
    pub text: String,
    /// How many addresses are handed out.
    pub allocated: String,
    /// How many rest.
    pub quarantined: String,
    /// How many are reserved.
    pub reserved: String,
    /// How many are free.
    pub free: String,
}

/// Something of a text that cannot be imported, and where it stands.
#[record(from = ipam::ImportConflict)]
pub struct ImportConflict {
    /// The line of the text, from 1.
    pub line: i64,
    /// The column or key.
    pub field: String,
    /// What is the matter.
    pub message: String,
}

/// What an import did, or would do.
#[record(from = ipam::ImportReport)]
pub struct ImportReport {
    /// How many pools it creates.
    pub pools: i64,
    /// How many ranges it reserves.
    pub reservations: i64,
    /// How many addresses it claims.
    pub addresses: i64,
    /// How many entries are there already.
    pub unchanged: i64,
    /// How many entries mean nothing here: NetBox's containers, out of which nothing is handed out, and leases that are over.
    pub skipped: i64,
    /// What is in the way, in order of the lines; at most 1,000 are listed.
    pub conflicts: Vec<ImportConflict>,
    /// How many those are.
    pub conflict_count: i64,
}

/// Pools of addresses and numbers, as one caller may see and change them.
#[object(calls)]
pub struct Ipam {
    pub(crate) handle: Caller,
}

#[object]
impl Ipam {
    /// Creates a pool.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name, `conflict` for a range that another pool has.
    pub async fn create_pool(&self, pool: NewPool) -> Result<Pool> {
        Ok(self.core().create_pool(pool.parse()?).await?.outward())
    }

    /// One pool.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_pool(&self, id: PoolId) -> Result<Pool> {
        Ok(self.core().get_pool(id.parse()?).await?.outward())
    }

    /// The pools, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list_pools(&self, after: Option<String>, limit: Option<u32>) -> Result<PoolPage> {
        Ok(self.core().list_pools(page(after, limit)?).await?.outward())
    }

    /// Changes a pool's name, strategy, quarantine or mode.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` naming the field, `already_exists` for a taken name.
    pub async fn change_pool(&self, id: PoolId, change: PoolChange) -> Result<Pool> {
        Ok(self.core().change_pool(id.parse()?, change.core()?).await?.outward())
    }

    /// Deletes a pool of which nothing is allocated or rests.
    ///
    /// # Errors
    /// `not_found`, `conflict` for one that is in use, has parts or is a gateway's.
    pub async fn delete_pool(&self, id: PoolId) -> Result<()> {
        Ok(self.core().delete_pool(id.parse()?).await?)
    }

    /// Keeps a free range out of a pool, for a reason.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`range`, `reason`), `conflict` for a range of which something is not free.
    pub async fn reserve(&self, pool: PoolId, range: String, reason: String) -> Result<Reservation> {
        let [range] = self.ranges(&pool, [("range", &range)]).await?;
        Ok(self.core().reserve(pool.parse()?, range, &reason).await?.outward())
    }

    /// Lifts a reservation.
    ///
    /// # Errors
    /// `not_found`, `conflict` for one that follows from what the pool is.
    pub async fn unreserve(&self, id: ReservationId) -> Result<()> {
        Ok(self.core().unreserve(id.parse()?).await?)
    }

    /// What is reserved of a pool, a page at a time.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`limit`, `after`).
    pub async fn list_reservations(
        &self,
        pool: PoolId,
        after: Option<String>,
        limit: Option<u32>,
    ) -> Result<ReservationPage> {
        Ok(self.core().list_reservations(pool.parse()?, page(after, limit)?).await?.outward())
    }

    /// What other ranges would mean for a pool.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`ranges`).
    pub async fn preview_resize(&self, pool: PoolId, ranges: Vec<String>) -> Result<Resize> {
        let ranges = self.all_ranges(&pool, &ranges).await?;
        Ok(self.core().preview_resize(pool.parse()?, ranges).await?.outward())
    }

    /// Grows or shrinks a pool to these ranges.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`ranges`), `conflict` when something in use lies outside, or another pool has a value of them.
    pub async fn resize(&self, pool: PoolId, ranges: Vec<String>) -> Result<Resize> {
        let ranges = self.all_ranges(&pool, &ranges).await?;
        Ok(self.core().resize(pool.parse()?, ranges).await?.outward())
    }

    /// What a renumbering would move, and where to.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`old_range`, `new_range`), `conflict` for a pool that cannot be renumbered.
    pub async fn preview_renumber(
        &self,
        pool: PoolId,
        old_range: String,
        new_range: String,
    ) -> Result<Renumbering> {
        let [old, new] = self.ranges(&pool, [("old_range", &old_range), ("new_range", &new_range)]).await?;
        Ok(self.core().preview_renumber(pool.parse()?, old, new).await?.outward())
    }

    /// Puts another range in the place of one of a pool's. What is allocated moves to the same place in it.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`old_range`, `new_range`), `conflict` for a pool that cannot be renumbered or a range that another
    /// pool has.
    pub async fn renumber(&self, pool: PoolId, old_range: String, new_range: String) -> Result<Renumbering> {
        let [old, new] = self.ranges(&pool, [("old_range", &old_range), ("new_range", &new_range)]).await?;
        Ok(self.core().renumber(pool.parse()?, old, new).await?.outward())
    }

    /// Claims one value by the pool's strategy, for something that is not a device.
    ///
    /// # Errors
    /// `not_found`, `exhausted` with the pool's counts.
    pub async fn claim(&self, pool: PoolId) -> Result<Allocation> {
        Ok(self.core().claim(pool.parse()?).await?.outward())
    }

    /// Claims a value for a holder, a value that is named, or a block.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` naming the field, `conflict` (`specific`, `holder`), `exhausted` with the pool's counts.
    pub async fn claim_with(&self, pool: PoolId, claim: Claim) -> Result<Allocation> {
        let mut new = ipam::Claim::new();
        if let Some(holder) = claim.holder {
            new = new.holder(holder);
        }
        if let Some(length) = claim.block {
            let length = u8::try_from(length).map_err(|_| Error::invalid("block", "is more than 128"))?;
            new = new.block(length);
        }
        if let Some(value) = claim.specific {
            let kind = self.core().get_pool(pool.parse()?).await?.kind;
            new = new.specific(value_of("specific", kind, &value)?);
        }
        Ok(self.core().claim_with(pool.parse()?, new).await?.outward())
    }

    /// Claims several at once, the lowest there are, or none.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`count`) for none or more than 100,000, `exhausted` when fewer are free.
    pub async fn claim_many(&self, pool: PoolId, count: u32) -> Result<Vec<Allocation>> {
        Ok(self.core().claim_many(pool.parse()?, count).await?.outward())
    }

    /// Gives a claimed value back. It must name the generation that it was claimed as; giving it back again is fine.
    ///
    /// # Errors
    /// `not_found`, `conflict` for a generation that is over or an address that a device holds.
    pub async fn release(&self, allocation: AllocationId, generation: i64) -> Result<()> {
        Ok(self.core().release(allocation.parse()?, generation).await?)
    }

    /// What of a pool is in somebody's hands, a page at a time.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`limit`, `after`).
    pub async fn list_allocations(
        &self,
        pool: PoolId,
        after: Option<String>,
        limit: Option<u32>,
    ) -> Result<AllocationPage> {
        Ok(self.core().list_allocations(pool.parse()?, page(after, limit)?).await?.outward())
    }

    /// How full a pool is.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn usage(&self, pool: PoolId) -> Result<PoolUsage> {
        Ok(self.core().usage(pool.parse()?).await?.outward())
    }

    /// What the next claim from a pool gives that names nothing; nothing when none is free.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn next_free(&self, pool: PoolId) -> Result<Option<String>> {
        Ok(self.core().next_free(pool.parse()?).await?.outward())
    }

    /// Who has a value in a scope, or had it last while it rests.
    ///
    /// # Errors
    /// `invalid_input` (`value`).
    pub async fn who_holds(
        &self,
        kind: PoolKind,
        value: String,
        scope: Option<String>,
    ) -> Result<Option<Allocation>> {
        let value = value_of("value", kind.core(), &value)?;
        Ok(self.core().who_holds(&scope.unwrap_or_default(), value).await?.outward())
    }

    /// The lives of a value in a scope, the latest first; a thousand at most.
    ///
    /// # Errors
    /// `invalid_input` (`value`).
    pub async fn history(
        &self,
        kind: PoolKind,
        value: String,
        scope: Option<String>,
    ) -> Result<Vec<Allocation>> {
        let value = value_of("value", kind.core(), &value)?;
        Ok(self.core().history(&scope.unwrap_or_default(), value).await?.outward())
    }

    /// When a pool will be used up, if it goes on as in the last thirty days.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn forecast(&self, pool: PoolId) -> Result<Forecast> {
        Ok(self.core().forecast(pool.parse()?).await?.outward())
    }

    /// A prefix as a picture: what of it is handed out, at rest, reserved, free, or in no pool.
    ///
    /// # Errors
    /// `invalid_input` (`prefix`).
    pub async fn heat_map(&self, prefix: String, scope: Option<String>) -> Result<HeatMap> {
        let map = self.core().heat_map(&scope.unwrap_or_default(), parsed("prefix", &prefix)?).await?;
        let count = |state| map.count(state).to_string();
        Ok(HeatMap {
            prefix: map.prefix().to_string(),
            svg: map.to_svg(),
            text: map.to_text(),
            allocated: count(ipam::AddressState::Allocated),
            quarantined: count(ipam::AddressState::Quarantined),
            reserved: count(ipam::AddressState::Reserved),
            free: count(ipam::AddressState::Free),
        })
    }

    /// What an import would do, and what is in its way, line by line.
    ///
    /// # Errors
    /// `invalid_input` (`text`).
    pub async fn check_import(
        &self,
        format: ImportFormat,
        text: String,
        scope: Option<String>,
    ) -> Result<ImportReport> {
        Ok(self.core().check_import(&scope.unwrap_or_default(), format.core(), &text).await?.outward())
    }

    /// Creates the pools of a text, reserves what it reserves, and claims what it says is held: all of it, or nothing.
    ///
    /// # Errors
    /// `conflict` (`text`) when anything is in the way, `invalid_input` (`scope`, `text`).
    pub async fn import_pools(
        &self,
        format: ImportFormat,
        text: String,
        scope: Option<String>,
    ) -> Result<ImportReport> {
        Ok(self.core().import_pools(&scope.unwrap_or_default(), format.core(), &text).await?.outward())
    }

    /// The pools of a scope, with what is reserved of them and who holds what, as a text that can be imported.
    ///
    /// # Errors
    /// `invalid_input` (`format`).
    pub async fn export_pools(&self, format: ImportFormat, scope: Option<String>) -> Result<String> {
        Ok(self.core().export_pools(&scope.unwrap_or_default(), format.core()).await?)
    }

    /// Compares what is stored of every pool with itself. No findings is the good answer.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn verify(&self) -> Result<Vec<Finding>> {
        Ok(self.core().verify().await?.outward())
    }

    /// Works out anew what is free of a pool, from everything else that is stored of it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rebuild(&self, pool: PoolId) -> Result<Rebuilt> {
        Ok(self.core().rebuild(pool.parse()?).await?.outward())
    }
}

impl Ipam {
    fn core(&self) -> ipam::Ipam {
        self.handle.core().ipam()
    }

    /// Reads ranges of the kind that a pool has, which never changes.
    async fn ranges<const N: usize>(
        &self,
        pool: &PoolId,
        texts: [(&str, &String); N],
    ) -> Result<[ValueRange; N]> {
        let kind = self.core().get_pool(pool.parse()?).await?.kind;
        let mut ranges = Vec::with_capacity(N);
        for (field, text) in texts {
            ranges.push(ValueRange::parse(kind, text).map_err(|refused| spelled(&refused, field))?);
        }
        ranges.try_into().map_err(|_| Error::invalid("ranges", "are missing"))
    }

    async fn all_ranges(&self, pool: &PoolId, texts: &[String]) -> Result<Vec<ValueRange>> {
        let kind = self.core().get_pool(pool.parse()?).await?.kind;
        let range =
            |text: &String| ValueRange::parse(kind, text).map_err(|refused| spelled(&refused, "ranges"));
        texts.iter().map(range).collect()
    }
}

fn value_of(field: &str, kind: ipam::PoolKind, text: &str) -> Result<ipam::Value> {
    ipam::Value::parse(kind, text).map_err(|refused| spelled(&refused, field))
}
