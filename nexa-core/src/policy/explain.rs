use std::fmt;
use std::net::IpAddr;

use super::access::{Infrastructure, InfrastructurePart};
use super::destination::Place;
use super::model::{Effect, Policy};
use super::places::Places;
use super::resolve::{Rank, Window};
use super::service_range::ServiceRange;
use super::subject::{Bar, Subject, TargetPath};
use super::traffic::pieces;
use crate::id::{DeviceId, PolicyId, UserId};
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// Why a device may reach an address, or may not. Its `Display` is for a person to read.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The device asked about.
    pub device: DeviceId,
    /// Its user.
    pub user: UserId,
    /// The address asked about.
    pub address: IpAddr,
    /// The moment asked about.
    pub at: Timestamp,
    /// One answer, unless policies tell services of this address apart. Each service asked about is in one of them; the one with the
    /// highest services, which is usually what nobody named, is last.
    pub answers: Vec<Answer>,
}

impl Explanation {
    /// Whether the address may be reached by every service asked about.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.answers.iter().all(Answer::is_allowed)
    }

    /// Whether the address may be reached by any service asked about.
    #[must_use]
    pub fn is_allowed_somehow(&self) -> bool {
        self.answers.iter().any(Answer::is_allowed)
    }
}

/// What holds for some services of an address, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The protocols and ports, sorted.
    pub services: Vec<ServiceRange>,
    /// The answer and its ground.
    pub verdict: Verdict,
    /// The policies that did not decide, the closest first. Empty for a barred device: its policies do not matter.
    pub losers: Vec<Loser>,
}

impl Answer {
    /// Whether the address may be reached by these services.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match &self.verdict {
            Verdict::Infrastructure(_) => true,
            Verdict::Policy(winner) => winner.policy.effect == Effect::Allow,
            Verdict::NoMatch | Verdict::Barred(_) => false,
        }
    }
}

/// What decided.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The device has no access at all. Denied.
    Barred(Bar),
    /// The built-in rule. Allowed.
    Infrastructure(InfrastructurePart),
    /// A policy; its effect is the answer.
    Policy(Winner),
    /// No policy that applies contains the address. Denied.
    NoMatch,
}

/// What there is to say of a policy in an explanation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct PolicySummary {
    /// Its id.
    pub id: PolicyId,
    /// Its name.
    pub name: String,
    /// Its priority number.
    pub priority: i64,
    /// Its effect.
    pub effect: Effect,
}

/// The policy that decided, and how it came to apply.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Winner {
    /// The policy.
    pub policy: PolicySummary,
    /// How it names the device.
    pub path: TargetPath,
    /// How it contains the address.
    pub matched: Matched,
}

/// How a policy contains an address.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Matched {
    /// By a destination; the longest prefix among several.
    Destination {
        /// The destination's place.
        to: Place,
        /// The prefix that the place has there.
        cidr: Cidr,
        /// The destination's services.
        services: ServiceRange,
    },
    /// As a full tunnel.
    FullTunnel,
}

/// A policy that did not decide.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Loser {
    /// The policy.
    pub policy: PolicySummary,
    /// Why not.
    pub reason: LossReason,
}

/// Why a policy did not decide: the first of these that holds, from the last to the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum LossReason {
    /// It says the same as the winner at the same priority; the winner is only the lower id.
    SaysTheSame,
    /// At equal priority the winner's deny beats its allow.
    DenyWinsTie,
    /// The winner's priority number is lower.
    Outranked,
    /// The built-in rule stands above it.
    BelowInfrastructure,
    /// It contains the address, by other services.
    OtherServices,
    /// No destination of it contains the address.
    NotContained,
    /// Its window has not begun.
    NotYetValid(Timestamp),
    /// Its window is over.
    NoLongerValid(Timestamp),
    /// It is not active.
    Inactive,
    /// It names neither the device nor its user nor a group of the user.
    NotTargeted,
}

impl LossReason {
    /// Whether the policy has nothing to do with the question, as most have.
    fn is_far_off(self) -> bool {
        matches!(self, LossReason::NotContained | LossReason::NotTargeted)
    }
}

/// Why a device may reach an address by these services at a moment, or may not. Agrees with [`resolve`](super::resolve) on every address,
/// protocol and port; an IPv4-mapped address is taken for the IPv4 address it means.
#[must_use]
pub fn explain<'a>(
    subject: &Subject,
    policies: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    infrastructure: &Infrastructure,
    (address, services): (IpAddr, ServiceRange),
    now: Timestamp,
) -> Explanation {
    let address = address.to_canonical();
    let policies: Vec<_> = policies.into_iter().collect();
    let question = Question { subject, places, infrastructure, address, now };
    let answers = match subject.bar(now) {
        Some(bar) => {
            vec![Answer { services: vec![services], verdict: Verdict::Barred(bar), losers: Vec::new() }]
        }
        None => question.answers(&policies, services),
    };
    Explanation { device: subject.device, user: subject.user, address, at: now, answers }
}

struct Question<'q> {
    subject: &'q Subject,
    places: &'q Places,
    infrastructure: &'q Infrastructure,
    address: IpAddr,
    now: Timestamp,
}

impl Question<'_> {
    /// Asks for each range of services that no policy tells apart, and joins what has the same answer.
    fn answers(&self, policies: &[&Policy], asked: ServiceRange) -> Vec<Answer> {
        // What stands aside stands aside by every service.
        let telling = policies.iter().filter(|policy| self.aside(policy).is_none());
        let told_apart = telling.flat_map(|policy| policy.rules(self.places));
        let told_apart = told_apart.filter(|rule| rule.cidr.contains(self.address)).map(|rule| rule.services);
        let told_apart = told_apart.filter_map(|services| services.intersection(asked));
        let mut answers: Vec<Answer> = Vec::new();
        for services in pieces(told_apart.chain([asked])) {
            let (verdict, losers) = self.answer(policies, services);
            let is_same = |answer: &&mut Answer| answer.verdict == verdict && answer.losers == losers;
            match answers.iter_mut().find(is_same).map(|answer| &mut answer.services) {
                None => answers.push(Answer { services: vec![services], verdict, losers }),
                Some(known) => match known.last_mut() {
                    Some(last) if last.last() + 1 == services.first() => {
                        *last = ServiceRange::of_numbers(last.first(), services.last());
                    }
                    _ => known.push(services),
                },
            }
        }
        answers.sort_by_key(|answer| answer.services.last().copied());
        answers
    }

    /// What holds for services that each policy has all of or none of.
    fn answer(&self, policies: &[&Policy], services: ServiceRange) -> (Verdict, Vec<Loser>) {
        let mut losers = Vec::new();
        let mut matching = Vec::new();
        for policy in policies {
            match self.examine(policy, services) {
                Ok(candidate) => matching.push(candidate),
                Err(reason) => losers.push(Loser { policy: PolicySummary::of(policy), reason }),
            }
        }
        matching.sort_by_key(|candidate| (Rank::of(candidate.policy), candidate.policy.id));
        let mut matching = matching.into_iter();
        let (verdict, against) = match self.infrastructure.grants(self.address) {
            Some(part) => (Verdict::Infrastructure(part), None),
            None => match matching.next() {
                Some(winner) => {
                    let rank = Rank::of(winner.policy);
                    (Verdict::Policy(winner.won()), Some(rank))
                }
                None => (Verdict::NoMatch, None),
            },
        };
        losers.extend(matching.map(|candidate| candidate.lost(against)));
        losers.sort_by_key(|loser| (loser.reason, loser.policy.priority, loser.policy.id));
        (verdict, losers)
    }

    /// Why a policy does not matter, whatever is asked about.
    fn aside(&self, policy: &Policy) -> Option<LossReason> {
        if self.subject.path_to(policy).is_none() {
            return Some(LossReason::NotTargeted);
        }
        if !policy.is_active {
            return Some(LossReason::Inactive);
        }
        match policy.window(self.now) {
            Window::NotYet(from) => Some(LossReason::NotYetValid(from)),
            Window::Over(until) => Some(LossReason::NoLongerValid(until)),
            Window::Open => None,
        }
    }

    fn examine<'a>(&self, policy: &'a Policy, services: ServiceRange) -> Result<Candidate<'a>, LossReason> {
        if let Some(reason) = self.aside(policy) {
            return Err(reason);
        }
        let path = self.subject.path_to(policy).ok_or(LossReason::NotTargeted)?;
        let prefixes = policy.destinations.iter().flat_map(|destination| {
            self.places.prefixes(&destination.to).iter().map(move |cidr| (destination, *cidr))
        });
        let containing: Vec<_> = prefixes.filter(|(_, cidr)| cidr.contains(self.address)).collect();
        let by_these = containing.iter().filter(|(destination, _)| destination.services.has_all_of(services));
        let matched = match by_these.max_by_key(|(_, cidr)| cidr.prefix_len()) {
            Some((destination, cidr)) => Matched::Destination {
                to: destination.to.clone(),
                cidr: *cidr,
                services: destination.services,
            },
            None if policy.full_tunnel => Matched::FullTunnel,
            None if containing.is_empty() => return Err(LossReason::NotContained),
            None => return Err(LossReason::OtherServices),
        };
        Ok(Candidate { policy, path, matched })
    }
}

/// A policy that applies and contains the address by the services.
struct Candidate<'a> {
    policy: &'a Policy,
    path: TargetPath,
    matched: Matched,
}

impl Candidate<'_> {
    fn won(self) -> Winner {
        Winner { policy: PolicySummary::of(self.policy), path: self.path, matched: self.matched }
    }

    fn lost(&self, against: Option<Rank>) -> Loser {
        let rank = Rank::of(self.policy);
        let reason = match against {
            None => LossReason::BelowInfrastructure,
            Some(winner) if winner == rank => LossReason::SaysTheSame,
            Some(winner) if winner.priority == rank.priority => LossReason::DenyWinsTie,
            Some(_) => LossReason::Outranked,
        };
        Loser { policy: PolicySummary::of(self.policy), reason }
    }
}

impl PolicySummary {
    pub(super) fn of(policy: &Policy) -> Self {
        PolicySummary {
            id: policy.id,
            name: policy.name.clone(),
            priority: policy.priority,
            effect: policy.effect,
        }
    }
}

impl fmt::Display for PolicySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} (priority {})", self.effect, self.name, self.priority)
    }
}

impl fmt::Display for Explanation {
    /// The answer, whom it is about, and each policy that nearly decided; those far off are only counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut answers = self.answers.iter();
        answers.next().map_or(Ok(()), |first| self.write(first, f))?;
        answers.try_for_each(|answer| {
            f.write_str("\n")?;
            self.write(answer, f)
        })
    }
}

impl Explanation {
    fn write(&self, answer: &Answer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if answer.is_allowed() { "allowed" } else { "denied" };
        write!(f, "{}", self.address)?;
        match &answer.services[..] {
            [ServiceRange::ANY] => {}
            [.., last] if self.answers.len() > 1 && last.has_all_of(ServiceRange::LAST) => {
                f.write_str(" by anything else")?;
            }
            [first, rest @ ..] => {
                write!(f, " by {first}")?;
                rest.iter().try_for_each(|services| write!(f, ",{services}"))?;
            }
            [] => {}
        }
        write!(f, " is {word}: {}", answer.verdict)?;
        match &answer.verdict {
            Verdict::Policy(winner) => write!(f, "\n  for {}", winner.path)?,
            _ => write!(f, "\n  for device {} <- user {}", self.device, self.user)?,
        }
        for loser in answer.losers.iter().filter(|loser| !loser.reason.is_far_off()) {
            write!(f, "\n  not {}: {}", loser.policy, loser.reason)?;
        }
        for reason in [LossReason::NotContained, LossReason::NotTargeted] {
            let count = answer.losers.iter().filter(|loser| loser.reason == reason).count();
            if count > 0 {
                write!(f, "\n  not {count} more: {reason}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Barred(bar) => write!(f, "{bar}"),
            Verdict::Infrastructure(InfrastructurePart::Gateway) => {
                f.write_str("the built-in rule grants the gateway's own addresses")
            }
            Verdict::Infrastructure(InfrastructurePart::Dns) => {
                f.write_str("the built-in rule grants the DNS servers")
            }
            Verdict::Policy(winner) => write!(f, "{winner}"),
            Verdict::NoMatch => f.write_str("no policy that applies contains it"),
        }
    }
}

impl fmt::Display for Winner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.matched {
            Matched::Destination { to, cidr, services } => {
                write!(f, "{} contains it by {to}", self.policy)?;
                match to {
                    Place::Cidr(_) => {}
                    Place::Reference(_) => write!(f, " ({cidr})")?,
                }
                match *services {
                    ServiceRange::ANY => Ok(()),
                    services => write!(f, ", {services}"),
                }
            }
            Matched::FullTunnel => write!(f, "{} is a full tunnel", self.policy),
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LossReason::SaysTheSame => f.write_str("says the same"),
            LossReason::DenyWinsTie => f.write_str("deny wins at equal priority"),
            LossReason::Outranked => f.write_str("a lower priority number won"),
            LossReason::BelowInfrastructure => f.write_str("the built-in rule stands above it"),
            LossReason::OtherServices => f.write_str("contains it by other services"),
            LossReason::NotContained => f.write_str("no destination contains the address"),
            LossReason::NotYetValid(from) => write!(f, "counts only from {from}"),
            LossReason::NoLongerValid(until) => write!(f, "counted only until {until}"),
            LossReason::Inactive => f.write_str("is not active"),
            LossReason::NotTargeted => {
                f.write_str("no target is the device, its user or a group of the user")
            }
        }
    }
}
