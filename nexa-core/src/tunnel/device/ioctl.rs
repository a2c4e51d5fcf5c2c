//! The one call of this crate that no library offers in a safe form: asking the kernel for a TUN interface, and what
//! it gave. Nothing else belongs here.

#![allow(unsafe_code, reason = "see the module's documentation")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::libc;

use super::tun::InterfaceName;

/// `linux/if_tun.h`.
const IFF_TUN: u16 = 0x0001;
const IFF_TAP: u16 = 0x0002;
const IFF_NO_PI: u16 = 0x1000;
const IFF_VNET_HDR: u16 = 0x4000;
const IFF_TUN_EXCL: u16 = 0x8000;
/// Whole packets without anything of the driver's before them.
const PLAIN: u16 = IFF_TUN | IFF_NO_PI;

/// `struct ifreq` of `linux/if.h`, as the TUN driver uses it.
#[repr(C, align(8))]
struct InterfaceRequest {
    name: [u8; libc::IFNAMSIZ],
    flags: u16,
    rest: [u8; 22],
}

const _: () = assert!(size_of::<InterfaceRequest>() >= size_of::<libc::ifreq>());

/// Makes `tun`, a fresh `/dev/net/tun`, the packet end of a new interface. Tells its name, which the kernel completes
/// where it holds `%d`.
pub(super) fn create_interface(tun: &File, name: &InterfaceName) -> io::Result<String> {
    let flags = PLAIN | IFF_TUN_EXCL;
    let mut request = InterfaceRequest { name: name.padded(), flags, rest: [0; 22] };
    exchange(tun, libc::TUNSETIFF, &mut request)?;
    exchange(tun, libc::TUNGETIFF, &mut request)?;
    if request.flags & (PLAIN | IFF_TAP | IFF_VNET_HDR) != PLAIN {
        let given = request.flags;
        return Err(io::Error::other(format!("the driver gave an interface with the flags {given:#06x}")));
    }
    let name = request.name.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(name).into_owned())
}

fn exchange(tun: &File, operation: libc::Ioctl, request: &mut InterfaceRequest) -> io::Result<()> {
    // SAFETY: TUNSETIFF and TUNGETIFF, with which alone this is called, read and write one `struct ifreq` at the
    // pointer and keep no reference to it. `InterfaceRequest` is at least as large and as aligned, all of it is
    // initialised, any bytes are a valid one, and the borrow is exclusive. `tun` is open for as long as it is borrowed.
    let result = unsafe { libc::ioctl(tun.as_raw_fd(), operation, std::ptr::from_mut(request)) };
    Errno::result(result).map(drop).map_err(io::Error::from)
}
