//! Who may reach what, and why.

use std::str::FromStr as _;

use nexa_core::policy;
use nexa_core::runtime::Timestamp;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::ids::{DeviceId, PolicyId, UserId};
use crate::nexa::{Caller, page};
use crate::outward::Outward;
use crate::wireguard::parsed;

/// Whether a policy lets through or holds back.
#[enumeration(from = policy::Effect, otherwise = Deny)]
pub enum Effect {
    /// Holds back.
    Deny,
    /// Lets through.
    Allow,
}

/// What kind of thing a policy is about.
#[enumeration]
pub enum TargetType {
    /// Every device of one user.
    User,
    /// One device.
    Device,
    /// Every device of every member of one group.
    Group,
}

/// Whom a policy is about.
#[record]
pub struct Target {
    /// What kind of thing the id is of.
    pub target_type: TargetType,
    /// The id.
    pub id: String,
}

impl Target {
    fn parse(&self) -> Result<policy::Target> {
        let id = uuid::Uuid::from_str(&self.id).map_err(|_| Error::invalid("target", "is not a UUID"))?;
        Ok(policy::Target::from_parts(self.target_type.as_str(), id)?)
    }
}

impl Outward<Target> for policy::Target {
    fn outward(self) -> Target {
        let target_type = match self {
            policy::Target::User(_) => TargetType::User,
            policy::Target::Group(_) => TargetType::Group,
            _ => TargetType::Device,
        };
        Target { target_type, id: self.as_uuid().to_string() }
    }
}

/// What a policy matches: every protocol and port of a prefix.
#[record(from = policy::Destination)]
pub struct Destination {
    /// The addresses.
    pub cidr: String,
    /// What is there; may be empty. Has no effect.
    pub description: String,
}

/// A rule as it is stored and resolved.
#[record(from = policy::Policy)]
pub struct Policy {
    /// Its id. Of two policies that decide the same, the lower one is named as the winner.
    pub id: PolicyId,
    /// A name, unique among living policies.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The lower number wins.
    pub priority: i64,
    /// Whether what it matches is let through.
    pub effect: Effect,
    /// Whether it counts at all.
    pub is_active: bool,
    /// Whether it matches every address of both families, beside its destinations.
    pub full_tunnel: bool,
    /// Whom it is about; sorted, each once. None: nobody.
    pub targets: Vec<Target>,
    /// What it matches; sorted by prefix, each once. None: nothing, never "any".
    pub destinations: Vec<Destination>,
    /// The moment from which it counts, in microseconds since 1970; nothing for always.
    pub valid_from: Option<i64>,
    /// The first moment at which it counts no more; nothing for never.
    pub valid_until: Option<i64>,
}

/// A policy to create.
#[record(input)]
pub struct NewPolicy {
    /// A name, unique among living policies.
    pub name: String,
    /// Whether what it matches is let through.
    pub effect: Effect,
    /// Whom it is about. None: nobody.
    pub targets: Vec<Target>,
    /// The prefixes that it matches. None: nothing, never "any".
    pub destinations: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The lower number wins; 100 without it.
    pub priority: Option<i64>,
    /// Whether it counts at all; it does without it.
    pub is_active: Option<bool>,
    /// Whether it matches every address of both families.
    pub full_tunnel: Option<bool>,
    /// The moment from which it counts, in microseconds since 1970.
    pub valid_from: Option<i64>,
    /// The first moment at which it counts no more.
    pub valid_until: Option<i64>,
}

impl NewPolicy {
    fn parse(self) -> Result<policy::NewPolicy> {
        let mut new = match self.effect {
            Effect::Allow => policy::NewPolicy::allow(self.name),
            Effect::Deny => policy::NewPolicy::deny(self.name),
        };
        for target in &self.targets {
            new = new.target(target.parse()?);
        }
        for cidr in &self.destinations {
            new = new.destination(parsed::<nexa_core::net::Cidr>("destinations", cidr)?);
        }
        new.description = self.description.unwrap_or(new.description);
        new.priority = self.priority.unwrap_or(new.priority);
        new.is_active = self.is_active.unwrap_or(new.is_active);
        new.full_tunnel = self.full_tunnel.unwrap_or(new.full_tunnel);
        new.valid_from = self.valid_from.map(Timestamp::from_micros);
        new.valid_until = self.valid_until.map(Timestamp::from_micros);
        Ok(new)
    }
}

/// One page of policies.
#[record(from = nexa_core::page::Page<policy::Policy>)]
pub struct PolicyPage {
    /// The policies, in a stable order.
    pub items: Vec<Policy>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// Why a device has no access whatever policies say.
#[enumeration(from = policy::Bar, otherwise = DeviceRemoved)]
pub enum Bar {
    /// The device waits for approval.
    DevicePending,
    /// The device was revoked.
    DeviceRevoked,
    /// The device's time is over.
    DeviceExpired,
    /// The device was removed.
    DeviceRemoved,
    /// The user waits for approval.
    UserPending,
    /// The user is suspended.
    UserSuspended,
    /// The user was removed.
    UserRemoved,
}

/// What a device may reach, by policies alone.
#[record]
pub struct Access {
    /// The addresses it may reach, as the fewest prefixes.
    pub allowed: Vec<String>,
    /// The moment from which this may be different although nobody changed anything, in microseconds since 1970.
    pub valid_until: Option<i64>,
    /// Whether a policy that applies allows all of IPv4; stricter policies may still take addresses away.
    pub full_tunnel_v4: bool,
    /// Whether a policy that applies allows all of IPv6.
    pub full_tunnel_v6: bool,
    /// Why it has no access whatever policies say.
    pub barred: Option<Bar>,
}

impl Outward<Access> for policy::Access {
    fn outward(self) -> Access {
        Access {
            allowed: self.allowed.outward(),
            valid_until: self.valid_until.outward(),
            full_tunnel_v4: self.full_tunnel.v4,
            full_tunnel_v6: self.full_tunnel.v6,
            barred: self.barred.outward(),
        }
    }
}

/// What decided.
#[enumeration]
pub enum Verdict {
    /// The device has no access at all. Denied.
    Barred,
    /// The built-in rule grants the gateway's own addresses. Allowed.
    InfrastructureGateway,
    /// The built-in rule grants the DNS servers. Allowed.
    InfrastructureDns,
    /// A policy; its effect is the answer.
    Policy,
    /// No policy that applies contains the address. Denied.
    NoMatch,
}

/// What there is to say of a policy in an explanation.
#[record(from = policy::PolicySummary)]
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
#[record]
pub struct Winner {
    /// The policy.
    pub policy: PolicySummary,
    /// How it names the device, such as `device … <- user … <- group …`.
    pub path: String,
    /// The destination that contains the address, the longest among several; nothing for a full tunnel.
    pub matched: Option<String>,
}

/// A policy that did not decide.
#[record]
pub struct Loser {
    /// The policy.
    pub policy: PolicySummary,
    /// Why not.
    pub reason: LossReason,
    /// The moment that the reason speaks of, in microseconds since 1970.
    pub at: Option<i64>,
}

/// Why a policy did not decide.
#[enumeration(from = policy::LossReason, otherwise = NotTargeted)]
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
    NotYetValid,
    /// Its window is over.
    NoLongerValid,
    /// It is not active.
    Inactive,
    /// It names neither the device nor its user nor a group of the user.
    NotTargeted,
}

/// Why a device may reach an address, or may not.
#[record]
pub struct Explanation {
    /// The device asked about.
    pub device: DeviceId,
    /// Its user.
    pub user: UserId,
    /// The address asked about.
    pub address: String,
    /// The moment asked about, in microseconds since 1970.
    pub at: i64,
    /// Whether the address may be reached.
    pub is_allowed: bool,
    /// What decided.
    pub verdict: Verdict,
    /// The policy that decided, if one did.
    pub winner: Option<Winner>,
    /// Why the device has no access, if it has none.
    pub barred: Option<Bar>,
    /// The policies that did not decide, the closest first.
    pub losers: Vec<Loser>,
    /// The same for a person to read, in several lines.
    pub text: String,
}

impl Outward<Explanation> for policy::Explanation {
    fn outward(self) -> Explanation {
        let (text, is_allowed) = (self.to_string(), self.is_allowed());
        let (verdict, winner, barred) = ground(self.verdict);
        Explanation {
            device: self.device.outward(),
            user: self.user.outward(),
            address: self.address.outward(),
            at: self.at.outward(),
            is_allowed,
            verdict,
            winner,
            barred,
            losers: self.losers.outward(),
            text,
        }
    }
}

fn ground(verdict: policy::Verdict) -> (Verdict, Option<Winner>, Option<Bar>) {
    match verdict {
        policy::Verdict::Barred(bar) => (Verdict::Barred, None, Some(bar.outward())),
        policy::Verdict::Infrastructure(policy::InfrastructurePart::Dns) => {
            (Verdict::InfrastructureDns, None, None)
        }
        policy::Verdict::Infrastructure(_) => (Verdict::InfrastructureGateway, None, None),
        policy::Verdict::Policy(winner) => (Verdict::Policy, Some(winner.outward()), None),
        _ => (Verdict::NoMatch, None, None),
    }
}

impl Outward<Winner> for policy::Winner {
    fn outward(self) -> Winner {
        let matched = match self.matched {
            policy::Matched::Destination(cidr) => Some(cidr.outward()),
            _ => None,
        };
        Winner { policy: self.policy.outward(), path: self.path.to_string(), matched }
    }
}

impl Outward<Loser> for policy::Loser {
    fn outward(self) -> Loser {
        let at = match self.reason {
            policy::LossReason::NotYetValid(at) | policy::LossReason::NoLongerValid(at) => Some(at.outward()),
            _ => None,
        };
        Loser { policy: self.policy.outward(), reason: self.reason.outward(), at }
    }
}

/// Policies, as one caller may see and change them.
#[object(calls)]
pub struct Policies {
    pub(crate) handle: Caller,
}

#[object]
impl Policies {
    /// Creates a policy.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name, `not_found` for a target that is not there.
    pub async fn create(&self, policy: NewPolicy) -> Result<Policy> {
        Ok(self.core().create(policy.parse()?).await?.outward())
    }

    /// One policy.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: PolicyId) -> Result<Policy> {
        Ok(self.core().get(id.parse()?).await?.outward())
    }

    /// The policies, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list(&self, after: Option<String>, limit: Option<u32>) -> Result<PolicyPage> {
        Ok(self.core().list(page(after, limit)?).await?.outward())
    }

    /// Removes a policy.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, id: PolicyId) -> Result<()> {
        Ok(self.core().remove(id.parse()?).await?)
    }

    /// What a device may reach now, by policies alone.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resolve(&self, device: DeviceId) -> Result<Access> {
        Ok(self.core().resolve(device.parse()?).await?.outward())
    }

    /// Why a device may reach an address, or may not.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`address`).
    pub async fn explain(&self, device: DeviceId, address: String) -> Result<Explanation> {
        let address = parsed("address", &address)?;
        Ok(self.core().explain(device.parse()?, address).await?.outward())
    }
}

impl Policies {
    fn core(&self) -> policy::Policies {
        self.handle.core().policy()
    }
}
