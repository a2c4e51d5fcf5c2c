//! Who may reach what, and why.

use std::str::FromStr as _;

use nexa_core::policy;
use nexa_core::runtime::Timestamp;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::ids::{DeviceId, PolicyId, PolicyTestId, UserId};
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

/// What a policy matches: a place, by some services.
#[record(from = policy::Destination)]
pub struct Destination {
    /// Where: a prefix, or what is named instead, such as `service:git`.
    pub to: String,
    /// The protocols and ports: `any`, `tcp`, `tcp/443`, `udp/5000-5999`.
    pub services: String,
    /// What is there; may be empty. Has no effect.
    pub description: String,
}

/// Addresses, and by which services.
#[record]
pub struct Reach {
    /// The protocols and ports.
    pub services: String,
    /// The addresses, as the fewest prefixes.
    pub addresses: Vec<String>,
}

impl Outward<Vec<Reach>> for policy::Traffic {
    fn outward(self) -> Vec<Reach> {
        let reach = |(services, addresses): (policy::ServiceRange, &nexa_core::net::AddressSet)| Reach {
            services: services.outward(),
            addresses: addresses.clone().outward(),
        };
        self.services().map(reach).collect()
    }
}

/// A rule as it is stored and resolved.
#[record(from = policy::Policy)]
pub struct Policy {
    /// Its id. Of two policies that decide the same, the lower one is named as the winner.
    pub id: PolicyId,
    /// Goes up with each change of the policy; 1 at first.
    pub revision: i64,
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
    /// What it matches, each a prefix or a name, and after a space the services if they are not all: `10.0.0.0/8`,
    /// `10.0.0.0/8 tcp/443`, `service:git tcp/22`. None: nothing, never "any".
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
        for destination in &self.destinations {
            new = new.destination(parsed::<policy::Destination>("destinations", destination)?);
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

/// What shall be different about a policy. What is not said stays as it is.
#[record(input)]
pub struct PolicyChanges {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another priority.
    pub priority: Option<i64>,
    /// Another effect.
    pub effect: Option<Effect>,
    /// Whether it counts.
    pub is_active: Option<bool>,
    /// Whether it is a full tunnel.
    pub full_tunnel: Option<bool>,
    /// Whom it is about, instead of those it was about.
    pub targets: Option<Vec<Target>>,
    /// What it matches, instead of what it matched.
    pub destinations: Option<Vec<String>>,
    /// Another moment from which it counts, in microseconds since 1970.
    pub valid_from: Option<i64>,
    /// Another first moment at which it counts no more.
    pub valid_until: Option<i64>,
    /// Whether it counts from the beginning of time; `valid_from` is left out then.
    pub is_valid_always: Option<bool>,
    /// Whether it counts until the end of time; `valid_until` is left out then.
    pub is_valid_for_ever: Option<bool>,
}

impl PolicyChanges {
    fn parse(self) -> Result<policy::PolicyChanges> {
        let mut changes = policy::PolicyChanges::new();
        changes.name = self.name;
        changes.description = self.description;
        changes.priority = self.priority;
        changes.effect = self.effect.map(Effect::inward);
        changes.is_active = self.is_active;
        changes.full_tunnel = self.full_tunnel;
        let targets = self.targets.map(|targets| targets.iter().map(Target::parse).collect::<Result<_>>());
        changes.targets = targets.transpose()?;
        let destination = |text: &String| parsed::<policy::Destination>("destinations", text);
        let destinations = self.destinations.map(|all| all.iter().map(destination).collect::<Result<_>>());
        changes.destinations = destinations.transpose()?;
        let edge = |at: Option<i64>, is_open: Option<bool>, field| match (at, is_open.unwrap_or(false)) {
            (Some(_), true) => Err(Error::invalid(field, "is said, and that there is none")),
            (None, true) => Ok(Some(None)),
            (at, false) => Ok(at.map(|at| Some(Timestamp::from_micros(at)))),
        };
        changes.valid_from = edge(self.valid_from, self.is_valid_always, "valid_from")?;
        changes.valid_until = edge(self.valid_until, self.is_valid_for_ever, "valid_until")?;
        Ok(changes)
    }
}

impl Effect {
    fn inward(self) -> policy::Effect {
        match self {
            Effect::Allow => policy::Effect::Allow,
            Effect::Deny => policy::Effect::Deny,
        }
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
    /// What it may reach: addresses, by protocols and ports.
    pub allowed: Vec<Reach>,
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
    /// The prefix that contains the address, the longest among several; nothing for a full tunnel.
    pub matched: Option<String>,
    /// The destination that has that prefix, with its services; nothing for a full tunnel.
    pub destination: Option<String>,
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
    /// It contains the address, by other services.
    OtherServices,
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
    /// Whether the address may be reached by every service asked about.
    pub is_allowed: bool,
    /// Whether it may be reached by any of them.
    pub is_allowed_somehow: bool,
    /// One answer, unless policies tell services of this address apart. The one for whatever nobody named is last.
    pub answers: Vec<Answer>,
    /// The same for a person to read, in several lines.
    pub text: String,
}

/// What holds for some services of an address, and why.
#[record]
pub struct Answer {
    /// The protocols and ports.
    pub services: Vec<String>,
    /// Whether the address may be reached by these.
    pub is_allowed: bool,
    /// What decided.
    pub verdict: Verdict,
    /// The policy that decided, if one did.
    pub winner: Option<Winner>,
    /// Why the device has no access, if it has none.
    pub barred: Option<Bar>,
    /// The policies that did not decide, the closest first.
    pub losers: Vec<Loser>,
}

impl Outward<Explanation> for policy::Explanation {
    fn outward(self) -> Explanation {
        let text = self.to_string();
        Explanation {
            device: self.device.outward(),
            user: self.user.outward(),
            address: self.address.outward(),
            at: self.at.outward(),
            is_allowed: self.is_allowed(),
            is_allowed_somehow: self.is_allowed_somehow(),
            answers: self.answers.outward(),
            text,
        }
    }
}

impl Outward<Answer> for policy::Answer {
    fn outward(self) -> Answer {
        let is_allowed = self.is_allowed();
        let (verdict, winner, barred) = ground(self.verdict);
        let losers = self.losers.outward();
        Answer { services: self.services.outward(), is_allowed, verdict, winner, barred, losers }
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
        let (matched, destination) = match self.matched {
            policy::Matched::Destination { to, cidr, services } => {
                (Some(cidr.outward()), Some(policy::Destination::new(to).by(services).to_string()))
            }
            _ => (None, None),
        };
        Winner { policy: self.policy.outward(), path: self.path.to_string(), matched, destination }
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

/// What would have to change for a device to reach something.
#[record]
pub struct WhyNot {
    /// It reaches it already.
    pub is_allowed: bool,
    /// The device has no access at all until this is lifted, whatever else is changed.
    pub barred: Option<Bar>,
    /// Changes, each of which is enough, beside lifting the bar; none where it is allowed then.
    pub remedies: Vec<Remedy>,
    /// The same for a person to read, in several lines.
    pub text: String,
}

/// What kind of change is enough.
#[enumeration]
pub enum RemedyKind {
    /// Turn a policy on that is not active.
    Activate,
    /// Let a policy count at this moment, which its window leaves out.
    MoveWindow,
    /// Make a policy target the device, its user or a group of the user.
    AddTarget,
    /// Let a policy that has the address have this protocol and port too.
    AddService,
    /// Take the one policy away that denies it.
    Remove,
    /// Give a policy that allows it this priority, the weakest that suffices.
    Reprioritize,
    /// Create a policy that allows it, of this priority.
    Create,
}

/// One change that is enough.
#[record]
pub struct Remedy {
    /// What kind of change it is.
    pub kind: RemedyKind,
    /// The policy to change; nothing for one to create.
    pub policy: Option<PolicySummary>,
    /// The priority to give, where one is.
    pub priority: Option<i64>,
    /// The same for a person to read.
    pub text: String,
}

impl Outward<WhyNot> for policy::WhyNot {
    fn outward(self) -> WhyNot {
        let text = self.to_string();
        WhyNot {
            is_allowed: self.is_allowed,
            barred: self.barred.outward(),
            remedies: self.remedies.outward(),
            text,
        }
    }
}

impl Outward<Remedy> for policy::Remedy {
    fn outward(self) -> Remedy {
        let text = self.to_string();
        let (kind, policy, priority) = match self {
            policy::Remedy::Activate(policy) => (RemedyKind::Activate, Some(policy), None),
            policy::Remedy::MoveWindow(policy) => (RemedyKind::MoveWindow, Some(policy), None),
            policy::Remedy::AddTarget(policy) => (RemedyKind::AddTarget, Some(policy), None),
            policy::Remedy::AddService(policy) => (RemedyKind::AddService, Some(policy), None),
            policy::Remedy::Remove(policy) => (RemedyKind::Remove, Some(policy), None),
            policy::Remedy::Reprioritize { policy, priority } => {
                (RemedyKind::Reprioritize, Some(policy), Some(priority))
            }
            policy::Remedy::Create { priority } => (RemedyKind::Create, None, Some(priority)),
            _ => (RemedyKind::Create, None, None),
        };
        Remedy { kind, policy: policy.outward(), priority, text }
    }
}

/// How much of something a device must reach to count among those that reach it.
#[enumeration]
pub enum Part {
    /// Anything of it is enough.
    Any,
    /// All of it.
    All,
}

/// A device, by what people call it.
#[record(from = policy::Reacher)]
pub struct Reacher {
    /// The device.
    pub device: DeviceId,
    /// Its user.
    pub user: UserId,
    /// The username and the device's name: `ada/laptop`.
    pub label: String,
}

/// How much of something a device reaches.
#[enumeration(from = policy::Extent, otherwise = Unreached)]
pub enum Extent {
    /// Nothing of it.
    Unreached,
    /// A part of it.
    Partial,
    /// All of it.
    Whole,
}

/// One device and what it reaches.
#[record(from = policy::MatrixRow)]
pub struct MatrixRow {
    /// Who it is: `ada/laptop`.
    pub label: String,
    /// How much of each column it reaches.
    pub cells: Vec<Extent>,
}

/// Devices, destinations, and how much of each a device reaches.
#[record]
pub struct Matrix {
    /// The destinations asked about, as texts.
    pub columns: Vec<String>,
    /// A line for each device.
    pub rows: Vec<MatrixRow>,
    /// The same as a table, comma-separated.
    pub csv: String,
    /// The same as a picture, in which devices that reach the same are one row.
    pub svg: String,
}

impl Outward<Matrix> for policy::Matrix {
    fn outward(self) -> Matrix {
        let (csv, svg) = (self.to_csv(), self.to_svg());
        Matrix { columns: self.columns, rows: self.rows.outward(), csv, svg }
    }
}

/// Something that a set of policies says and that nobody can have meant.
#[record]
pub struct PolicyFinding {
    /// What kind of thing it is: `conflict`, `shadowed`, `no_targets`, `no_destinations`, `redundant`, `dangling`, `over`, `ipv6_leak`,
    /// `dns_unreachable`, `inside_vpn`, `has_endpoint`, `overlapping_peers`.
    pub kind: String,
    /// The policy to look at, if it is about one.
    pub policy: Option<PolicySummary>,
    /// The same for a person to read.
    pub text: String,
}

impl Outward<PolicyFinding> for policy::Finding {
    fn outward(self) -> PolicyFinding {
        PolicyFinding {
            kind: self.kind().to_owned(),
            policy: self.policy().cloned().outward(),
            text: self.to_string(),
        }
    }
}

/// Somebody for whom two sets of policies differ, and where.
#[record]
pub struct Counterexample {
    /// Who: a device that is these, or is of them, and of nothing else that a policy names. At most two; none for anybody at all.
    pub who: Vec<Target>,
    /// An address.
    pub address: String,
    /// A protocol.
    pub protocol: String,
    /// A port; 0 for a protocol without ports.
    pub port: u32,
    /// What is in force says this of it; the other set says the opposite.
    pub first: Effect,
    /// The same for a person to read.
    pub text: String,
}

impl Outward<Counterexample> for policy::Counterexample {
    fn outward(self) -> Counterexample {
        Counterexample {
            text: self.to_string(),
            who: self.who.outward(),
            address: self.address.outward(),
            protocol: self.protocol.to_string(),
            port: self.port.outward(),
            first: self.first.outward(),
        }
    }
}

/// How a document is written.
#[enumeration]
pub enum DocumentFormat {
    /// YAML 1.2.
    Yaml,
    /// JSON, indented.
    Json,
}

/// What is wrong with a text, and where.
#[record(from = policy::document::Fault)]
pub struct DocumentFault {
    /// The line, from 1; 0 for the text as a whole.
    pub line: i64,
    /// The key.
    pub field: String,
    /// What is the matter.
    pub message: String,
}

/// What an import of a document did, or would do.
#[record(from = policy::document::DocumentReport)]
pub struct DocumentReport {
    /// How many policies it creates.
    pub created: i64,
    /// How many it changes.
    pub updated: i64,
    /// How many it removes, because the document does not have them.
    pub removed: i64,
    /// How many are as they were.
    pub unchanged: i64,
    /// How many tests there are afterwards: those of the document, or those of before where it says nothing of tests.
    pub tests: i64,
    /// How many tests it takes away, because its list of tests does not have them as they are.
    pub tests_removed: i64,
    /// What is wrong with the text, in order of the lines; with any of it nothing is done. At most 100 are listed.
    pub faults: Vec<DocumentFault>,
    /// How many those are, or 100 where there may be more.
    pub fault_count: i64,
}

/// What a change of policies changes for one device.
#[record(from = policy::AccessChange)]
pub struct AccessChange {
    /// Whose access it is.
    pub who: Reacher,
    /// What it may reach afterwards and cannot now.
    pub gained: Vec<Reach>,
    /// What it can reach now and may not afterwards.
    pub lost: Vec<Reach>,
}

/// Something that must hold of the policies.
#[record(from = policy::PolicyTest)]
pub struct PolicyTest {
    /// Its id.
    pub id: PolicyTestId,
    /// A name, unique among tests.
    pub name: String,
    /// Who tries.
    pub who: Target,
    /// The address.
    pub to: String,
    /// The protocols and ports: every one of them must be as expected.
    pub service: String,
    /// What must come of it.
    pub expect: Effect,
}

/// A test to create.
#[record(input)]
pub struct NewPolicyTest {
    /// A name, unique among tests.
    pub name: String,
    /// Who tries.
    pub who: Target,
    /// The address.
    pub to: String,
    /// What must come of it.
    pub expect: Effect,
    /// The protocols and ports; all of them without it.
    pub service: Option<String>,
}

impl NewPolicyTest {
    fn parse(self) -> Result<policy::NewPolicyTest> {
        let (who, to) = (self.who.parse()?, parsed("to", &self.to)?);
        let new = match self.expect {
            Effect::Allow => policy::NewPolicyTest::allow(self.name, who, to),
            Effect::Deny => policy::NewPolicyTest::deny(self.name, who, to),
        };
        Ok(new.by(services(self.service)?))
    }
}

/// One page of tests.
#[record(from = nexa_core::page::Page<policy::PolicyTest>)]
pub struct PolicyTestPage {
    /// The tests, in a stable order.
    pub items: Vec<PolicyTest>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// How a test came out.
#[record(from = policy::PolicyTestResult)]
pub struct PolicyTestResult {
    /// The test.
    pub test: PolicyTest,
    /// Whether it holds.
    pub passed: bool,
}

fn services(text: Option<String>) -> Result<policy::ServiceRange> {
    text.map_or(Ok(policy::ServiceRange::ANY), |text| parsed("services", &text))
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

    /// Why a device may reach an address by some services, all of them unless said, or may not.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`address`, `services`).
    pub async fn explain(
        &self,
        device: DeviceId,
        address: String,
        services: Option<String>,
    ) -> Result<Explanation> {
        let address = parsed("address", &address)?;
        let services = self::services(services)?;
        Ok(self.core().explain(device.parse()?, address, services).await?.outward())
    }

    /// What would have to change for a device to reach a port of an address; `protocol` is a name or a number.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`address`, `protocol`, `port`).
    pub async fn why_not(
        &self,
        device: DeviceId,
        address: String,
        protocol: String,
        port: u32,
    ) -> Result<WhyNot> {
        let (address, protocol) = (parsed("address", &address)?, parsed("protocol", &protocol)?);
        let port = u16::try_from(port).map_err(|_| Error::invalid("port", "is more than 65535"))?;
        Ok(self.core().why_not(device.parse()?, address, protocol, port).await?.outward())
    }

    /// The devices that may reach a destination now by policies: a prefix or a name, and after a space the services if they are not
    /// all.
    ///
    /// # Errors
    /// `invalid_input` (`destination`).
    pub async fn who_can_reach(&self, destination: String, part: Part) -> Result<Vec<Reacher>> {
        let destination = parsed("destination", &destination)?;
        let part = match part {
            Part::Any => policy::Part::Any,
            Part::All => policy::Part::All,
        };
        Ok(self.core().who_can_reach(destination, part).await?.outward())
    }

    /// How much of each of these destinations each device may reach now by policies.
    ///
    /// # Errors
    /// `invalid_input` (`destinations`).
    pub async fn matrix(&self, destinations: Vec<String>) -> Result<Matrix> {
        let destinations =
            destinations.iter().map(|text| parsed("destinations", text)).collect::<Result<_>>()?;
        Ok(self.core().matrix(destinations).await?.outward())
    }

    /// What the policies say that nobody can have meant, with the devices and gateways that there are now.
    ///
    /// # Errors
    /// None of its own.
    pub async fn lint(&self) -> Result<Vec<PolicyFinding>> {
        Ok(self.core().lint().await?.outward())
    }

    /// Changes a policy of this revision.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name, `not_found`, `conflict` when somebody has changed it
    /// meanwhile, when a test would fail, or when more devices would gain or lose access than the settings let.
    pub async fn update(&self, id: PolicyId, revision: i64, changes: PolicyChanges) -> Result<Policy> {
        Ok(self.core().update(id.parse()?, revision, changes.parse()?).await?.outward())
    }

    /// The policies and their tests as a text that a team keeps beside its code.
    ///
    /// # Errors
    /// None of its own.
    pub async fn export_document(&self, format: DocumentFormat) -> Result<String> {
        let format = match format {
            DocumentFormat::Yaml => policy::document::DocumentFormat::Yaml,
            DocumentFormat::Json => policy::document::DocumentFormat::Json,
        };
        Ok(self.core().export_document(format).await?)
    }

    /// What importing a text would do, and what is wrong with it, line by line.
    ///
    /// # Errors
    /// None of its own.
    pub async fn check_document(&self, text: String) -> Result<DocumentReport> {
        Ok(self.core().check_document(&text).await?.outward())
    }

    /// What importing a text would change for whom.
    ///
    /// # Errors
    /// `invalid_input` (`text`) with the first thing that is wrong with it.
    pub async fn preview_document(&self, text: String) -> Result<Vec<AccessChange>> {
        Ok(self.core().preview_document(&text).await?.outward())
    }

    /// Whether a text says the same as what is in force, of everybody there is or could be; otherwise the first who would notice.
    ///
    /// # Errors
    /// `invalid_input` (`text`) with the first thing that is wrong with it.
    pub async fn compare_document(&self, text: String) -> Result<Option<Counterexample>> {
        Ok(self.core().compare_document(&text).await?.outward())
    }

    /// Makes the policies and their tests those of a text; all of it, or nothing.
    ///
    /// # Errors
    /// `invalid_input` (`text`) with the first thing that is wrong with it, `conflict` when a test would fail that passes now, or when
    /// more devices would gain or lose access than the settings let.
    pub async fn import_document(&self, text: String) -> Result<DocumentReport> {
        Ok(self.core().import_document(&text).await?.outward())
    }

    /// Creates a test. Whether it passes does not matter: it holds changes back only once it does.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name, `not_found`.
    pub async fn create_test(&self, test: NewPolicyTest) -> Result<PolicyTest> {
        Ok(self.core().create_test(test.parse()?).await?.outward())
    }

    /// The tests, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list_tests(&self, after: Option<String>, limit: Option<u32>) -> Result<PolicyTestPage> {
        Ok(self.core().list_tests(page(after, limit)?).await?.outward())
    }

    /// Removes a test.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove_test(&self, id: PolicyTestId) -> Result<()> {
        Ok(self.core().remove_test(id.parse()?).await?)
    }

    /// Runs every test now.
    ///
    /// # Errors
    /// None of its own.
    pub async fn run_tests(&self) -> Result<Vec<PolicyTestResult>> {
        Ok(self.core().run_tests().await?.outward())
    }
}

impl Policies {
    fn core(&self) -> policy::Policies {
        self.handle.core().policy()
    }
}
