use std::fs::{File, OpenOptions};
use std::io;

use rustix::io::Errno;

use super::PacketDevice;
use super::fd::PacketFd;
use super::ioctl::create_interface;
use super::rtnetlink::{Change, RtNetlink};
use crate::net::{Cidr, InterfaceAddress};
use crate::tunnel::error::TunnelError;
use crate::tunnel::{DEFAULT_MTU, MAX_MTU, MIN_MTU};

/// The room for an interface's name and the NUL behind it (`linux/if.h`).
pub(super) const IFNAMSIZ: usize = 16;
const DEVICE: &str = "/dev/net/tun";
const CAP_NET_ADMIN: &str = "the capability CAP_NET_ADMIN, which root has";

/// A network interface to create.
#[derive(Clone, Debug)]
pub struct TunConfig {
    /// Its name; `None` lets the kernel choose a free one, `nexa0` and so on.
    pub name: Option<String>,
    /// The longest packet, in bytes.
    pub mtu: usize,
    /// Its own addresses. Each comes with a route to its network.
    pub addresses: Vec<InterfaceAddress>,
    /// What else the system sends into it.
    pub routes: Vec<Cidr>,
}

impl Default for TunConfig {
    /// The usual MTU, and nothing else.
    fn default() -> Self {
        TunConfig { name: None, mtu: DEFAULT_MTU, addresses: Vec::new(), routes: Vec::new() }
    }
}

/// A Linux network interface whose packets this program reads and writes.
///
/// Creating one takes CAP_NET_ADMIN in the network namespace of the calling thread, which is where the interface
/// appears. Dropping it, or the program's end, however it comes, removes the interface with its addresses and routes.
#[derive(Debug)]
pub struct TunDevice {
    packets: PacketFd,
    name: String,
    mtu: usize,
}

impl TunDevice {
    /// Creates the interface, gives it its addresses and routes, and brings it up.
    ///
    /// # Errors
    /// [`TunnelError::InterfaceName`] and [`TunnelError::MtuOutOfRange`] for what no interface can have,
    /// [`TunnelError::InterfaceInUse`], [`TunnelError::NotPermitted`] and [`TunnelError::NoTun`];
    /// [`TunnelError::Interface`] for what else the kernel refuses, such as a route that exists. Then nothing is left
    /// behind.
    pub fn create(config: &TunConfig) -> Result<Self, TunnelError> {
        let name = InterfaceName::parse(config.name.as_deref())?;
        if !(MIN_MTU..=MAX_MTU).contains(&config.mtu) {
            return Err(TunnelError::MtuOutOfRange { mtu: config.mtu });
        }
        let file = open()?;
        let name = create_interface(&file, &name).map_err(|source| not_created(&name, source))?;
        set_up(&name, config)?;
        let packets = PacketFd::new(file).map_err(|source| TunnelError::Device { source })?;
        Ok(TunDevice { packets, name, mtu: config.mtu })
    }

    /// The interface's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl PacketDevice for TunDevice {
    fn read(&self, packet: &mut [u8]) -> Result<usize, TunnelError> {
        self.packets.read(packet)
    }

    fn write(&self, packet: &[u8]) -> Result<(), TunnelError> {
        self.packets.write(packet)
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn close(&self) {
        self.packets.close();
    }
}

/// What the kernel takes for an interface's name.
pub(super) struct InterfaceName(String);

impl InterfaceName {
    fn parse(name: Option<&str>) -> Result<Self, TunnelError> {
        let Some(name) = name else { return Ok(InterfaceName("nexa%d".to_owned())) };
        // A `%` would be a pattern for the kernel to complete.
        let is_allowed = |byte: u8| !matches!(byte, b'/' | b':' | b'%' | 0) && !byte.is_ascii_whitespace();
        let fits = (1..IFNAMSIZ).contains(&name.len());
        if fits && name != "." && name != ".." && name.bytes().all(|byte| is_allowed(byte) && byte != 0x0b) {
            return Ok(InterfaceName(name.to_owned()));
        }
        Err(TunnelError::InterfaceName { name: name.to_owned() })
    }

    /// With NULs to its end, of which there is at least one.
    pub(super) fn padded(&self) -> [u8; IFNAMSIZ] {
        let mut padded = [0; IFNAMSIZ];
        padded.iter_mut().zip(self.0.bytes()).for_each(|(place, byte)| *place = byte);
        padded
    }
}

fn open() -> Result<File, TunnelError> {
    let opened = OpenOptions::new().read(true).write(true).open(DEVICE);
    opened.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => TunnelError::NoTun { source },
        io::ErrorKind::PermissionDenied => TunnelError::NotPermitted {
            operation: "opening /dev/net/tun",
            missing: "read and write access to it",
            source,
        },
        // The node is there and no driver behind it.
        _ if source.raw_os_error() == Some(Errno::NODEV.raw_os_error()) => TunnelError::NoTun { source },
        _ => TunnelError::Device { source },
    })
}

fn not_created(name: &InterfaceName, source: io::Error) -> TunnelError {
    match source.kind() {
        io::ErrorKind::ResourceBusy => TunnelError::InterfaceInUse { name: name.0.clone() },
        io::ErrorKind::PermissionDenied => TunnelError::NotPermitted {
            operation: "creating a network interface",
            missing: CAP_NET_ADMIN,
            source,
        },
        // What the kernel keeps for itself, such as `all`, or a byte that it takes for a space.
        io::ErrorKind::InvalidInput => TunnelError::InterfaceName { name: name.0.clone() },
        _ => failed(&name.0, "creating it", source),
    }
}

fn set_up(name: &str, config: &TunConfig) -> Result<(), TunnelError> {
    let socket = |source: io::Error| failed(name, "opening rtnetlink", source);
    let mut netlink = RtNetlink::open().map_err(socket)?;
    let index = netlink.index(name).map_err(|source| failed(name, "looking its index up", source))?;
    let mtu = u32::try_from(config.mtu).map_err(|_| TunnelError::MtuOutOfRange { mtu: config.mtu })?;
    let mut apply = |operation: String, change: &Change| {
        netlink.change(change).map_err(|source| refused(name, operation, source))
    };
    apply("bringing it up".to_owned(), &Change::bring_up(index, mtu))?;
    for address in &config.addresses {
        apply(format!("adding the address {address}"), &Change::add_address(index, address))?;
    }
    for route in &config.routes {
        apply(format!("adding the route {route}"), &Change::add_route(index, route))?;
    }
    Ok(())
}

fn refused(name: &str, operation: String, source: io::Error) -> TunnelError {
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PERM) => TunnelError::NotPermitted {
            operation: "setting a network interface up",
            missing: CAP_NET_ADMIN,
            source,
        },
        // Of an address the kernel says so whoever asks.
        Some(Errno::ACCESS) => {
            failed(name, format!("{operation} (net.ipv6.conf.*.disable_ipv6 can forbid it)"), source)
        }
        _ => failed(name, operation, source),
    }
}

fn failed(name: &str, operation: impl Into<String>, source: io::Error) -> TunnelError {
    TunnelError::Interface { name: name.to_owned(), operation: operation.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::error::ErrorKind;

    #[test]
    fn an_interface_name_is_what_the_kernel_takes() {
        for name in ["nexa0", "wg-hq.1", "fifteen-bytes-x"] {
            assert_eq!(InterfaceName::parse(Some(name)).unwrap().0, name);
        }
        for name in ["", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\0", "wg%d", "sixteen-bytes-xx"] {
            let error = Error::from(InterfaceName::parse(Some(name)).err().unwrap());
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("name")), "{name:?}");
        }
    }

    #[test]
    fn an_impossible_mtu_is_refused_before_anything_is_created() {
        let config = TunConfig { mtu: 576, ..TunConfig::default() };
        assert!(matches!(TunDevice::create(&config), Err(TunnelError::MtuOutOfRange { mtu: 576 })));
    }

    #[test]
    fn what_the_kernel_forbids_is_forbidden_and_says_what_is_missing() {
        let name = InterfaceName::parse(Some("nexa0")).unwrap();
        let error: Error =
            not_created(&name, io::Error::from_raw_os_error(Errno::PERM.raw_os_error())).into();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(error.to_string().contains("CAP_NET_ADMIN"), "{error}");
        let error: Error =
            not_created(&name, io::Error::from_raw_os_error(Errno::BUSY.raw_os_error())).into();
        assert_eq!((error.kind(), error.field()), (ErrorKind::AlreadyExists, Some("name")));
    }
}
