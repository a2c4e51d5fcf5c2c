//! The extension module `nexa._nexa`: the facade's classes under their names, and nothing else.

use pyo3::prelude::*;

/// The native half of the package `nexa`.
#[pymodule]
mod _nexa {
    #[pymodule_export]
    use nexa_ffi::audit::{
        Audit, AuditExport, AuditFilter, AuditPage, AuditProblem, AuditProblemKind, AuditPublicKey,
        AuditRecord, AuditReport, AuditSealed, AuditStatus, SignedHead,
    };
    #[pymodule_export]
    use nexa_ffi::devices::{Device, DevicePage, DeviceStatus, Devices};
    #[pymodule_export]
    use nexa_ffi::enrolment::{Enrolled, Enrolment, NewEnrolment};
    #[pymodule_export]
    use nexa_ffi::error::{ErrorInfo, ErrorKind};
    #[pymodule_export]
    use nexa_ffi::events::{Event, EventStream, Events};
    #[pymodule_export]
    use nexa_ffi::gateways::{
        DesiredPeer, DesiredState, Enforcement, Gateway, GatewayPage, Gateways, NewGateway,
    };
    #[pymodule_export]
    use nexa_ffi::identity::{
        Group, GroupPage, Identity, NewGroup, NewUser, SignedIn, User, UserPage, UserStatus,
    };
    #[pymodule_export]
    use nexa_ffi::ipam::{
        Allocation, AllocationPage, AllocationStatus, Claim, Finding, FindingKind, Forecast, HeatMap,
        ImportConflict, ImportFormat, ImportReport, Ipam, Move, NewPool, Pool, PoolChange, PoolKind,
        PoolPage, PoolUsage, Rebuilt, Renumbering, Reservation, ReservationPage, ReservedRange, Resize,
        Strategy,
    };
    #[pymodule_export]
    use nexa_ffi::nexa::{Handle, Nexa, RequestContext};
    #[pymodule_export]
    use nexa_ffi::policy::{
        Access, AccessChange, Answer, Bar, Counterexample, Destination, DocumentFault, DocumentFormat,
        DocumentReport, Effect, Explanation, Extent, Loser, LossReason, Matrix, MatrixRow, NewPolicy,
        NewPolicyTest, Part, Policies, Policy, PolicyChanges, PolicyFinding, PolicyPage, PolicySummary,
        PolicyTest, PolicyTestPage, PolicyTestResult, Reach, Reacher, Remedy, RemedyKind, Target, TargetType,
        Verdict, WhyNot, Winner,
    };
    #[pymodule_export]
    use nexa_ffi::python::{shutdown, version};
    #[pymodule_export]
    use nexa_ffi::runtime::CancelHandle;
    #[pymodule_export]
    use nexa_ffi::sealed::{DataKeyRecord, Purpose, Rotation, Sealing};
    #[pymodule_export]
    use nexa_ffi::settings::{Setting, Settings};
    #[pymodule_export]
    use nexa_ffi::tunnel::{
        Counters, GatewayOptions, PeerStatus, TcpListener, TcpStream, Tunnel, TunnelEvent, TunnelEventType,
        TunnelOptions,
    };
    #[pymodule_export]
    use nexa_ffi::wireguard::{
        Conf, ConfDetails, ConfPeerDetails, PrivateKey, Profile, ProfileDetails, ProfilePeer, Secret,
        TerminalTheme,
    };
}
