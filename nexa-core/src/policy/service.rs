use std::net::IpAddr;

use super::asking::{self, AccessChange, Reacher};
use super::document::{DocumentFormat, DocumentReport};
use super::{
    Access, Counterexample, Destination, Explanation, Finding, Matrix, NewPolicy, NewPolicyTest, Part,
    Places, Policy, PolicyChanges, PolicyTest, PolicyTestResult, Protocol, ServiceRange, WhyNot, changing,
    store, transfer,
};
use crate::actor::{Authorized, Right, right};
use crate::error::Result;
use crate::id::{DeviceId, PolicyId, PolicyTestId};
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
        check_texts(Some(&policy.description), &policy.destinations)?;
        // Refused before anything else happens; the id comes with the transaction.
        policy.clone().build(PolicyId::from_uuid(uuid::Uuid::nil()))?;
        call.write((name, policy), |unit, (name, policy)| Box::pin(changing::create(unit, name, policy)))
            .await
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

    /// Changes a policy of this revision. What the changes do not say stays as it is.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field,
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`), [`NotFound`](crate::ErrorKind::NotFound)
    /// (`policy_id`, `targets`), [`Conflict`](crate::ErrorKind::Conflict) when somebody has changed it meanwhile (`revision`), when a
    /// test would fail, or when more devices would gain or lose access than the settings let; what every call can fail with.
    pub async fn update(&self, id: PolicyId, revision: i64, changes: PolicyChanges) -> Result<Policy> {
        let input = (id, revision, changes);
        let call = self.handle.call("policy.update", &input);
        if let Some(name) = &input.2.name {
            Name::parse("name", name)?;
        }
        check_texts(input.2.description.as_ref(), input.2.destinations.as_deref().unwrap_or_default())?;
        call.write(input, |unit, (id, revision, changes)| {
            Box::pin(changing::update(unit, *id, *revision, changes))
        })
        .await
    }

    /// Takes a policy away. Its name is free again.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`policy_id`); what every call can fail with.
    pub async fn remove(&self, id: PolicyId) -> Result<()> {
        let call = self.handle.call("policy.remove", &id);
        call.write(id, |unit, id| Box::pin(changing::remove(unit, *id))).await
    }

    /// What a device may reach now, by policies alone.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`); what every call can fail with.
    pub async fn resolve(&self, device: DeviceId) -> Result<Access> {
        self.handle.read(device, |unit, device| Box::pin(asking::resolve(unit, *device))).await
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
        self.handle
            .read(input, |unit, (device, asked)| Box::pin(asking::explain(unit, *device, *asked)))
            .await
    }

    /// What would have to change for a device to reach a port of an address now.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`); what every call can fail with.
    pub async fn why_not(
        &self,
        device: DeviceId,
        address: IpAddr,
        protocol: Protocol,
        port: u16,
    ) -> Result<WhyNot> {
        let input = (device, (address, protocol, port));
        self.handle
            .read(input, |unit, (device, asked)| Box::pin(asking::why_not(unit, *device, *asked)))
            .await
    }

    /// The devices that may reach something now by policies, anything of it or all of it. Nobody reaches a place that is nowhere.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn who_can_reach(&self, asked: Destination, part: Part) -> Result<Vec<Reacher>> {
        let input = (asked, part);
        self.handle
            .read(input, |unit, (asked, part)| Box::pin(asking::who_can_reach(unit, asked, *part)))
            .await
    }

    /// How much of each of these destinations each device may reach now by policies.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn matrix(&self, destinations: Vec<Destination>) -> Result<Matrix> {
        self.handle.read(destinations, |unit, columns| Box::pin(asking::matrix(unit, columns))).await
    }

    /// What the policies say that nobody can have meant, with the devices and gateways that there are now.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn lint(&self) -> Result<Vec<Finding>> {
        self.handle.read((), |unit, ()| Box::pin(asking::lint(unit))).await
    }

    /// The policies and their tests as a text that a team keeps beside its code; see [`document`](super::document). Targets that are gone
    /// are left out.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn export_document(&self, format: DocumentFormat) -> Result<String> {
        self.handle.read(format, |unit, format| Box::pin(transfer::export(unit, *format))).await
    }

    /// What importing a text would do, and what is wrong with it, line by line.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn check_document(&self, text: &str) -> Result<DocumentReport> {
        self.handle.read(text.to_owned(), |unit, text| Box::pin(transfer::check(unit, text))).await
    }

    /// What importing a text would change for whom. Devices for whom it changes nothing are not named.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`text`) with the first thing that is wrong with it, which
    /// [`Policies::check_document`] lists; what every call can fail with.
    pub async fn preview_document(&self, text: &str) -> Result<Vec<AccessChange>> {
        self.handle.read(text.to_owned(), |unit, text| Box::pin(asking::preview(unit, text))).await
    }

    /// Whether a text says the same as what is in force: of everybody there is or could be, where [`Policies::preview_document`] asks
    /// those that there are. The first who would notice otherwise, and where: the first set is what is in force.
    ///
    /// # Errors
    /// As [`Policies::preview_document`].
    pub async fn compare_document(&self, text: &str) -> Result<Option<Counterexample>> {
        self.handle.read(text.to_owned(), |unit, text| Box::pin(asking::compare(unit, text))).await
    }

    /// Makes the policies and their tests those of a text: creates, changes and removes what that takes, by name; all of it, or nothing.
    /// A text without `tests` leaves the tests as they are and is held to them. One with a list of tests is held to those of it, and not to
    /// those that it leaves out or changes; how many that takes away is in the report, also of [`Policies::check_document`].
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`text`) with the first thing that is wrong with it, which
    /// [`Policies::check_document`] lists; [`Conflict`](crate::ErrorKind::Conflict) when a test would fail that passes now or is
    /// new, or when more devices would gain or lose access than the settings let; what every call can fail with.
    pub async fn import_document(&self, text: &str) -> Result<DocumentReport> {
        let input = text.to_owned();
        let call = self.handle.call("policy.import_document", &input);
        call.write(input, |unit, text| Box::pin(transfer::import(unit, text))).await
    }

    /// Creates a test. Whether it passes does not matter: it holds changes back only once it does.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the field, [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`),
    /// [`NotFound`](crate::ErrorKind::NotFound) (`targets`); what every call can fail with.
    pub async fn create_test(&self, test: NewPolicyTest) -> Result<PolicyTest> {
        let call = self.handle.call("policy.create_test", &test);
        let name = Name::parse("name", &test.name)?;
        call.write((name, test), |unit, (name, test)| Box::pin(changing::create_test(unit, name, test))).await
    }

    /// A page of the tests, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list_tests(&self, page: PageRequest) -> Result<Page<PolicyTest>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(changing::list_tests(unit, page))).await
    }

    /// Takes a test away.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`test_id`); what every call can fail with.
    pub async fn remove_test(&self, id: PolicyTestId) -> Result<()> {
        let call = self.handle.call("policy.remove_test", &id);
        call.write(id, |unit, id| Box::pin(changing::remove_test(unit, *id))).await
    }

    /// Runs every test now.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn run_tests(&self) -> Result<Vec<PolicyTestResult>> {
        self.handle.read((), |unit, ()| Box::pin(changing::run_tests(unit))).await
    }
}

fn check_texts(description: Option<&String>, destinations: &[Destination]) -> Result<()> {
    let of_destinations = destinations.iter().map(|destination| &destination.description);
    description.into_iter().chain(of_destinations).try_for_each(|text| check_lines("description", text))
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

/// Every living policy, and where that is what they name.
pub(crate) struct InForce {
    pub(crate) policies: Vec<Policy>,
    pub(crate) places: Places,
}

/// For resolving a device that the caller may see.
pub(crate) async fn in_force<P: Right>(unit: &mut Unit, _authorized: &Authorized<P>) -> Result<InForce> {
    policies_now(unit).await
}

/// For deciding whether a change may be made.
pub(super) async fn policies_now(unit: &mut Unit) -> Result<InForce> {
    let policies = store::every_policy(&mut unit.tx).await?;
    let places = Places::of(&policies, unit.locator())?;
    Ok(InForce { policies, places })
}
