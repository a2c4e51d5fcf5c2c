pub(crate) mod control;
pub(crate) mod namespace;
pub(crate) mod program;
pub(crate) mod traffic;
pub(crate) mod wireguard_go;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longer than anything here takes; a test that reaches it has failed.
pub(crate) const CEILING: Duration = Duration::from_secs(60);

/// When what is waited for, through whatever comes before it, must have come.
#[expect(clippy::disallowed_methods, reason = "a wait for an event has a ceiling")]
pub(crate) fn deadline() -> Instant {
    Instant::now() + CEILING
}

#[expect(clippy::disallowed_methods, reason = "a wait for an event has a ceiling")]
pub(crate) fn left_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The gateway's own addresses inside the tunnel.
pub(crate) const GATEWAY_V4: &str = "10.66.0.1";
pub(crate) const GATEWAY_V6: &str = "fd66::1";
/// Hosts behind the gateway that the device may reach.
pub(crate) const ALLOWED_V4: &str = "10.20.0.10";
pub(crate) const ALLOWED_V6: &str = "fd20::10";
/// And ones that it may not.
pub(crate) const DENIED_V4: &str = "10.20.9.10";
pub(crate) const DENIED_V6: &str = "fd20:0:0:9::10";

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The example `gateway_tun`, built beside this test.
pub(crate) fn forwarding_program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join("gateway_tun");
    assert!(program.exists(), "build it first: cargo build --example gateway_tun");
    program
}
