use std::collections::HashMap;
use std::net::IpAddr;

use super::error::GatewayError;
use super::model::{CheckedGateway, DesiredPeer, DesiredState, Gateway, NewGateway};
use super::store;
use crate::actor::right;
use crate::devices::{self, KeyHolder};
use crate::enrolment::{self, Peer};
use crate::error::Result;
use crate::events::Change;
use crate::id::GatewayId;
use crate::ipam;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::policy::{self, Access, Fleet, InForce, Infrastructure};
use crate::settings::registry;
use crate::unit::Unit;

/// WireGuard gateways and what they must enforce.
pub struct Gateways {
    handle: Handle,
}

impl Gateways {
    pub(crate) fn new(handle: Handle) -> Self {
        Gateways { handle }
    }

    /// Creates a gateway and a pool for each of its prefixes.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field,
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`, `public_key`),
    /// [`Conflict`](crate::ErrorKind::Conflict) (`vpn_cidr`) when a prefix overlaps a pool that is there; what every call
    /// can fail with.
    pub async fn create(&self, gateway: NewGateway) -> Result<Gateway> {
        let call = self.handle.call("gateways.create", &gateway);
        let gateway = gateway.checked()?;
        call.write(gateway, |unit, gateway| Box::pin(create(unit, gateway))).await
    }

    /// One gateway.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`gateway_id`); what every call can fail with.
    pub async fn get(&self, id: GatewayId) -> Result<Gateway> {
        self.handle.read(id, |unit, id| Box::pin(get(unit, *id))).await
    }

    /// A page of the gateways, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list(&self, page: PageRequest) -> Result<Page<Gateway>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list(unit, page))).await
    }

    /// What a gateway must be like now: its peers, and what each of them may reach. A device that is shut out, or
    /// whose person is, is not among them.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # use nexa_core::{Nexa, enrolment::NewEnrolment, gateway::NewGateway, identity::NewUser};
    /// # use nexa_core::{runtime::SystemRandom, wireguard::PrivateKey};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let admin = nexa.system("example");
    /// # let ada = admin.identity().create_first_user(NewUser::new("ada", "correct horse battery")).await?;
    /// # let key = PrivateKey::generate(&SystemRandom)?.public_key();
    /// # let hq = NewGateway::new("hq", "vpn.example.org:51820".parse()?, key).vpn_cidr("10.66.0.0/24".parse()?);
    /// # let hq = admin.gateways().create(hq).await?;
    /// # let key = PrivateKey::generate(&SystemRandom)?.public_key();
    /// # let laptop = NewEnrolment::new("laptop", key, "sha256:laptop").user(ada.id);
    /// # admin.enrolment().enrol(laptop).await?;
    /// let state = admin.gateways().desired_state(hq.id).await?;
    /// for peer in &state.peers {
    ///     println!("{} sends from {:?}", peer.public_key, peer.allowed_ips);
    ///     println!("  and reaches {:?}", peer.enforcement.destinations);
    /// }
    /// # assert_eq!(state.peers.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`gateway_id`); what every call can fail with.
    pub async fn desired_state(&self, id: GatewayId) -> Result<DesiredState> {
        self.handle.read(id, |unit, id| Box::pin(desired_state(unit, *id))).await
    }

    /// Says that a gateway has applied a revision, which its [`DesiredState`] names. An address that was given back is handed out
    /// again only when every gateway that reports has applied a revision past that, so a gateway that reports once goes on doing so:
    /// it is waited for until the state that it reported last has expired. A report that comes late takes nothing back.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`gateway_id`), [`InvalidInput`](crate::ErrorKind::InvalidInput) (`revision`) for one
    /// that the gateway does not have yet; what every call can fail with.
    pub async fn report_applied(&self, id: GatewayId, revision: i64) -> Result<()> {
        let input = (id, revision);
        let call = self.handle.call("gateways.report_applied", &input);
        call.write(input, |unit, (id, revision)| Box::pin(report_applied(unit, *id, *revision))).await
    }
}

async fn create(unit: &mut Unit, new: &CheckedGateway) -> Result<Gateway> {
    let authorized = unit.authorize::<right::GatewaysCreate>()?;
    authorized.unowned()?;
    let id = GatewayId::from_uuid(unit.new_uuid()?);
    store::insert(&mut unit.tx, &authorized, id, new, unit.now).await?;
    if !devices::take_key(&mut unit.tx, &authorized, new.public_key, KeyHolder::Gateway(id)).await? {
        return Err(GatewayError::KeyTaken.into());
    }
    let own: Vec<(IpAddr, _)> = new.addresses.iter().map(|address| (*address, "the gateway's own")).collect();
    let dns = new.dns_servers.iter().map(|address| (*address, "a DNS server"));
    let taken: Vec<_> = own.into_iter().chain(dns).collect();
    for cidr in &new.vpn_cidrs {
        ipam::create_gateway_pool(unit, &authorized, (id, &new.name.text), *cidr, &taken).await?;
    }
    unit.record(Change::GatewayCreated(id), format!("gateway {} was created", new.name.text)).await?;
    store::get(&mut unit.tx, &authorized, id).await
}

async fn get(unit: &mut Unit, id: GatewayId) -> Result<Gateway> {
    let authorized = unit.authorize::<right::GatewaysRead>()?;
    store::get(&mut unit.tx, &authorized, id).await
}

async fn list(unit: &mut Unit, page: &PageRequest) -> Result<Page<Gateway>> {
    let authorized = unit.authorize::<right::GatewaysRead>()?;
    let limit = page.checked_limit()?;
    let gateways = store::list(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(gateways, limit, |gateway| gateway.id.as_uuid()))
}

async fn report_applied(unit: &mut Unit, id: GatewayId, revision: i64) -> Result<()> {
    let authorized = unit.authorize::<right::GatewaysReport>()?;
    store::note_heard(&mut unit.tx, &authorized, id, unit.now).await?;
    let gateway = store::get(&mut unit.tx, &authorized, id).await?;
    if revision > gateway.revision {
        return Err(GatewayError::Ahead { id, asked: revision, revision: gateway.revision }.into());
    }
    let applied = gateway.applied_revision.map_or(revision, |before| before.max(revision));
    if gateway.applied_revision == Some(applied) {
        return Ok(());
    }
    store::note_applied(&mut unit.tx, &authorized, id, applied).await?;
    ipam::applied(&mut unit.tx, id, applied, unit.now).await?;
    let message = format!("gateway {} has applied revision {applied}", gateway.name);
    unit.record(Change::GatewayApplied(id), message).await
}

async fn desired_state(unit: &mut Unit, id: GatewayId) -> Result<DesiredState> {
    let authorized = unit.authorize::<right::GatewaysState>()?;
    let gateway = store::get(&mut unit.tx, &authorized, id).await?;
    let InForce { policies, places } = policy::in_force(unit, &authorized).await?;
    let enrolled = enrolment::peers_of_gateway(&mut unit.tx, &authorized, id).await?;
    let subjects = devices::subjects_at(&mut unit.tx, id).await?;
    let fleet = Fleet::resolve_with(&unit.resolutions(), &subjects, &policies, &places, unit.now);
    let settings = unit.settings().await?;
    let infrastructure = policy::infrastructure(&settings, &gateway)?;
    let mut peers = Vec::new();
    let accesses: HashMap<_, _> =
        fleet.accesses().map(|(subject, access)| (subject.device, access)).collect();
    for peer in &enrolled {
        // Whom nothing is known of has no place here: what a gateway is not told of, it does not let in.
        let Some(access) = accesses.get(&peer.device) else { continue };
        if let Some(mut desired) = desired_peer(&infrastructure, peer, access) {
            desired.preshared_key = enrolment::preshared_key(unit, peer).await?;
            peers.push(desired);
        }
    }
    peers.sort_unstable_by_key(|peer| peer.public_key);
    let next_change = peers.iter().filter_map(|peer| peer.enforcement.valid_until).min();
    let lifetime = settings.seconds(&registry::STATE_LIFETIME)?;
    let valid_until = unit.now.saturating_add(lifetime);
    Ok(DesiredState { gateway, peers, valid_until, next_change })
}

/// One peer as the gateway must have it, without the secret that they share; none for a device that is barred.
fn desired_peer(infrastructure: &Infrastructure, peer: &Peer, access: &Access) -> Option<DesiredPeer> {
    if access.barred.is_some() {
        return None;
    }
    Some(DesiredPeer {
        device_id: peer.device,
        public_key: peer.public_key,
        preshared_key: None,
        allowed_ips: peer.addresses.iter().copied().map(crate::net::Cidr::host).collect(),
        enforcement: access.enforcement(peer.addresses.clone(), infrastructure),
    })
}
