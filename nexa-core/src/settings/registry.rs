//! Every setting there is.

use super::model::{Definition, Kind, Writer};

/// Each as a name for the code that goes by it, and all of them as a list.
macro_rules! registry {
    ($($(#[$doc:meta])* $name:ident = $category:literal . $key:literal: $kind:expr, $default:literal, $writer:ident, $description:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: Definition = Definition {
            category: $category,
            key: $key,
            kind: $kind,
            default: $default,
            description: $description,
            writer: Writer::$writer,
        };)*

        pub(super) const ALL: &[Definition] = &[$($name),*];
    };
}

registry! {
    AUDIT_RETENTION = "audit"."retention_days": Kind::Integer { min: 0, max: 36_500 }, "0", AuditPrune,
        "How many days rows of the audit are kept once they are sealed; 0 keeps them for ever.";
    ENDPOINT = "enrolment"."endpoint": Kind::Word(&["routed", "excluded"]), "routed", Settings,
        "Whether the address of a gateway's endpoint may be among what its devices send into the tunnel; excluded suits clients that cannot keep their encrypted packets off it. A name's addresses are not known here and are not excluded.";
    LOCAL_NETWORKS = "enrolment"."local_networks": Kind::Word(&["tunnelled", "excluded"]), "tunnelled", Settings,
        "Whether a device under a full tunnel sends what is for private and link-local addresses into it, where no policy names them.";
    MAX_PREFIXES = "enrolment"."max_prefixes": Kind::Integer { min: 0, max: 100_000 }, "0", Settings,
        "The most prefixes in the AllowedIPs of a device whose platform is ios or android; 0 for as many as there are. Addresses that nobody denies are routed beside them where it takes that, and end at the gateway; there are more prefixes where what is denied needs them.";
    KEEPALIVE = "enrolment"."persistent_keepalive_seconds": Kind::Integer { min: 0, max: 65_535 }, "25", Settings,
        "How often a device sends a packet that keeps a NAT's mapping open; 0 for never.";
    ROUTES = "enrolment"."routes": Kind::Word(&["full", "exact"]), "full", Settings,
        "What a device under a full tunnel sends into it: the whole family, or only what it may reach.";
    STATE_LIFETIME = "gateway"."state_lifetime_seconds": Kind::Integer { min: 60, max: 86_400 }, "3600", Settings,
        "How long a gateway may believe a desired state without asking again.";
    SESSION_LIFETIME = "identity"."session_lifetime_seconds": Kind::Integer { min: 300, max: 31_536_000 }, "43200", Settings,
        "How long a session lasts after its person has signed in.";
    SETUP_TOKEN_LIFETIME = "identity"."setup_token_lifetime_seconds": Kind::Integer { min: 300, max: 31_536_000 }, "604800", Settings,
        "How long a setup token that is issued from now on can be redeemed.";
    INFRASTRUCTURE = "policy"."infrastructure": Kind::Word(&["granted", "policies"]), "granted", Settings,
        "Whether devices with access reach their gateway and its DNS servers whatever policies say, or only as policies say.";
    MOST_GAINING = "policy"."max_devices_gaining": Kind::Integer { min: 0, max: 1_000_000_000 }, "0", Settings,
        "How many devices one change of policies may give access to anything they could not reach; 0 for any number.";
    MOST_LOSING = "policy"."max_devices_losing": Kind::Integer { min: 0, max: 1_000_000_000 }, "0", Settings,
        "How many devices one change of policies may take access from; 0 for any number.";
    PROTECTED = "policy"."protected": Kind::Prefixes, "", Settings,
        "Prefixes that no change of policies, of their targets or of groups may give anybody access to, whatever else is right about it.";
}

pub(super) fn find(category: &str, key: &str) -> Option<&'static Definition> {
    ALL.iter().find(|known| known.category == category && known.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted_each_is_there_once_and_has_a_default_of_its_type() {
        for pair in ALL.windows(2) {
            assert!(pair[0].name() < pair[1].name(), "{} stands before {}", pair[0].name(), pair[1].name());
        }
        for known in ALL {
            assert_eq!(known.parse(known.default).as_deref(), Ok(known.default), "{}", known.name());
            assert!(known.description.ends_with('.'), "{}", known.name());
        }
    }

    #[test]
    fn a_text_of_another_type_is_refused() {
        for text in ["", "59", "86401", "1h", "+ 60", "60.0", "99999999999999999999"] {
            assert!(STATE_LIFETIME.parse(text).is_err(), "{text:?}");
        }
        assert_eq!(STATE_LIFETIME.parse("0060").unwrap(), "60", "there is one spelling");
        assert!(ROUTES.parse("Full").is_err() && ROUTES.parse("exact").is_ok());
    }
}
