//! Everything that can be asked of a pool, in any order, beside an array of its 2^10 addresses.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use nexa_core::id::{PoolId, ReservationId};
use nexa_core::ipam::{
    Allocation, AllocationStatus, Claim, Ipam, NewPool, PoolChange, PoolKind, Strategy as Picks, Value,
    ValueRange,
};
use nexa_core::runtime::ManualClock;
use nexa_core::{Error, ErrorKind, Nexa};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{BEGINNING, Repeatable};

/// The pool: 10.0.0.0/22 or 10.64.0.0/22 without its two ends, or a range that begins there and is smaller.
const SIZE: usize = 1 << 10;
const BASES: [u32; 2] = [0x0a00_0000, 0x0a40_0000];
/// How many holders there are that come and go.
const HOLDERS: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    Claim,
    ClaimAs(u8),
    ClaimThis(u16),
    ClaimBlock(u8),
    ClaimMany(u16),
    Release(Index),
    ReleaseAgain(Index),
    /// How many seconds the clock moves; it may go back.
    Wait(i16),
    Change(usize, u8),
    Reserve(u16, u8),
    Unreserve(Index),
    Part(u8),
    DeletePart(Index),
    Resize(u16),
    Renumber,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Claim),
        10 => (0..HOLDERS).prop_map(Step::ClaimAs),
        6 => (0..1_100_u16).prop_map(Step::ClaimThis),
        4 => (21..=32_u8).prop_map(Step::ClaimBlock),
        3 => (1..300_u16).prop_map(Step::ClaimMany),
        24 => any::<Index>().prop_map(Step::Release),
        3 => any::<Index>().prop_map(Step::ReleaseAgain),
        6 => (-40..90_i16).prop_map(Step::Wait),
        2 => (0..4_usize, 0..60_u8).prop_map(|(strategy, rests)| Step::Change(strategy, rests)),
        2 => (0..1_030_u16, 0..9_u8).prop_map(|(first, more)| Step::Reserve(first, more)),
        2 => any::<Index>().prop_map(Step::Unreserve),
        2 => (24..=31_u8).prop_map(Step::Part),
        1 => any::<Index>().prop_map(Step::DeletePart),
        2 => (513..1_100_u16).prop_map(|size| Step::Resize(size.min(1_024))),
        2 => Just(Step::Renumber),
        1 => Just(Step::Rebuild),
    ]
}

/// What one address is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    Free,
    /// By the number of the claim.
    Held(usize),
    Rests(usize),
    Reserved,
    Parts(PoolId),
    Outside,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Done,
    Refused,
}

/// A claim, and what became of it.
#[derive(Clone, Debug)]
struct Life {
    allocation: Allocation,
    holder: Option<u8>,
    status: AllocationStatus,
    /// When it was given back, and how long it rests: in seconds.
    rest: Option<(i64, i64)>,
    released: u64,
}

struct Sides {
    ipam: Ipam,
    clock: Arc<ManualClock>,
    now: i64,
    pool: PoolId,
    /// Which of the bases the pool begins at, and how many addresses it has.
    base: usize,
    size: usize,
    /// What was given up by a renumbering: at which base, and until when it rests.
    vacated: Vec<(usize, i64)>,
    picks: Picks,
    quarantine: i64,
    cursor: Option<usize>,
    is: Vec<Is>,
    lives: Vec<Life>,
    reservations: Vec<(ReservationId, usize, usize)>,
    parts: Vec<PoolId>,
    releases: u64,
}

impl Sides {
    async fn new(nexa: &Nexa, clock: Arc<ManualClock>) -> Self {
        let ipam = nexa.system("machine").ipam();
        let pool = ipam.create_pool(NewPool::new("p", "10.0.0.0/22".parse().unwrap())).await.unwrap().id;
        let mut is = vec![Is::Free; SIZE];
        (is[0], is[SIZE - 1]) = (Is::Reserved, Is::Reserved);
        Sides {
            ipam,
            clock,
            now: 0,
            pool,
            base: 0,
            size: SIZE,
            vacated: Vec::new(),
            picks: Picks::Lowest,
            quarantine: 0,
            cursor: None,
            is,
            lives: Vec::new(),
            reservations: Vec::new(),
            parts: Vec::new(),
            releases: 0,
        }
    }

    /// What was refused has changed nothing: not even what had rested enough is free then, unless everything was asked for.
    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let before = (self.is.clone(), self.lives.clone());
        if self.attempt(step).await? == Outcome::Refused {
            (self.is, self.lives) = before;
        }
        Ok(())
    }

    async fn attempt(&mut self, step: &Step) -> Result<Outcome, TestCaseError> {
        match step {
            Step::Claim => self.claim(None, Claim::new()).await,
            Step::ClaimAs(holder) => self.claim(Some(*holder), Claim::new()).await,
            Step::ClaimThis(at) => self.claim_this(usize::from(*at)).await,
            Step::ClaimBlock(length) => self.claim_block(*length).await,
            Step::ClaimMany(count) => self.claim_many(usize::from(*count)).await,
            Step::Release(which) => self.release(which, AllocationStatus::Allocated).await,
            Step::ReleaseAgain(which) => self.release(which, AllocationStatus::Released).await,
            Step::Wait(seconds) => {
                self.now += i64::from(*seconds);
                self.clock.set(BEGINNING_AND(self.now));
                Ok(Outcome::Done)
            }
            Step::Change(strategy, rests) => {
                (self.picks, self.quarantine) = (Picks::ALL[*strategy], i64::from(*rests));
                let change =
                    PoolChange::new().strategy(self.picks).quarantine(Duration::from_secs((*rests).into()));
                accepted(self.ipam.change_pool(self.pool, change).await).map(|_| Outcome::Done)
            }
            Step::Reserve(first, more) => self.reserve(usize::from(*first), usize::from(*more)).await,
            Step::Unreserve(which) => self.unreserve(which).await,
            Step::Part(length) => self.part(*length).await,
            Step::DeletePart(which) => self.delete_part(which).await,
            Step::Resize(size) => self.resize(usize::from(*size)).await,
            Step::Renumber => self.renumber().await,
            Step::Rebuild => {
                let rebuilt = accepted(self.ipam.rebuild(self.pool).await)?;
                prop_assert!(!rebuilt.changed, "{rebuilt:?}");
                Ok(Outcome::Done)
            }
        }
    }

    /// A claim that failed for want of anything free has still ended what had rested enough.
    fn settled(&self, refused: &Error) -> Result<Outcome, TestCaseError> {
        same(refused, ErrorKind::Exhausted, "pool_id").map(|_| Outcome::Done)
    }

    /// What has rested enough is free, from whatever call on that changes the pool.
    fn reclaim(&mut self) {
        for (which, life) in self.lives.iter_mut().enumerate() {
            let Some((released, rests)) = life.rest else { continue };
            if released + rests <= self.now {
                life.status = AllocationStatus::Released;
                life.rest = None;
                self.is.iter_mut().filter(|is| **is == Is::Rests(which)).for_each(|is| *is = Is::Free);
            }
        }
    }

    fn is_over(&self, which: usize) -> bool {
        self.lives[which].rest.is_some_and(|(released, rests)| released + rests <= self.now)
    }

    fn is_free(&self, first: usize, size: usize) -> bool {
        self.is.get(first..first + size).is_some_and(|part| part.iter().all(|is| *is == Is::Free))
    }

    fn lowest(&self) -> Option<usize> {
        self.is.iter().position(|is| *is == Is::Free)
    }

    fn at_or_above(&self, from: usize) -> Option<usize> {
        (from..SIZE).find(|at| self.is[*at] == Is::Free).or_else(|| self.lowest())
    }

    /// What of a holder rests, the latest first.
    fn rested(&self, holder: Option<u8>) -> Option<usize> {
        let of_holder =
            self.lives.iter().enumerate().filter(|(_, life)| life.holder == Some(holder.unwrap_or(HOLDERS)));
        let resting = of_holder.filter(|(_, life)| life.status == AllocationStatus::Quarantined);
        resting.max_by_key(|(_, life)| life.released).map(|(which, _)| which)
    }

    async fn claim(&mut self, holder: Option<u8>, claim: Claim) -> Result<Outcome, TestCaseError> {
        let claim = holder.map_or(claim.clone(), |holder| claim.holder(format!("holder {holder}")));
        let outcome = self.ipam.claim_with(self.pool, claim).await;
        self.reclaim();
        if let Some(held) = self.lives.iter().find(|life| {
            life.status == AllocationStatus::Allocated && holder.is_some() && life.holder == holder
        }) {
            prop_assert_eq!(&accepted(outcome)?, &held.allocation);
            return Ok(Outcome::Done);
        }
        let own = self.rested(holder);
        let had = own.map(|which| offset(&self.lives[which].allocation));
        let expected = had.or_else(|| match self.picks {
            Picks::Next => self.cursor.map_or_else(|| self.lowest(), |last| self.at_or_above(last + 1)),
            _ => self.lowest(),
        });
        let Some(expected) = expected else {
            return self.settled(&refused(outcome)?);
        };
        let claimed = accepted(outcome)?;
        let at = offset(&claimed);
        match (self.picks, had, holder) {
            (Picks::Lowest | Picks::Next, ..) | (_, Some(_), _) | (Picks::Sticky, None, None) => {
                prop_assert_eq!(at, expected, "{:?}", self.picks);
            }
            (Picks::Sticky, None, Some(_)) => {
                // What the holder had last and is over, if that is free.
                let over = self
                    .lives
                    .iter()
                    .filter(|life| life.holder == holder && life.status == AllocationStatus::Released);
                let last = over.max_by_key(|life| life.released).map(|life| life.allocation.value);
                // What it had before the pool was renumbered is none of the pool's any more.
                let last = last.map(self::at).filter(|at| last == Some(address(self.base, *at)));
                let wanted = last.filter(|at| self.is_free(*at, 1)).unwrap_or(at);
                prop_assert_eq!(at, wanted);
                prop_assert!(self.is_free(at, 1));
            }
            _ => prop_assert!(self.is_free(at, 1), "{} is {:?}", at, self.is[at]),
        }
        if let Some(own) = own {
            self.lives[own].status = AllocationStatus::Released;
            self.lives[own].rest = None;
            self.is[at] = Is::Free;
        }
        if self.picks == Picks::Next {
            self.cursor = Some(at);
        }
        self.hold(claimed, holder)
    }

    fn hold(&mut self, allocation: Allocation, holder: Option<u8>) -> Result<Outcome, TestCaseError> {
        let (first, size) = (offset(&allocation), size(&allocation));
        prop_assert!(self.is_free(first, size), "{allocation:?} was not free");
        let which = self.lives.len();
        self.is[first..first + size].fill(Is::Held(which));
        self.lives.push(Life {
            allocation,
            holder,
            status: AllocationStatus::Allocated,
            rest: None,
            released: 0,
        });
        Ok(Outcome::Done)
    }

    async fn claim_this(&mut self, at: usize) -> Result<Outcome, TestCaseError> {
        let outcome = self.ipam.claim_with(self.pool, Claim::new().specific(address(self.base, at))).await;
        self.reclaim();
        match self.is.get(at) {
            None | Some(Is::Outside) => same(&refused(outcome)?, ErrorKind::InvalidInput, "specific"),
            Some(Is::Free) => self.hold(accepted(outcome)?, None),
            Some(_) => same(&refused(outcome)?, ErrorKind::Conflict, "specific"),
        }
    }

    /// The smallest free aligned run in which a block fits, and there the lowest place.
    async fn claim_block(&mut self, length: u8) -> Result<Outcome, TestCaseError> {
        let outcome = self.ipam.claim_with(self.pool, Claim::new().block(length)).await;
        self.reclaim();
        let size = 1_usize << (32 - length);
        let fits = (0..SIZE).step_by(size).any(|first| self.is_free(first, size));
        if !fits {
            return self.settled(&refused(outcome)?);
        }
        let claimed = accepted(outcome)?;
        prop_assert_eq!((offset(&claimed) % size, self::size(&claimed)), (0, size));
        prop_assert_eq!(self.around(offset(&claimed)), self.tightest(size), "not the tightest place");
        self.hold(claimed, None)
    }

    /// How large the largest aligned free block is in the free run that this address is in.
    fn around(&self, at: usize) -> usize {
        let first = (0..=at).rev().take_while(|at| self.is[*at] == Is::Free).last().unwrap_or(at);
        let last = (at..SIZE).take_while(|at| self.is[*at] == Is::Free).last().unwrap_or(at);
        let fits =
            |size: &usize| (0..SIZE).step_by(*size).any(|start| first <= start && start + size - 1 <= last);
        (0..=10).rev().map(|bits| 1_usize << bits).find(fits).unwrap_or(0)
    }

    fn tightest(&self, size: usize) -> usize {
        let places = (0..SIZE).step_by(size).filter(|first| self.is_free(*first, size));
        places.map(|first| self.around(first)).min().unwrap_or(0)
    }

    async fn claim_many(&mut self, count: usize) -> Result<Outcome, TestCaseError> {
        let outcome = self.ipam.claim_many(self.pool, u32::try_from(count).unwrap()).await;
        self.reclaim();
        let free: Vec<_> = (0..SIZE).filter(|at| self.is[*at] == Is::Free).take(count).collect();
        if free.len() < count {
            return self.settled(&refused(outcome)?);
        }
        let claimed = accepted(outcome)?;
        prop_assert_eq!(claimed.iter().map(offset).collect::<Vec<_>>(), &free[..]);
        if self.picks == Picks::Next {
            self.cursor = free.last().copied();
        }
        claimed.into_iter().try_for_each(|allocation| self.hold(allocation, None).map(drop))?;
        Ok(Outcome::Done)
    }

    async fn release(&mut self, which: &Index, status: AllocationStatus) -> Result<Outcome, TestCaseError> {
        let candidates: Vec<_> =
            (0..self.lives.len()).filter(|which| self.lives[*which].status == status).collect();
        if candidates.is_empty() {
            return Ok(Outcome::Done);
        }
        let which = candidates[which.index(candidates.len())];
        let allocation = self.lives[which].allocation.clone();
        let stale = self.ipam.release(allocation.id, allocation.generation + 1).await;
        same(&refused(stale)?, ErrorKind::Conflict, "generation")?;
        accepted(self.ipam.release(allocation.id, allocation.generation).await)?;
        if status == AllocationStatus::Released {
            return Ok(Outcome::Done);
        }
        self.releases += 1;
        let rests = self.quarantine > 0;
        let life = &mut self.lives[which];
        life.released = self.releases;
        life.status = if rests { AllocationStatus::Quarantined } else { AllocationStatus::Released };
        life.rest = rests.then_some((self.now, self.quarantine));
        let is = if rests { Is::Rests(which) } else { Is::Free };
        self.is.iter_mut().filter(|at| **at == Is::Held(which)).for_each(|at| *at = is);
        Ok(Outcome::Done)
    }

    async fn reserve(&mut self, first: usize, more: usize) -> Result<Outcome, TestCaseError> {
        let range = ValueRange::new(address(self.base, first), address(self.base, first + more)).unwrap();
        let outcome = self.ipam.reserve(self.pool, range, "kept").await;
        self.reclaim();
        if first + more >= self.size {
            return same(&refused(outcome)?, ErrorKind::InvalidInput, "range");
        }
        if !self.is_free(first, more + 1) {
            return same(&refused(outcome)?, ErrorKind::Conflict, "range");
        }
        self.reservations.push((accepted(outcome)?.id, first, more + 1));
        self.is[first..=first + more].fill(Is::Reserved);
        Ok(Outcome::Done)
    }

    async fn unreserve(&mut self, which: &Index) -> Result<Outcome, TestCaseError> {
        if self.reservations.is_empty() {
            return Ok(Outcome::Done);
        }
        let (id, first, size) = self.reservations.swap_remove(which.index(self.reservations.len()));
        accepted(self.ipam.unreserve(id).await)?;
        self.is[first..first + size].fill(Is::Free);
        same(&refused(self.ipam.unreserve(id).await)?, ErrorKind::NotFound, "reservation_id")?;
        Ok(Outcome::Done)
    }

    async fn part(&mut self, length: u8) -> Result<Outcome, TestCaseError> {
        let name = format!("part {}", self.parts.len() + self.lives.len() * 1_000);
        let outcome = self.ipam.create_pool(NewPool::child(name, PoolKind::Ipv4, self.pool, length)).await;
        self.reclaim_if(
            outcome.is_ok() || outcome.as_ref().is_err_and(|e| e.kind() != ErrorKind::AlreadyExists),
        );
        let size = 1_usize << (32 - length);
        if !(0..SIZE).step_by(size).any(|first| self.is_free(first, size)) {
            return same(&refused(outcome)?, ErrorKind::Exhausted, "pool_id");
        }
        let part = match outcome {
            Ok(part) => part,
            Err(taken) => return same(&taken, ErrorKind::AlreadyExists, "name"),
        };
        let first = at(part.ranges[0].first());
        prop_assert_eq!(self.around(first), self.tightest(size));
        prop_assert!(self.is_free(first, size) && first.is_multiple_of(size));
        self.is[first..first + size].fill(Is::Parts(part.id));
        self.parts.push(part.id);
        Ok(Outcome::Done)
    }

    fn reclaim_if(&mut self, is_done: bool) {
        if is_done {
            self.reclaim();
        }
    }

    async fn delete_part(&mut self, which: &Index) -> Result<Outcome, TestCaseError> {
        if self.parts.is_empty() {
            return Ok(Outcome::Done);
        }
        let id = self.parts.swap_remove(which.index(self.parts.len()));
        let own = accepted(self.ipam.claim(id).await)?;
        same(&refused(self.ipam.delete_pool(id).await)?, ErrorKind::Conflict, "pool_id")?;
        accepted(self.ipam.release(own.id, own.generation).await)?;
        accepted(self.ipam.delete_pool(id).await)?;
        self.is.iter_mut().filter(|is| **is == Is::Parts(id)).for_each(|is| *is = Is::Free);
        Ok(Outcome::Done)
    }

    /// The pool from the base on, as large as it is: a prefix when it is whole.
    fn range(&self, base: usize, size: usize) -> ValueRange {
        match size {
            SIZE => format!("{}/22", Ipv4Addr::from_bits(BASES[base]))
                .parse::<nexa_core::net::Cidr>()
                .unwrap()
                .into(),
            _ => ValueRange::new(address(base, 0), address(base, size - 1)).unwrap(),
        }
    }

    async fn resize(&mut self, size: usize) -> Result<Outcome, TestCaseError> {
        let ranges = vec![self.range(self.base, size)];
        let preview = accepted(self.ipam.preview_resize(self.pool, ranges.clone()).await)?;
        let outcome = self.ipam.resize(self.pool, ranges).await;
        self.reclaim();
        let stays = |at: usize| at < size && (size < SIZE || (1..SIZE - 1).contains(&at));
        let is_in_use = |is: &Is| matches!(is, Is::Held(_) | Is::Rests(_) | Is::Parts(_));
        let in_the_way = self.is.iter().enumerate().any(|(at, is)| is_in_use(is) && !stays(at));
        prop_assert_eq!(in_the_way, preview.outside_count > 0 || !preview.children.is_empty());
        if in_the_way {
            return same(&refused(outcome)?, ErrorKind::Conflict, "ranges");
        }
        prop_assert_eq!(accepted(outcome)?, preview);
        let was_whole = std::mem::replace(&mut self.size, size) == SIZE;
        for (at, is) in self.is.iter_mut().enumerate() {
            *is = match *is {
                _ if at >= size => Is::Outside,
                _ if !stays(at) => Is::Reserved,
                Is::Outside => Is::Free,
                Is::Reserved if was_whole && (at == 0 || at == SIZE - 1) && size < SIZE => Is::Free,
                other => other,
            };
        }
        for (_, first, size) in &mut self.reservations {
            let parts = (*first..*first + *size).filter(|at| stays(*at));
            let parts: Vec<_> = parts.collect();
            (*first, *size) = (parts.first().copied().unwrap_or(0), parts.len());
        }
        self.reservations.retain(|(_, _, size)| *size > 0);
        Ok(Outcome::Done)
    }

    /// Everything moves to the same place at the other base.
    async fn renumber(&mut self) -> Result<Outcome, TestCaseError> {
        let to = 1 - self.base;
        let (old, new) = (self.range(self.base, self.size), self.range(to, self.size));
        let preview = self.ipam.preview_renumber(self.pool, old, new).await;
        let outcome = self.ipam.renumber(self.pool, old, new).await;
        self.reclaim();
        if !self.parts.is_empty() || self.is.iter().any(|is| matches!(is, Is::Rests(_))) {
            same(&refused(preview)?, ErrorKind::Conflict, "pool_id")?;
            return same(&refused(outcome)?, ErrorKind::Conflict, "pool_id");
        }
        if self.vacated.iter().any(|(base, until)| *base == to && *until > self.now) {
            return same(&refused(outcome)?, ErrorKind::Conflict, "new_range");
        }
        let renumbering = accepted(outcome)?;
        prop_assert_eq!(&renumbering, &accepted(preview)?);
        let held = self.lives.iter().filter(|life| life.status == AllocationStatus::Allocated).count();
        prop_assert_eq!(renumbering.moves.len(), held);
        (self.base, self.cursor) = (to, None);
        for moved in renumbering.moves {
            let (which, life) = self
                .lives
                .iter_mut()
                .enumerate()
                .find(|(_, life)| life.allocation.id == moved.allocation.id)
                .ok_or_else(|| TestCaseError::fail("moved what nobody has"))?;
            prop_assert_eq!(&life.allocation, &moved.allocation);
            prop_assert_eq!(offset(&life.allocation), at(moved.new_value));
            life.status = AllocationStatus::Released;
            self.releases += 1;
            life.released = self.releases;
            let holder = life.holder;
            if self.quarantine > 0 {
                self.vacated.push((1 - to, self.now + self.quarantine));
            }
            self.is.iter_mut().filter(|is| **is == Is::Held(which)).for_each(|is| *is = Is::Free);
            let now = accepted(self.ipam.who_holds("", moved.new_value).await)?;
            let now = now.ok_or_else(|| TestCaseError::fail("nobody has what was moved"))?;
            prop_assert_eq!(&now.holder, &moved.allocation.holder);
            self.hold(now, holder)?;
        }
        Ok(Outcome::Done)
    }

    /// The counts, and what is stored, say what the array says. What has rested enough is free, whether a call has ended it or not.
    async fn compare(&self) -> Result<(), TestCaseError> {
        let usage = accepted(self.ipam.usage(self.pool).await)?;
        let mut counted = BTreeMap::new();
        for is in &self.is {
            let what = match is {
                Is::Free => "free",
                Is::Held(_) => "held",
                Is::Rests(which) if self.is_over(*which) => "free",
                Is::Rests(_) => "rests",
                Is::Reserved => "reserved",
                Is::Parts(_) => "parts",
                Is::Outside => "outside",
            };
            *counted.entry(what).or_insert(0_u128) += 1;
        }
        let of = |what| counted.get(what).copied().unwrap_or(0);
        prop_assert_eq!(
            (usage.free, usage.allocated, usage.quarantined, usage.reserved, usage.delegated),
            (of("free"), of("held"), of("rests"), of("reserved"), of("parts"))
        );
        prop_assert_eq!(usage.assignable, SIZE as u128 - of("reserved") - of("outside"));
        let next = accepted(self.ipam.next_free(self.pool).await)?.map(at);
        let is_free = |at: &usize| match self.is[*at] {
            Is::Free => true,
            Is::Rests(which) => self.is_over(which),
            _ => false,
        };
        let after = self.cursor.filter(|_| self.picks == Picks::Next).map_or(0, |last| last + 1);
        prop_assert_eq!(next, (after..SIZE).find(is_free).or_else(|| (0..SIZE).find(is_free)));
        prop_assert_eq!(accepted(self.ipam.verify().await)?, vec![]);
        Ok(())
    }
}

#[expect(non_snake_case, reason = "reads as what it is")]
fn BEGINNING_AND(seconds: i64) -> nexa_core::runtime::Timestamp {
    nexa_core::runtime::Timestamp::from_micros(BEGINNING.as_micros() + seconds * 1_000_000)
}

fn address(base: usize, at: usize) -> Value {
    Value::from(std::net::IpAddr::V4(Ipv4Addr::from_bits(BASES[base] + u32::try_from(at).unwrap())))
}

fn at(value: Value) -> usize {
    usize::try_from(value.number()).unwrap() % SIZE
}

fn offset(allocation: &Allocation) -> usize {
    at(allocation.value)
}

fn size(allocation: &Allocation) -> usize {
    at(allocation.last_value) - at(allocation.value) + 1
}

fn accepted<T>(outcome: Result<T, Error>) -> Result<T, TestCaseError> {
    outcome.map_err(|refused| TestCaseError::fail(format!("refused: {refused:?}")))
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Result<Error, TestCaseError> {
    match outcome {
        Ok(value) => Err(TestCaseError::fail(format!("was not refused: {value:?}"))),
        Err(refused) => Ok(refused),
    }
}

fn same(refused: &Error, kind: ErrorKind, field: &str) -> Result<Outcome, TestCaseError> {
    prop_assert_eq!((refused.kind(), refused.field()), (kind, Some(field)), "{}", refused);
    Ok(Outcome::Refused)
}

/// 100,000 operations with `--full`; a part of them as often as everybody tests.
fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("NEXA_TEST_FULL").is_some() { 1_000 } else { 40 };
    ProptestConfig { cases, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn whatever_is_asked_of_it_a_pool_does_what_an_array_of_its_addresses_does(
        steps in prop::collection::vec(step(), 100..=100)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::new(BEGINNING));
            let builder = Nexa::builder("sqlite::memory:").clock(Arc::clone(&clock) as _);
            let builder = builder.random(Arc::new(Repeatable::seeded(7))).without_background_work();
            let nexa = builder.open().await.unwrap();
            let mut sides = Sides::new(&nexa, clock).await;
            for step in &steps {
                sides.take(step).await?;
                sides.compare().await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
