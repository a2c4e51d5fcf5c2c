//! The control plane, end to end, without a tunnel: a database, a person, a gateway, a device, an allow and a deny
//! inside it, the profile that comes of them, why it is so, and what happens when the person is suspended.
//!
//! Run it with `cargo run --release --example control_tour`. Each line is a step and the time it took; the program
//! ends with an error at the first one that does not hold.

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use nexa_core::enrolment::{Enrolled, NewEnrolment};
use nexa_core::gateway::{Gateway, NewGateway};
use nexa_core::id::{GroupId, UserId};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::net::Cidr;
use nexa_core::page::PageRequest;
use nexa_core::policy::{NewPolicy, ServiceRange};
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{ErrorKind, Handle, Nexa};

#[path = "support/steps.rs"]
mod steps;
use steps::Steps;

#[tokio::main]
async fn main() -> Result<()> {
    let mut steps = Steps::new("control_tour");
    let folder = tempfile::tempdir()?;
    let nexa = Nexa::open(&format!("sqlite:{}", folder.path().join("nexa.db").display())).await?;
    steps.done("a new database on one SQLite file");

    let admin = sign_in_the_first_person(&mut steps, &nexa).await?;
    let bob = welcome_bob(&mut steps, &nexa, &admin).await?;
    let gateway = open_an_office(&mut steps, &admin, bob.staff).await?;
    let enrolled = enrol_bobs_laptop(&mut steps, &bob).await?;
    explain_what_it_may_reach(&mut steps, &bob, &enrolled).await?;
    suspend_bob(&mut steps, &nexa, &admin, &bob, &gateway, &enrolled).await?;
    tell_the_story(&mut steps, &admin).await?;

    nexa.close().await;
    steps.finish()
}

async fn sign_in_the_first_person(steps: &mut Steps, nexa: &Nexa) -> Result<Handle> {
    let setup_token = nexa.take_setup_token().context("a new database has a setup token")?;
    let first = NewUser::new("ada", "correct horse battery").display_name("Ada Lovelace");
    let ada = nexa.anonymous().identity().redeem_setup_token(setup_token.expose(), first).await?;
    let signed_in = nexa.anonymous().identity().sign_in("ada", "correct horse battery").await?;
    let admin = nexa.authenticate(signed_in.token.expose()).await?;
    steps.done(&format!("the first person is {} (uid {}) and signed in", ada.display_name, ada.uid_number));
    Ok(admin)
}

/// Somebody who is no administrator, and signed in.
struct Bob {
    id: UserId,
    staff: GroupId,
    handle: Handle,
}

async fn welcome_bob(steps: &mut Steps, nexa: &Nexa, admin: &Handle) -> Result<Bob> {
    let bob = admin.identity().create_user(NewUser::new("bob", "staple staple staple")).await?;
    let staff = admin.identity().create_group(NewGroup::new("staff")).await?;
    admin.identity().add_member(staff.id, bob.id).await?;
    let signed_in = nexa.anonymous().identity().sign_in("bob", "staple staple staple").await?;
    let handle = nexa.authenticate(signed_in.token.expose()).await?;
    steps.done("a second person, bob, in the group staff");
    Ok(Bob { id: bob.id, staff: staff.id, handle })
}

async fn open_an_office(steps: &mut Steps, admin: &Handle, staff: GroupId) -> Result<Gateway> {
    let gateway_key = PrivateKey::generate(&SystemRandom)?;
    let new = NewGateway::new("hq", "vpn.example.org:51820".parse()?, gateway_key.public_key())
        .vpn_cidr("10.66.0.0/24".parse()?)
        .vpn_cidr("fd66::/64".parse()?)
        .dns_server("10.66.0.1".parse()?);
    let gateway = admin.gateways().create(new).await?;
    steps.done(&format!("gateway {} at {} with {:?}", gateway.name, gateway.endpoint, gateway.vpn_cidrs));

    let allow = NewPolicy::allow("office").target(staff).destination("10.20.0.0/16".parse::<Cidr>()?);
    let deny =
        NewPolicy::deny("vault").priority(10).target(staff).destination("10.20.9.0/24".parse::<Cidr>()?);
    admin.policy().create(allow).await?;
    admin.policy().create(deny).await?;
    steps.done("staff may reach 10.20.0.0/16, but not 10.20.9.0/24 inside it");
    Ok(gateway)
}

async fn enrol_bobs_laptop(steps: &mut Steps, bob: &Bob) -> Result<Enrolled> {
    let device_key = PrivateKey::generate(&SystemRandom)?;
    let new = NewEnrolment::new("bob's laptop", device_key.public_key(), "sha256:laptop").platform("linux");
    let enrolled = bob.handle.enrolment().enrol(new).await?;
    steps.done(&format!("bob's laptop was enrolled with {:?}", enrolled.profile.addresses));

    let text = enrolled.profile.render(Some(&device_key))?;
    steps.show(text.expose());
    ensure!(text.expose().contains("Endpoint = vpn.example.org:51820"));
    let allowed_ips = &enrolled.profile.peer.allowed_ips;
    let reaches = |address: &str| -> Result<bool> {
        let address: IpAddr = address.parse()?;
        Ok(allowed_ips.iter().any(|cidr| cidr.contains(address)))
    };
    ensure!(reaches("10.20.1.1")? && !reaches("10.20.9.1")? && !reaches("10.30.0.1")?);
    steps.done(&format!("the profile routes {} prefixes around the hole", allowed_ips.len()));
    Ok(enrolled)
}

async fn explain_what_it_may_reach(steps: &mut Steps, bob: &Bob, enrolled: &Enrolled) -> Result<()> {
    for (address, expected) in [("10.20.1.1", true), ("10.20.9.1", false), ("8.8.8.8", false)] {
        let why =
            bob.handle.policy().explain(enrolled.device.id, address.parse()?, ServiceRange::ANY).await?;
        ensure!(why.is_allowed() == expected, "{why}");
        steps.show(&why.to_string());
    }
    steps.done("each answer explained");
    Ok(())
}

async fn suspend_bob(
    steps: &mut Steps,
    nexa: &Nexa,
    admin: &Handle,
    bob: &Bob,
    gateway: &Gateway,
    enrolled: &Enrolled,
) -> Result<()> {
    let device = enrolled.device.id;
    let state = admin.gateways().desired_state(gateway.id).await?;
    ensure!(state.peers.len() == 1);
    admin.identity().suspend_user(bob.id).await?;
    let refused = bob.handle.devices().get(device).await.err().context("a suspended person was let in")?;
    ensure!(refused.kind() == ErrorKind::Unauthenticated);
    let refused = nexa.anonymous().identity().sign_in("bob", "staple staple staple").await;
    ensure!(refused.err().map(|error| error.kind()) == Some(ErrorKind::Unauthenticated));
    let refused = nexa.authenticate(enrolled.token.expose()).await;
    ensure!(refused.err().map(|error| error.kind()) == Some(ErrorKind::Unauthenticated));
    let refused = admin.enrolment().profile(device).await;
    ensure!(refused.err().map(|error| error.kind()) == Some(ErrorKind::Conflict));
    ensure!(admin.policy().resolve(device).await?.allowed.is_empty());
    ensure!(admin.gateways().desired_state(gateway.id).await?.peers.is_empty());
    steps.done("bob is suspended: session, password, device token, profile and gateway all refuse");
    Ok(())
}

async fn tell_the_story(steps: &mut Steps, admin: &Handle) -> Result<()> {
    let audit = admin.audit().list(Default::default(), PageRequest::first(100)).await?;
    for record in audit.items.iter().rev() {
        steps.show(&format!(
            "{} {:<24} {:<8} {}",
            record.created_at,
            record.event_type,
            record.status.as_str(),
            record.message
        ));
    }
    ensure!(audit.items.iter().any(|record| record.event_type == "user.suspended"));
    let events = admin.events().after(0, 1_000).await?;
    ensure!(events.iter().zip(1..).all(|(event, position)| event.position == position));
    steps.done(&format!("{} audit rows and {} events tell the story", audit.items.len(), events.len()));
    Ok(())
}
