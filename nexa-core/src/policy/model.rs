use std::fmt;
use std::str::FromStr;

use super::destination::Destination;
use crate::error::{Classify, Code, Error, Result};
use crate::id::{DeviceId, GroupId, PolicyId, UserId};
use crate::runtime::Timestamp;

/// A rule as it is stored and resolved. Made by [`NewPolicy::build`], which refuses what would not be a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// Its id. Of two policies that decide the same, the lower one is named as the winner.
    pub id: PolicyId,
    /// Goes up with each change of the policy; 1 at first.
    pub revision: i64,
    /// A name, unique among living policies.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The lower number wins. From [`Policy::PRIORITY_FIRST`] to [`Policy::PRIORITY_LAST`].
    pub priority: i64,
    /// Whether what it matches is let through.
    pub effect: Effect,
    /// Whether it counts at all.
    pub is_active: bool,
    /// Whether it matches every address of both families, beside its destinations.
    pub full_tunnel: bool,
    /// Whom it is about; sorted, each once. None: nobody.
    pub targets: Vec<Target>,
    /// What it matches; sorted, each once. None: nothing, never "any".
    pub destinations: Vec<Destination>,
    /// The moment from which it counts; `None` for always.
    pub valid_from: Option<Timestamp>,
    /// The first moment at which it counts no more; `None` for never.
    pub valid_until: Option<Timestamp>,
}

impl Policy {
    /// The strictest priority number.
    pub const PRIORITY_FIRST: i64 = 0;
    /// The weakest priority number.
    pub const PRIORITY_LAST: i64 = i32::MAX as i64;
    /// The priority number of a policy that names none.
    pub const PRIORITY_DEFAULT: i64 = 100;
    /// The longest name, in characters.
    pub const NAME_MAX: usize = 128;
    /// The longest description, in characters.
    pub const DESCRIPTION_MAX: usize = 4_096;
}

/// Whether a policy lets through or holds back. Deny is the lesser one: it wins at equal priority.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// Holds back.
    Deny,
    /// Lets through.
    Allow,
}

impl Effect {
    /// The stored and spoken form: `allow` or `deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Effect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "allow" => Ok(Effect::Allow),
            "deny" => Ok(Effect::Deny),
            _ => Err(Error::invalid("effect", "is neither allow nor deny")),
        }
    }
}

/// Whom a policy is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Target {
    /// Every device of one user.
    User(UserId),
    /// One device.
    Device(DeviceId),
    /// Every device of every member of one group.
    Group(GroupId),
}

impl Target {
    /// The stored form of its kind: `user`, `device` or `group`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Target::User(_) => "user",
            Target::Device(_) => "device",
            Target::Group(_) => "group",
        }
    }

    /// The target of a stored kind and id.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a kind that this version does not know.
    pub fn from_parts(kind: &str, id: uuid::Uuid) -> Result<Self> {
        match kind {
            "user" => Ok(Target::User(UserId::from_uuid(id))),
            "device" => Ok(Target::Device(DeviceId::from_uuid(id))),
            "group" => Ok(Target::Group(GroupId::from_uuid(id))),
            _ => Err(Error::invalid("target_type", "is none of user, device and group")),
        }
    }

    /// The id, whatever it is of.
    #[must_use]
    pub const fn as_uuid(self) -> uuid::Uuid {
        match self {
            Target::User(id) => id.as_uuid(),
            Target::Device(id) => id.as_uuid(),
            Target::Group(id) => id.as_uuid(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.as_uuid().hyphenated())
    }
}

impl From<UserId> for Target {
    fn from(id: UserId) -> Self {
        Target::User(id)
    }
}

impl From<DeviceId> for Target {
    fn from(id: DeviceId) -> Self {
        Target::Device(id)
    }
}

impl From<GroupId> for Target {
    fn from(id: GroupId) -> Self {
        Target::Group(id)
    }
}

/// What a new policy shall be.
///
/// ```
/// # fn main() -> nexa_core::Result<()> {
/// use nexa_core::policy::NewPolicy;
/// # let engineers = nexa_core::id::GroupId::from_uuid(uuid::Uuid::nil());
/// let policy = NewPolicy::allow("engineers reach staging")
///     .target(engineers)
///     .destination("10.40.0.0/16".parse::<nexa_core::net::Cidr>()?);
/// # let _ = policy; Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NewPolicy {
    /// A name, unique among living policies.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The lower number wins.
    pub priority: i64,
    /// Whether what it matches is let through.
    pub effect: Effect,
    /// Whether it counts at all.
    pub is_active: bool,
    /// Whether it matches every address of both families.
    pub full_tunnel: bool,
    /// Whom it is about.
    pub targets: Vec<Target>,
    /// What it matches.
    pub destinations: Vec<Destination>,
    /// The moment from which it counts.
    pub valid_from: Option<Timestamp>,
    /// The first moment at which it counts no more.
    pub valid_until: Option<Timestamp>,
}

impl NewPolicy {
    /// A policy that lets through: active, of the default priority, about nobody and nothing yet.
    #[must_use]
    pub fn allow(name: impl Into<String>) -> Self {
        NewPolicy::of(Effect::Allow, name.into())
    }

    /// A policy that holds back: active, of the default priority, about nobody and nothing yet.
    #[must_use]
    pub fn deny(name: impl Into<String>) -> Self {
        NewPolicy::of(Effect::Deny, name.into())
    }

    fn of(effect: Effect, name: String) -> Self {
        NewPolicy {
            name,
            description: String::new(),
            priority: Policy::PRIORITY_DEFAULT,
            effect,
            is_active: true,
            full_tunnel: false,
            targets: Vec::new(),
            destinations: Vec::new(),
            valid_from: None,
            valid_until: None,
        }
    }

    /// Says what it is for.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the priority; the lower number wins.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Adds a user, a device or a group that it is about.
    #[must_use]
    pub fn target(mut self, target: impl Into<Target>) -> Self {
        self.targets.push(target.into());
        self
    }

    /// Adds a prefix, or something else, that it matches.
    #[must_use]
    pub fn destination(mut self, destination: impl Into<Destination>) -> Self {
        self.destinations.push(destination.into());
        self
    }

    /// Makes it match every address of both families.
    #[must_use]
    pub fn full_tunnel(mut self) -> Self {
        self.full_tunnel = true;
        self
    }

    /// Stores it without effect.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.is_active = false;
        self
    }

    /// Sets the moment from which it counts.
    #[must_use]
    pub fn valid_from(mut self, from: Timestamp) -> Self {
        self.valid_from = Some(from);
        self
    }

    /// Sets the first moment at which it counts no more.
    #[must_use]
    pub fn valid_until(mut self, until: Timestamp) -> Self {
        self.valid_until = Some(until);
        self
    }

    /// The policy, in canonical form: targets and destinations sorted, each once.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a name that is empty, padded, too long or has control characters,
    /// a description too long, a priority out of bounds, or a window that ends before it begins.
    pub fn build(mut self, id: PolicyId) -> Result<Policy> {
        self.check()?;
        self.targets.sort_unstable();
        self.targets.dedup();
        self.destinations.sort();
        self.destinations.dedup_by(|one, other| one.key() == other.key());
        Ok(Policy {
            id,
            revision: 1,
            name: self.name,
            description: self.description,
            priority: self.priority,
            effect: self.effect,
            is_active: self.is_active,
            full_tunnel: self.full_tunnel,
            targets: self.targets,
            destinations: self.destinations,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        })
    }

    fn check(&self) -> Result<(), Refused> {
        if self.name.is_empty() {
            return Err(Refused::NameEmpty);
        }
        if self.name.trim() != self.name || self.name.chars().any(char::is_control) {
            return Err(Refused::NameUnprintable);
        }
        if self.name.chars().count() > Policy::NAME_MAX {
            return Err(Refused::NameTooLong);
        }
        let described = self.destinations.iter().map(|destination| &destination.description);
        if described.chain([&self.description]).any(|text| text.chars().count() > Policy::DESCRIPTION_MAX) {
            return Err(Refused::DescriptionTooLong);
        }
        if !(Policy::PRIORITY_FIRST..=Policy::PRIORITY_LAST).contains(&self.priority) {
            return Err(Refused::Priority { got: self.priority });
        }
        match (self.valid_from, self.valid_until) {
            (Some(from), Some(until)) if until <= from => Err(Refused::Window { from, until }),
            _ => Ok(()),
        }
    }
}

/// What shall be different about a policy. What is not said stays as it is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
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
    pub destinations: Option<Vec<Destination>>,
    /// Another moment from which it counts; `Some(None)` for always.
    pub valid_from: Option<Option<Timestamp>>,
    /// Another first moment at which it counts no more; `Some(None)` for never.
    pub valid_until: Option<Option<Timestamp>>,
}

impl PolicyChanges {
    /// No changes.
    #[must_use]
    pub fn new() -> Self {
        PolicyChanges::default()
    }

    /// Gives it another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives it another priority.
    #[must_use]
    pub const fn priority(mut self, priority: i64) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Makes it let through or hold back.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Makes it count.
    #[must_use]
    pub const fn active(mut self) -> Self {
        self.is_active = Some(true);
        self
    }

    /// Takes its effect away and keeps it.
    #[must_use]
    pub const fn inactive(mut self) -> Self {
        self.is_active = Some(false);
        self
    }

    /// Makes it be about these and nobody else.
    #[must_use]
    pub fn targets(mut self, targets: impl IntoIterator<Item = Target>) -> Self {
        self.targets = Some(targets.into_iter().collect());
        self
    }

    /// Makes it match these and nothing else.
    #[must_use]
    pub fn destinations(mut self, destinations: impl IntoIterator<Item = Destination>) -> Self {
        self.destinations = Some(destinations.into_iter().collect());
        self
    }

    /// Sets the moment from which it counts; `None` for always.
    #[must_use]
    pub const fn valid_from(mut self, from: Option<Timestamp>) -> Self {
        self.valid_from = Some(from);
        self
    }

    /// Sets the first moment at which it counts no more; `None` for never.
    #[must_use]
    pub const fn valid_until(mut self, until: Option<Timestamp>) -> Self {
        self.valid_until = Some(until);
        self
    }

    /// The policy with these changes.
    #[cfg(feature = "control")]
    pub(super) fn of(self, policy: &Policy) -> NewPolicy {
        let policy = policy.clone();
        NewPolicy {
            name: self.name.unwrap_or(policy.name),
            description: self.description.unwrap_or(policy.description),
            priority: self.priority.unwrap_or(policy.priority),
            effect: self.effect.unwrap_or(policy.effect),
            is_active: self.is_active.unwrap_or(policy.is_active),
            full_tunnel: self.full_tunnel.unwrap_or(policy.full_tunnel),
            targets: self.targets.unwrap_or(policy.targets),
            destinations: self.destinations.unwrap_or(policy.destinations),
            valid_from: self.valid_from.unwrap_or(policy.valid_from),
            valid_until: self.valid_until.unwrap_or(policy.valid_until),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("is empty")]
    NameEmpty,
    #[error("has a control character, or a space at an end")]
    NameUnprintable,
    #[error("is longer than {} characters", Policy::NAME_MAX)]
    NameTooLong,
    #[error("is longer than {} characters", Policy::DESCRIPTION_MAX)]
    DescriptionTooLong,
    #[error("{got} is not from {} to {}", Policy::PRIORITY_FIRST, Policy::PRIORITY_LAST)]
    Priority { got: i64 },
    #[error("{until} is not after valid_from, {from}")]
    Window { from: Timestamp, until: Timestamp },
}

impl Classify for Refused {
    fn code(&self) -> Code {
        match self {
            Refused::NameEmpty
            | Refused::NameUnprintable
            | Refused::NameTooLong
            | Refused::DescriptionTooLong => Code::InputInvalid,
            Refused::Priority { .. } => Code::PolicyPriorityOutOfRange,
            Refused::Window { .. } => Code::PolicyEmptyWindow,
        }
    }

    fn field(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(std::borrow::Cow::Borrowed(match self {
            Refused::NameEmpty | Refused::NameUnprintable | Refused::NameTooLong => "name",
            Refused::DescriptionTooLong => "description",
            Refused::Priority { .. } => "priority",
            Refused::Window { .. } => "valid_until",
        }))
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Refused::Priority { got } => vec![
                ("priority", got.to_string()),
                ("min", Policy::PRIORITY_FIRST.to_string()),
                ("max", Policy::PRIORITY_LAST.to_string()),
            ],
            Refused::Window { from, until } => {
                vec![("valid_from", from.to_string()), ("valid_until", until.to_string())]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::net::Cidr;

    const ID: PolicyId = PolicyId::from_uuid(uuid::Uuid::from_u128(7));

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn a_new_policy_is_active_of_priority_100_and_about_nobody_and_nothing() {
        let policy = NewPolicy::allow("staging").build(ID).unwrap();
        assert_eq!((policy.priority, policy.is_active, policy.full_tunnel), (100, true, false));
        assert!(policy.targets.is_empty() && policy.destinations.is_empty());
    }

    #[test]
    fn rows_are_sorted_and_each_is_there_once() {
        let user = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let group = GroupId::from_uuid(uuid::Uuid::from_u128(1));
        let policy = NewPolicy::deny("x")
            .target(group)
            .target(user)
            .target(group)
            .destination(cidr("fd00::/8"))
            .destination(cidr("10.0.0.0/8"))
            .destination(Destination::new(cidr("10.0.0.0/8")).described("office"))
            .destination(Destination::new(cidr("10.0.0.0/8")).by("tcp/443".parse().unwrap()))
            .build(ID)
            .unwrap();
        assert_eq!(policy.targets, [Target::User(user), Target::Group(group)]);
        let places: Vec<_> = policy.destinations.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["10.0.0.0/8", "10.0.0.0/8 tcp/443", "fd00::/8"]);
    }

    #[test]
    fn what_would_be_no_policy_is_refused_by_field() {
        let at = Timestamp::from_micros;
        let cases = [
            (NewPolicy::allow(""), "name"),
            (NewPolicy::allow(" x"), "name"),
            (NewPolicy::allow("a\nb"), "name"),
            (NewPolicy::allow("é".repeat(129)), "name"),
            (NewPolicy::allow("x").described("y".repeat(4_097)), "description"),
            (NewPolicy::allow("x").priority(-1), "priority"),
            (NewPolicy::allow("x").priority(1 << 31), "priority"),
            (NewPolicy::allow("x").valid_from(at(2)).valid_until(at(2)), "valid_until"),
        ];
        for (policy, field) in cases {
            let error = policy.build(ID).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
        }
        NewPolicy::allow("é".repeat(128)).priority((1 << 31) - 1).build(ID).unwrap();
    }

    #[test]
    fn stored_words_are_read_back_and_others_are_refused() {
        for effect in [Effect::Allow, Effect::Deny] {
            assert_eq!(effect.as_str().parse::<Effect>().unwrap(), effect);
        }
        assert_eq!("ALLOW".parse::<Effect>().unwrap_err().field(), Some("effect"));
        let target = Target::Device(DeviceId::from_uuid(uuid::Uuid::from_u128(9)));
        assert_eq!(Target::from_parts(target.kind(), target.as_uuid()).unwrap(), target);
        assert_eq!(Target::from_parts("role", target.as_uuid()).unwrap_err().field(), Some("target_type"));
    }
}
