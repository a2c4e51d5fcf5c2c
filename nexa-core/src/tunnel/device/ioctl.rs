//! The one call of this crate that no library offers in a safe form: asking the kernel for a TUN interface, and what
//! it gave. Nothing else belongs here.

#![allow(unsafe_code, reason = "see the module's documentation")]

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io;

use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

use super::tun::{IFNAMSIZ, InterfaceName};

/// `linux/if_tun.h`. The types in it are what the driver's authors wrote; both calls take a `struct ifreq`.
const TUNSETIFF: Opcode = opcode::write::<c_int>(b'T', 202);
const TUNGETIFF: Opcode = opcode::read::<c_uint>(b'T', 210);
const IFF_TUN: u16 = 0x0001;
const IFF_TAP: u16 = 0x0002;
const IFF_NO_PI: u16 = 0x1000;
const IFF_VNET_HDR: u16 = 0x4000;
const IFF_TUN_EXCL: u16 = 0x8000;
/// Whole packets without anything of the driver's before them.
const PLAIN: u16 = IFF_TUN | IFF_NO_PI;

/// `struct ifreq` of `linux/if.h`, as the TUN driver uses it: with 64-bit pointers 40 bytes long, otherwise 32.
#[repr(C, align(8))]
struct InterfaceRequest {
    name: [u8; IFNAMSIZ],
    flags: u16,
    rest: [u8; 22],
}

const _: () = assert!(size_of::<InterfaceRequest>() == 40);

/// Makes `tun`, a fresh `/dev/net/tun`, the packet end of a new interface. Tells its name, which the kernel completes
/// where it holds `%d`.
pub(super) fn create_interface(tun: &File, name: &InterfaceName) -> io::Result<String> {
    let flags = PLAIN | IFF_TUN_EXCL;
    let mut request = InterfaceRequest { name: name.padded(), flags, rest: [0; 22] };
    exchange::<TUNSETIFF>(tun, &mut request)?;
    exchange::<TUNGETIFF>(tun, &mut request)?;
    if request.flags & (PLAIN | IFF_TAP | IFF_VNET_HDR) != PLAIN {
        let given = request.flags;
        return Err(io::Error::other(format!("the driver gave an interface with the flags {given:#06x}")));
    }
    let name = request.name.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(name).into_owned())
}

fn exchange<const OPERATION: Opcode>(tun: &File, request: &mut InterfaceRequest) -> io::Result<()> {
    // SAFETY: TUNSETIFF and TUNGETIFF, with which alone this is called, read and write one `struct ifreq` at the
    // pointer and keep no reference to it. `InterfaceRequest` is at least as large and as aligned, all of it is
    // initialised, and any bytes are a valid one. `Updater` borrows it exclusively, and `ioctl` the open descriptor.
    unsafe { ioctl(tun, Updater::<OPERATION, InterfaceRequest>::new(request)) }.map_err(io::Error::from)
}
