//! Where packets come from and go to: a TUN interface, the network stack of this crate, or memory.

#[cfg(target_os = "linux")]
mod fd;
#[cfg(target_os = "linux")]
mod ioctl;
mod memory;
#[cfg(target_os = "linux")]
mod rtnetlink;
#[cfg(target_os = "linux")]
mod tun;

use super::error::TunnelError;

pub use memory::MemoryDevice;
pub(super) use memory::{PacketQueue, copy_cut};
#[cfg(target_os = "linux")]
pub use tun::{TunConfig, TunDevice};

/// Gives and takes IP packets, one per call.
///
/// [`Tunnel`](super::Tunnel) reads from one thread and writes from others.
pub trait PacketDevice: Send + Sync + 'static {
    /// Waits for a packet, puts it into `packet` and tells its length. A packet that does not fit is cut.
    ///
    /// # Errors
    /// [`TunnelError::Closed`] once the device is closed, also for a call that waits; [`TunnelError::Device`] when
    /// nothing more can be read.
    fn read(&self, packet: &mut [u8]) -> Result<usize, TunnelError>;

    /// Takes a packet, or refuses it without waiting.
    ///
    /// # Errors
    /// [`TunnelError::QueueFull`] when there is no room for it, [`TunnelError::Closed`], [`TunnelError::Device`].
    fn write(&self, packet: &[u8]) -> Result<(), TunnelError>;

    /// The longest packet it takes.
    fn mtu(&self) -> usize;

    /// Ends it. Every call that waits returns.
    fn close(&self);
}
