use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use crate::tunnel::device::{PacketDevice, PacketQueue, copy_cut};
use crate::tunnel::error::TunnelError;

/// Packets that wait in each direction between the network stack and the tunnel.
const QUEUE: usize = 1_024;

/// What the network stack's thread shares with the packet device.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) to_stack: PacketQueue,
    pub(super) from_stack: PacketQueue,
    /// Raised when the stack's thread has something to do.
    pub(super) work: Flag,
}

impl Wire {
    pub(super) fn new() -> Arc<Self> {
        let (to_stack, from_stack) = (PacketQueue::new(QUEUE), PacketQueue::new(QUEUE));
        Arc::new(Wire { to_stack, from_stack, work: Flag::default() })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.to_stack.is_closed()
    }

    pub(super) fn close(&self) {
        self.to_stack.close();
        self.from_stack.close();
        self.work.raise();
    }
}

/// The tunnel's side of a [`NetStack`](super::NetStack): what the stack sends is read from it.
#[derive(Debug)]
pub struct NetStackDevice {
    pub(super) wire: Arc<Wire>,
    pub(super) mtu: usize,
}

impl PacketDevice for NetStackDevice {
    fn read(&self, packet: &mut [u8]) -> Result<usize, TunnelError> {
        let was_full = !self.wire.from_stack.has_room();
        let next = self.wire.from_stack.pop(None)?;
        if was_full {
            self.wire.work.raise();
        }
        Ok(copy_cut(&next, packet))
    }

    fn write(&self, packet: &[u8]) -> Result<(), TunnelError> {
        self.wire.to_stack.push(packet.to_vec())?;
        self.wire.work.raise();
        Ok(())
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn close(&self) {
        self.wire.close();
    }
}

impl Drop for NetStackDevice {
    fn drop(&mut self) {
        self.close();
    }
}

/// Raised by many, waited for by one.
#[derive(Debug, Default)]
pub(super) struct Flag {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    pub(super) fn raise(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }

    /// Waits until it is raised or the time is over, and lowers it.
    pub(super) fn wait(&self, timeout: Option<Duration>) {
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let lowered = |raised: &mut bool| !*raised;
        let mut raised = match timeout {
            None => self.changed.wait_while(raised, lowered).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.changed.wait_timeout_while(raised, timeout, lowered);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        *raised = false;
    }
}

/// The same wire as smoltcp sees it: at most one packet to be taken in, handed over by the stack.
pub(super) struct Link {
    pub(super) wire: Arc<Wire>,
    pub(super) received: Option<Vec<u8>>,
    pub(super) mtu: usize,
}

impl Device for Link {
    type RxToken<'a> = Received;
    type TxToken<'a> = Transmit<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Received, Transmit<'_>)> {
        let packet = self.received.take()?;
        Some((Received(packet), Transmit(&self.wire)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Transmit<'_>> {
        self.wire.from_stack.has_room().then_some(Transmit(&self.wire))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}

pub(super) struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

pub(super) struct Transmit<'a>(&'a Wire);

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        // Room was there when the token was made, and only this thread fills the queue; a closed one takes nothing.
        let _ = self.0.from_stack.push(packet);
        result
    }
}
