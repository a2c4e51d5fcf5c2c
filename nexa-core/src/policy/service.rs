use std::net::IpAddr;

use super::error::PolicyError;
use super::{Access, Explanation, Infrastructure, NewPolicy, Places, Policy, ServiceRange, store};
use crate::actor::{Authorized, Right, right};
use crate::devices::{self, Device};
use crate::error::Result;
use crate::events::Change;
use crate::gateway;
use crate::id::{DeviceId, PolicyId};
use crate::name::{Name, check_lines};
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::unit::Unit;

/// Who may reach what, and why.
pub struct Policies {
    handle: Handle,
}

impl Policies {
    pub(crate) fn new(handle: Handle) -> Self {
        Policies { handle }
    }

    /// Creates a policy. It counts from the next resolution on.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nexa_core::{Nexa, identity::NewUser, net::Cidr};
    /// # use nexa_core::{identity::NewGroup, policy::NewPolicy};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let admin = nexa.system("example");
    /// # let ada = admin.identity().create_first_user(NewUser::new("ada", "correct horse battery")).await?;
    /// # let staff = admin.identity().create_group(NewGroup::new("staff")).await?;
    /// let office = NewPolicy::allow("office").target(staff.id).destination("10.20.0.0/16".parse::<Cidr>()?);
    /// admin.policy().create(office).await?;
    ///
    /// // The lower number wins, so this takes the vault out of the office.
    /// let vault = NewPolicy::deny("vault").priority(10).target(staff.id).destination("10.20.9.0/24".parse::<Cidr>()?);
    /// admin.policy().create(vault).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field,
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`), [`NotFound`](crate::ErrorKind::NotFound)
    /// (`targets`); what every call can fail with.
    pub async fn create(&self, policy: NewPolicy) -> Result<Policy> {
        let call = self.handle.call("policy.create", &policy);
        let name = Name::parse("name", &policy.name)?;
        let of_destinations = policy.destinations.iter().map(|destination| &destination.description);
        [&policy.description]
            .into_iter()
            .chain(of_destinations)
            .try_for_each(|text| check_lines("description", text))?;
        // Refused before anything else happens; the id comes with the transaction.
        policy.clone().build(PolicyId::from_uuid(uuid::Uuid::nil()))?;
        call.write((name, policy), |unit, (name, policy)| Box::pin(create(unit, name, policy))).await
    }

    /// One policy.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`policy_id`); what every call can fail with.
    pub async fn get(&self, id: PolicyId) -> Result<Policy> {
        self.handle.read(id, |unit, id| Box::pin(get(unit, *id))).await
    }

    /// A page of the policies, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list(&self, page: PageRequest) -> Result<Page<Policy>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list(unit, page))).await
    }

    /// Takes a policy away. Its name is free again.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`policy_id`); what every call can fail with.
    pub async fn remove(&self, id: PolicyId) -> Result<()> {
        let call = self.handle.call("policy.remove", &id);
        call.write(id, |unit, id| Box::pin(remove(unit, *id))).await
    }

    /// What a device may reach now, by policies alone.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`); what every call can fail with.
    pub async fn resolve(&self, device: DeviceId) -> Result<Access> {
        self.handle.read(device, |unit, device| Box::pin(resolve(unit, *device))).await
    }

    /// Why a device may, or may not, reach an address by some services now; [`ServiceRange::ANY`] asks for all of them.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nexa_core::{Nexa, enrolment::NewEnrolment, gateway::NewGateway, identity::NewUser, net::Cidr};
    /// # use nexa_core::{policy::{NewPolicy, ServiceRange}, runtime::SystemRandom, wireguard::PrivateKey};
    /// # let nexa = Nexa::open("sqlite::memory:").await?;
    /// # let admin = nexa.system("example");
    /// # let ada = admin.identity().create_first_user(NewUser::new("ada", "correct horse battery")).await?;
    /// # let key = PrivateKey::generate(&SystemRandom)?.public_key();
    /// # let hq = NewGateway::new("hq", "vpn.example.org:51820".parse()?, key).vpn_cidr("10.66.0.0/24".parse()?);
    /// # admin.gateways().create(hq).await?;
    /// # let key = PrivateKey::generate(&SystemRandom)?.public_key();
    /// # let laptop = NewEnrolment::new("laptop", key, "sha256:laptop").user(ada.id);
    /// # let laptop = admin.enrolment().enrol(laptop).await?.device.id;
    /// # let office = NewPolicy::allow("office").target(ada.id).destination("10.20.0.0/16".parse::<Cidr>()?);
    /// # admin.policy().create(office).await?;
    /// let why = admin.policy().explain(laptop, "10.20.1.1".parse()?, ServiceRange::ANY).await?;
    /// assert!(why.is_allowed());
    /// assert!(why.to_string().contains("office"), "{why}");
    ///
    /// let why = admin.policy().explain(laptop, "192.0.2.1".parse()?, ServiceRange::ANY).await?;
    /// assert!(!why.is_allowed(), "{why}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`); what every call can fail with.
    pub async fn explain(
        &self,
        device: DeviceId,
        address: IpAddr,
        services: ServiceRange,
    ) -> Result<Explanation> {
        let input = (device, (address, services));
        self.handle.read(input, |unit, (device, asked)| Box::pin(explain(unit, *device, *asked))).await
    }
}

async fn create(unit: &mut Unit, name: &Name, policy: &NewPolicy) -> Result<Policy> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    authorized.unowned()?;
    let policy = policy.clone().build(PolicyId::from_uuid(unit.new_uuid()?))?;
    let created_by = unit.actor().user();
    store::insert(&mut unit.tx, &authorized, &policy, name, created_by, unit.now).await?;
    for target in &policy.targets {
        if !store::target_exists(&mut unit.tx, *target).await? {
            return Err(PolicyError::NoTarget(*target).into());
        }
        let id = unit.new_uuid()?;
        store::insert_target(&mut unit.tx, id, policy.id, *target, unit.now).await?;
    }
    let ids = policy.destinations.iter().map(|_| unit.new_uuid()).collect::<Result<_>>()?;
    store::insert_destinations(&mut unit.tx, ids, &policy, unit.now).await?;
    unit.record(Change::PolicyCreated(policy.id), format!("policy {} was created", name.text)).await?;
    Ok(policy)
}

async fn get(unit: &mut Unit, id: PolicyId) -> Result<Policy> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    store::get(&mut unit.tx, &authorized, id).await
}

async fn list(unit: &mut Unit, page: &PageRequest) -> Result<Page<Policy>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    let limit = page.checked_limit()?;
    let policies = store::list(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(policies, limit, |policy| policy.id.as_uuid()))
}

async fn remove(unit: &mut Unit, id: PolicyId) -> Result<()> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    let policy = store::get(&mut unit.tx, &authorized, id).await?;
    if !store::remove(&mut unit.tx, &authorized, id, unit.now).await? {
        return Err(PolicyError::NoPolicy(id).into());
    }
    unit.record(Change::PolicyRemoved(id), format!("policy {} was removed", policy.name)).await
}

async fn resolve(unit: &mut Unit, device: DeviceId) -> Result<Access> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    let device = devices::get(&mut unit.tx, &authorized, device).await?;
    let subject = devices::subject(&mut unit.tx, &device).await?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    Ok(super::resolve(&subject, &policies, &places, unit.now))
}

async fn explain(unit: &mut Unit, device: DeviceId, asked: (IpAddr, ServiceRange)) -> Result<Explanation> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    let device = devices::get(&mut unit.tx, &authorized, device).await?;
    let subject = devices::subject(&mut unit.tx, &device).await?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    let infrastructure = infrastructure_of(unit, &authorized, &device).await?;
    Ok(super::explain(&subject, &policies, &places, &infrastructure, asked, unit.now))
}

/// Every living policy, and where that is what they name.
pub(crate) struct InForce {
    pub(crate) policies: Vec<Policy>,
    pub(crate) places: Places,
}

/// For resolving a device that the caller may see.
pub(crate) async fn in_force<P: Right>(unit: &mut Unit, authorized: &Authorized<P>) -> Result<InForce> {
    let policies = store::all_policies(&mut unit.tx, authorized).await?;
    let places = Places::of(&policies, unit.locator())?;
    Ok(InForce { policies, places })
}

/// What the built-in rule grants a device: its gateway and that gateway's DNS servers.
async fn infrastructure_of<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    device: &Device,
) -> Result<Infrastructure> {
    match device.gateway_id {
        Some(id) => Ok(gateway::of_peer(&mut unit.tx, authorized, id).await?.infrastructure()),
        None => Ok(Infrastructure::default()),
    }
}
