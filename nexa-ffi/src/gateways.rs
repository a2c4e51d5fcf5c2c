//! WireGuard gateways and what they must enforce.

use nexa_core::gateway;
use nexa_core::runtime::{Clock as _, SystemClock};
use nexa_ffi_macros::{object, record};

use crate::error::{Error, Result};
use crate::ids::{DeviceId, GatewayId};
use crate::nexa::{Caller, page};
use crate::outward::Outward;
use crate::policy::Reach;
use crate::tunnel::Tunnel;
use crate::wireguard::{parsed, parsed_all};

/// A WireGuard gateway.
#[record(from = gateway::Gateway)]
pub struct Gateway {
    /// The id.
    pub id: GatewayId,
    /// The name.
    pub name: String,
    /// Where devices find it: host and UDP port.
    pub endpoint: String,
    /// Its public key, in base64.
    pub public_key: String,
    /// Where its devices' addresses come from, IPv4 before IPv6; one or two.
    pub vpn_cidrs: Vec<String>,
    /// Its own address in each of them, in the same order.
    pub addresses: Vec<String>,
    /// The DNS servers that its devices use.
    pub dns_servers: Vec<String>,
    /// The MTU of the tunnel in bytes; nothing leaves it to the device.
    pub mtu: Option<u32>,
    /// Whether devices can be enrolled at it.
    pub is_active: bool,
    /// How often its set of peers has changed.
    pub revision: i64,
    /// The latest of those revisions that it is known to have applied; nothing while it has never said.
    pub applied_revision: Option<i64>,
    /// When it last said so, in microseconds since 1970.
    pub last_sync_at: Option<i64>,
    /// When it was created, in microseconds since 1970.
    pub created_at: i64,
}

/// What the core is told one by one and a record holds as a list.
const PLURALS: &[(&str, &str)] = &[("vpn_cidr", "vpn_cidrs"), ("dns_server", "dns_servers")];

/// A gateway to create.
#[record(input)]
pub struct NewGateway {
    /// The name.
    pub name: String,
    /// Where devices find it: host and UDP port.
    pub endpoint: String,
    /// Its public key, in base64.
    pub public_key: String,
    /// Where its devices' addresses come from; one prefix per family. The gateway itself gets the lowest of each.
    pub vpn_cidrs: Vec<String>,
    /// The DNS servers for its devices.
    pub dns_servers: Option<Vec<String>>,
    /// The MTU of the tunnel in bytes.
    pub mtu: Option<u32>,
}

impl NewGateway {
    fn parse(self) -> Result<gateway::NewGateway> {
        let endpoint = parsed("endpoint", &self.endpoint)?;
        let mut new = gateway::NewGateway::new(self.name, endpoint, parsed("public_key", &self.public_key)?);
        for cidr in parsed_all("vpn_cidrs", &self.vpn_cidrs)? {
            new = new.vpn_cidr(cidr);
        }
        for address in parsed_all("dns_servers", &self.dns_servers.unwrap_or_default())? {
            new = new.dns_server(address);
        }
        if let Some(mtu) = self.mtu {
            new = new.mtu(u16::try_from(mtu).map_err(|_| Error::invalid("mtu", "is over 65535"))?);
        }
        Ok(new)
    }
}

/// One page of gateways.
#[record(from = nexa_core::page::Page<gateway::Gateway>)]
pub struct GatewayPage {
    /// The gateways, in a stable order.
    pub items: Vec<Gateway>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// What a gateway must be like now, and until when that may be believed.
#[record(from = gateway::DesiredState)]
pub struct DesiredState {
    /// The gateway.
    pub gateway: Gateway,
    /// Its peers, in the order of their keys.
    pub peers: Vec<DesiredPeer>,
    /// The moment from which nobody's access may be believed without asking again, in microseconds since 1970.
    pub valid_until: i64,
    /// The earliest moment at which time alone changes a peer's access: when it is worth asking again.
    pub next_change: Option<i64>,
}

/// One peer of a gateway.
#[record]
pub struct DesiredPeer {
    /// The device.
    pub device_id: DeviceId,
    /// Its public key, in base64.
    pub public_key: String,
    /// Whether a secret is shared beside the keys.
    pub has_preshared_key: bool,
    /// The addresses that it may send from, each as a prefix of its own.
    pub allowed_ips: Vec<String>,
    /// What it may reach. Everything else is dropped at the gateway.
    pub enforcement: Enforcement,
}

impl Outward<DesiredPeer> for gateway::DesiredPeer {
    fn outward(self) -> DesiredPeer {
        DesiredPeer {
            device_id: self.device_id.outward(),
            public_key: self.public_key.outward(),
            has_preshared_key: self.preshared_key.is_some(),
            allowed_ips: self.allowed_ips.outward(),
            enforcement: self.enforcement.outward(),
        }
    }
}

/// What a gateway lets through for one device. Replies to what was let through are let back.
#[record(from = nexa_core::policy::Enforcement)]
pub struct Enforcement {
    /// The device's addresses at this gateway.
    pub sources: Vec<String>,
    /// What it may open connections to: addresses, by protocols and ports.
    pub destinations: Vec<Reach>,
    /// The moment from which nothing may be let through on the ground of this value.
    pub valid_until: Option<i64>,
}

/// Gateways, as one caller may see and change them.
#[object(calls)]
pub struct Gateways {
    pub(crate) handle: Caller,
}

#[object]
impl Gateways {
    /// Creates a gateway with a pool of addresses for each of its prefixes.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name or key, `conflict` for a prefix that overlaps a
    /// pool.
    pub async fn create(&self, gateway: NewGateway) -> Result<Gateway> {
        let created = self.core().create(gateway.parse()?).await;
        Ok(created.map_err(|error| Error::from(error).spelled(PLURALS))?.outward())
    }

    /// One gateway.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: GatewayId) -> Result<Gateway> {
        Ok(self.core().get(id.parse()?).await?.outward())
    }

    /// The gateways, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list(&self, after: Option<String>, limit: Option<u32>) -> Result<GatewayPage> {
        Ok(self.core().list(page(after, limit)?).await?.outward())
    }

    /// What a gateway must be like now: its peers, what each may reach, and until when that may be believed.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn desired_state(&self, id: GatewayId) -> Result<DesiredState> {
        Ok(self.core().desired_state(id.parse()?).await?.outward())
    }

    /// Says that a gateway has applied a revision, which its desired state names.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`revision`) for one that the gateway does not have yet.
    pub async fn report_applied(&self, id: GatewayId, revision: i64) -> Result<()> {
        Ok(self.core().report_applied(id.parse()?, revision).await?)
    }

    /// Makes a tunnel in this program let through what the gateway's desired state says and nothing else, in one step,
    /// and returns that state. It must be done again when events arrive, at `next_change` and before `valid_until`;
    /// otherwise the gateway falls silent.
    ///
    /// # Errors
    /// `not_found`, `closed` for a tunnel that was closed.
    pub async fn apply(&self, id: GatewayId, tunnel: &Tunnel) -> Result<DesiredState> {
        let state = self.core().desired_state(id.parse()?).await?;
        tunnel.with_core(|tunnel| state.apply_to(tunnel, SystemClock.now()))?;
        Ok(state.outward())
    }
}

impl Gateways {
    fn core(&self) -> gateway::Gateways {
        self.handle.core().gateways()
    }
}
