//! Questions about who may reach what now.

use std::collections::HashMap;
use std::net::IpAddr;

use super::access::{Infrastructure, InfrastructureRule};
use super::destination::Destination;
use super::equivalent::Counterexample;
use super::explain::{Explanation, LossReason};
use super::fleet::{Fleet, Part};
use super::lint::{Finding, Surroundings};
use super::matrix::Matrix;
use super::places::Places;
use super::resolve::Access;
use super::service::{InForce, in_force};
use super::service_range::{Protocol, ServiceRange};
use super::subject::Subject;
use super::traffic::Traffic;
use super::why_not::{Remedy, WhyNot};
use crate::actor::{Authorized, Right, Scope, right};
use crate::devices::{self, Device};
use crate::enrolment;
use crate::error::Result;
use crate::gateway::{self, Gateway};
use crate::id::{DeviceId, UserId};
use crate::identity;
use crate::net::Cidr;
use crate::settings::{self, registry};
use crate::unit::Unit;

/// A device, by what people call it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct Reacher {
    /// The device.
    pub device: DeviceId,
    /// Its user.
    pub user: UserId,
    /// The username and the device's name: `ada/laptop`.
    pub label: String,
}

pub(super) async fn resolve(unit: &mut Unit, device: DeviceId) -> Result<Access> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    let (_, subject, InForce { policies, places }) = about(unit, &authorized, device).await?;
    Ok(super::resolve::resolve_with(&unit.resolutions(), &subject, &policies, &places, unit.now))
}

pub(super) async fn explain(
    unit: &mut Unit,
    device: DeviceId,
    asked: (IpAddr, ServiceRange),
) -> Result<Explanation> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    let (device, subject, InForce { policies, places }) = about(unit, &authorized, device).await?;
    let infrastructure = infrastructure_of(unit, &authorized, &device).await?;
    let mut explanation = super::explain(&subject, &policies, &places, &infrastructure, asked, unit.now);
    if authorized.scope() != Scope::All {
        // Whoever asks about their own device learns of the policies that are about it, and not that there are others.
        for answer in &mut explanation.answers {
            answer.losers.retain(|loser| loser.reason != LossReason::NotTargeted);
        }
    }
    Ok(explanation)
}

pub(super) async fn why_not(
    unit: &mut Unit,
    device: DeviceId,
    asked: (IpAddr, Protocol, u16),
) -> Result<WhyNot> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    let (device, subject, InForce { policies, places }) = about(unit, &authorized, device).await?;
    let infrastructure = infrastructure_of(unit, &authorized, &device).await?;
    let mut why_not = super::why_not(&subject, &policies, &places, &infrastructure, asked, unit.now);
    if authorized.scope() != Scope::All {
        why_not.remedies.retain(|remedy| !matches!(remedy, Remedy::AddTarget(_)));
    }
    Ok(why_not)
}

/// A device that the caller may see, as policies see it, and what is in force.
async fn about(
    unit: &mut Unit,
    authorized: &Authorized<right::AccessRead>,
    device: DeviceId,
) -> Result<(Device, Subject, InForce)> {
    let device = devices::get(&mut unit.tx, authorized, device).await?;
    let subject = devices::subject(&mut unit.tx, &device).await?;
    let in_force = in_force(unit, authorized).await?;
    Ok((device, subject, in_force))
}

pub(super) async fn who_can_reach(unit: &mut Unit, asked: &Destination, part: Part) -> Result<Vec<Reacher>> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    authorized.unowned()?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    let subjects = devices::subjects(&mut unit.tx).await?;
    let asked_places = Places::located(&asked.to, unit.locator())?;
    let traffic = asked_places.traffic(asked);
    if traffic.is_empty() {
        // Everybody reaches all of nothing, which is no answer to whoever misspelled a place.
        return Ok(Vec::new());
    }
    let fleet = Fleet::resolve_with(&unit.resolutions(), &subjects, &policies, &places, unit.now);
    let labels = labels(unit).await?;
    Ok(fleet.who_can_reach(&traffic, part).into_iter().map(|subject| reacher(subject, &labels)).collect())
}

pub(super) async fn matrix(unit: &mut Unit, columns: &[Destination]) -> Result<Matrix> {
    let authorized = unit.authorize::<right::AccessRead>()?;
    authorized.unowned()?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    let subjects = devices::subjects(&mut unit.tx).await?;
    let mut asked_places = places.clone();
    for column in columns {
        asked_places.extend(Places::located(&column.to, unit.locator())?);
    }
    let fleet = Fleet::resolve_with(&unit.resolutions(), &subjects, &policies, &places, unit.now);
    let labels = labels(unit).await?;
    Ok(fleet.matrix(columns, &asked_places, |subject| reacher(subject, &labels).label))
}

pub(super) async fn lint(unit: &mut Unit) -> Result<Vec<Finding>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    let subjects = devices::subjects(&mut unit.tx).await?;
    let settings = unit.settings().await?;
    let mut gateways = Vec::new();
    for gateway in gateway::all(&mut unit.tx, &authorized).await? {
        let peers = enrolment::peers_of_gateway(&mut unit.tx, &authorized, gateway.id).await?;
        gateways.push(Surroundings {
            endpoint: gateway.endpoint.host().parse().ok(),
            infrastructure: infrastructure(&settings, &gateway)?,
            vpn_cidrs: gateway.vpn_cidrs,
            peers: peers
                .into_iter()
                .map(|peer| (peer.device, peer.addresses.into_iter().map(Cidr::host).collect()))
                .collect(),
        });
    }
    Ok(super::lint(&policies, &subjects, &gateways, &places, unit.now))
}

/// What a document would change for whom, were it imported.
pub(super) async fn preview(unit: &mut Unit, text: &str) -> Result<Vec<AccessChange>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let InForce { policies, places } = in_force(unit, &authorized).await?;
    let after = super::transfer::policies_of(unit, text, policies.clone()).await?;
    let places_after = Places::of(&after, unit.locator())?;
    let subjects = devices::subjects(&mut unit.tx).await?;
    let resolutions = unit.resolutions();
    let was = Fleet::resolve_with(&resolutions, &subjects, &policies, &places, unit.now);
    let is = Fleet::resolve_with(&resolutions, &subjects, &after, &places_after, unit.now);
    let labels = labels(unit).await?;
    let change = |difference: super::Difference<'_>| AccessChange {
        who: reacher(difference.subject, &labels),
        gained: difference.gained,
        lost: difference.lost,
    };
    Ok(was.diff(&is).into_iter().map(change).collect())
}

/// Somebody, not only of those that there are, for whom a document says something else than what is in force.
pub(super) async fn compare(unit: &mut Unit, text: &str) -> Result<Option<Counterexample>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let InForce { policies, .. } = in_force(unit, &authorized).await?;
    let after = super::transfer::policies_of(unit, text, policies.clone()).await?;
    let places = Places::of(policies.iter().chain(&after), unit.locator())?;
    Ok(super::equivalent(&policies, &after, &places, unit.now).err())
}

/// What a change of policies changes for one device.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AccessChange {
    /// Whose access it is.
    pub who: Reacher,
    /// What it may reach afterwards and cannot now.
    pub gained: Traffic,
    /// What it can reach now and may not afterwards.
    pub lost: Traffic,
}

/// `ada/laptop` for every living device.
async fn labels(unit: &mut Unit) -> Result<HashMap<DeviceId, String>> {
    let users: HashMap<_, _> = identity::usernames(&mut unit.tx).await?.into_iter().collect();
    let devices = devices::names(&mut unit.tx).await?;
    let label = |(device, user, name): (DeviceId, UserId, String)| {
        let user = users.get(&user).map_or("?", |name| name.text.as_str());
        (device, format!("{user}/{name}"))
    };
    Ok(devices.into_iter().map(label).collect())
}

fn reacher(subject: &Subject, labels: &HashMap<DeviceId, String>) -> Reacher {
    let label = labels.get(&subject.device).cloned().unwrap_or_else(|| subject.device.to_string());
    Reacher { device: subject.device, user: subject.user, label }
}

/// What the built-in rule grants a device: its gateway and that gateway's DNS servers.
async fn infrastructure_of<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    device: &Device,
) -> Result<Infrastructure> {
    let settings = unit.settings().await?;
    match device.gateway_id {
        Some(id) => infrastructure(&settings, &gateway::of_peer(&mut unit.tx, authorized, id).await?),
        None => Ok(Infrastructure::default()),
    }
}

/// What the built-in rule has at a gateway, and whether it counts.
pub(crate) fn infrastructure(settings: &settings::Values, gateway: &Gateway) -> Result<Infrastructure> {
    let rule = match settings.text(&registry::INFRASTRUCTURE)?.as_str() {
        "policies" => InfrastructureRule::LeftToPolicies,
        _ => InfrastructureRule::Granted,
    };
    Ok(Infrastructure { rule, ..gateway.infrastructure() })
}
