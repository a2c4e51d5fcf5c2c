//! The main job, end to end, without root and without a server: a database, a first user, a gateway and a device;
//! addresses, policy and a profile; then gateway and device in one process over real UDP on loopback, an allowed
//! destination that answers and a denied one that does not, and a revocation that ends it.
//!
//! Run it with `cargo run --release --example quickstart`. Each line is a step and the time it took; the program ends
//! with an error at the first one that does not hold.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nexa_core::enrolment::{Enrolled, NewEnrolment};
use nexa_core::gateway::{Gateway, NewGateway};
use nexa_core::id::GroupId;
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, ServiceRange};
use nexa_core::runtime::{Clock as _, SystemClock, SystemRandom};
use nexa_core::tunnel::{
    AnswerFor, Event, Filter, NetStack, NetStackConfig, Tunnel, TunnelConfig, TunnelError,
};
use nexa_core::wireguard::{PrivateKey, QrCode, TerminalTheme};
use nexa_core::{ErrorKind, Handle, Nexa};

#[path = "support/steps.rs"]
mod steps;
use steps::Steps;

/// Long enough for a busy machine; nothing waits for it to pass, except to see that nobody answers.
const CEILING: Duration = Duration::from_secs(20);
/// How long a denied destination is given to answer.
const SILENCE: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<()> {
    let mut steps = Steps::new("quickstart");

    let folder = tempfile::tempdir()?;
    let nexa = Nexa::open(&format!("sqlite:{}", folder.path().join("nexa.db").display())).await?;
    let (admin, staff) = set_up(&mut steps, &nexa).await?;
    let office = open_an_office(&mut steps, &admin).await?;
    allow_and_deny(&mut steps, &admin, staff).await?;
    let (enrolled, device_key) = enrol_a_laptop(&mut steps, &admin).await?;
    explain_what_it_may_reach(&mut steps, &admin, &enrolled).await?;

    office.apply(&admin).await?;
    let server = serve(&office.behind)?;
    let laptop = Laptop::start(&enrolled, &device_key)?;
    steps.done("gateway and laptop are up in this process, over UDP on loopback");
    reach_what_is_allowed(&mut steps, &laptop)?;
    miss_what_is_denied(&mut steps, &laptop, &office)?;
    revoke(&mut steps, &nexa, &admin, &enrolled, &laptop, &office).await?;

    laptop.tunnel.close();
    laptop.net.close();
    office.tunnel.close();
    office.behind.close();
    server.join().map_err(|_| anyhow::anyhow!("the server panicked"))?;
    nexa.close().await;
    steps.done("everything is closed and every thread has ended");
    steps.finish()
}

/// The first user, signed in, and a group with them in it.
async fn set_up(steps: &mut Steps, nexa: &Nexa) -> Result<(Handle, GroupId)> {
    let setup_token = nexa.take_setup_token().context("a new database has a setup token")?;
    let first = NewUser::new("ada", "correct horse battery").display_name("Ada Lovelace");
    let ada = nexa.anonymous().identity().redeem_setup_token(setup_token.expose(), first).await?;
    let signed_in = nexa.anonymous().identity().sign_in("ada", "correct horse battery").await?;
    let admin = nexa.authenticate(signed_in.token.expose()).await?;
    steps.done(&format!("a database, and its first user {} signed in", ada.display_name));

    let staff = admin.identity().create_group(NewGroup::new("staff")).await?;
    admin.identity().add_member(staff.id, ada.id).await?;
    steps.done("a group");
    Ok((admin, staff.id))
}

/// A gateway in this process, and the network behind it.
struct Office {
    gateway: Gateway,
    tunnel: Tunnel,
    behind: NetStack,
}

async fn open_an_office(steps: &mut Steps, admin: &Handle) -> Result<Office> {
    let gateway_key = PrivateKey::generate(&SystemRandom)?;
    let gateway_addresses: [IpAddr; 2] = ["10.66.0.1".parse()?, "fd66::1".parse()?];
    let stack = NetStackConfig { answer_for: AnswerFor::Any, ..NetStackConfig::new(gateway_addresses) };
    let (behind, device) = NetStack::start(stack)?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = TunnelConfig { listen, ..TunnelConfig::new(gateway_key.clone(), Filter::deny_all()) };
    let tunnel = Tunnel::start(&config, device)?;
    let new = NewGateway::new("hq", tunnel.local_addr().to_string().parse()?, gateway_key.public_key())
        .vpn_cidr("10.66.0.0/24".parse()?)
        .vpn_cidr("fd66::/64".parse()?);
    let gateway = admin.gateways().create(new).await?;
    ensure!(gateway.addresses == gateway_addresses, "the gateway got {:?}", gateway.addresses);
    steps.done(&format!(
        "a gateway at {} with {:?}, letting nothing through yet",
        gateway.endpoint, gateway.vpn_cidrs
    ));
    Ok(Office { gateway, tunnel, behind })
}

impl Office {
    /// Brings the tunnel to what the control plane wants of it.
    async fn apply(&self, admin: &Handle) -> Result<()> {
        let state = admin.gateways().desired_state(self.gateway.id).await?;
        state.apply_to(&self.tunnel, SystemClock.now())?;
        Ok(())
    }
}

async fn allow_and_deny(steps: &mut Steps, admin: &Handle, staff: GroupId) -> Result<()> {
    let allow = NewPolicy::allow("office")
        .target(staff)
        .destination("10.20.0.0/16".parse::<Cidr>()?)
        .destination("fd20::/48".parse::<Cidr>()?);
    let deny =
        NewPolicy::deny("vault").priority(10).target(staff).destination("10.20.9.0/24".parse::<Cidr>()?);
    admin.policy().create(allow).await?;
    admin.policy().create(deny).await?;
    steps.done("staff may reach 10.20.0.0/16 and fd20::/48, but not 10.20.9.0/24");
    Ok(())
}

async fn enrol_a_laptop(steps: &mut Steps, admin: &Handle) -> Result<(Enrolled, PrivateKey)> {
    let device_key = PrivateKey::generate(&SystemRandom)?;
    let new = NewEnrolment::new("ada's laptop", device_key.public_key(), "sha256:laptop").platform("linux");
    let enrolled = admin.enrolment().enrol(new).await?;
    let profile = &enrolled.profile;
    steps.done(&format!("ada's laptop is enrolled with {:?}", profile.addresses));

    let text = profile.render(Some(&device_key))?;
    steps.show(text.expose());
    steps.show(QrCode::new(&text)?.to_terminal(TerminalTheme::LightOnDark).expose());
    steps.done("its profile, for wg-quick and for a phone's camera");
    Ok((enrolled, device_key))
}

async fn explain_what_it_may_reach(steps: &mut Steps, admin: &Handle, enrolled: &Enrolled) -> Result<()> {
    for (address, expected) in [("10.20.0.10", true), ("fd20::10", true), ("10.20.9.10", false)] {
        let why = admin.policy().explain(enrolled.device.id, address.parse()?, ServiceRange::ANY).await?;
        steps.show(&why.to_string());
        ensure!(why.is_allowed() == expected);
    }
    steps.show(&format!("AllowedIPs: {:?}", enrolled.profile.peer.allowed_ips));
    steps.done("what it may reach, and why");
    Ok(())
}

/// The device: its end of the tunnel, and a TCP/IP stack that sends into it.
struct Laptop {
    tunnel: Tunnel,
    net: NetStack,
}

impl Laptop {
    fn start(enrolled: &Enrolled, device_key: &PrivateKey) -> Result<Self> {
        let mut config = TunnelConfig::for_profile(&enrolled.profile, device_key)?;
        // A person who edits the client's configuration sends everything into the tunnel. It must not help.
        for peer in &mut config.peers {
            peer.allowed_ips = vec![Cidr::ALL_V4, Cidr::ALL_V6];
        }
        let (net, device) = NetStack::start(NetStackConfig::for_profile(&enrolled.profile))?;
        Ok(Laptop { tunnel: Tunnel::start(&config, device)?, net })
    }
}

fn reach_what_is_allowed(steps: &mut Steps, laptop: &Laptop) -> Result<()> {
    let Laptop { tunnel, net } = laptop;
    let took = net.ping("10.20.0.10".parse()?, CEILING)?;
    wait_for_handshake(tunnel)?;
    steps
        .done(&format!("a handshake, and ping 10.20.0.10 answered after {:.2} ms", took.as_secs_f64() * 1e3));
    let took = net.ping("fd20::10".parse()?, CEILING)?;
    steps.done(&format!("ping fd20::10 answered after {:.2} ms", took.as_secs_f64() * 1e3));

    for allowed in ["10.20.0.10:80", "[fd20::10]:80"] {
        let page = http_get(net, allowed.parse()?, CEILING)?;
        ensure!(page.ends_with(&format!("you reached {allowed}")), "{page:?}");
        steps.done(&format!("HTTP from {allowed} through the tunnel: 200, {} bytes", page.len()));
    }
    Ok(())
}

fn miss_what_is_denied(steps: &mut Steps, laptop: &Laptop, office: &Office) -> Result<()> {
    let dropped = office.tunnel.counters().dropped_filter;
    match http_get(&laptop.net, "10.20.9.10:80".parse()?, SILENCE) {
        Err(error) if matches!(error.downcast_ref(), Some(TunnelError::TimedOut { .. })) => {}
        other => bail!("a denied destination answered: {other:?}"),
    }
    let now_dropped = office.tunnel.counters().dropped_filter;
    ensure!(now_dropped > dropped, "the gateway dropped nothing");
    steps.done(&format!(
        "HTTP to 10.20.9.10 is not answered; the gateway dropped {} packets",
        now_dropped - dropped
    ));

    for peer in office.tunnel.peers() {
        steps.show(&format!(
            "{}: {} bytes in, {} bytes out",
            peer.public_key, peer.received_bytes, peer.sent_bytes
        ));
        ensure!(peer.received_bytes > 0 && peer.sent_bytes > 0);
    }
    steps.done("the gateway counted");
    Ok(())
}

async fn revoke(
    steps: &mut Steps,
    nexa: &Nexa,
    admin: &Handle,
    enrolled: &Enrolled,
    laptop: &Laptop,
    office: &Office,
) -> Result<()> {
    admin.devices().revoke(enrolled.device.id).await?;
    office.apply(admin).await?;
    ensure!(office.tunnel.peers().is_empty());
    ensure!(matches!(laptop.net.ping("10.20.0.10".parse()?, SILENCE), Err(TunnelError::TimedOut { .. })));
    let refused = nexa.authenticate(enrolled.token.expose()).await;
    ensure!(refused.err().map(|error| error.kind()) == Some(ErrorKind::Unauthenticated));
    steps.done("the laptop is revoked: the tunnel is silent and its token is refused");
    Ok(())
}

/// Answers HTTP on port 80 for every address behind the gateway, until the stack is closed.
fn serve(behind: &NetStack) -> Result<std::thread::JoinHandle<()>> {
    let listener = behind.listen(80)?;
    Ok(std::thread::spawn(move || {
        while let Ok(mut stream) = listener.accept(None) {
            let mut request = [0; 1024];
            let body = format!("you reached {}", stream.local_addr());
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            // A client that went away loses its answer; the next one is served all the same.
            let _ = stream.read(&mut request).and_then(|_| stream.write_all(answer.as_bytes()));
        }
    }))
}

fn http_get(net: &NetStack, from: SocketAddr, timeout: Duration) -> Result<String> {
    let mut stream = net.connect(from, timeout)?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {from}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

fn wait_for_handshake(tunnel: &Tunnel) -> Result<()> {
    loop {
        match tunnel.next_event(CEILING)? {
            Some(Event::HandshakeCompleted { .. }) => return Ok(()),
            Some(_) => {}
            None => bail!("no handshake"),
        }
    }
}
