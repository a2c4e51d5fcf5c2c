use std::net::{Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nexa_core::gateway::Gateway;
use nexa_core::page::PageRequest;
use nexa_core::runtime::{Clock as _, SystemClock, Timestamp};
use nexa_core::tunnel::{Event, Filter, TunConfig, TunDevice, Tunnel, TunnelConfig};
use nexa_core::wireguard::PrivateKey;
use nexa_core::{Handle, Nexa};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

/// How often the outbox is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How old a state may become, valid or not, before it is asked for again.
const RENEW: Duration = Duration::from_secs(10 * 60);
const PAGE: u32 = 1_000;
/// A database that does not answer fails a poll, so that the tunnel is still looked after.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Arguments {
    url: String,
    gateway: String,
    key_file: PathBuf,
    interface: Option<String>,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let arguments: Vec<_> = arguments.collect();
        let (required, interface) = match arguments.as_slice() {
            [required @ .., interface] if required.len() == 3 => (required, Some(interface.clone())),
            required => (required, None),
        };
        let [url, gateway, key_file] = required else {
            bail!("usage: gateway_tun <database URL> <gateway's name or id> <private key file> [interface]");
        };
        Ok(Arguments { url: url.clone(), gateway: gateway.clone(), key_file: key_file.into(), interface })
    }
}

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let private_key = read_key(&arguments.key_file)?;
    let nexa = open(&arguments.url).await?;
    let system = nexa.system("gateway_tun");
    let gateway = find(&system, &arguments.gateway).await?;
    ensure!(
        gateway.public_key == private_key.public_key(),
        "the key is not the gateway's {}",
        gateway.public_key
    );
    let tunnel = start(&gateway, private_key, arguments.interface)?;

    tokio::select! {
        ended = follow(&system, &gateway, &tunnel) => ended?,
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tunnel.close();
    nexa.close().await;
    println!("closed");
    Ok(())
}

fn read_key(file: &Path) -> Result<PrivateKey> {
    let shown = file.display();
    let read = || anyhow::Ok((std::fs::metadata(file)?.permissions().mode(), std::fs::read_to_string(file)?));
    let (mode, text) = read().with_context(|| format!("reading {shown}"))?;
    ensure!(mode & 0o077 == 0, "{shown} can be read by others: chmod 600 {shown}");
    text.trim().parse().with_context(|| format!("reading {shown}"))
}

/// A database that is not there is a mistake here; [`Nexa::open`] would create it.
async fn open(url: &str) -> Result<Nexa> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        ensure!(Path::new(path).exists(), "there is no database {path}");
    }
    Nexa::open(url).await.with_context(|| format!("opening {url}"))
}

async fn find(system: &Handle, name_or_id: &str) -> Result<Gateway> {
    let mut page = PageRequest::first(PAGE);
    loop {
        let gateways = system.gateways().list(page).await?;
        let is_meant = |gateway: &Gateway| gateway.name == name_or_id || gateway.id.to_string() == name_or_id;
        if let Some(gateway) = gateways.items.into_iter().find(is_meant) {
            return Ok(gateway);
        }
        let next = gateways.next.with_context(|| format!("the database has no gateway {name_or_id}"))?;
        page = PageRequest::first(PAGE).after(next);
    }
}

/// Lets nothing through yet.
fn start(gateway: &Gateway, private_key: PrivateKey, interface: Option<String>) -> Result<Tunnel> {
    let device = TunDevice::create(&TunConfig { name: interface, ..TunConfig::for_gateway(gateway)? })?;
    let name = device.name().to_owned();
    let config = TunnelConfig {
        listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, gateway.endpoint.port())),
        mtu: gateway.mtu.map_or(nexa_core::tunnel::DEFAULT_MTU, usize::from),
        ..TunnelConfig::new(private_key, Filter::deny_all())
    };
    let tunnel = Tunnel::start(&config, device)?;
    println!("{} is up on {name}, listening on UDP port {}", gateway.name, tunnel.local_addr().port());
    Ok(tunnel)
}

/// Applies the desired state whenever something has happened, whenever a policy begins or ends to count, and before the
/// one in force loses its validity. A database that does not answer is asked again; the filter closes by itself when the state in force is too old.
async fn follow(system: &Handle, gateway: &Gateway, tunnel: &Tunnel) -> Result<()> {
    let mut ticks = interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut applied = Applied { position: 0, renew_at: None };
    loop {
        ticks.tick().await;
        match tokio::time::timeout(PATIENCE, refresh(system, gateway, tunnel, applied)).await {
            Ok(Ok(now)) => applied = now,
            Ok(Err(error)) => eprintln!("cannot refresh: {error}"),
            Err(_) => eprintln!("cannot refresh: the database did not answer in time"),
        }
        while let Some(event) = tunnel.next_event(Duration::ZERO)? {
            match event {
                Event::DeviceLost { .. } | Event::SocketLost { .. } => bail!("{event:?}"),
                event => println!("{event:?}"),
            }
        }
    }
}

/// What is in force: the last event that it knows of, and when to ask again whatever happens.
#[derive(Clone, Copy)]
struct Applied {
    position: i64,
    renew_at: Option<Timestamp>,
}

async fn refresh(system: &Handle, gateway: &Gateway, tunnel: &Tunnel, applied: Applied) -> Result<Applied> {
    // The position first: what happens after it is found by the next poll, even if the state has it already.
    let position = last_position(system, applied.position).await?;
    let is_fresh = applied.renew_at.is_some_and(|at| SystemClock.now() < at);
    if position == applied.position && is_fresh {
        return Ok(applied);
    }
    let state = system.gateways().desired_state(gateway.id).await?;
    let now = SystemClock.now();
    state.apply_to(tunnel, now)?;
    println!("event {position}: {} peers, valid until {}", state.peers.len(), state.valid_until);
    let renew_at = state.valid_until.min(now.saturating_add(RENEW));
    let renew_at = state.next_change.map_or(renew_at, |edge| edge.min(renew_at));
    Ok(Applied { position, renew_at: Some(renew_at) })
}

async fn last_position(system: &Handle, mut position: i64) -> Result<i64> {
    while let Some(last) = system.events().after(position, PAGE).await?.last() {
        position = last.position;
    }
    Ok(position)
}
