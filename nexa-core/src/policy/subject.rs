use std::collections::BTreeSet;
use std::fmt;

use super::{Policy, Target};
use crate::id::{DeviceId, GroupId, UserId};
use crate::runtime::Timestamp;

/// A device as policies see it: whose it is, which groups that user is in, and whether it may have access at all.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Subject {
    /// The device.
    pub device: DeviceId,
    /// The device's user.
    pub user: UserId,
    /// The groups of that user.
    pub groups: BTreeSet<GroupId>,
    /// Whether the device and its user are both active.
    pub standing: Standing,
    /// The moment at which the device expires.
    pub expires_at: Option<Timestamp>,
}

/// Whether a device may have any access, before policies are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// The device and its user are active.
    Active,
    /// One of them is not.
    Barred(Bar),
}

/// Why a device has no access whatever policies say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
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

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Bar::DevicePending => "the device waits for approval",
            Bar::DeviceRevoked => "the device was revoked",
            Bar::DeviceExpired => "the device has expired",
            Bar::DeviceRemoved => "the device was removed",
            Bar::UserPending => "the user waits for approval",
            Bar::UserSuspended => "the user is suspended",
            Bar::UserRemoved => "the user was removed",
        })
    }
}

impl Subject {
    /// An active device of a user who is in no group.
    #[must_use]
    pub const fn new(device: DeviceId, user: UserId) -> Self {
        Subject { device, user, groups: BTreeSet::new(), standing: Standing::Active, expires_at: None }
    }

    /// Puts the user into groups.
    #[must_use]
    pub fn in_groups(mut self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        self.groups.extend(groups);
        self
    }

    /// Takes all access away.
    #[must_use]
    pub const fn barred(mut self, bar: Bar) -> Self {
        self.standing = Standing::Barred(bar);
        self
    }

    /// Sets the moment at which the device expires.
    #[must_use]
    pub const fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Why it has no access at a moment, if that does not depend on policies.
    #[must_use]
    pub fn bar(&self, now: Timestamp) -> Option<Bar> {
        match self.standing {
            Standing::Barred(bar) => Some(bar),
            Standing::Active => self.expires_at.filter(|at| *at <= now).map(|_| Bar::DeviceExpired),
        }
    }

    /// The same with access, unless it will never have any again.
    #[cfg(feature = "control")]
    pub(super) fn if_active(mut self, now: Timestamp) -> Option<Self> {
        match self.bar(now) {
            None | Some(Bar::DevicePending | Bar::UserPending | Bar::UserSuspended) => {
                (self.standing, self.expires_at) = (Standing::Active, None);
                Some(self)
            }
            Some(_) => None,
        }
    }

    /// Everything that a policy can target to be about this device.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        let own = [Target::Device(self.device), Target::User(self.user)];
        own.into_iter().chain(self.groups.iter().map(|group| Target::Group(*group)))
    }

    /// How a policy comes to name this device: by the shortest path, and the lowest group among several.
    #[must_use]
    pub fn path_to(&self, policy: &Policy) -> Option<TargetPath> {
        policy.targets.iter().filter_map(|target| self.path_by(*target)).min()
    }

    fn path_by(&self, target: Target) -> Option<TargetPath> {
        match target {
            Target::Device(device) => (device == self.device).then_some(TargetPath::Device(device)),
            Target::User(user) => {
                (user == self.user).then_some(TargetPath::User { user, device: self.device })
            }
            Target::Group(group) => self.groups.contains(&group).then_some(TargetPath::Group {
                group,
                user: self.user,
                device: self.device,
            }),
        }
    }
}

/// How a policy's target leads to a device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum TargetPath {
    /// The policy names the device.
    Device(DeviceId),
    /// The policy names the device's user.
    User {
        /// The user it names.
        user: UserId,
        /// The device of that user.
        device: DeviceId,
    },
    /// The policy names a group of the device's user.
    Group {
        /// The group it names.
        group: GroupId,
        /// The member of that group.
        user: UserId,
        /// The device of that user.
        device: DeviceId,
    },
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetPath::Device(device) => write!(f, "device {device}"),
            TargetPath::User { user, device } => write!(f, "device {device} <- user {user}"),
            TargetPath::Group { group, user, device } => {
                write!(f, "device {device} <- user {user} <- group {group}")
            }
        }
    }
}
