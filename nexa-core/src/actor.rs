//! Who calls, from where, and what they may do.
//!
//! Each service method names one [`Permission`]. Inside the method's transaction the caller's session, status and
//! permissions are read again, and the check gives an `Authorized` value with a scope. Store functions that touch what
//! a caller names demand it and put it into their WHERE: there a forgotten check does not compile, and "mine" cannot
//! become "anyone's". What is made and is nobody's own takes a scope over all of it (`Authorized::unowned`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::net::IpAddr;

use crate::error::{Classify, Code, Error, Result};
use crate::id::{DeviceId, SessionId, UserId};
use crate::idempotency::IdempotencyKey;
use crate::name;
use crate::runtime::Timestamp;

const MAX_CONTEXT_TEXT: usize = 200;

/// Who acts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Actor {
    /// Nobody known. May only sign in and redeem a setup token.
    Anonymous,
    /// A person, by a session.
    User {
        /// The person.
        user: UserId,
        /// The sign-in that speaks.
        session: SessionId,
    },
    /// A device, by the token it was given when it was enrolled.
    Device {
        /// The device.
        device: DeviceId,
        /// The person it belongs to.
        user: UserId,
    },
    /// The program that links this crate, for a reason that the audit shows.
    System(Cow<'static, str>),
}

impl Actor {
    /// A word for the audit: `anonymous`, `user`, `device` or `system: <reason>`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::User { .. } => "user".to_owned(),
            Actor::Device { .. } => "device".to_owned(),
            Actor::System(reason) => format!("system: {}", name::kept(reason, MAX_CONTEXT_TEXT)),
        }
    }

    /// The person who acts, also through a device.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self {
            Actor::User { user, .. } | Actor::Device { user, .. } => Some(*user),
            Actor::Anonymous | Actor::System(_) => None,
        }
    }

    pub(crate) fn device(&self) -> Option<DeviceId> {
        match self {
            Actor::Device { device, .. } => Some(*device),
            _ => None,
        }
    }
}

/// Where a call came from and how long it may take. All of it is optional. The audit keeps the address and the
/// request's id; a sign-in keeps the address and the client's name with its session. Texts come from strangers: their
/// first 200 characters are kept, with U+FFFD for control and direction-changing ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct RequestContext {
    /// The address that the request came from.
    pub source_ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The host's own id of the request, to find it again in the host's logs.
    pub request_id: Option<String>,
    /// The moment after which the call is given up: nothing is begun and nothing is committed later than this.
    pub deadline: Option<Timestamp>,
    /// Makes a change be done once, however often the same call is made with it within 24 hours.
    ///
    /// A call that was done answers again as it did, also with what is shown only once; its caller must still be allowed to
    /// make it. With other input it is refused. A key is one actor's own, and names one call; calls that only read do not
    /// look at it. A call that failed leaves the key free. Signing out cannot be repeated: the session that asked is over.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl RequestContext {
    /// Sets the address that the request came from.
    #[must_use]
    pub fn source_ip(mut self, address: IpAddr) -> Self {
        self.source_ip = Some(address);
        self
    }

    /// Sets what the client calls itself.
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Sets the host's own id of the request.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Sets the moment after which the call is given up.
    #[must_use]
    pub fn deadline(mut self, at: Timestamp) -> Self {
        self.deadline = Some(at);
        self
    }

    /// Sets what makes the call be done once.
    #[must_use]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// The same with its texts as they are kept.
    pub(crate) fn kept(mut self) -> Self {
        for text in [&mut self.user_agent, &mut self.request_id].into_iter().flatten() {
            *text = name::kept(text, MAX_CONTEXT_TEXT);
        }
        self
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a caller may be allowed to do. Each service method names one.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[non_exhaustive]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// The stored and printed spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $text,)* }
            }
        }

        /// Each permission as a type, so that `Authorized<right::X>` says which check was made.
        pub(crate) mod right {
            $(#[derive(Debug)] pub(crate) struct $name;
            impl super::Right for $name {
                const PERMISSION: super::Permission = super::Permission::$name;
            })*
        }
    };
}

permissions! {
    /// Make a new setup token while there is no user yet.
    SetupIssue = "setup.issue";
    /// Create the first user ever.
    SetupRedeem = "setup.redeem";
    /// Exchange a password for a session.
    SessionsCreate = "sessions.create";
    /// End a session.
    SessionsRevoke = "sessions.revoke";
    /// Create people.
    UsersCreate = "users.create";
    /// See people.
    UsersRead = "users.read";
    /// Suspend people and let them back in.
    UsersSuspend = "users.suspend";
    /// Create groups and change who is in them.
    GroupsWrite = "groups.write";
    /// See groups and who is in them.
    GroupsRead = "groups.read";
    /// Enrol a device.
    DevicesEnrol = "devices.enrol";
    /// See devices.
    DevicesRead = "devices.read";
    /// Revoke devices.
    DevicesRevoke = "devices.revoke";
    /// Receive a device's WireGuard profile.
    ProfilesIssue = "profiles.issue";
    /// Create gateways.
    GatewaysCreate = "gateways.create";
    /// See gateways.
    GatewaysRead = "gateways.read";
    /// Receive what a gateway must enforce.
    GatewaysState = "gateways.state";
    /// Report what a gateway has applied.
    GatewaysReport = "gateways.report";
    /// Create address pools.
    PoolsCreate = "pools.create";
    /// See pools and what they hold.
    PoolsRead = "pools.read";
    /// Change, resize, renumber and delete pools, and keep ranges out of them.
    PoolsChange = "pools.change";
    /// Claim an address for something that is not a device.
    AddressesClaim = "addresses.claim";
    /// Release a claimed address.
    AddressesRelease = "addresses.release";
    /// Create, change and remove policies.
    PoliciesWrite = "policies.write";
    /// See policies.
    PoliciesRead = "policies.read";
    /// See what a device may reach, and why.
    AccessRead = "access.read";
    /// Read the audit.
    AuditRead = "audit.read";
    /// Seal the audit at once.
    AuditSeal = "audit.seal";
    /// Delete old rows of the audit.
    AuditPrune = "audit.prune";
    /// See settings.
    SettingsRead = "settings.read";
    /// Decide settings.
    SettingsWrite = "settings.write";
    /// Read the outbox.
    EventsRead = "events.read";
    /// See which keys secrets are kept under, without the keys.
    KeysRead = "keys.read";
    /// Put new keys in their place.
    KeysRotate = "keys.rotate";
}

impl std::str::FromStr for Permission {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Permission::ALL.iter().find(|permission| permission.as_str() == text);
        known.copied().ok_or_else(|| Error::invalid("permission", format!("{text:?} is not one")))
    }
}

/// A permission as a type.
pub(crate) trait Right: Send + Sync + 'static {
    const PERMISSION: Permission;
}

/// How far a role's permission reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reach {
    Own,
    All,
}

impl Reach {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Reach::Own => "own",
            Reach::All => "all",
        }
    }
}

impl Scope {
    /// How far it reaches, whoever it belongs to.
    pub(crate) const fn reach(self) -> Reach {
        match self {
            Scope::All => Reach::All,
            Scope::User(_) | Scope::Device(_) => Reach::Own,
        }
    }
}

impl std::str::FromStr for Reach {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "own" => Ok(Reach::Own),
            "all" => Ok(Reach::All),
            _ => Err(Error::invalid("scope", format!("{text:?} is neither own nor all"))),
        }
    }
}

/// Whose things a call may touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    All,
    User(UserId),
    Device(DeviceId),
}

/// The proof that a check was made, and how far it reaches. Only [`Principal::authorize`] makes one.
#[derive(Debug)]
pub(crate) struct Authorized<P: Right> {
    scope: Scope,
    caller: Option<UserId>,
    right: PhantomData<P>,
}

impl<P: Right> Authorized<P> {
    pub(crate) const fn scope(&self) -> Scope {
        self.scope
    }

    /// For making what is nobody's own, and for reading it without a WHERE: only a caller who may touch all of it.
    pub(crate) fn unowned(&self) -> Result<()> {
        match self.scope {
            Scope::All => Ok(()),
            Scope::User(_) | Scope::Device(_) => Err(AccessError::Forbidden(P::PERMISSION).into()),
        }
    }

    /// The owner that a new thing gets: the one asked for if the scope allows it, else the caller.
    pub(crate) fn owner(&self, asked: Option<UserId>) -> Result<UserId> {
        match (self.scope, asked) {
            (Scope::All, asked) => asked
                .or(self.caller)
                .ok_or_else(|| Error::invalid("user_id", "is needed: the caller is no person")),
            (Scope::User(own), None) => Ok(own),
            (Scope::User(own), Some(user)) if own == user => Ok(own),
            _ => Err(AccessError::Forbidden(P::PERMISSION).into()),
        }
    }
}

/// What a caller turned out to be, read in the transaction of the call.
#[derive(Debug)]
pub(crate) struct Principal {
    actor: Actor,
    rights: Rights,
}

#[derive(Debug)]
enum Rights {
    Everything,
    Listed(BTreeMap<Permission, Reach>),
}

impl Principal {
    pub(crate) fn anonymous() -> Self {
        Principal { actor: Actor::Anonymous, rights: Rights::Listed(BTreeMap::new()) }
    }

    pub(crate) fn system(reason: Cow<'static, str>) -> Self {
        Principal { actor: Actor::System(reason), rights: Rights::Everything }
    }

    /// A person with the permissions of a role; an administrator by group has all of them.
    pub(crate) fn user(
        user: UserId,
        session: SessionId,
        role: BTreeMap<Permission, Reach>,
        is: Administrator,
    ) -> Self {
        let rights = match is {
            Administrator::Yes => Rights::Everything,
            Administrator::No => Rights::Listed(role),
        };
        Principal { actor: Actor::User { user, session }, rights }
    }

    /// A device, which may see itself and what it needs to connect.
    pub(crate) fn device(device: DeviceId, user: UserId) -> Self {
        let own = [Permission::DevicesRead, Permission::ProfilesIssue, Permission::AccessRead];
        let rights = own.map(|permission| (permission, Reach::Own)).into();
        Principal { actor: Actor::Device { device, user }, rights: Rights::Listed(rights) }
    }

    pub(crate) const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Checks one permission. Denies by default.
    pub(crate) fn authorize<P: Right>(&self) -> Result<Authorized<P>> {
        let scope = self.scope_of(P::PERMISSION).ok_or_else(|| self.refusal(P::PERMISSION))?;
        Ok(Authorized { scope, caller: self.actor.user(), right: PhantomData })
    }

    /// Checks a right that a call was let in by before.
    pub(crate) fn still_has(&self, permission: Permission, reach: Reach) -> Result<()> {
        match self.scope_of(permission) {
            Some(scope) if scope.reach() >= reach => Ok(()),
            _ => Err(self.refusal(permission).into()),
        }
    }

    /// Refuses to give away what the caller does not have.
    pub(crate) fn may_grant(&self, given: &BTreeMap<Permission, Reach>) -> Result<()> {
        let holds = |permission, reach| match &self.rights {
            Rights::Everything => true,
            Rights::Listed(listed) => listed.get(permission).is_some_and(|own| own >= reach),
        };
        match given.iter().find(|(permission, reach)| !holds(permission, reach)) {
            Some((missing, _)) => Err(AccessError::NotHeld(*missing).into()),
            None => Ok(()),
        }
    }

    fn scope_of(&self, permission: Permission) -> Option<Scope> {
        if matches!(permission, Permission::SessionsCreate | Permission::SetupRedeem) {
            return Some(Scope::All);
        }
        let reach = match &self.rights {
            Rights::Everything => Reach::All,
            Rights::Listed(listed) => *listed.get(&permission)?,
        };
        match (reach, &self.actor) {
            (Reach::All, _) => Some(Scope::All),
            (Reach::Own, Actor::User { user, .. }) => Some(Scope::User(*user)),
            (Reach::Own, Actor::Device { device, .. }) => Some(Scope::Device(*device)),
            (Reach::Own, Actor::Anonymous | Actor::System(_)) => None,
        }
    }

    fn refusal(&self, permission: Permission) -> AccessError {
        match self.actor {
            Actor::Anonymous => AccessError::Unauthenticated(permission),
            _ => AccessError::Forbidden(permission),
        }
    }
}

/// Whether a group makes a person an administrator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Administrator {
    Yes,
    No,
}

/// Why a caller was turned away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("signing in is needed for {}", .0.as_str())]
    Unauthenticated(Permission),
    #[error("this caller may not do that: {}", .0.as_str())]
    Forbidden(Permission),
    #[error("granting {} needs having it", .0.as_str())]
    NotHeld(Permission),
    #[error("the deadline has passed")]
    DeadlinePassed,
}

impl Classify for AccessError {
    fn code(&self) -> Code {
        match self {
            AccessError::Unauthenticated(_) => Code::AccessUnauthenticated,
            AccessError::Forbidden(_) => Code::AccessForbidden,
            AccessError::NotHeld(_) => Code::AccessNotHeld,
            AccessError::DeadlinePassed => Code::AccessDeadlinePassed,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            AccessError::Unauthenticated(permission)
            | AccessError::Forbidden(permission)
            | AccessError::NotHeld(permission) => vec![("permission", permission.as_str().to_owned())],
            AccessError::DeadlinePassed => Vec::new(),
        }
    }
}

/// A role that every database has.
pub(crate) struct BuiltInRole {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// How far each permission reaches; `None` for one that the role does not have.
    pub(crate) reach_of: fn(Permission) -> Option<Reach>,
}

/// What a group of administrators gives its members.
pub(crate) fn everything() -> BTreeMap<Permission, Reach> {
    Permission::ALL.iter().map(|permission| (*permission, Reach::All)).collect()
}

/// The roles that every database has.
pub(crate) const BUILT_IN_ROLES: [BuiltInRole; 3] = [
    BuiltInRole { name: "administrator", description: "Everything", reach_of: |_| Some(Reach::All) },
    BuiltInRole { name: "auditor", description: "Sees everything and changes nothing", reach_of: auditor },
    BuiltInRole { name: "member", description: "Enrols and uses their own devices", reach_of: member },
];

fn auditor(permission: Permission) -> Option<Reach> {
    use Permission as P;
    match permission {
        P::UsersRead | P::GroupsRead | P::DevicesRead | P::GatewaysRead | P::PoolsRead => Some(Reach::All),
        P::PoliciesRead | P::AccessRead | P::AuditRead | P::EventsRead | P::KeysRead | P::SettingsRead => {
            Some(Reach::All)
        }
        P::SessionsRevoke => Some(Reach::Own),
        _ => None,
    }
}

fn member(permission: Permission) -> Option<Reach> {
    use Permission as P;
    match permission {
        P::UsersRead | P::SessionsRevoke | P::DevicesEnrol | P::DevicesRead | P::DevicesRevoke => {
            Some(Reach::Own)
        }
        P::ProfilesIssue | P::AccessRead => Some(Reach::Own),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_stranger_may_only_sign_in_and_redeem() {
        let stranger = Principal::anonymous();
        let allowed: Vec<_> = Permission::ALL.iter().filter(|p| stranger.scope_of(**p).is_some()).collect();
        assert_eq!(allowed, [&Permission::SetupRedeem, &Permission::SessionsCreate]);
        let refused = stranger.authorize::<right::UsersRead>().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    }

    #[test]
    fn a_device_reaches_itself_only() {
        let (device, user) = (DeviceId::from_uuid(uuid::Uuid::max()), UserId::from_uuid(uuid::Uuid::nil()));
        let principal = Principal::device(device, user);
        assert_eq!(principal.authorize::<right::ProfilesIssue>().unwrap().scope(), Scope::Device(device));
        assert_eq!(principal.authorize::<right::UsersRead>().unwrap_err().kind(), ErrorKind::Forbidden);
    }

    #[test]
    fn one_cannot_own_for_another() {
        let [own, other] = [1, 2].map(|n| UserId::from_uuid(uuid::Uuid::from_u128(n)));
        let session = SessionId::from_uuid(uuid::Uuid::nil());
        let rights = [(Permission::DevicesEnrol, Reach::Own)].into();
        let principal = Principal::user(own, session, rights, Administrator::No);
        let authorized = principal.authorize::<right::DevicesEnrol>().unwrap();
        assert_eq!(authorized.owner(None).unwrap(), own);
        assert_eq!(authorized.owner(Some(own)).unwrap(), own);
        assert_eq!(authorized.owner(Some(other)).unwrap_err().kind(), ErrorKind::Forbidden);
    }

    #[test]
    fn one_grants_only_what_one_has_and_as_far_as_one_has_it() {
        let session = SessionId::from_uuid(uuid::Uuid::nil());
        let user = UserId::from_uuid(uuid::Uuid::max());
        let own: BTreeMap<_, _> = [(Permission::UsersRead, Reach::Own)].into();
        let all: BTreeMap<_, _> = [(Permission::UsersRead, Reach::All)].into();
        let clerk = |rights| Principal::user(user, session, rights, Administrator::No);
        assert!(clerk(all.clone()).may_grant(&own).is_ok());
        assert!(clerk(own.clone()).may_grant(&own).is_ok());
        assert_eq!(clerk(own.clone()).may_grant(&all).unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(clerk(all).may_grant(&everything()).unwrap_err().kind(), ErrorKind::Forbidden);
        let administrator = Principal::user(user, session, own, Administrator::Yes);
        assert!(administrator.may_grant(&everything()).is_ok());
    }

    #[test]
    fn a_permission_is_read_back_from_its_spelling() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse::<Permission>().unwrap(), *permission);
        }
    }
}
