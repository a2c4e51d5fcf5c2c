use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{CheckedEnrolment, Enrolled, NewEnrolment};
use super::store::{self, Peer};
use crate::actor::{Authorized, Right, right};
use crate::db::DbError;
use crate::devices::{self, Device, DeviceError, KeyHolder, NewDeviceRow};
use crate::error::Result;
use crate::events::Change;
use crate::gateway::{self, Gateway};
use crate::id::{DeviceId, PeerId};
use crate::identity::{self, Token, TokenKind};
use crate::ipam;
use crate::net::{AddressSet, PerFamily};
use crate::nexa::Handle;
use crate::policy::{self, Effect, Fleet, InForce, Part, Policy, RouteOptions, Routes};
use crate::sealed::PRESHARED_KEY;
use crate::settings::{self, registry};
use crate::unit::Unit;
use crate::wireguard::{PresharedKey, Profile, ProfilePeer};

/// Enrolling devices and issuing their profiles.
pub struct Enrolment {
    handle: Handle,
}

impl Enrolment {
    pub(crate) fn new(handle: Handle) -> Self {
        Enrolment { handle }
    }

    /// Enrols a device: registers it, claims its addresses, resolves what it may reach, stores its peer and issues
    /// its profile, in one transaction.
    ///
    /// The private key is made on the device and stays there; the server sees its public half.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # use nexa_core::{Nexa, enrolment::NewEnrolment, gateway::NewGateway, identity::NewUser};
    /// # use nexa_core::{runtime::SystemRandom, wireguard::PrivateKey};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let program = nexa.system("example");
    /// # program.identity().create_first_user(NewUser::new("ada", "correct horse battery")).await?;
    /// # let key = PrivateKey::generate(&SystemRandom)?.public_key();
    /// # let hq = NewGateway::new("hq", "vpn.example.org:51820".parse()?, key).vpn_cidr("10.66.0.0/24".parse()?);
    /// # program.gateways().create(hq).await?;
    /// # program.identity().create_user(NewUser::new("bob", "staple staple staple")).await?;
    /// # let signed_in = nexa.anonymous().identity().sign_in("bob", "staple staple staple").await?;
    /// # let bob = nexa.authenticate(signed_in.token.expose()).await?;
    /// let key = PrivateKey::generate(&SystemRandom)?;
    /// let phone = NewEnrolment::new("phone", key.public_key(), "sha256:phone").platform("ios");
    /// let enrolled = bob.enrolment().enrol(phone).await?;
    /// println!("{}", enrolled.profile.render(Some(&key))?.expose());
    ///
    /// let phone = nexa.authenticate(enrolled.token.expose()).await?;
    /// assert_eq!(phone.enrolment().profile(enrolled.device.id).await?.revision, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field,
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`fingerprint`, `public_key`),
    /// [`NotFound`](crate::ErrorKind::NotFound) (`user_id`, `gateway_id`),
    /// [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`) when the gateway has no address left,
    /// [`Forbidden`](crate::ErrorKind::Forbidden) for another person's device; what every call can fail with.
    pub async fn enrol(&self, device: NewEnrolment) -> Result<Enrolled> {
        let call = self.handle.call("enrolment.enrol", &device);
        let device = device.checked()?;
        call.write(device, |unit, device| Box::pin(enrol(unit, device))).await
    }

    /// The profile of a device as of now. Its revision moves when what the device may reach has changed since the
    /// last one.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`), [`Conflict`](crate::ErrorKind::Conflict)
    /// (`device_id`) when the device, or its person, is not active; what every call can fail with.
    pub async fn profile(&self, device: DeviceId) -> Result<Profile> {
        let call = self.handle.call("enrolment.profile", &device);
        call.write(device, |unit, device| Box::pin(profile(unit, *device))).await
    }
}

async fn enrol(unit: &mut Unit, new: &CheckedEnrolment) -> Result<Enrolled> {
    let authorized = unit.authorize::<right::DevicesEnrol>()?;
    let owner = authorized.owner(new.user_id)?;
    identity::require_active(&mut unit.tx, owner).await?;
    let gateway = gateway::for_enrolment(&mut unit.tx, &authorized, new.gateway_id).await?;
    // Before anything that refers to the gateway: MariaDB would have two enrolments share its row, and each wait for the other
    // to let go of it.
    gateway::bump_revision(&mut unit.tx, gateway.id, unit.now).await?;
    let token = Token::new(TokenKind::Device, unit.new_uuid()?, unit.random())?;
    let row = NewDeviceRow {
        id: DeviceId::from_uuid(token.id),
        user: owner,
        gateway: gateway.id,
        name: &new.name,
        platform: &new.platform,
        fingerprint: &new.fingerprint,
        public_key: new.public_key,
        token_hash: token.hash(),
    };
    let device = devices::insert(&mut unit.tx, &authorized, row, unit.now).await?;
    let holder = KeyHolder::Device(device.id);
    if !devices::take_key(&mut unit.tx, &authorized, device.public_key, holder).await? {
        return Err(DeviceError::KeyTaken.into());
    }
    let holder = ipam::DeviceHolder { device: device.id, user: owner, fingerprint: &new.fingerprint };
    let claimed = ipam::claim(unit, &authorized, gateway.id, holder).await?;
    let peer_id = PeerId::from_uuid(unit.new_uuid()?);
    let preshared_key = if new.preshared_key { Some(make_preshared_key(unit, peer_id).await?) } else { None };
    let mut peer = Peer {
        id: peer_id,
        device: device.id,
        gateway: gateway.id,
        public_key: device.public_key,
        addresses: claimed.iter().filter_map(ipam::Allocation::address).collect(),
        allowed_ips: Vec::new(),
        profile_revision: 1,
        preshared_key,
    };
    store::insert_peer(&mut unit.tx, &authorized, &peer, &gateway.dns_servers, unit.now).await?;
    unit.record(Change::DeviceEnrolled(device.id), format!("device {} was enrolled", device.name)).await?;
    let profile = issue(unit, &authorized, &device, &gateway, &mut peer).await?;
    Ok(Enrolled { device, profile, token: token.to_text() })
}

/// A new one, as it is stored.
async fn make_preshared_key(unit: &mut Unit, peer: PeerId) -> Result<Vec<u8>> {
    let key = PresharedKey::generate(unit.random())?;
    unit.seal(&PRESHARED_KEY, peer.as_uuid(), key.expose()).await
}

/// The secret that a device shares with its gateway.
pub(crate) async fn preshared_key(unit: &mut Unit, peer: &Peer) -> Result<Option<PresharedKey>> {
    let Some(stored) = &peer.preshared_key else { return Ok(None) };
    let bytes = unit.open(&PRESHARED_KEY, peer.id.as_uuid(), stored).await?;
    let damaged = |_| DbError::corrupt("wireguard_peers.preshared_key_ciphertext", "is no key");
    Ok(Some(PresharedKey::from_bytes(&bytes).map_err(damaged)?))
}

async fn profile(unit: &mut Unit, device: DeviceId) -> Result<Profile> {
    let authorized = unit.authorize::<right::ProfilesIssue>()?;
    let device = devices::get(&mut unit.tx, &authorized, device).await?;
    let peer = store::peer_of(&mut unit.tx, &authorized, device.id).await?;
    let mut peer = peer.ok_or(DeviceError::NotActive(device.id))?;
    let gateway = gateway::of_peer(&mut unit.tx, &authorized, peer.gateway).await?;
    issue(unit, &authorized, &device, &gateway, &mut peer).await
}

/// How a device's routes are made.
fn route_options(settings: &settings::Values, device: &Device, gateway: &Gateway) -> Result<RouteOptions> {
    let says = |what, word: &str| Ok::<_, crate::Error>(settings.text(what)? == word);
    let mut options = RouteOptions::default();
    if says(&registry::ROUTES, "exact")? {
        options.routes = PerFamily::both(Routes::Exact);
    }
    if says(&registry::LOCAL_NETWORKS, "excluded")? {
        options.local = RouteOptions::local_networks();
    }
    // A name may have other addresses where the device is.
    if says(&registry::ENDPOINT, "excluded")?
        && let Ok(address) = gateway.endpoint.host().parse::<IpAddr>()
    {
        options.endpoints = [address].into_iter().collect();
    }
    let most: usize = settings.number(&registry::MAX_PREFIXES)?;
    let is_bounded = most > 0 && ["ios", "android"].contains(&device.platform.to_lowercase().as_str());
    options.max_prefixes = is_bounded.then_some(most);
    Ok(options)
}

/// Resolves what a device may reach and makes its profile of it, under a new revision if that has changed.
async fn issue<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    device: &Device,
    gateway: &Gateway,
    peer: &mut Peer,
) -> Result<Profile> {
    let subject = devices::subject(&mut unit.tx, device).await?;
    let in_force = policy::in_force(unit, authorized).await?;
    let access =
        policy::resolve_with(&unit.resolutions(), &subject, &in_force.policies, &in_force.places, unit.now);
    if access.barred.is_some() {
        return Err(DeviceError::NotActive(device.id).into());
    }
    let reached_by = reached_by(unit, authorized, peer, &in_force).await?;
    let settings = unit.settings().await?;
    let options = route_options(&settings, device, gateway)?;
    let routes = access.client_routes(&policy::infrastructure(&settings, gateway)?, &reached_by, &options);
    let allowed_ips = routes.allowed_ips;
    if peer.allowed_ips != allowed_ips {
        let first = peer.allowed_ips.is_empty() && peer.profile_revision == 1;
        peer.profile_revision += i64::from(!first);
        peer.allowed_ips = allowed_ips;
    }
    let preshared_key = preshared_key(unit, peer).await?;
    store::note_issued(&mut unit.tx, authorized, peer, unit.now).await?;
    let message = format!("profile {} of {} was issued", peer.profile_revision, device.name);
    unit.record(Change::ProfileIssued(device.id), message).await?;
    Ok(Profile {
        device: device.id,
        revision: peer.profile_revision,
        public_key: device.public_key,
        addresses: peer.addresses.clone(),
        dns: gateway.dns_servers.clone(),
        mtu: gateway.mtu,
        peer: ProfilePeer {
            public_key: gateway.public_key,
            preshared_key,
            endpoint: gateway.endpoint.clone(),
            allowed_ips: peer.allowed_ips.clone(),
            added_ips: routes.added.to_cidrs(),
            persistent_keepalive: Some(settings.number(&registry::KEEPALIVE)?).filter(|seconds| *seconds > 0),
        },
    })
}

/// The addresses of the devices at the same gateway that may reach this one and wait for its replies. Nobody is
/// resolved unless a policy allows something to the addresses asked about.
async fn reached_by<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    peer: &Peer,
    in_force: &InForce,
) -> Result<AddressSet> {
    let InForce { policies, places } = in_force;
    let opens = |policy: &Policy| {
        let contains = |address: &IpAddr| policy.rules(places).any(|rule| rule.cidr.contains(*address));
        policy.effect == Effect::Allow && peer.addresses.iter().any(contains)
    };
    if !policies.iter().any(opens) {
        return Ok(AddressSet::empty());
    }
    let mut others = store::peers_of_gateway(&mut unit.tx, authorized, peer.gateway).await?;
    others.retain(|other| other.device != peer.device);
    let mut subjects = devices::subjects_at(&mut unit.tx, peer.gateway).await?;
    subjects.retain(|subject| subject.device != peer.device);
    let asked = peer.addresses.iter().copied().collect::<AddressSet>().into();
    let fleet = Fleet::resolve_with(&unit.resolutions(), &subjects, policies, places, unit.now);
    let reaching: BTreeSet<_> =
        fleet.who_can_reach(&asked, Part::Any).into_iter().map(|subject| subject.device).collect();
    let others = others.into_iter().filter(|other| reaching.contains(&other.device));
    Ok(others.flat_map(|other| other.addresses).collect())
}
