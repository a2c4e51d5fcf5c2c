use std::fmt;
use std::net::IpAddr;

use super::access::{Infrastructure, InfrastructurePart};
use super::model::{Effect, Policy};
use super::resolve::{Rank, Window};
use super::subject::{Bar, Subject, TargetPath};
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
    /// The answer and its ground.
    pub verdict: Verdict,
    /// The policies that did not decide, the closest first. Empty for a barred device: its policies do not matter.
    pub losers: Vec<Loser>,
}

impl Explanation {
    /// Whether the address may be reached.
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
#[derive(Clone, PartialEq, Eq, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Matched {
    /// By a destination; the longest prefix among several.
    Destination(Cidr),
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

/// Why a device may reach an address at a moment, or may not. Agrees with [`resolve`](super::resolve) on every address;
/// an IPv4-mapped one is taken for the IPv4 address it means.
#[must_use]
pub fn explain<'a>(
    subject: &Subject,
    policies: impl IntoIterator<Item = &'a Policy>,
    infrastructure: &Infrastructure,
    address: IpAddr,
    now: Timestamp,
) -> Explanation {
    let address = address.to_canonical();
    let answer = |verdict, losers| Explanation {
        device: subject.device,
        user: subject.user,
        address,
        at: now,
        verdict,
        losers,
    };
    if let Some(bar) = subject.bar(now) {
        return answer(Verdict::Barred(bar), Vec::new());
    }
    let mut losers = Vec::new();
    let mut matching = Vec::new();
    for policy in policies {
        match Candidate::examine(subject, policy, address, now) {
            Ok(candidate) => matching.push(candidate),
            Err(reason) => losers.push(Loser { policy: PolicySummary::of(policy), reason }),
        }
    }
    matching.sort_by_key(|candidate| (Rank::of(candidate.policy), candidate.policy.id));
    let mut matching = matching.into_iter();
    let (verdict, against) = match infrastructure.grants(address) {
        Some(part) => (Verdict::Infrastructure(part), None),
        None => match matching.next() {
            Some(winner) => (Verdict::Policy(winner.won()), Some(Rank::of(winner.policy))),
            None => (Verdict::NoMatch, None),
        },
    };
    losers.extend(matching.map(|candidate| candidate.lost(against)));
    losers.sort_by_key(|loser| (loser.reason, loser.policy.priority, loser.policy.id));
    answer(verdict, losers)
}

/// A policy that applies and contains the address.
struct Candidate<'a> {
    policy: &'a Policy,
    path: TargetPath,
    matched: Matched,
}

impl<'a> Candidate<'a> {
    fn examine(
        subject: &Subject,
        policy: &'a Policy,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Self, LossReason> {
        let path = subject.path_to(policy).ok_or(LossReason::NotTargeted)?;
        if !policy.is_active {
            return Err(LossReason::Inactive);
        }
        match policy.window(now) {
            Window::NotYet(from) => return Err(LossReason::NotYetValid(from)),
            Window::Over(until) => return Err(LossReason::NoLongerValid(until)),
            Window::Open => {}
        }
        let named = policy.destinations.iter().map(|destination| destination.cidr);
        let longest = named.filter(|cidr| cidr.contains(address)).max_by_key(Cidr::prefix_len);
        let matched = match longest {
            Some(cidr) => Matched::Destination(cidr),
            None if policy.full_tunnel => Matched::FullTunnel,
            None => return Err(LossReason::NotContained),
        };
        Ok(Candidate { policy, path, matched })
    }

    fn won(&self) -> Winner {
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
    fn of(policy: &Policy) -> Self {
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
        let word = if self.is_allowed() { "allowed" } else { "denied" };
        write!(f, "{} is {word}: {}", self.address, self.verdict)?;
        match &self.verdict {
            Verdict::Policy(winner) => write!(f, "\n  for {}", winner.path)?,
            _ => write!(f, "\n  for device {} <- user {}", self.device, self.user)?,
        }
        for loser in self.losers.iter().filter(|loser| !loser.reason.is_far_off()) {
            write!(f, "\n  not {}: {}", loser.policy, loser.reason)?;
        }
        for reason in [LossReason::NotContained, LossReason::NotTargeted] {
            let count = self.losers.iter().filter(|loser| loser.reason == reason).count();
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
        match self.matched {
            Matched::Destination(cidr) => write!(f, "{} contains it by {cidr}", self.policy),
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
