//! The control plane, and whose view of it a call has.

use std::sync::Arc;

use nexa_core::Secret as CoreSecret;
use nexa_core::sealed::KeySet;
use nexa_ffi_macros::{object, record};

use crate::audit::Audit;
use crate::devices::Devices;
use crate::enrolment::Enrolment;
use crate::error::Result;
use crate::events::Events;
use crate::gateways::Gateways;
use crate::identity::Identity;
use crate::ipam::Ipam;
use crate::policy::Policies;
use crate::runtime::{Deadline, Until};
use crate::sealed::Sealing;
use crate::settings::Settings;
use crate::wireguard::{Secret, parsed};

/// A private-network control plane over one database.
#[object]
pub struct Nexa {
    core: nexa_core::Nexa,
}

#[object]
impl Nexa {
    /// Opens the database that `url` names, such as `sqlite:nexa.db`, creates it where it does not exist, and brings its
    /// schema up to date. `sqlite::memory:` lives as long as the object.
    ///
    /// # Errors
    /// `invalid_input` (`url`), and (`keys`) for a database on a server without any, `unsupported` for a database this build
    /// does not know or a newer schema, `corrupt` for a file that is no Nexa database, `needs_operator` when the file of
    /// keys beside it is gone.
    pub async fn open(url: String) -> Result<Arc<Nexa>> {
        Ok(Arc::new(Nexa { core: nexa_core::Nexa::open(&url).await? }))
    }

    /// The same with the keys that its secrets are kept under: `name:base64 of 32 bytes`, several separated by commas or line
    /// ends, of which the first one wraps. Without them a file has its keys in `<file>.key` beside it, and a database on a
    /// server has them in the environment's `NEXA_KEYS`.
    ///
    /// # Errors
    /// Those of `open`; `invalid_input` (`keys`) for what is no key, or not the database's.
    pub async fn open_with_keys(url: String, keys: String) -> Result<Arc<Nexa>> {
        let keys: KeySet = CoreSecret::from(keys).expose().parse()?;
        let core = nexa_core::Nexa::builder(url).keys(Arc::new(keys)).open().await?;
        Ok(Arc::new(Nexa { core }))
    }

    /// The one-time token that creates the first user, if opening created the database. It is given once.
    pub fn take_setup_token(&self) -> Option<Arc<Secret>> {
        self.core.take_setup_token().map(|token| Arc::new(Secret::from(token)))
    }

    /// A handle for somebody who has not signed in.
    pub fn anonymous(&self) -> Arc<Handle> {
        Handle::of(self.core.anonymous())
    }

    /// A handle for the bearer of a session or device token, which is checked here and again in every call.
    ///
    /// # Errors
    /// `unauthenticated` when the token is malformed, unknown, expired or revoked, or its person is not active.
    pub async fn authenticate(&self, token: String) -> Result<Arc<Handle>> {
        let token = CoreSecret::from(token);
        Ok(Handle::of(self.core.authenticate(token.expose()).await?))
    }

    /// A handle for the program itself, which may do everything. The audit shows `reason`.
    pub fn system(&self, reason: String) -> Arc<Handle> {
        Handle::of(self.core.system(reason))
    }

    /// Waits for what is under way and closes the database. Every call after it fails with `closed`.
    ///
    /// # Errors
    /// None of its own.
    pub async fn close(&self) -> Result<()> {
        self.core.close().await;
        Ok(())
    }
}

/// Where a request came from; the audit keeps it. Texts are cut to 200 characters.
#[record(input)]
#[derive(Default)]
pub struct RequestContext {
    /// The address that the request came from.
    pub source_ip: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The host's own id of the request, to find it again in the host's logs.
    pub request_id: Option<String>,
}

impl RequestContext {
    fn parse(self) -> Result<nexa_core::RequestContext> {
        let mut context = nexa_core::RequestContext::default();
        context.source_ip = self.source_ip.map(|text| parsed("source_ip", &text)).transpose()?;
        context.user_agent = self.user_agent;
        context.request_id = self.request_id;
        Ok(context)
    }
}

/// Who calls and from where; the domains hang on it.
#[object]
pub struct Handle {
    caller: Caller,
}

#[object]
impl Handle {
    /// The same caller, from this request.
    ///
    /// # Errors
    /// `invalid_input` (`source_ip`).
    pub fn with_context(&self, context: RequestContext) -> Result<Arc<Handle>> {
        let mut context = context.parse()?;
        context.idempotency_key = self.caller.context.idempotency_key.clone();
        let caller = Caller { context, ..self.caller.clone() };
        Ok(Arc::new(Handle { caller }))
    }

    /// The same caller, for one change that is done once, however often it is asked for with this key within 24 hours: a
    /// change that was done answers again as it did, also with what is shown only once. The key is 22 to 255 characters of
    /// ASCII with at least 128 random bits in them; write it down before the call, and use it for that call alone.
    ///
    /// # Errors
    /// `invalid_input` (`idempotency_key`).
    pub fn with_idempotency_key(&self, key: String) -> Result<Arc<Handle>> {
        let context = self.caller.context.clone().idempotency_key(key.parse()?);
        Ok(Arc::new(Handle { caller: Caller { context, ..self.caller.clone() } }))
    }

    /// People, groups and sessions.
    pub fn identity(&self) -> Arc<Identity> {
        Arc::new(Identity { handle: self.caller.clone() })
    }

    /// Devices that are enrolled.
    pub fn devices(&self) -> Arc<Devices> {
        Arc::new(Devices { handle: self.caller.clone() })
    }

    /// Pools of addresses.
    pub fn ipam(&self) -> Arc<Ipam> {
        Arc::new(Ipam { handle: self.caller.clone() })
    }

    /// Who may reach what, and why.
    pub fn policy(&self) -> Arc<Policies> {
        Arc::new(Policies { handle: self.caller.clone() })
    }

    /// WireGuard gateways and what they must enforce.
    pub fn gateways(&self) -> Arc<Gateways> {
        Arc::new(Gateways { handle: self.caller.clone() })
    }

    /// Enrolling devices and issuing their profiles.
    pub fn enrolment(&self) -> Arc<Enrolment> {
        Arc::new(Enrolment { handle: self.caller.clone() })
    }

    /// Who did what, and what was refused.
    pub fn audit(&self) -> Arc<Audit> {
        Arc::new(Audit { handle: self.caller.clone() })
    }

    /// What holds for the whole control plane.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::new(Settings { handle: self.caller.clone() })
    }

    /// The keys that secrets are kept under in the database.
    pub fn sealing(&self) -> Arc<Sealing> {
        Arc::new(Sealing { handle: self.caller.clone() })
    }

    /// What has changed, in order.
    pub fn events(&self) -> Arc<Events> {
        Arc::new(Events { handle: self.caller.clone() })
    }
}

impl Handle {
    fn of(handle: nexa_core::Handle) -> Arc<Self> {
        Arc::new(Handle { caller: Caller { handle, context: nexa_core::RequestContext::default() } })
    }
}

/// The core's handle with the context that a call's deadline is added to.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    handle: nexa_core::Handle,
    context: nexa_core::RequestContext,
}

impl Caller {
    /// The core's handle for one call.
    pub(crate) fn core(&self) -> nexa_core::Handle {
        self.handle.clone().with(self.context.clone())
    }
}

impl Until for Caller {
    fn until(mut self, deadline: Deadline) -> Self {
        self.context.deadline = deadline.moment();
        self
    }
}

/// Which page of a list is asked for.
pub(crate) fn page(after: Option<String>, limit: Option<u32>) -> Result<nexa_core::page::PageRequest> {
    let mut page = nexa_core::page::PageRequest::default();
    page.after = after.map(|text| text.parse()).transpose()?;
    page.limit = limit.unwrap_or(page.limit);
    Ok(page)
}
