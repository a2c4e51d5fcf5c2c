//! Packets through a file descriptor, whoever opened it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::{Errno, ioctl_fionbio};

use crate::tunnel::error::TunnelError;

/// A descriptor that gives and takes one whole packet per call.
#[derive(Debug)]
pub(super) struct PacketFd {
    file: File,
    wake: OwnedFd,
    closed: AtomicBool,
}

impl PacketFd {
    /// Puts the descriptor into non-blocking mode.
    pub(super) fn new(file: File) -> io::Result<Self> {
        ioctl_fionbio(&file, true)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(PacketFd { file, wake, closed: AtomicBool::new(false) })
    }

    /// Waits for a packet; a packet that does not fit is cut.
    pub(super) fn read(&self, packet: &mut [u8]) -> Result<usize, TunnelError> {
        loop {
            if self.is_closed() {
                return Err(TunnelError::Closed);
            }
            match (&self.file).read(packet) {
                Ok(0) => return Err(device(io::ErrorKind::UnexpectedEof.into())),
                Ok(len) => return Ok(len),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(device(error)),
            }
        }
    }

    pub(super) fn write(&self, packet: &[u8]) -> Result<(), TunnelError> {
        if self.is_closed() {
            return Err(TunnelError::Closed);
        }
        match (&self.file).write(packet) {
            Ok(_) => Ok(()),
            Err(error) if is_shortage(&error) => Err(TunnelError::QueueFull),
            Err(error) => Err(device(error)),
        }
    }

    /// Every call that waits returns.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        // It fails only when it was written to so often that a reader has long been woken.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    /// Until a packet has come or the descriptor was closed.
    fn wait(&self) -> Result<(), TunnelError> {
        let readable = PollFlags::IN;
        match poll(&mut [PollFd::new(&self.file, readable), PollFd::new(&self.wake, readable)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(device(errno.into())),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

const fn device(source: io::Error) -> TunnelError {
    TunnelError::Device { source }
}

/// Whether the next packet may be taken although this one was not.
fn is_shortage(error: &io::Error) -> bool {
    let of_memory = [Errno::NOBUFS, Errno::NOMEM].map(|errno| Some(errno.raw_os_error()));
    error.kind() == io::ErrorKind::WouldBlock || of_memory.contains(&error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::sync::Arc;

    use super::*;

    /// A socket pair keeps packets apart, as a TUN interface does.
    fn pair() -> (PacketFd, UnixDatagram) {
        let (here, there) = UnixDatagram::pair().unwrap();
        (PacketFd::new(File::from(OwnedFd::from(here))).unwrap(), there)
    }

    #[test]
    fn packets_pass_one_per_call_and_a_long_one_is_cut() {
        let (fd, far) = pair();
        far.send(b"first").unwrap();
        far.send(b"second").unwrap();
        let mut packet = [0; 5];
        assert_eq!(fd.read(&mut packet).unwrap(), 5);
        assert_eq!(fd.read(&mut packet).unwrap(), 5);
        assert_eq!(&packet, b"secon");
        fd.write(b"back").unwrap();
        let mut answer = [0; 9];
        assert_eq!(far.recv(&mut answer).unwrap(), 4);
    }

    #[test]
    fn closing_wakes_who_reads_and_ends_both_ways() {
        let (fd, _far) = pair();
        let fd = Arc::new(fd);
        let reader = std::thread::spawn({
            let fd = Arc::clone(&fd);
            move || fd.read(&mut [0; 9])
        });
        fd.close();
        assert!(matches!(reader.join().unwrap(), Err(TunnelError::Closed)));
        assert!(matches!(fd.write(b"x"), Err(TunnelError::Closed)));
    }

    #[test]
    fn a_queue_without_room_refuses_and_does_not_wait() {
        let (fd, far) = pair();
        let refused = (0..100_000).find_map(|_| fd.write(&[0; 1400]).err());
        assert!(matches!(refused, Some(TunnelError::QueueFull)));
        drop(far);
    }
}
