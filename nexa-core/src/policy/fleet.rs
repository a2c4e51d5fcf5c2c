//! Many devices at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{Policy, Target};
use super::places::Places;
use super::resolutions::Resolutions;
use super::resolve::{Access, earliest};
use super::subject::{Bar, Subject};
use super::traffic::Traffic;
use crate::runtime::Timestamp;

/// What the devices of a fleet may reach at a moment. Devices to which the same policies apply share one resolution, so the work
/// is that of the different sets of policies, however many devices there are.
///
/// What is asked of it, forwards and backwards, comes from the same sets: who can reach an address and what each of them reaches never
/// disagree.
#[derive(Clone, Debug)]
pub struct Fleet<'a> {
    members: Vec<Member<'a>>,
    classes: Vec<Arc<Access>>,
    now: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    subject: &'a Subject,
    /// Which of the classes it is in; `None` for one that is barred.
    class: Option<usize>,
}

/// How much of something a device must reach to count among those that reach it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// Anything of it is enough.
    Any,
    /// All of it.
    All,
}

/// How what a device may reach differs between two states of a fleet.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Difference<'a> {
    /// The device, as it is afterwards, or was when it is there no more.
    pub subject: &'a Subject,
    /// What it may reach afterwards and could not before.
    pub gained: Traffic,
    /// What it could reach before and may not afterwards.
    pub lost: Traffic,
}

impl<'a> Fleet<'a> {
    /// Resolves every device, each set of policies once. Neither the order of the policies nor that of the devices matters to what a
    /// device may reach. O(n) over the devices' matching policies, and O(k log k) for each set of them.
    #[must_use]
    pub fn resolve(
        subjects: impl IntoIterator<Item = &'a Subject>,
        policies: &[Policy],
        places: &Places,
        now: Timestamp,
    ) -> Self {
        Fleet::resolve_with(&Resolutions::new(), subjects, policies, places, now)
    }

    /// The same with a memory of what was resolved before, for who resolves again and again.
    #[must_use]
    pub fn resolve_with(
        resolutions: &Resolutions,
        subjects: impl IntoIterator<Item = &'a Subject>,
        policies: &[Policy],
        places: &Places,
        now: Timestamp,
    ) -> Self {
        let mut naming: HashMap<Target, Vec<usize>> = HashMap::new();
        for (at, policy) in policies.iter().enumerate().filter(|(_, policy)| policy.is_active) {
            for target in &policy.targets {
                naming.entry(*target).or_default().push(at);
            }
        }
        let marks: Vec<_> = policies.iter().map(|policy| resolutions.mark(policy)).collect();
        let mut classes = Vec::new();
        let mut class_of: HashMap<Vec<usize>, usize> = HashMap::new();
        let members = subjects.into_iter().map(|subject| {
            if subject.bar(now).is_some() {
                return Member { subject, class: None };
            }
            let named = subject.targets().filter_map(|target| naming.get(&target));
            let mut applying: Vec<usize> = named.flatten().copied().collect();
            applying.sort_unstable();
            applying.dedup();
            let class = *class_of.entry(applying).or_insert_with_key(|applying| {
                let applying = applying.iter().filter_map(|at| Some((policies.get(*at)?, *marks.get(*at)?)));
                let applying: Vec<_> = applying.collect();
                classes.push(resolutions.combined(&applying, places, now));
                classes.len() - 1
            });
            Member { subject, class: Some(class) }
        });
        let members = members.collect();
        Fleet { members, classes, now }
    }

    /// How many different sets of policies apply to its devices.
    #[must_use]
    pub fn resolutions(&self) -> usize {
        self.classes.len()
    }

    /// What each device may reach, in the order in which they were given.
    pub fn accesses(&self) -> impl Iterator<Item = (&'a Subject, Access)> {
        self.members.iter().map(|member| (member.subject, self.access_of(member)))
    }

    /// The devices that may reach some of this or all of it, in the order in which they were given. Nobody reaches any of nothing, and
    /// everybody who is not barred reaches all of it.
    #[must_use]
    pub fn who_can_reach(&self, traffic: &Traffic, part: Part) -> Vec<&'a Subject> {
        let reaches = |access: &Access| match part {
            Part::Any => !access.allowed.intersection(traffic).is_empty(),
            Part::All => traffic.is_subset(&access.allowed),
        };
        let reaching: Vec<bool> = self.classes.iter().map(AsRef::as_ref).map(reaches).collect();
        let members = self.members.iter();
        let found =
            members.filter(|member| member.class.is_some_and(|class| reaching.get(class) == Some(&true)));
        found.map(|member| member.subject).collect()
    }

    /// What becomes different for whom when this fleet becomes another one, in the other's order and then in this one's for devices that
    /// are gone. Devices that may reach the same before and after are not named.
    #[must_use]
    pub fn diff<'b>(&self, after: &Fleet<'b>) -> Vec<Difference<'b>>
    where
        'a: 'b,
    {
        let mut before: HashMap<_, _> =
            self.members.iter().map(|member| (member.subject.device, member)).collect();
        let mut known: HashMap<(Option<usize>, Option<usize>), (Traffic, Traffic)> = HashMap::new();
        let nothing = Traffic::empty();
        let mut compare = |old: Option<usize>, new: Option<usize>| {
            let change = known.entry((old, new)).or_insert_with(|| {
                let old =
                    old.and_then(|class| self.classes.get(class)).map_or(&nothing, |access| &access.allowed);
                let new =
                    new.and_then(|class| after.classes.get(class)).map_or(&nothing, |access| &access.allowed);
                (new.difference(old), old.difference(new))
            });
            (!change.0.is_empty() || !change.1.is_empty()).then(|| change.clone())
        };
        let mut differences = Vec::new();
        for member in &after.members {
            let old = before.remove(&member.subject.device).and_then(|old| old.class);
            if let Some((gained, lost)) = compare(old, member.class) {
                differences.push(Difference { subject: member.subject, gained, lost });
            }
        }
        for member in self.members.iter().filter(|member| before.contains_key(&member.subject.device)) {
            if let Some((gained, lost)) = compare(member.class, None) {
                differences.push(Difference { subject: member.subject, gained, lost });
            }
        }
        differences
    }

    /// Something of each class, by its number.
    #[cfg(feature = "control")]
    pub(super) fn map_classes<T>(&self, of: impl FnMut(&Access) -> T) -> Vec<T> {
        self.classes.iter().map(AsRef::as_ref).map(of).collect()
    }

    /// Each device with the number of its class, in the order in which they were given; none for one that is barred.
    #[cfg(feature = "control")]
    pub(super) fn by_class(&self) -> impl Iterator<Item = (&'a Subject, Option<usize>)> {
        self.members.iter().map(|member| (member.subject, member.class))
    }

    fn access_of(&self, member: &Member<'_>) -> Access {
        match (member.subject.bar(self.now), member.class.and_then(|class| self.classes.get(class))) {
            (None, Some(access)) => {
                let valid_until = earliest(member.subject.expires_at, access.valid_until);
                Access { valid_until, ..Access::clone(access) }
            }
            (Some(barred), _) => Access::none(barred),
            // Every one that is not barred has a class.
            (None, None) => Access::none(Bar::DeviceRemoved),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::id::{DeviceId, GroupId, PolicyId, UserId};
    use crate::net::{AddressSet, Cidr};
    use crate::policy::{NewPolicy, Protocol, resolve};

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    fn subjects() -> impl Strategy<Value = Vec<Subject>> {
        let one = (0_u128..4, prop::collection::btree_set(0_u128..3, 0..3), 0_i64..8);
        prop::collection::vec(one, 0..8).prop_map(|all| {
            let named = all.into_iter().enumerate().map(|(device, (user, groups, fate))| {
                let subject =
                    Subject::new(DeviceId::from_uuid(uuid(device as u128)), UserId::from_uuid(uuid(user)));
                let subject =
                    subject.in_groups(groups.into_iter().map(|group| GroupId::from_uuid(uuid(group))));
                match fate {
                    0 => subject.barred(Bar::UserSuspended),
                    1 => subject.expires_at(Timestamp::from_micros(1_000)),
                    2 => subject.expires_at(Timestamp::from_micros(1_500)),
                    _ => subject,
                }
            });
            named.collect()
        })
    }

    fn policies() -> impl Strategy<Value = Vec<Policy>> {
        let target = prop_oneof![
            (0_u128..8).prop_map(|id| Target::Device(DeviceId::from_uuid(uuid(id)))),
            (0_u128..4).prop_map(|id| Target::User(UserId::from_uuid(uuid(id)))),
            (0_u128..3).prop_map(|id| Target::Group(GroupId::from_uuid(uuid(id)))),
        ];
        let cidr = (0_u32..64, 26_u8..=32).prop_map(|(offset, len)| {
            Cidr::containing(IpAddr::from((0x0a00_0000 + offset).to_be_bytes()), len).unwrap()
        });
        let window = prop::sample::select(vec![
            (None, None),
            (Some(1_001), None),
            (None, Some(1_300)),
            (None, Some(999)),
        ]);
        let one = (
            any::<bool>(),
            prop::bool::weighted(0.9),
            0_i64..3,
            prop::collection::vec(target, 0..3),
            prop::collection::vec(cidr, 0..3),
            window,
        );
        prop::collection::vec(one, 0..8).prop_map(|all| {
            let made = all.into_iter().zip(1..).map(
                |((allows, is_active, priority, targets, cidrs, (from, until)), id)| {
                    let mut new =
                        if allows { NewPolicy::allow("x") } else { NewPolicy::deny("x") }.priority(priority);
                    (new.targets, new.is_active) = (targets, is_active);
                    new.destinations = cidrs.into_iter().map(Into::into).collect();
                    (new.valid_from, new.valid_until) =
                        (from.map(Timestamp::from_micros), until.map(Timestamp::from_micros));
                    new.build(PolicyId::from_uuid(uuid(id))).unwrap()
                },
            );
            made.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_fleet_is_its_devices_one_by_one(subjects in subjects(), policies in policies()) {
            let fleet = Fleet::resolve(&subjects, &policies, &Places::none(), NOW);
            let expected: Vec<_> = subjects.iter().map(|subject| (subject, resolve(subject, &policies, &Places::none(), NOW))).collect();
            prop_assert_eq!(fleet.accesses().collect::<Vec<_>>(), expected.clone());
            prop_assert!(fleet.resolutions() <= subjects.len());
            // Backwards it is the transpose.
            for offset in 0..64_u32 {
                let address = IpAddr::from((0x0a00_0000 + offset).to_be_bytes());
                let to = Traffic::from([address].into_iter().collect::<AddressSet>());
                let reaching: Vec<_> =
                    expected.iter().filter(|(_, access)| access.allowed.contains(Protocol::TCP, 22, address)).map(|(subject, _)| *subject).collect();
                prop_assert_eq!(&fleet.who_can_reach(&to, Part::Any), &reaching);
                prop_assert_eq!(&fleet.who_can_reach(&to, Part::All), &reaching);
            }
        }

        #[test]
        fn a_difference_is_what_resolving_again_says(
            subjects in subjects(), later in subjects(), policies in policies(), changed in policies()
        ) {
            let (before, after) = (Fleet::resolve(&subjects, &policies, &Places::none(), NOW), Fleet::resolve(&later, &changed, &Places::none(), NOW));
            let named = before.diff(&after);
            let of = |fleet: &Fleet<'_>, device| {
                let mut found = fleet.accesses().filter(|(subject, _)| subject.device == device);
                found.next().map(|(_, access)| access.allowed).unwrap_or_default()
            };
            for device in (0..8).map(|id| DeviceId::from_uuid(uuid(id))) {
                let (old, new) = (of(&before, device), of(&after, device));
                let mut found = named.iter().filter(|difference| difference.subject.device == device);
                match found.next() {
                    Some(difference) => {
                        prop_assert_eq!(&difference.gained, &new.difference(&old));
                        prop_assert_eq!(&difference.lost, &old.difference(&new));
                        prop_assert!(old != new);
                    }
                    None => prop_assert_eq!(old, new),
                }
                prop_assert!(found.next().is_none());
            }
            prop_assert!(before.diff(&before).is_empty());
        }
    }

    #[test]
    fn devices_with_the_same_policies_share_one_resolution() {
        let everyone = GroupId::from_uuid(uuid(7));
        let subjects: Vec<_> = (0..100)
            .map(|id| {
                Subject::new(DeviceId::from_uuid(uuid(id)), UserId::from_uuid(uuid(id))).in_groups([everyone])
            })
            .collect();
        let net: Cidr = "10.0.0.0/24".parse().unwrap();
        let all = NewPolicy::allow("all").target(everyone).destination(net);
        let one = NewPolicy::deny("one").target(UserId::from_uuid(uuid(3))).destination(net).priority(1);
        let policies: Vec<_> = [all, one]
            .into_iter()
            .zip(1..)
            .map(|(new, id)| new.build(PolicyId::from_uuid(uuid(id))).unwrap())
            .collect();
        let fleet = Fleet::resolve(&subjects, &policies, &Places::none(), NOW);
        assert_eq!(fleet.resolutions(), 2);
        assert_eq!(fleet.who_can_reach(&AddressSet::from(net).into(), Part::All).len(), 99);
        assert_eq!(fleet.who_can_reach(&Traffic::empty(), Part::Any).len(), 0);
        let before = Fleet::resolve(&subjects, &policies[..1], &Places::none(), NOW);
        let [lost] = &before.diff(&fleet)[..] else { panic!("only one loses something") };
        assert_eq!(
            (lost.subject.user, lost.lost.clone()),
            (UserId::from_uuid(uuid(3)), AddressSet::from(net).into())
        );
        assert!(lost.gained.is_empty());
    }
}
