//! Every code an error can have, and the kind it belongs to.
//!
//! One list, so that a code has one kind and one spelling: an error names its code, and its kind follows. The compiler
//! refuses a code that is not listed, and warns of one that nothing uses any more.

use super::ErrorKind;

/// Declares the codes, sorted by their spelling.
macro_rules! codes {
    ($($name:ident = $text:literal, $kind:ident;)*) => {
        /// What went wrong, finer than its kind.
        #[derive(Clone, Copy, Debug)]
        #[cfg_attr(
            not(all(feature = "sqlite", feature = "tunnel")),
            allow(dead_code, reason = "the codes are the same in every build")
        )]
        pub(crate) enum Code {
            $($name,)*
        }

        impl Code {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            pub(crate) const fn kind(self) -> ErrorKind {
                match self { $(Code::$name => ErrorKind::$kind,)* }
            }
        }

        /// Every code that [`Error::code`](super::Error::code) can have, sorted, with its kind; the same in every build.
        pub const CODES: &[(&str, ErrorKind)] = &[$(($text, ErrorKind::$kind)),*];
    };
}

codes! {
    AccessDeadlinePassed = "access.deadline_passed", Cancelled;
    AccessForbidden = "access.forbidden", Forbidden;
    AccessNotHeld = "access.not_held", Forbidden;
    AccessUnauthenticated = "access.unauthenticated", Unauthenticated;
    CallPanicked = "call.panicked", Internal;
    ConfBadValue = "conf.bad_value", InvalidInput;
    ConfEncoding = "conf.encoding", InvalidInput;
    ConfNoPublicKey = "conf.no_public_key", InvalidInput;
    ConfSyntax = "conf.syntax", InvalidInput;
    ConfTooLong = "conf.too_long", InvalidInput;
    ConfUnknownKey = "conf.unknown_key", InvalidInput;
    ConfUnknownSection = "conf.unknown_section", InvalidInput;
    DbBusy = "db.busy", Locked;
    DbClosed = "db.closed", Closed;
    DbConstraint = "db.constraint", Conflict;
    DbContended = "db.contended", Locked;
    DbCorrupt = "db.corrupt", Corrupt;
    DbDriver = "db.driver", Internal;
    DbForeign = "db.foreign", Corrupt;
    DbFull = "db.full", Unavailable;
    DbNewer = "db.newer", Unsupported;
    DbNoPlace = "db.no_place", InvalidInput;
    DbNotAdmitted = "db.not_admitted", InvalidInput;
    DbNotBuilt = "db.not_built", Unsupported;
    DbNotPortable = "db.not_portable", Internal;
    DbNotServing = "db.not_serving", Unavailable;
    DbNotTrusted = "db.not_trusted", InvalidInput;
    DbNotWritable = "db.not_writable", Unavailable;
    DbOutcomeUnknown = "db.outcome_unknown", Unavailable;
    DbUnique = "db.unique", AlreadyExists;
    DbUnreachable = "db.unreachable", Unavailable;
    DevicesFingerprintTaken = "devices.fingerprint_taken", AlreadyExists;
    DevicesKeyTaken = "devices.key_taken", AlreadyExists;
    DevicesNotActive = "devices.not_active", Conflict;
    DevicesNotFound = "devices.not_found", NotFound;
    GatewayAhead = "gateway.ahead", InvalidInput;
    GatewayKeyTaken = "gateway.key_taken", AlreadyExists;
    GatewayNameTaken = "gateway.name_taken", AlreadyExists;
    GatewayNoneActive = "gateway.none_active", NotFound;
    GatewayNotFound = "gateway.not_found", NotFound;
    IdempotencyOtherInput = "idempotency.other_input", Conflict;
    IdempotencyOtherVersion = "idempotency.other_version", Conflict;
    IdentityAlreadyMember = "identity.already_member", AlreadyExists;
    IdentityAlreadySetUp = "identity.already_set_up", Conflict;
    IdentityBadToken = "identity.bad_token", Unauthenticated;
    IdentityEmailTaken = "identity.email_taken", AlreadyExists;
    IdentityGroupNameTaken = "identity.group_name_taken", AlreadyExists;
    IdentityGroupNotFound = "identity.group_not_found", NotFound;
    IdentityLastAdministrator = "identity.last_administrator", Conflict;
    IdentityNotAMember = "identity.not_a_member", NotFound;
    IdentityPasswordHash = "identity.password_hash", Corrupt;
    IdentityPasswordQueueFull = "identity.password_queue_full", Throttled;
    IdentitySignInRefused = "identity.sign_in_refused", Unauthenticated;
    IdentityUserNotActive = "identity.user_not_active", Conflict;
    IdentityUserNotFound = "identity.user_not_found", NotFound;
    IdentityUsernameTaken = "identity.username_taken", AlreadyExists;
    InputInvalid = "input.invalid", InvalidInput;
    IpamAllocationNotFound = "ipam.allocation_not_found", NotFound;
    IpamBuiltinReservation = "ipam.builtin_reservation", Conflict;
    IpamDelegated = "ipam.delegated", Conflict;
    IpamExhausted = "ipam.exhausted", Exhausted;
    IpamGatewaysPool = "ipam.gateways_pool", Conflict;
    IpamHeldByDevice = "ipam.held_by_device", Conflict;
    IpamHolderHasAnother = "ipam.holder_has_another", Conflict;
    IpamImportConflicts = "ipam.import_conflicts", Conflict;
    IpamNotInPool = "ipam.not_in_pool", InvalidInput;
    IpamNothingAssignable = "ipam.nothing_assignable", InvalidInput;
    IpamOutsideInUse = "ipam.outside_in_use", Conflict;
    IpamOverlap = "ipam.overlap", Conflict;
    IpamPartlyFree = "ipam.partly_free", Conflict;
    IpamPoolInUse = "ipam.pool_in_use", Conflict;
    IpamPoolNameTaken = "ipam.pool_name_taken", AlreadyExists;
    IpamPoolNotFound = "ipam.pool_not_found", NotFound;
    IpamRaced = "ipam.raced", Locked;
    IpamReservationNotFound = "ipam.reservation_not_found", NotFound;
    IpamReserved = "ipam.reserved", Conflict;
    IpamResting = "ipam.resting", Conflict;
    IpamStaleGeneration = "ipam.stale_generation", Conflict;
    IpamTaken = "ipam.taken", Conflict;
    PolicyDocumentInvalid = "policy.document_invalid", InvalidInput;
    PolicyEmptyWindow = "policy.empty_window", InvalidInput;
    PolicyNameTaken = "policy.name_taken", AlreadyExists;
    PolicyNotFound = "policy.not_found", NotFound;
    PolicyPlaceUnknown = "policy.place_unknown", Unavailable;
    PolicyPriorityOutOfRange = "policy.priority_out_of_range", InvalidInput;
    PolicyProtected = "policy.protected", Conflict;
    PolicyStale = "policy.stale", Conflict;
    PolicyTargetNotFound = "policy.target_not_found", NotFound;
    PolicyTestNameTaken = "policy.test_name_taken", AlreadyExists;
    PolicyTestNotFound = "policy.test_not_found", NotFound;
    PolicyTestsFail = "policy.tests_fail", Conflict;
    PolicyTooManyDevices = "policy.too_many_devices", Conflict;
    ProfileWrongKey = "profile.wrong_key", InvalidInput;
    QrFailed = "qr.failed", Internal;
    QrTooLong = "qr.too_long", InvalidInput;
    RuntimeEnded = "runtime.ended", Closed;
    RuntimeMissing = "runtime.missing", Closed;
    RuntimeNoRandomness = "runtime.no_randomness", Unavailable;
    SealedBadKeys = "sealed.bad_keys", InvalidInput;
    SealedDamaged = "sealed.damaged", Corrupt;
    SealedFile = "sealed.file", Unavailable;
    SealedFileExists = "sealed.file_exists", AlreadyExists;
    SealedFileMissing = "sealed.file_missing", NeedsOperator;
    SealedNoDataKey = "sealed.no_data_key", Corrupt;
    SealedNoKeys = "sealed.no_keys", InvalidInput;
    SealedProvider = "sealed.provider", Unavailable;
    SealedWrongKeys = "sealed.wrong_keys", InvalidInput;
    SettingsBadValue = "settings.bad_value", InvalidInput;
    SettingsUnknown = "settings.unknown", InvalidInput;
    SettingsUnreadable = "settings.unreadable", Corrupt;
    TunnelClosed = "tunnel.closed", Closed;
    TunnelDevice = "tunnel.device", Unavailable;
    TunnelInterface = "tunnel.interface", Unavailable;
    TunnelInterfaceInUse = "tunnel.interface_in_use", AlreadyExists;
    TunnelInterfaceName = "tunnel.interface_name", InvalidInput;
    TunnelMessageTooLong = "tunnel.message_too_long", InvalidInput;
    TunnelMtuOutOfRange = "tunnel.mtu_out_of_range", InvalidInput;
    TunnelNoSourceAddress = "tunnel.no_source_address", InvalidInput;
    TunnelNoTun = "tunnel.no_tun", Unsupported;
    TunnelNotPermitted = "tunnel.not_permitted", Forbidden;
    TunnelOwnKey = "tunnel.own_key", InvalidInput;
    TunnelPortInUse = "tunnel.port_in_use", AlreadyExists;
    TunnelPortsExhausted = "tunnel.ports_exhausted", Exhausted;
    TunnelQueueFull = "tunnel.queue_full", Exhausted;
    TunnelRefused = "tunnel.refused", Unavailable;
    TunnelReset = "tunnel.reset", Unavailable;
    TunnelSocket = "tunnel.socket", Unavailable;
    TunnelThread = "tunnel.thread", Unavailable;
    TunnelTimedOut = "tunnel.timed_out", Cancelled;
    TunnelTooManyAddresses = "tunnel.too_many_addresses", InvalidInput;
    TunnelTooManyPeers = "tunnel.too_many_peers", Exhausted;
    TunnelUnaddressable = "tunnel.unaddressable", InvalidInput;
    TunnelUnresolved = "tunnel.unresolved", Unavailable;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_is_there_once() {
        for pair in CODES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} stands before {}", pair[0].0, pair[1].0);
        }
    }

    #[test]
    fn a_code_is_a_domain_and_what_went_wrong_in_snake_case() {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        for (code, _) in CODES {
            let (domain, what) = code.split_once('.').unwrap_or_default();
            assert!(is_word(domain) && is_word(what), "{code}");
        }
    }
}
