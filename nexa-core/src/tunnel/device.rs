//! Where packets come from and go to: a TUN interface, the network stack of this crate, or memory.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::TunnelError;

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

/// One of two ends between which packets go through memory, with room for a fixed number each way.
#[derive(Debug)]
pub struct MemoryDevice {
    incoming: Arc<PacketQueue>,
    outgoing: Arc<PacketQueue>,
    mtu: usize,
}

impl MemoryDevice {
    /// Two ends; what is written to one is read from the other. `capacity` packets wait each way.
    #[must_use]
    pub fn pair(mtu: usize, capacity: usize) -> (MemoryDevice, MemoryDevice) {
        let (here, there) = (Arc::new(PacketQueue::new(capacity)), Arc::new(PacketQueue::new(capacity)));
        let one = MemoryDevice { incoming: Arc::clone(&here), outgoing: Arc::clone(&there), mtu };
        (one, MemoryDevice { incoming: there, outgoing: here, mtu })
    }

    /// Waits at most `timeout` for a packet.
    ///
    /// # Errors
    /// [`TunnelError::TimedOut`] and [`TunnelError::Closed`].
    pub fn read_timeout(&self, timeout: Duration) -> Result<Vec<u8>, TunnelError> {
        self.incoming.pop(Some(timeout))
    }
}

impl PacketDevice for MemoryDevice {
    fn read(&self, packet: &mut [u8]) -> Result<usize, TunnelError> {
        self.incoming.pop(None).map(|next| copy_cut(&next, packet))
    }

    fn write(&self, packet: &[u8]) -> Result<(), TunnelError> {
        self.outgoing.push(packet.to_vec())
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn close(&self) {
        self.incoming.close();
        self.outgoing.close();
    }
}

impl Drop for MemoryDevice {
    fn drop(&mut self) {
        self.close();
    }
}

/// Packets that wait, in order, up to a number.
#[derive(Debug)]
pub(super) struct PacketQueue {
    state: Mutex<QueueState>,
    readable: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct QueueState {
    packets: VecDeque<Vec<u8>>,
    closed: bool,
}

impl PacketQueue {
    pub(super) fn new(capacity: usize) -> Self {
        let state = QueueState { packets: VecDeque::new(), closed: false };
        PacketQueue { state: Mutex::new(state), readable: Condvar::new(), capacity }
    }

    pub(super) fn push(&self, packet: Vec<u8>) -> Result<(), TunnelError> {
        let mut state = self.lock();
        if state.closed {
            return Err(TunnelError::Closed);
        }
        if state.packets.len() >= self.capacity {
            return Err(TunnelError::QueueFull);
        }
        state.packets.push_back(packet);
        self.readable.notify_one();
        Ok(())
    }

    /// Waits for a packet; for ever without a timeout.
    pub(super) fn pop(&self, timeout: Option<Duration>) -> Result<Vec<u8>, TunnelError> {
        let empty = |state: &mut QueueState| state.packets.is_empty() && !state.closed;
        let state = self.lock();
        let mut state = match timeout {
            None => self.readable.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.readable.wait_timeout_while(state, timeout, empty);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        match state.packets.pop_front() {
            _ if state.closed => Err(TunnelError::Closed),
            Some(packet) => Ok(packet),
            None => Err(TunnelError::TimedOut { operation: "reading a packet" }),
        }
    }

    pub(super) fn try_pop(&self) -> Option<Vec<u8>> {
        self.lock().packets.pop_front()
    }

    pub(super) fn has_room(&self) -> bool {
        self.lock().packets.len() < self.capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().packets.is_empty()
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.readable.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies as much as fits.
pub(super) fn copy_cut(from: &[u8], to: &mut [u8]) -> usize {
    let len = from.len().min(to.len());
    for (place, byte) in to.iter_mut().zip(from) {
        *place = *byte;
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_one_end_is_read_from_the_other_until_there_is_no_room() {
        let (one, other) = MemoryDevice::pair(1420, 2);
        one.write(b"first").unwrap();
        one.write(b"second").unwrap();
        assert!(matches!(one.write(b"third"), Err(TunnelError::QueueFull)));
        let mut packet = [0; 3];
        assert_eq!(other.read(&mut packet).unwrap(), 3);
        assert_eq!(&packet, b"fir");
        assert_eq!(other.read_timeout(Duration::from_secs(9)).unwrap(), b"second");
        assert!(matches!(other.read_timeout(Duration::ZERO), Err(TunnelError::TimedOut { .. })));
    }

    #[test]
    fn closing_one_end_wakes_who_reads_from_the_other() {
        let (one, other) = MemoryDevice::pair(1420, 2);
        let reader = std::thread::spawn(move || other.read(&mut [0; 9]));
        one.close();
        assert!(matches!(reader.join().unwrap(), Err(TunnelError::Closed)));
        assert!(matches!(one.write(b"x"), Err(TunnelError::Closed)));
    }
}
