use rustix::process::Signal;

use crate::support::control::Control;
use crate::support::namespace::Namespace;
use crate::support::program::Program;
use crate::support::traffic::{arrives_only_at, transfer};
use crate::support::wireguard_go::WireGuardGo;
use crate::support::{ALLOWED_V4, ALLOWED_V6, DENIED_V4, DENIED_V6, forwarding_program, ip};

/// A device, a gateway whose kernel forwards, and a network behind it, as three machines.
struct Site {
    device: Namespace,
    gateway: Namespace,
    behind: Namespace,
}

impl Site {
    fn new() -> Self {
        let [device, gateway, behind] = ["device", "gateway", "behind"].map(Namespace::new);
        gateway.connect("outer", &device, "outer");
        gateway.connect("inner", &behind, "inner");
        gateway.add_address("outer", "198.51.100.1/24");
        device.add_address("outer", "198.51.100.2/24");
        gateway.add_address("inner", "10.20.0.1/16");
        gateway.add_address("inner", "fd20::1/48");
        for (host, bits) in [(ALLOWED_V4, 16), (DENIED_V4, 16), (ALLOWED_V6, 48), (DENIED_V6, 48)] {
            behind.add_address("inner", &format!("{host}/{bits}"));
        }
        behind.ip("route add default via 10.20.0.1");
        behind.ip("route add default via fd20::1");
        gateway.forward();
        Site { device, gateway, behind }
    }
}

#[test]
fn the_gateway_program_forwards_what_is_allowed_and_cuts_a_revoked_device_off() {
    let site = Site::new();
    let control = Control::new("198.51.100.1:51820");
    let mut command = site.gateway.command(forwarding_program().to_str().unwrap());
    let mut program =
        Program::start(command.args([&control.url(), "hq"]).arg(control.key_file()).arg("nexa-hq"));
    program.wait_for("hq is up on nexa-hq, listening on UDP port 51820");
    program.wait_for("1 peers, valid until");
    let far = WireGuardGo::start(&site.device);
    far.bring_up(&control.profile, &control.device_key);

    for (allowed, denied) in [(ip(ALLOWED_V4), ip(DENIED_V4)), (ip(ALLOWED_V6), ip(DENIED_V6))] {
        site.device.ping(allowed);
        transfer(&site.device, &site.behind, allowed);
        far.claim_everything(&control.gateway.public_key, &[denied]);
        arrives_only_at(&site.device, &site.behind, allowed, denied);
        assert!(!site.device.reaches(denied), "{denied} answered");
        assert!(
            !is_reached_from_behind(&site, &control, allowed.is_ipv4()),
            "the network behind opened a flow"
        );
    }
    println!("{}", far.wg("show INTERFACE"));

    control.revoke();
    program.wait_for("0 peers, valid until");
    for allowed in [ip(ALLOWED_V4), ip(ALLOWED_V6)] {
        assert!(!site.device.reaches(allowed), "{allowed} answered a revoked device");
    }
    program.signal(Signal::INT);
    program.wait_for("closed");
    assert!(program.wait().success());
    assert!(!site.gateway.ip("link show").contains("nexa-hq"));
}

fn is_reached_from_behind(site: &Site, control: &Control, over_ipv4: bool) -> bool {
    let own = control.profile.addresses.iter().find(|address| address.is_ipv4() == over_ipv4);
    site.behind.reaches(*own.unwrap())
}
