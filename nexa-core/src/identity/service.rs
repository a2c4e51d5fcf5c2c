use std::collections::BTreeSet;

use super::error::IdentityError;
use super::model::{CheckedGroup, CheckedUser, Group, NewGroup, NewUser, SignedIn, User, UserStatus};
use super::store::{self, SessionRow, StoredPassword, UserRow};
use super::token::{Token, TokenKind};
use crate::actor::{Actor, Authorized, Right, everything, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::gateway;
use crate::id::{GroupId, RoleId, SessionId, UserId};
use crate::name::Name;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::policy::{self, Target};
use crate::secret::Secret;
use crate::settings::registry;
use crate::unit::Unit;

/// People, groups and sessions.
pub struct Identity {
    handle: Handle,
}

impl Identity {
    pub(crate) fn new(handle: Handle) -> Self {
        Identity { handle }
    }

    /// Makes another setup token, for when the one printed at creation was lost. Earlier ones become worthless.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) when there are users already; what every call can fail with.
    pub async fn issue_setup_token(&self) -> Result<Secret<String>> {
        let call = self.handle.call("identity.issue_setup_token", &());
        call.write((), |unit, ()| Box::pin(issue_setup_token(unit))).await
    }

    /// Creates the first user ever with the one-time setup token: active, and in `sysadmins`. Of two that race, one
    /// becomes the administrator and the other is refused.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) (`token`) for a wrong, used or expired token,
    /// [`Conflict`](crate::ErrorKind::Conflict) when there are users already,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field of the new user.
    pub async fn redeem_setup_token(&self, token: &str, user: NewUser) -> Result<User> {
        let call = self.handle.call("identity.redeem_setup_token", &(token, &user));
        let token = Token::parse(token)?;
        // Before the password is hashed: a stranger must not make us work. A token that was used by this very call is good.
        if !call.was_made().await? {
            self.handle.read(token.clone(), |unit, token| Box::pin(check_setup_token(unit, token))).await?;
        }
        let prepared = self.prepare(user).await?;
        call.write((token, prepared), |unit, input| Box::pin(redeem_setup_token(unit, input))).await
    }

    /// Creates the first user ever without a token, by the program itself.
    ///
    /// # Errors
    /// As [`Identity::redeem_setup_token`].
    pub async fn create_first_user(&self, user: NewUser) -> Result<User> {
        let call = self.handle.call("identity.create_first_user", &user);
        self.handle.read((), |unit, ()| Box::pin(let_in::<right::SetupIssue>(unit))).await?;
        let prepared = self.prepare(user).await?;
        call.write(prepared, |unit, user| Box::pin(create_first_user(unit, user))).await
    }

    /// Exchanges a password for a session token.
    ///
    /// An unknown name, a wrong password and a person who is not active fail alike and after the same work.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # use nexa_core::{ErrorKind, Nexa, identity::NewUser};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let ada = NewUser::new("ada", "correct horse battery");
    /// # nexa.system("example").identity().create_first_user(ada).await?;
    /// let signed_in = nexa.anonymous().identity().sign_in("ada", "correct horse battery").await?;
    /// let ada = nexa.authenticate(signed_in.token.expose()).await?;
    /// ada.identity().sign_out().await?;
    ///
    /// let refused = ada.identity().get_user(signed_in.user_id).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) (`password`),
    /// [`Throttled`](crate::ErrorKind::Throttled) when too many passwords are being checked.
    pub async fn sign_in(&self, username: &str, password: impl Into<Secret<String>>) -> Result<SignedIn> {
        let password = password.into();
        let call = self.handle.call("identity.sign_in", &(username, &password));
        let key = Name::username(username).map(|name| name.key).unwrap_or_default();
        let stored = self.handle.read(key.clone(), |unit, key| Box::pin(stored_password(unit, key))).await?;
        let hash = stored.as_ref().map(|stored| stored.hash.clone());
        let matched = self.handle.core.passwords.verify(password, hash).await?;
        let attempt = SignIn { username_key: key, verified: stored.filter(|_| matched) };
        call.write(attempt, |unit, attempt| Box::pin(open_session(unit, attempt))).await
    }

    /// Ends the session that this handle speaks for.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) when the handle has no session.
    pub async fn sign_out(&self) -> Result<()> {
        let call = self.handle.call("identity.sign_out", &());
        call.write((), |unit, ()| Box::pin(sign_out(unit))).await
    }

    /// Creates a person: active, with a role, in `ldapusers`.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`username`, `email`),
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field; what every call can fail with.
    pub async fn create_user(&self, user: NewUser) -> Result<User> {
        let call = self.handle.call("identity.create_user", &user);
        self.handle.read((), |unit, ()| Box::pin(let_in::<right::UsersCreate>(unit))).await?;
        let prepared = self.prepare(user).await?;
        call.write(prepared, |unit, user| Box::pin(create_user(unit, user))).await
    }

    /// One person.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), also for one that the caller may not see.
    pub async fn get_user(&self, id: UserId) -> Result<User> {
        self.handle.read(id, |unit, id| Box::pin(get_user(unit, *id))).await
    }

    /// A page of the people that the caller may see, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list_users(&self, page: PageRequest) -> Result<Page<User>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list_users(unit, page))).await
    }

    /// Shuts a person out: their sessions end, and their devices reach nothing from the next call on.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), [`Conflict`](crate::ErrorKind::Conflict) for the last active
    /// administrator; what every call can fail with.
    pub async fn suspend_user(&self, id: UserId) -> Result<()> {
        let call = self.handle.call("identity.suspend_user", &id);
        call.write(id, |unit, id| Box::pin(suspend_user(unit, *id))).await
    }

    /// Lets a person in, for the first time or again. Their old sessions stay ended.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound); what every call can fail with.
    pub async fn activate_user(&self, id: UserId) -> Result<()> {
        let call = self.handle.call("identity.activate_user", &id);
        call.write(id, |unit, id| Box::pin(activate_user(unit, *id))).await
    }

    /// Creates a group.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`),
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field; what every call can fail with.
    pub async fn create_group(&self, group: NewGroup) -> Result<Group> {
        let call = self.handle.call("identity.create_group", &group);
        let group = group.checked()?;
        call.write(group, |unit, group| Box::pin(create_group(unit, group))).await
    }

    /// A group.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`group_id`); what every call can fail with.
    pub async fn get_group(&self, id: GroupId) -> Result<Group> {
        self.handle.read(id, |unit, id| Box::pin(get_group(unit, *id))).await
    }

    /// A page of the groups, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list_groups(&self, page: PageRequest) -> Result<Page<Group>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list_groups(unit, page))).await
    }

    /// Puts a person into a group.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`group_id`, `user_id`),
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for a member; what every call can fail with.
    pub async fn add_member(&self, group: GroupId, user: UserId) -> Result<()> {
        let call = self.handle.call("identity.add_member", &(group, user));
        call.write((group, user), |unit, (group, user)| Box::pin(add_member(unit, *group, *user))).await
    }

    /// Takes a person out of a group.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) when they are not in it, [`Conflict`](crate::ErrorKind::Conflict) when
    /// nobody with administrator rights would be left; what every call can fail with.
    pub async fn remove_member(&self, group: GroupId, user: UserId) -> Result<()> {
        let call = self.handle.call("identity.remove_member", &(group, user));
        call.write((group, user), |unit, (group, user)| Box::pin(remove_member(unit, *group, *user))).await
    }

    /// Checks a new user and hashes the password, which takes long and must not hold a transaction. Called when the
    /// caller was let in: a stranger must not make us work.
    async fn prepare(&self, user: NewUser) -> Result<Prepared> {
        let user = user.checked()?;
        self.handle.check_deadline()?;
        let core = &self.handle.core;
        let password_hash = match &user.password {
            Some(password) => Some(core.passwords.hash(password.clone(), core.random.as_ref()).await?),
            None => None,
        };
        Ok(Prepared { user, password_hash })
    }
}

/// A password that was tried.
struct SignIn {
    /// Empty for a text that can be nobody's name: it may be a password in the wrong field, so it is not kept.
    username_key: String,
    /// What it matched.
    verified: Option<StoredPassword>,
}

/// A new user, ready to be stored.
struct Prepared {
    user: CheckedUser,
    password_hash: Option<Secret<String>>,
}

/// Checks the caller before work that takes long; the call's own transaction checks again.
async fn let_in<P: Right>(unit: &mut Unit) -> Result<()> {
    unit.authorize::<P>().map(drop)
}

async fn issue_setup_token(unit: &mut Unit) -> Result<Secret<String>> {
    unit.authorize::<right::SetupIssue>()?.unowned()?;
    if store::any_user(&mut unit.tx).await? {
        return Err(IdentityError::AlreadySetUp.into());
    }
    store::expire_setup_tokens(&mut unit.tx, unit.now).await?;
    let token = Token::new(TokenKind::Setup, unit.new_uuid()?, unit.random())?;
    let lifetime = unit.settings().await?.seconds(&registry::SETUP_TOKEN_LIFETIME)?;
    let expires_at = unit.now.saturating_add(lifetime);
    store::insert_setup_token(&mut unit.tx, &token, unit.now, expires_at).await?;
    unit.record(Change::SetupTokenIssued(token.id), "a setup token was issued").await?;
    Ok(token.to_text())
}

async fn check_setup_token(unit: &mut Unit, token: &Token) -> Result<()> {
    unit.authorize::<right::SetupRedeem>()?;
    match store::setup_token_is_good(&mut unit.tx, token, unit.now).await? {
        true => Ok(()),
        false => Err(IdentityError::BadToken.into()),
    }
}

async fn redeem_setup_token(unit: &mut Unit, (token, first): &(Token, Prepared)) -> Result<User> {
    let authorized = unit.authorize::<right::SetupRedeem>()?;
    if !store::use_setup_token(&mut unit.tx, token, unit.now).await? {
        return Err(IdentityError::BadToken.into());
    }
    insert_first_user(unit, &authorized, first).await
}

async fn create_first_user(unit: &mut Unit, first: &Prepared) -> Result<User> {
    let authorized = unit.authorize::<right::SetupIssue>()?;
    authorized.unowned()?;
    store::expire_setup_tokens(&mut unit.tx, unit.now).await?;
    insert_first_user(unit, &authorized, first).await
}

async fn insert_first_user<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    first: &Prepared,
) -> Result<User> {
    store::lock_administrators(&mut unit.tx).await?;
    if store::any_user(&mut unit.tx).await? {
        return Err(IdentityError::AlreadySetUp.into());
    }
    let role = role_of(unit, first).await?;
    let user = insert_user(unit, authorized, first, role).await?;
    let (_, administrators) = store::built_in_groups(&mut unit.tx).await?;
    let membership = unit.new_uuid()?;
    store::insert_membership(&mut unit.tx, membership, administrators, user.id, unit.now).await?;
    unit.record(
        Change::GroupMemberAdded(administrators),
        format!("{} became the first administrator", user.username),
    )
    .await?;
    Ok(user)
}

async fn create_user(unit: &mut Unit, prepared: &Prepared) -> Result<User> {
    let authorized = unit.authorize::<right::UsersCreate>()?;
    authorized.unowned()?;
    let role = role_of(unit, prepared).await?;
    let given = store::role_permissions(&mut unit.tx, role).await?;
    unit.may_grant(&given)?;
    insert_user(unit, &authorized, prepared, role).await
}

/// The role that a new person is to have.
async fn role_of(unit: &mut Unit, Prepared { user, .. }: &Prepared) -> Result<RoleId> {
    let role = store::role_by_key(&mut unit.tx, &user.role).await?;
    role.ok_or_else(|| Error::invalid("role", format!("{:?} is no role", user.role)))
}

/// Stores a person, active and in `ldapusers`.
async fn insert_user<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    prepared: &Prepared,
    role: RoleId,
) -> Result<User> {
    let Prepared { user, password_hash } = prepared;
    let id = UserId::from_uuid(unit.new_uuid()?);
    let uid_number = store::next_uid(&mut unit.tx).await?;
    let row = UserRow { id, user, password_hash: password_hash.as_ref(), role, uid_number };
    store::insert_user(&mut unit.tx, authorized, &row, unit.now).await?;
    let (everyone, _) = store::built_in_groups(&mut unit.tx).await?;
    let membership = unit.new_uuid()?;
    store::insert_membership(&mut unit.tx, membership, everyone, id, unit.now).await?;
    unit.record(Change::UserCreated(id), format!("{} was created", user.username.text)).await?;
    store::get_user(&mut unit.tx, authorized, id).await
}

async fn stored_password(unit: &mut Unit, username_key: &str) -> Result<Option<StoredPassword>> {
    let authorized = unit.authorize::<right::SessionsCreate>()?;
    Ok(store::stored_password(&mut unit.tx, &authorized, username_key).await?)
}

async fn open_session(unit: &mut Unit, attempt: &SignIn) -> Result<SignedIn> {
    let authorized = unit.authorize::<right::SessionsCreate>()?;
    if !attempt.username_key.is_empty() {
        unit.concerns(format!("username {}", attempt.username_key));
    }
    let verified = attempt.verified.as_ref().ok_or(IdentityError::SignInRefused)?;
    if !store::touch_login(&mut unit.tx, &authorized, verified, unit.now).await? {
        return Err(IdentityError::SignInRefused.into());
    }
    let token = Token::new(TokenKind::Session, unit.new_uuid()?, unit.random())?;
    let lifetime = unit.settings().await?.seconds(&registry::SESSION_LIFETIME)?;
    let expires_at = unit.now.saturating_add(lifetime);
    let row = SessionRow {
        token: &token,
        user: verified.user,
        ip_address: unit.context().source_ip,
        user_agent: unit.context().user_agent.clone(),
        expires_at,
    };
    store::insert_session(&mut unit.tx, &authorized, row, unit.now).await?;
    let session_id = SessionId::from_uuid(token.id);
    unit.record(Change::SessionCreated(session_id), format!("user {} signed in", verified.user)).await?;
    Ok(SignedIn { user_id: verified.user, session_id, token: token.to_text(), expires_at })
}

async fn sign_out(unit: &mut Unit) -> Result<()> {
    let authorized = unit.authorize::<right::SessionsRevoke>()?;
    let Actor::User { session, .. } = *unit.actor() else { return Err(IdentityError::BadToken.into()) };
    if !store::revoke_session(&mut unit.tx, &authorized, session, unit.now).await? {
        return Err(IdentityError::BadToken.into());
    }
    unit.record(Change::SessionRevoked(session), "signed out").await
}

async fn get_user(unit: &mut Unit, id: UserId) -> Result<User> {
    let authorized = unit.authorize::<right::UsersRead>()?;
    store::get_user(&mut unit.tx, &authorized, id).await
}

async fn list_users(unit: &mut Unit, page: &PageRequest) -> Result<Page<User>> {
    let authorized = unit.authorize::<right::UsersRead>()?;
    let limit = page.checked_limit()?;
    let users = store::list_users(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(users, limit, |user| user.id.as_uuid()))
}

async fn suspend_user(unit: &mut Unit, id: UserId) -> Result<()> {
    let authorized = unit.authorize::<right::UsersSuspend>()?;
    store::lock_administrators(&mut unit.tx).await?;
    let user = store::get_user(&mut unit.tx, &authorized, id).await?;
    if user.status == UserStatus::Suspended {
        return Ok(());
    }
    let administrators = store::active_administrators(&mut unit.tx).await?;
    let tests =
        policy::watch(unit, |who| matches!(who, Target::Device(_)) || who == Target::User(id)).await?;
    store::set_status(&mut unit.tx, &authorized, id, UserStatus::Suspended, unit.now).await?;
    keep_an_administrator(unit, &administrators).await?;
    store::revoke_sessions_of(&mut unit.tx, &authorized, id, unit.now).await?;
    gateway::bump_revisions_of(&mut unit.tx, id, unit.now).await?;
    unit.record(Change::UserSuspended(id), format!("{} was suspended", user.username)).await?;
    policy::note_failing(unit, tests).await
}

async fn activate_user(unit: &mut Unit, id: UserId) -> Result<()> {
    let authorized = unit.authorize::<right::UsersSuspend>()?;
    let user = store::get_user(&mut unit.tx, &authorized, id).await?;
    if user.status == UserStatus::Active {
        return Ok(());
    }
    store::set_status(&mut unit.tx, &authorized, id, UserStatus::Active, unit.now).await?;
    gateway::bump_revisions_of(&mut unit.tx, id, unit.now).await?;
    unit.record(Change::UserActivated(id), format!("{} was activated", user.username)).await
}

async fn create_group(unit: &mut Unit, group: &CheckedGroup) -> Result<Group> {
    let authorized = unit.authorize::<right::GroupsWrite>()?;
    authorized.unowned()?;
    let id = GroupId::from_uuid(unit.new_uuid()?);
    let gid_number = store::next_gid(&mut unit.tx).await?;
    store::insert_group(&mut unit.tx, id, gid_number, &group.name, &group.description, 0, unit.now).await?;
    unit.record(Change::GroupCreated(id), format!("group {} was created", group.name.text)).await?;
    store::get_group(&mut unit.tx, &authorized, id).await
}

async fn get_group(unit: &mut Unit, id: GroupId) -> Result<Group> {
    let authorized = unit.authorize::<right::GroupsRead>()?;
    store::get_group(&mut unit.tx, &authorized, id).await
}

async fn list_groups(unit: &mut Unit, page: &PageRequest) -> Result<Page<Group>> {
    let authorized = unit.authorize::<right::GroupsRead>()?;
    let limit = page.checked_limit()?;
    let groups = store::list_groups(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(groups, limit, |group| group.id.as_uuid()))
}

async fn add_member(unit: &mut Unit, group: GroupId, user: UserId) -> Result<()> {
    let authorized = unit.authorize::<right::GroupsWrite>()?;
    let found = store::get_group(&mut unit.tx, &authorized, group).await?;
    if found.is_administrator {
        unit.may_grant(&everything())?;
    }
    let member = store::get_user(&mut unit.tx, &authorized, user).await?;
    let before = policy::begin_change(unit).await?;
    let membership = unit.new_uuid()?;
    store::insert_membership(&mut unit.tx, membership, group, user, unit.now).await?;
    policy::end_change(unit, before).await?;
    unit.record(Change::GroupMemberAdded(group), format!("{} joined {}", member.username, found.name)).await
}

async fn remove_member(unit: &mut Unit, group: GroupId, user: UserId) -> Result<()> {
    let authorized = unit.authorize::<right::GroupsWrite>()?;
    store::lock_administrators(&mut unit.tx).await?;
    let found = store::get_group(&mut unit.tx, &authorized, group).await?;
    let administrators = store::active_administrators(&mut unit.tx).await?;
    let before = policy::begin_change(unit).await?;
    if !store::delete_membership(&mut unit.tx, &authorized, group, user).await? {
        return Err(IdentityError::NotAMember.into());
    }
    keep_an_administrator(unit, &administrators).await?;
    policy::end_change(unit, before).await?;
    unit.record(Change::GroupMemberRemoved(group), format!("user {user} left {}", found.name)).await
}

/// Refuses a change that took the last administrator away. Where there was none before, because the program itself
/// made everybody, nobody is kept in for want of one.
async fn keep_an_administrator(unit: &mut Unit, before: &BTreeSet<UserId>) -> Result<()> {
    match !before.is_empty() && store::active_administrators(&mut unit.tx).await?.is_empty() {
        true => Err(IdentityError::LastAdministrator.into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, Nexa};

    #[tokio::test]
    async fn signing_in_with_an_unknown_name_waits_for_a_hash_like_any_other() {
        let nexa = Nexa::open("sqlite::memory:").await.unwrap();
        let strangers = nexa.anonymous().identity();
        let refused = strangers.sign_in("nobody", "a password").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
        strangers.handle.core.passwords.admit_no_more();
        for name in ["nobody", "no name at all"] {
            let refused = strangers.sign_in(name, "a password").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Throttled, "{name}");
        }
    }
}
