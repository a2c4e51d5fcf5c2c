use std::net::IpAddr;
use std::time::Duration;

use super::space::{MacAddress, Port};
use super::value::{PoolKind, Value, ValueRange};
use super::verify::Rebuilt;
use crate::error::{Error, Result};
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId, ReservationId};
use crate::idempotency::{put, wire};
use crate::name::Name;
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// The longest name of a holder, in characters.
const MAX_HOLDER: usize = 128;
/// The longest name of a scope, in characters.
const MAX_SCOPE: usize = 64;
/// The most ranges that a pool may have: more are several pools.
const MAX_RANGES: usize = 1_000;
/// The longest quarantine: ten years.
const MAX_QUARANTINE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Which of the free ones a pool hands out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// The lowest.
    #[default]
    Lowest,
    /// The lowest above the one that was handed out last, and then from the beginning again: what was given back rests longest.
    Next,
    /// Any, each as likely as the others.
    Random,
    /// What the holder had before; else one that follows from who the holder is, or the next free one above it.
    Sticky,
}

impl Strategy {
    /// All there are.
    pub const ALL: [Strategy; 4] = [Strategy::Lowest, Strategy::Next, Strategy::Random, Strategy::Sticky];

    /// The word for it: `lowest`, `next`, `random` or `sticky`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Lowest => "lowest",
            Strategy::Next => "next",
            Strategy::Random => "random",
            Strategy::Sticky => "sticky",
        }
    }
}

impl std::str::FromStr for Strategy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Strategy::ALL.into_iter().find(|strategy| strategy.as_str() == text);
        found.ok_or_else(|| Error::invalid("strategy", format!("{text:?} is none")))
    }
}

/// A pool: ranges of one kind without what is reserved in them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Pool {
    /// The id.
    pub id: PoolId,
    /// The name.
    pub name: String,
    /// What it hands out.
    pub kind: PoolKind,
    /// The network or the cluster in which its values mean something; empty for the one that all share.
    pub scope: String,
    /// What it covers, in order.
    pub ranges: Vec<ValueRange>,
    /// The gateway whose devices it serves.
    pub gateway_id: Option<GatewayId>,
    /// The pool that it is a part of.
    pub parent_id: Option<PoolId>,
    /// Which of the free ones it hands out.
    pub strategy: Strategy,
    /// How long what is given back rests before it is handed out again.
    pub quarantine: Duration,
    /// Whether claims on a server do not wait for each other; "lowest" is then approximate.
    pub is_parallel: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A pool to create.
#[derive(Clone, Debug)]
pub struct NewPool {
    pub(super) name: String,
    pub(super) kind: PoolKind,
    pub(super) scope: String,
    pub(super) ranges: Vec<ValueRange>,
    pub(super) parent: Option<PoolId>,
    pub(super) block: Option<u8>,
    pub(super) reserved: Vec<(ValueRange, String)>,
    pub(super) strategy: Strategy,
    pub(super) quarantine: Duration,
    pub(super) is_parallel: bool,
}

impl NewPool {
    /// A pool of the addresses of `cidr`, without those that are never assignable: network and broadcast, and IPv6's
    /// subnet-router anycast address.
    #[must_use]
    pub fn new(name: impl Into<String>, cidr: Cidr) -> Self {
        NewPool::of(name, PoolKind::of(cidr.family())).range(cidr.into())
    }

    /// A pool of a kind, of the ranges that [`NewPool::range`] adds.
    #[must_use]
    pub fn of(name: impl Into<String>, kind: PoolKind) -> Self {
        NewPool {
            name: name.into(),
            kind,
            scope: String::new(),
            ranges: Vec::new(),
            parent: None,
            block: None,
            reserved: Vec::new(),
            strategy: Strategy::Lowest,
            quarantine: Duration::ZERO,
            is_parallel: false,
        }
    }

    /// A pool of the ports that a host forwards to services: 20000 to 32767, below the ephemeral ones of Linux.
    #[must_use]
    pub fn tcp_ports(name: impl Into<String>) -> Self {
        NewPool::ports(name, PoolKind::TcpPort)
    }

    /// The same for UDP.
    #[must_use]
    pub fn udp_ports(name: impl Into<String>) -> Self {
        NewPool::ports(name, PoolKind::UdpPort)
    }

    fn ports(name: impl Into<String>, kind: PoolKind) -> Self {
        let (first, last) = (u128::from(Port::FORWARDED.0), u128::from(Port::FORWARDED.1));
        NewPool::of(name, kind).range(ValueRange::of_numbers(kind, (first, last)))
    }

    /// A pool of the MAC addresses that begin as those of Proxmox VE's guests do, `BC:24:11`.
    #[must_use]
    pub fn pve_macs(name: impl Into<String>) -> Self {
        NewPool::of(name, PoolKind::Mac).range(MacAddress::with_pve_prefix())
    }

    /// A pool of MAC addresses that no manufacturer gave out: those that begin with `02`.
    #[must_use]
    pub fn local_macs(name: impl Into<String>) -> Self {
        NewPool::of(name, PoolKind::Mac).range(MacAddress::locally_administered())
    }

    /// A part of another pool, cut out of what is free there: the smallest free block in which `2^(bits - prefix_len)` values
    /// fit. It has the parent's kind, which must be `kind`.
    #[must_use]
    pub fn child(name: impl Into<String>, kind: PoolKind, parent: PoolId, prefix_len: u8) -> Self {
        NewPool { block: Some(prefix_len), ..NewPool::of(name, kind).parent(parent) }
    }

    /// Adds a range.
    #[must_use]
    pub fn range(mut self, range: ValueRange) -> Self {
        self.ranges.push(range);
        self
    }

    /// Cuts the ranges out of what is free in another pool.
    #[must_use]
    pub fn parent(mut self, parent: PoolId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Names the network or the cluster in which the values mean something, such as an isolated site's or a Proxmox cluster's.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Keeps an address out of the pool.
    #[must_use]
    pub fn reserve(self, address: IpAddr) -> Self {
        self.reserve_range(Value::from(address).into(), "reserved")
    }

    /// Keeps a range out of the pool, for a reason.
    #[must_use]
    pub fn reserve_range(mut self, range: ValueRange, reason: impl Into<String>) -> Self {
        self.reserved.push((range, reason.into()));
        self
    }

    /// Sets which of the free ones are handed out.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets how long what is given back rests before anybody else gets it.
    #[must_use]
    pub fn quarantine(mut self, quarantine: Duration) -> Self {
        self.quarantine = quarantine;
        self
    }

    /// Lets claims on a server go on beside each other. "Lowest" is then approximate, as each takes a range that no other claim is
    /// using. SQLite has one writer and makes nothing of it.
    #[must_use]
    pub fn parallel(mut self) -> Self {
        self.is_parallel = true;
        self
    }

    pub(super) fn checked(self) -> Result<CheckedPool> {
        checked_ranges(self.kind, &self.ranges)?;
        match (self.ranges.is_empty(), self.block, self.parent) {
            (true, None, _) => return Err(Error::invalid("ranges", "is missing")),
            (true, Some(_), None) => return Err(Error::invalid("parent", "is missing")),
            (false, Some(_), _) => return Err(Error::invalid("ranges", "is given beside a prefix length")),
            _ => {}
        }
        let mut reserved = Vec::with_capacity(self.reserved.len());
        for (range, reason) in self.reserved {
            let is_inside = |pool: &ValueRange| pool.contains(range.first()) && pool.contains(range.last());
            if self.block.is_none() && !self.ranges.iter().any(is_inside) {
                return Err(Error::invalid("reserve", format!("{range} is outside the pool")));
            }
            reserved.push((range, checked_reason(&reason)?));
        }
        reserved.sort_by_key(|(range, _)| range.numbers());
        let twice = reserved.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] => (other.numbers().0 <= one.numbers().1).then_some((one, other)),
            _ => None,
        });
        if let Some((one, other)) = twice {
            return Err(Error::invalid("reserve", format!("{other} is reserved by {one} already")));
        }
        Ok(CheckedPool {
            name: Name::parse("name", &self.name)?,
            kind: self.kind,
            scope: checked_scope(&self.scope)?,
            ranges: self.ranges,
            parent: self.parent,
            block: self.block,
            gateway: None,
            reserved,
            strategy: self.strategy,
            quarantine: checked_quarantine(self.quarantine)?,
            is_parallel: self.is_parallel,
        })
    }
}

/// A pool whose every field was accepted.
#[derive(Debug)]
pub(super) struct CheckedPool {
    pub(super) name: Name,
    pub(super) kind: PoolKind,
    pub(super) scope: String,
    pub(super) ranges: Vec<ValueRange>,
    pub(super) parent: Option<PoolId>,
    pub(super) block: Option<u8>,
    pub(super) gateway: Option<GatewayId>,
    pub(super) reserved: Vec<(ValueRange, String)>,
    pub(super) strategy: Strategy,
    pub(super) quarantine: Duration,
    pub(super) is_parallel: bool,
}

/// Ranges of a pool: of its kind, none overlapping, and MAC addresses such as a guest may have.
pub(super) fn checked_ranges(kind: PoolKind, ranges: &[ValueRange]) -> Result<()> {
    if ranges.len() > MAX_RANGES {
        return Err(Error::invalid("ranges", format!("are more than {MAX_RANGES}")));
    }
    let mut sorted: Vec<_> = ranges.to_vec();
    sorted.sort_unstable();
    for range in &sorted {
        if range.kind() != kind {
            return Err(Error::invalid("ranges", format!("{range} is no range of kind {kind}")));
        }
        if kind == PoolKind::Mac && !MacAddress::are_for_guests(range) {
            return Err(Error::invalid(
                "ranges",
                format!("{range} has MAC addresses that are neither locally administered nor Proxmox VE's"),
            ));
        }
    }
    for pair in sorted.windows(2) {
        let [below, above] = pair else { continue };
        if above.first() <= below.last() {
            return Err(Error::invalid("ranges", format!("{below} and {above} overlap")));
        }
    }
    Ok(())
}

pub(super) fn checked_scope(scope: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    match scope.chars().count() <= MAX_SCOPE && scope.chars().all(plain) {
        true => Ok(scope.to_owned()),
        false => Err(Error::invalid(
            "scope",
            format!("may hold up to {MAX_SCOPE} of a-z, A-Z, 0-9, dot, underscore, hyphen and colon"),
        )),
    }
}

pub(super) fn checked_quarantine(quarantine: Duration) -> Result<Duration> {
    match quarantine <= MAX_QUARANTINE {
        true => Ok(quarantine),
        false => Err(Error::invalid("quarantine", "is longer than ten years")),
    }
}

pub(super) fn checked_reason(reason: &str) -> Result<String> {
    Ok(Name::parse("reason", reason)?.text)
}

pub(super) fn checked_holder(holder: &str) -> Result<String> {
    let is_plain = !holder.chars().any(char::is_control) && holder.trim() == holder;
    match !holder.is_empty() && holder.chars().count() <= MAX_HOLDER && is_plain {
        true => Ok(holder.to_owned()),
        false => Err(Error::invalid(
            "holder",
            format!(
                "has 1 to {MAX_HOLDER} characters, none of them a control character, and no space around them"
            ),
        )),
    }
}

/// What of a pool is to be changed; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct PoolChange {
    pub(super) name: Option<String>,
    pub(super) strategy: Option<Strategy>,
    pub(super) quarantine: Option<Duration>,
    pub(super) is_parallel: Option<bool>,
}

impl PoolChange {
    /// No change, to add some to.
    #[must_use]
    pub fn new() -> Self {
        PoolChange::default()
    }

    /// Gives it another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets which of the free ones are handed out from now on.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Sets how long what is given back from now on rests.
    #[must_use]
    pub fn quarantine(mut self, quarantine: Duration) -> Self {
        self.quarantine = Some(quarantine);
        self
    }

    /// Sets whether claims go on beside each other.
    #[must_use]
    pub fn parallel(mut self, is_parallel: bool) -> Self {
        self.is_parallel = Some(is_parallel);
        self
    }
}

/// What is to be claimed, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    pub(super) holder: Option<String>,
    pub(super) specific: Option<Value>,
    pub(super) block: Option<u8>,
}

impl Claim {
    /// One, by the pool's strategy, for nobody in particular.
    #[must_use]
    pub fn new() -> Self {
        Claim::default()
    }

    /// Names who gets it, in up to 128 characters. A holder has one at most in a pool: claiming again gives the same one.
    #[must_use]
    pub fn holder(mut self, holder: impl Into<String>) -> Self {
        self.holder = Some(holder.into());
        self
    }

    /// This one and no other; with [`Claim::block`] the block that begins there.
    #[must_use]
    pub fn specific(mut self, value: Value) -> Self {
        self.specific = Some(value);
        self
    }

    /// A whole aligned block, such as a `/28` of a pool of IPv4 addresses: of the free places where it fits, the tightest. The number
    /// of bits is that of the kind: 32, 128 for IPv6, 48 for MAC addresses, 16 for ports.
    #[must_use]
    pub fn block(mut self, prefix_len: u8) -> Self {
        self.block = Some(prefix_len);
        self
    }

    pub(super) fn checked(self) -> Result<Self> {
        let holder = self.holder.as_deref().map(checked_holder).transpose()?;
        Ok(Claim { holder, ..self })
    }
}

/// Where in its life an allocation is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AllocationStatus {
    /// In somebody's hands.
    Allocated,
    /// Given back, and not yet anybody else's to have.
    Quarantined,
    /// Over.
    Released,
}

impl AllocationStatus {
    /// All there are.
    pub const ALL: [AllocationStatus; 3] =
        [AllocationStatus::Allocated, AllocationStatus::Quarantined, AllocationStatus::Released];

    /// The word for it: `allocated`, `quarantined` or `released`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AllocationStatus::Allocated => "allocated",
            AllocationStatus::Quarantined => "quarantined",
            AllocationStatus::Released => "released",
        }
    }
}

impl std::str::FromStr for AllocationStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = AllocationStatus::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| Error::invalid("status", format!("{text:?} is none of an allocation")))
    }
}

/// One life of an address, a number or a block of them, in somebody's hands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Allocation {
    /// The id.
    pub id: AllocationId,
    /// The pool it came from.
    pub pool_id: PoolId,
    /// What was handed out: one value, or the first of a block.
    pub value: Value,
    /// The last of a block; the same value where it is one.
    pub last_value: Value,
    /// The device that has it.
    pub device_id: Option<DeviceId>,
    /// Who has it, where it is no device and the claim said so.
    pub holder: Option<String>,
    /// Where in its life it is.
    pub status: AllocationStatus,
    /// Which life of the address this is; a release must name it.
    pub generation: i64,
    /// When it was handed out.
    pub allocated_at: Timestamp,
    /// When it was given back.
    pub released_at: Option<Timestamp>,
    /// Until when it rests at least; gateways that have not applied its release keep it longer.
    pub quarantined_until: Option<Timestamp>,
}

impl Allocation {
    /// The address, of a pool of addresses.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.value.address()
    }
}

/// How full a pool is, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PoolUsage {
    /// How many can be handed out at all; `u128::MAX` stands for all of IPv6, which is one more.
    pub assignable: u128,
    /// How many are in somebody's hands.
    pub allocated: u128,
    /// How many were given back and rest.
    pub quarantined: u128,
    /// How many are parts of child pools.
    pub delegated: u128,
    /// How many are reserved, and so not among the assignable.
    pub reserved: u128,
    /// How many can be handed out now.
    pub free: u128,
    /// When the first of those that rest may be handed out again.
    pub earliest_free_at: Option<Timestamp>,
}

/// Something in a pool that is never handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Reservation {
    /// The id.
    pub id: ReservationId,
    /// The pool.
    pub pool_id: PoolId,
    /// What is reserved.
    pub range: ValueRange,
    /// Why.
    pub reason: String,
    /// Whether it follows from what the pool is, and cannot be lifted.
    pub is_builtin: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a change of a pool's ranges does, or would do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Resize {
    /// The ranges that it has, or would have.
    pub ranges: Vec<ValueRange>,
    /// How many more can be handed out than before.
    pub gained: u128,
    /// How many fewer.
    pub lost: u128,
    /// What lies outside the new ranges and is in somebody's hands or rests: with any of it the change is refused. At most 1,000 are
    /// listed.
    pub outside: Vec<Allocation>,
    /// How many those are.
    pub outside_count: u64,
    /// Reservations that lie outside, which go.
    pub reservations: Vec<Reservation>,
    /// Child pools that lie outside, of which with any the change is refused.
    pub children: Vec<PoolId>,
}

/// One allocation that a renumbering moves.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Move {
    /// The allocation that ends.
    pub allocation: Allocation,
    /// What its holder has afterwards: the first of as many as before.
    pub new_value: Value,
}

/// What a renumbering does, or would do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Renumbering {
    /// The range before.
    pub old_range: ValueRange,
    /// The range afterwards, of the same size or larger.
    pub new_range: ValueRange,
    /// What moves, in the order of the addresses.
    pub moves: Vec<Move>,
    /// What is reserved of the new range.
    pub reservations: Vec<ReservedRange>,
}

/// A range that is kept out of a pool, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ReservedRange {
    /// The range.
    pub range: ValueRange,
    /// Why.
    pub reason: String,
}

wire! { Rebuilt { changed, found, withdrawn } }
put! { NewPool { name, kind, scope, ranges, parent, block, reserved, strategy, quarantine, is_parallel } }
put! { PoolChange { name, strategy, quarantine, is_parallel } }
put! { Claim { holder, specific, block } }
wire! { Pool { id, name, kind, scope, ranges, gateway_id, parent_id, strategy, quarantine, is_parallel, created_at } }
wire! { Allocation { id, pool_id, value, last_value, device_id, holder, status, generation, allocated_at, released_at, quarantined_until } }
wire! { Reservation { id, pool_id, range, reason, is_builtin, created_at } }
wire! { Resize { ranges, gained, lost, outside, outside_count, reservations, children } }
wire! { Move { allocation, new_value } }
wire! { ReservedRange { range, reason } }
wire! { Renumbering { old_range, new_range, moves, reservations } }
