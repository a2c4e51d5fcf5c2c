//! What is known to be missing, and why. Nothing is missing without a word here, and a word that is no longer needed
//! fails the tests.

use std::collections::BTreeSet;

/// Something of the core that does not cross, and why.
pub struct Kept {
    /// `Class.function`, `Type.field`, `Type.name`, or a class of which nothing crosses.
    pub name: &'static str,
    /// The reason.
    pub why: &'static str,
}

const fn kept(name: &'static str, why: &'static str) -> Kept {
    Kept { name, why }
}

const AS_TEXT: &str = "crosses as its text";
const BY_STATE: &str = "a gateway's peers and filter come from its desired state, by Gateways.apply";
const EACH_CALL: &str = "each call takes a timeout of its own";
const FOR_WG_QUICK: &str =
    "is for wg-quick, and Nexa's tunnels have no use for it; Conf.render writes it out again";
const NO_BYTES: &str = "a key crosses as base64";
const NO_DEVICE: &str = "a network interface of the system needs root, and a program in Rust";
const NO_ENGINE: &str = "the engine without a socket and threads is for programs in Rust";
const NO_HOOKS: &str = "commands may hold secrets, and Nexa runs none; Conf.render writes them out again";
const NO_SECRETS: &str = "a key that two peers share beside their own is only read from a configuration file";
const NO_UDP: &str = "UDP inside the tunnel does not cross: TCP and ping do";
const NOT_MADE: &str = "profiles are issued and files are read; nobody puts one together";
const USUAL: &str = "the usual size serves what runs in a program of another language";
const ROUTES: &str = "is what routes are made of, which cross as the AllowedIPs of a profile";

/// What of the core the facade has not.
pub const KEPT: &[Kept] = &[
    kept("ConfDetails.dns_search", FOR_WG_QUICK),
    kept("ConfDetails.fwmark", FOR_WG_QUICK),
    kept("ConfDetails.post_down", NO_HOOKS),
    kept("ConfDetails.post_up", NO_HOOKS),
    kept("ConfDetails.pre_down", NO_HOOKS),
    kept("ConfDetails.pre_up", NO_HOOKS),
    kept("ConfDetails.save_config", FOR_WG_QUICK),
    kept("ConfDetails.table", FOR_WG_QUICK),
    kept("ConfPeer", NOT_MADE),
    kept("Access.denied", ROUTES),
    kept("Access.named", ROUTES),
    kept("Counters.dropped", "the sum of what begins with dropped_"),
    kept("Endpoint", AS_TEXT),
    kept("Engine", NO_ENGINE),
    kept("Filter", BY_STATE),
    kept("FilterRule", BY_STATE),
    kept("GatewayOptions.answer_for", "a gateway answers for every address behind it"),
    kept("GatewayOptions.filter", BY_STATE),
    kept("GatewayOptions.peers", BY_STATE),
    kept("GatewayOptions.tcp_buffer", USUAL),
    kept("HookCommand", NO_HOOKS),
    kept("MemoryDevice", "takes packets from a program's own code, which is in Rust"),
    kept("NetStack.bind_udp", NO_UDP),
    kept("Nexa.builder", "takes a clock and a source of random bytes, which are the host's in Rust alone"),
    kept(
        "Nexa.repeats",
        "a measure of transactions, for programs in Rust until there is a hook for all measures",
    ),
    kept("Nexa.resolutions", "a measure too, until there is a hook for all measures"),
    kept("PeerConfig", BY_STATE),
    kept("PeerId", "no operation asks for a device's entry at a gateway"),
    kept("PresharedKey", NO_SECRETS),
    kept("PrivateKey.expose", NO_BYTES),
    kept("PrivateKey.from_bytes", NO_BYTES),
    kept("Profile.new", NOT_MADE),
    kept("ProfilePeer.new", NOT_MADE),
    kept("PublicKey", NO_BYTES),
    kept("RequestContext.deadline", "crosses as the parameter timeout_ms of each call"),
    kept("SearchDomain", FOR_WG_QUICK),
    kept("TableName", FOR_WG_QUICK),
    kept("TcpStream.set_read_timeout", EACH_CALL),
    kept("TcpStream.set_write_timeout", EACH_CALL),
    kept("TunConfig", NO_DEVICE),
    kept("TunDevice", NO_DEVICE),
    kept("Tunnel.remove_peer", BY_STATE),
    kept("Tunnel.set_filter", BY_STATE),
    kept("Tunnel.set_peer", BY_STATE),
    kept("Tunnel.start_on", "an open UDP socket is the host's in Rust alone"),
    kept("TunnelOptions.addresses", "are those of the profile"),
    kept("TunnelOptions.answer_for", "a device answers at its own addresses alone"),
    kept("TunnelOptions.filter", "a device lets everything in that its gateway lets through"),
    kept("TunnelOptions.tcp_buffer", USUAL),
    kept("UdpSocket", NO_UDP),
];

/// Something of the core that crosses under another name.
pub struct Carried {
    /// The core's name of it.
    pub core: &'static str,
    /// The facade's operation, field or name.
    pub facade: &'static str,
}

const fn carried(core: &'static str, facade: &'static str) -> Carried {
    Carried { core, facade }
}

/// What the facade has under another name.
pub const CARRIED: &[Carried] = &[
    carried("Access.full_tunnel", "Access.full_tunnel_v4"),
    carried("Access.full_tunnel", "Access.full_tunnel_v6"),
    carried("Builder.open", "Nexa.open"),
    carried("Conf.to_text", "Conf.render"),
    carried("ConfDetails.interface", "ConfDetails.addresses"),
    carried("ConfDetails.private_key", "ConfDetails.public_key"),
    carried("ConfPeerDetails.preshared_key", "ConfPeerDetails.has_preshared_key"),
    carried("DesiredPeer.preshared_key", "DesiredPeer.has_preshared_key"),
    carried("DesiredState.apply_to", "Gateways.apply"),
    carried("Destination.by", "Destination.services"),
    carried("Destination.described", "Destination.description"),
    carried("GatewayOptions.private_key", "Tunnel.serve"),
    carried("NetStack.close", "Tunnel.close"),
    carried("NetStack.connect", "Tunnel.connect"),
    carried("NetStack.listen", "Tunnel.listen"),
    carried("NetStack.open_sockets", "Tunnel.open_sockets"),
    carried("NetStack.ping", "Tunnel.ping"),
    carried("NetStack.start", "Tunnel.serve"),
    carried("NetStackConfig.for_conf", "Tunnel.up_conf"),
    carried("NetStackConfig.for_profile", "Tunnel.up"),
    carried("NetStackConfig.new", "Tunnel.serve"),
    carried("NewPolicy.described", "NewPolicy.description"),
    carried("NewPolicy.inactive", "NewPolicy.is_active"),
    carried("NewPolicyTest.by", "NewPolicyTest.service"),
    carried("NewPool.reserve_range", "NewPool.reserve"),
    carried("PeerStatus.last_handshake", "PeerStatus.last_handshake_ms_ago"),
    carried("PolicyChanges.active", "PolicyChanges.is_active"),
    carried("PolicyChanges.inactive", "PolicyChanges.is_active"),
    carried("PrivateKey.to_base64", "PrivateKey.reveal"),
    carried("ProfilePeer.preshared_key", "ProfilePeer.has_preshared_key"),
    carried("QrCode.new", "Profile.qr_svg"),
    carried("QrCode.to_svg", "Profile.qr_svg"),
    carried("QrCode.to_terminal", "Profile.qr_terminal"),
    carried("RequestContext.idempotency_key", "Handle.with_idempotency_key"),
    carried("TcpStream.shutdown", "TcpStream.finish"),
    carried("Tunnel.replace", "Gateways.apply"),
    carried("Tunnel.start", "Tunnel.serve"),
    carried("TunnelConfig.for_conf", "Tunnel.up_conf"),
    carried("TunnelConfig.for_profile", "Tunnel.up"),
    carried("TunnelConfig.new", "Tunnel.serve"),
    carried("TunnelError.code", "ErrorInfo.code"),
    carried("TunnelError.kind", "ErrorInfo.kind"),
    carried("TunnelOptions.peers", "TunnelOptions.allowed_ips"),
    carried("TunnelOptions.private_key", "Tunnel.up"),
    carried("Verdict.dns", "Verdict.infrastructure_dns"),
    carried("Verdict.gateway", "Verdict.infrastructure_gateway"),
    carried("Verdict.infrastructure", "Verdict.infrastructure_gateway"),
    carried("bring_up", "Tunnel.up"),
];

/// A part of the core that a value can be made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The public fields of a struct.
    Fields(&'static str),
    /// The names of an enum.
    Names(&'static str),
    /// The named fields inside an enum, whichever of its names has them.
    Said(&'static str),
}

/// A value of the facade that is made by hand of something in the core.
pub struct MadeOf {
    /// The facade's name of it.
    pub name: &'static str,
    /// Everything in there that it must say.
    pub of: &'static [Part],
}

/// What each value is made of whose declaration does not say so and whose name is not the core's.
pub const MADE_OF: &[MadeOf] = &[
    MadeOf { name: "ConfDetails", of: &[Part::Fields("Conf"), Part::Fields("ConfInterface")] },
    MadeOf { name: "ConfPeerDetails", of: &[Part::Fields("ConfPeer")] },
    MadeOf { name: "GatewayOptions", of: &[Part::Fields("TunnelConfig"), Part::Fields("NetStackConfig")] },
    MadeOf { name: "RemedyKind", of: &[Part::Names("Remedy")] },
    MadeOf { name: "TargetType", of: &[Part::Names("Target")] },
    MadeOf { name: "TunnelEvent", of: &[Part::Said("Event")] },
    MadeOf { name: "TunnelEventType", of: &[Part::Names("Event")] },
    MadeOf { name: "TunnelOptions", of: &[Part::Fields("TunnelConfig"), Part::Fields("NetStackConfig")] },
    MadeOf { name: "Verdict", of: &[Part::Names("Verdict"), Part::Names("InfrastructurePart")] },
];

/// A value of the facade that says something in a shape of its own, and why.
pub struct OwnShape {
    /// The facade's name of it.
    pub name: &'static str,
    /// The reason.
    pub why: &'static str,
}

/// Values that are made of nothing in the core.
pub const OWN_SHAPE: &[OwnShape] = &[
    OwnShape { name: "AuditPublicKey", why: "names the two parts of what is a pair in the core" },
    OwnShape { name: "ErrorInfo", why: "says by fields what the core's error says by its functions" },
    OwnShape {
        name: "HeatMap",
        why: "says by fields what the core's map says by its functions, and is a picture already",
    },
    OwnShape { name: "Target", why: "an id and, by TargetType, of what; in the core an enum of ids" },
    OwnShape {
        name: "PolicyFinding",
        why: "says in words what each kind of finding has in fields of its own",
    },
    OwnShape {
        name: "Reach",
        why: "is one part of a set of addresses and services, which are functions of a set in the core",
    },
    OwnShape { name: "Remedy", why: "has one field for the policy that most remedies are about" },
];

/// An operation that no scenario of `tests/parity` calls, and why.
pub struct Uncalled {
    /// `Class.method`, or a function's name.
    pub name: &'static str,
    /// The reason.
    pub why: &'static str,
}

/// What the scenarios leave out.
pub const UNCALLED: &[Uncalled] = &[
    Uncalled { name: "shutdown", why: "ends everything in the process; each language's own tests call it" },
    Uncalled { name: "version", why: "a step calls a method; each language's own tests call it" },
];

/// Something that a language says in its own way.
pub struct Own {
    /// The language.
    pub language: &'static str,
    /// `Type` or `Type.member`.
    pub name: &'static str,
    /// What stands in its place.
    pub instead: &'static str,
}

/// What a language has something better for.
pub const OWN: &[Own] =
    &[Own { language: "node", name: "CancelHandle", instead: "an AbortSignal, as `signal` of each call" }];

/// A language that lags behind.
pub struct Lag {
    /// The language; Python and Node never lag.
    pub language: &'static str,
    /// `Type` or `Type.member`.
    pub name: &'static str,
    /// The day it was put here, as `2026-11-25`.
    pub since: &'static str,
    /// What it waits for.
    pub why: &'static str,
}

/// What a language is allowed to lack for now.
pub const LAGS: &[Lag] = &[];

/// What is wrong with a lag, if anything.
#[must_use]
pub fn wrong(lag: &Lag) -> Option<&'static str> {
    if ["python", "node"].contains(&lag.language) {
        return Some("this language never lags");
    }
    if !is_day(lag.since) {
        return Some("its day is none");
    }
    lag.why.is_empty().then_some("it has no reason")
}

/// Whether a text is a day such as `2026-11-25`.
#[must_use]
pub fn is_day(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |text: &str, len| {
        let fits = text.len() == len && text.bytes().all(|digit| digit.is_ascii_digit());
        if fits { text.parse().unwrap_or(0) } else { 0 }
    };
    let (year, month, day): (u32, u32, u32) = (number(year, 4), number(month, 2), number(day, 2));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
}

/// The names that a language may lack.
#[must_use]
pub fn may_lack(language: &str) -> BTreeSet<String> {
    let own = OWN.iter().filter(|own| own.language == language).map(|own| own.name);
    let lags = LAGS.iter().filter(|lag| lag.language == language).map(|lag| lag.name);
    own.chain(lags).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for day in ["2026-11-25", "2028-02-29", "2026-12-31"] {
            assert!(is_day(day), "{day}");
        }
        for none in
            ["2026-11", "2026-13-01", "2026-02-29", "2026-00-10", "2026-04-31", "2026-1a-01", "20261-1-25"]
        {
            assert!(!is_day(none), "{none}");
        }
    }

    #[test]
    fn a_lag_needs_a_language_that_may_a_day_and_a_reason() {
        let right = || Lag { language: "swift", name: "Conf", since: "2026-11-25", why: "a reason" };
        assert_eq!(wrong(&right()), None);
        assert!(wrong(&Lag { language: "node", ..right() }).is_some());
        assert!(wrong(&Lag { since: "2026-11-31", ..right() }).is_some());
        assert!(wrong(&Lag { why: "", ..right() }).is_some());
    }
}
