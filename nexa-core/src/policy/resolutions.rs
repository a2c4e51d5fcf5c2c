//! What was resolved before, kept for as long as it says the same.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::destination::{Place, Reference};
use super::model::Policy;
use super::places::Places;
use super::resolve::{Access, combined};
use crate::id::PolicyId;
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// How many sets of policies are kept. Those that were not asked for the longest go first, a half of them at once.
const MOST: usize = 20_000;
/// How many ranges of addresses all of them may have together, each some forty bytes.
const MOST_RANGES: usize = 2_000_000;

/// Resolutions of sets of policies, each done once for as long as none of the policies, no place that they name and no edge of a window
/// changes it. A changed policy has another revision, so that only the sets with that policy are resolved again; a person in another
/// group only moves to another set.
///
/// Several threads may share one.
#[derive(Debug, Default)]
pub struct Resolutions {
    kept: Mutex<Kept>,
    marking: RandomState,
}

/// How much work there was.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct ResolutionCounts {
    /// How often a set of policies was resolved.
    pub resolved: u64,
    /// How often what had been resolved was used again.
    pub reused: u64,
}

#[derive(Debug, Default)]
struct Kept {
    known: HashMap<Signature, Known>,
    counts: ResolutionCounts,
    /// How many ranges they have together.
    ranges: usize,
    /// Counts the uses.
    uses: u64,
}

#[derive(Debug)]
struct Known {
    access: Arc<Access>,
    ranges: usize,
    /// When it was resolved: it says nothing of the time before.
    at: Timestamp,
    used: u64,
}

/// What decides about a resolution beside the moment: the policies in the revisions that they are of, and where the places are that they
/// name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Signature {
    policies: Vec<Mark>,
    places: Vec<(Reference, Vec<Cidr>)>,
}

/// A policy in a revision. A transaction that is rolled back, a preview and a database that was restored may each have the same revision
/// say something else, so what it says counts too; nobody outside knows what makes two of these hashes alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Mark {
    id: PolicyId,
    revision: i64,
    says: u64,
}

impl Signature {
    fn of(policies: &[(&Policy, Mark)], places: &Places) -> Self {
        let mut signature =
            Signature { policies: policies.iter().map(|(_, mark)| *mark).collect(), places: Vec::new() };
        signature.policies.sort_unstable();
        for destination in policies.iter().flat_map(|(policy, _)| &policy.destinations) {
            if let Place::Reference(reference) = &destination.to {
                let prefixes = places.prefixes(&destination.to).to_vec();
                signature.places.push((reference.clone(), prefixes));
            }
        }
        signature.places.sort_unstable();
        signature.places.dedup();
        signature
    }
}

impl Known {
    fn holds(&self, now: Timestamp) -> bool {
        self.at <= now && self.access.valid_until.is_none_or(|until| now < until)
    }
}

impl Resolutions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Resolutions::default()
    }

    /// How much work there was so far.
    #[must_use]
    pub fn counts(&self) -> ResolutionCounts {
        self.kept().counts
    }

    /// What all of these policies let through at a moment, as it was resolved before or anew.
    pub(super) fn combined(
        &self,
        policies: &[(&Policy, Mark)],
        places: &Places,
        now: Timestamp,
    ) -> Arc<Access> {
        let signature = Signature::of(policies, places);
        if let Some(access) = self.kept().find(&signature, now) {
            return access;
        }
        // Nobody waits for this. Two that resolve the same at once do it twice, and one of them is kept.
        let access = Arc::new(combined(policies.iter().map(|(policy, _)| *policy), places, now));
        self.kept().keep(signature, Arc::clone(&access), now);
        access
    }

    pub(super) fn mark(&self, policy: &Policy) -> Mark {
        let Policy { priority, effect, full_tunnel, valid_from, valid_until, destinations, .. } = policy;
        let window = (valid_from, valid_until);
        let says = self.marking.hash_one((priority, effect, full_tunnel, window, destinations));
        Mark { id: policy.id, revision: policy.revision, says }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that is done under the lock leaves it half done.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, signature: &Signature, now: Timestamp) -> Option<Arc<Access>> {
        let known = self.known.get_mut(signature).filter(|known| known.holds(now))?;
        self.uses += 1;
        self.counts.reused += 1;
        known.used = self.uses;
        Some(Arc::clone(&known.access))
    }

    fn keep(&mut self, signature: Signature, access: Arc<Access>, now: Timestamp) {
        self.uses += 1;
        self.counts.resolved += 1;
        let ranges = access.range_count();
        if self.known.len() >= MOST || self.ranges + ranges > MOST_RANGES {
            let mut uses: Vec<_> = self.known.values().map(|known| known.used).collect();
            uses.sort_unstable();
            let oldest = uses.get(uses.len() / 2).copied().unwrap_or(0);
            self.known.retain(|_, known| known.used > oldest);
            self.ranges = self.known.values().map(|known| known.ranges).sum();
        }
        let replaced = self.known.insert(signature, Known { access, ranges, at: now, used: self.uses });
        self.ranges = (self.ranges + ranges).saturating_sub(replaced.map_or(0, |known| known.ranges));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DeviceId, GroupId, UserId};
    use crate::net::AddressSet;
    use crate::policy::{Destination, Fleet, NewPolicy, ReferenceKind, Subject};

    const fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    fn group(number: u128) -> GroupId {
        GroupId::from_uuid(uuid(number))
    }

    fn policy(number: u128, new: NewPolicy) -> Policy {
        new.build(PolicyId::from_uuid(uuid(number))).unwrap()
    }

    fn net(number: u128) -> Cidr {
        format!("10.{number}.0.0/16").parse().unwrap()
    }

    /// Ten groups of ten people each with a device, a policy for each group, and one for the first two.
    fn office() -> (Vec<Subject>, Vec<Policy>) {
        let subjects = (0..100).map(|number| {
            let (device, user) = (DeviceId::from_uuid(uuid(number)), UserId::from_uuid(uuid(number)));
            Subject::new(device, user).in_groups([group(number / 10)])
        });
        let own = (0..10).map(|number| {
            policy(
                number,
                NewPolicy::allow(format!("p{number}")).target(group(number)).destination(net(number)),
            )
        });
        let both = NewPolicy::deny("both").target(group(0)).target(group(1)).destination(net(0));
        (subjects.collect(), own.chain([policy(99, both)]).collect())
    }

    /// How many sets were resolved and used again, of a fleet that says what one without a memory does.
    fn work(
        resolutions: &Resolutions,
        (subjects, policies, places): (&[Subject], &[Policy], &Places),
        now: Timestamp,
    ) -> (u64, u64) {
        let before = resolutions.counts();
        let fleet = Fleet::resolve_with(resolutions, subjects, policies, places, now);
        let anew = Fleet::resolve(subjects, policies, places, now);
        assert!(fleet.accesses().eq(anew.accesses()), "another result than from nothing");
        let after = resolutions.counts();
        (after.resolved - before.resolved, after.reused - before.reused)
    }

    #[test]
    fn a_changed_policy_touches_the_sets_that_have_it_and_a_membership_that_persons_devices() {
        let (mut subjects, mut policies) = office();
        let (resolutions, places) = (Resolutions::new(), Places::none());
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(1)), (10, 0));
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (0, 10));
        // One of one group, then the one of two.
        (policies[5].revision, policies[5].priority) = (policies[5].revision + 1, 7);
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (1, 9));
        (policies[10].revision, policies[10].priority) = (policies[10].revision + 1, 7);
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (2, 8));
        // One person more in a group: a set of two groups' policies, which nobody had; then one who has the same.
        subjects[42] = subjects[42].clone().in_groups([group(7)]);
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (1, 10));
        subjects[43] = subjects[43].clone().in_groups([group(7)]);
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (0, 11));
        // A policy about nobody is in no set.
        policies.push(policy(100, NewPolicy::allow("nobody's").destination(net(3))));
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(2)), (0, 11));
    }

    #[test]
    fn the_same_revision_that_says_something_else_is_not_taken_for_it() {
        let (subjects, mut policies) = office();
        let (resolutions, places) = (Resolutions::new(), Places::none());
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(1)), (10, 0));
        policies[5].effect = crate::policy::Effect::Deny;
        assert_eq!(work(&resolutions, (&subjects, &policies, &places), at(1)), (1, 9));
    }

    #[test]
    fn an_edge_of_a_window_and_a_clock_that_is_set_back_make_it_resolve_again() {
        let (subjects, mut policies) = office();
        policies[3].valid_until = Some(at(100));
        policies[4].valid_from = Some(at(50));
        let (resolutions, places) = (Resolutions::new(), Places::none());
        let work = |now| work(&resolutions, (&subjects, &policies, &places), at(now));
        assert_eq!(work(10), (10, 0));
        assert_eq!(work(49), (0, 10));
        assert_eq!(work(50), (1, 9));
        assert_eq!(work(99), (0, 10));
        assert_eq!(work(100), (1, 9));
        assert_eq!(work(5), (10, 0));
    }

    #[test]
    fn what_moves_to_another_place_touches_the_sets_that_name_it() {
        let (subjects, mut policies) = office();
        let forge = Reference::new(ReferenceKind::Service, "forge").unwrap();
        policies[6].destinations = vec![Destination::new(Place::Reference(forge.clone()))];
        let place = |address: &str| {
            let address: std::net::IpAddr = address.parse().unwrap();
            Places::none().with(forge.clone(), &[address].into_iter().collect::<AddressSet>())
        };
        let resolutions = Resolutions::new();
        let work = |places: Places| work(&resolutions, (&subjects, &policies, &places), at(1));
        assert_eq!(work(place("10.0.0.1")), (10, 0));
        assert_eq!(work(place("10.0.0.1")), (0, 10));
        assert_eq!(work(place("10.0.0.2")), (1, 9));
        assert_eq!(work(Places::none()), (1, 9));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let resolutions = Resolutions::new();
        for revision in 0..i64::try_from(MOST).unwrap() * 2 {
            let one = Policy { revision, ..policy(1, NewPolicy::allow("one")) };
            resolutions.combined(&[(&one, resolutions.mark(&one))], &Places::none(), at(1));
            assert!(resolutions.kept().known.len() <= MOST);
        }
        // Nor by few that are large.
        let many: Vec<_> = (0..50_000_u32)
            .map(|number| Destination::from(Cidr::host(std::net::Ipv4Addr::from_bits(2 * number).into())))
            .collect();
        let resolutions = Resolutions::new();
        for revision in 0..50 {
            let one = Policy { revision, destinations: many.clone(), ..policy(1, NewPolicy::allow("one")) };
            resolutions.combined(&[(&one, resolutions.mark(&one))], &Places::none(), at(1));
            let kept = resolutions.kept();
            assert_eq!(kept.ranges, kept.known.values().map(|known| known.ranges).sum::<usize>());
            assert!(kept.ranges <= MOST_RANGES, "{}", kept.ranges);
        }
        assert!(resolutions.kept().known.len() > 5);
    }
}
