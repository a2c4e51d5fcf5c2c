"""Nexa: a private-network control plane that is linked, not deployed.

`Nexa.open` gives a control plane; `anonymous()`, `authenticate(token)` and `system(reason)` give handles, and the domains
hang on a handle. Every call that waits is a coroutine, takes `timeout_ms` and `cancel`, and ends when its task is
cancelled.
"""

import atexit

from nexa._nexa import Access as Access
from nexa._nexa import AccessChange as AccessChange
from nexa._nexa import Allocation as Allocation
from nexa._nexa import AllocationPage as AllocationPage
from nexa._nexa import AllocationStatus as AllocationStatus
from nexa._nexa import Answer as Answer
from nexa._nexa import Audit as Audit
from nexa._nexa import AuditExport as AuditExport
from nexa._nexa import AuditFilter as AuditFilter
from nexa._nexa import AuditPage as AuditPage
from nexa._nexa import AuditProblem as AuditProblem
from nexa._nexa import AuditProblemKind as AuditProblemKind
from nexa._nexa import AuditPublicKey as AuditPublicKey
from nexa._nexa import AuditRecord as AuditRecord
from nexa._nexa import AuditReport as AuditReport
from nexa._nexa import AuditSealed as AuditSealed
from nexa._nexa import AuditStatus as AuditStatus
from nexa._nexa import Bar as Bar
from nexa._nexa import CancelHandle as CancelHandle
from nexa._nexa import Claim as Claim
from nexa._nexa import Conf as Conf
from nexa._nexa import ConfDetails as ConfDetails
from nexa._nexa import ConfPeerDetails as ConfPeerDetails
from nexa._nexa import Counterexample as Counterexample
from nexa._nexa import Counters as Counters
from nexa._nexa import DataKeyRecord as DataKeyRecord
from nexa._nexa import DesiredPeer as DesiredPeer
from nexa._nexa import DesiredState as DesiredState
from nexa._nexa import Destination as Destination
from nexa._nexa import Device as Device
from nexa._nexa import DevicePage as DevicePage
from nexa._nexa import DeviceStatus as DeviceStatus
from nexa._nexa import Devices as Devices
from nexa._nexa import DocumentFault as DocumentFault
from nexa._nexa import DocumentFormat as DocumentFormat
from nexa._nexa import DocumentReport as DocumentReport
from nexa._nexa import Effect as Effect
from nexa._nexa import Enforcement as Enforcement
from nexa._nexa import Enrolled as Enrolled
from nexa._nexa import Enrolment as Enrolment
from nexa._nexa import ErrorInfo as ErrorInfo
from nexa._nexa import ErrorKind as ErrorKind
from nexa._nexa import Event as Event
from nexa._nexa import EventStream as EventStream
from nexa._nexa import Events as Events
from nexa._nexa import Explanation as Explanation
from nexa._nexa import Extent as Extent
from nexa._nexa import Finding as Finding
from nexa._nexa import FindingKind as FindingKind
from nexa._nexa import Forecast as Forecast
from nexa._nexa import Gateway as Gateway
from nexa._nexa import GatewayOptions as GatewayOptions
from nexa._nexa import GatewayPage as GatewayPage
from nexa._nexa import Gateways as Gateways
from nexa._nexa import Group as Group
from nexa._nexa import GroupPage as GroupPage
from nexa._nexa import Handle as Handle
from nexa._nexa import HeatMap as HeatMap
from nexa._nexa import Identity as Identity
from nexa._nexa import ImportConflict as ImportConflict
from nexa._nexa import ImportFormat as ImportFormat
from nexa._nexa import ImportReport as ImportReport
from nexa._nexa import Ipam as Ipam
from nexa._nexa import Loser as Loser
from nexa._nexa import LossReason as LossReason
from nexa._nexa import Matrix as Matrix
from nexa._nexa import MatrixRow as MatrixRow
from nexa._nexa import Move as Move
from nexa._nexa import NewEnrolment as NewEnrolment
from nexa._nexa import NewGateway as NewGateway
from nexa._nexa import NewGroup as NewGroup
from nexa._nexa import NewPolicy as NewPolicy
from nexa._nexa import NewPolicyTest as NewPolicyTest
from nexa._nexa import NewPool as NewPool
from nexa._nexa import NewUser as NewUser
from nexa._nexa import Nexa as Nexa
from nexa._nexa import Part as Part
from nexa._nexa import PeerStatus as PeerStatus
from nexa._nexa import Policies as Policies
from nexa._nexa import Policy as Policy
from nexa._nexa import PolicyChanges as PolicyChanges
from nexa._nexa import PolicyFinding as PolicyFinding
from nexa._nexa import PolicyPage as PolicyPage
from nexa._nexa import PolicySummary as PolicySummary
from nexa._nexa import PolicyTest as PolicyTest
from nexa._nexa import PolicyTestPage as PolicyTestPage
from nexa._nexa import PolicyTestResult as PolicyTestResult
from nexa._nexa import Pool as Pool
from nexa._nexa import PoolChange as PoolChange
from nexa._nexa import PoolKind as PoolKind
from nexa._nexa import PoolPage as PoolPage
from nexa._nexa import PoolUsage as PoolUsage
from nexa._nexa import PrivateKey as PrivateKey
from nexa._nexa import Profile as Profile
from nexa._nexa import ProfileDetails as ProfileDetails
from nexa._nexa import ProfilePeer as ProfilePeer
from nexa._nexa import Purpose as Purpose
from nexa._nexa import Reach as Reach
from nexa._nexa import Reacher as Reacher
from nexa._nexa import Rebuilt as Rebuilt
from nexa._nexa import Remedy as Remedy
from nexa._nexa import RemedyKind as RemedyKind
from nexa._nexa import Renumbering as Renumbering
from nexa._nexa import RequestContext as RequestContext
from nexa._nexa import Reservation as Reservation
from nexa._nexa import ReservationPage as ReservationPage
from nexa._nexa import ReservedRange as ReservedRange
from nexa._nexa import Resize as Resize
from nexa._nexa import Rotation as Rotation
from nexa._nexa import Sealing as Sealing
from nexa._nexa import Secret as Secret
from nexa._nexa import Setting as Setting
from nexa._nexa import Settings as Settings
from nexa._nexa import SignedHead as SignedHead
from nexa._nexa import SignedIn as SignedIn
from nexa._nexa import Strategy as Strategy
from nexa._nexa import Target as Target
from nexa._nexa import TargetType as TargetType
from nexa._nexa import TcpListener as TcpListener
from nexa._nexa import TcpStream as TcpStream
from nexa._nexa import TerminalTheme as TerminalTheme
from nexa._nexa import Tunnel as Tunnel
from nexa._nexa import TunnelEvent as TunnelEvent
from nexa._nexa import TunnelEventType as TunnelEventType
from nexa._nexa import TunnelOptions as TunnelOptions
from nexa._nexa import User as User
from nexa._nexa import UserPage as UserPage
from nexa._nexa import UserStatus as UserStatus
from nexa._nexa import Verdict as Verdict
from nexa._nexa import WhyNot as WhyNot
from nexa._nexa import Winner as Winner
from nexa._nexa import shutdown as shutdown
from nexa._nexa import version as version
from nexa.errors import NexaError as NexaError
from nexa.errors import AlreadyExists as AlreadyExists
from nexa.errors import Cancelled as Cancelled
from nexa.errors import Closed as Closed
from nexa.errors import Conflict as Conflict
from nexa.errors import Corrupt as Corrupt
from nexa.errors import Exhausted as Exhausted
from nexa.errors import Forbidden as Forbidden
from nexa.errors import Internal as Internal
from nexa.errors import InvalidInput as InvalidInput
from nexa.errors import Locked as Locked
from nexa.errors import NeedsOperator as NeedsOperator
from nexa.errors import NotFound as NotFound
from nexa.errors import Throttled as Throttled
from nexa.errors import Unauthenticated as Unauthenticated
from nexa.errors import Unavailable as Unavailable
from nexa.errors import Unsupported as Unsupported
from nexa.ids import AllocationId as AllocationId
from nexa.ids import AuditId as AuditId
from nexa.ids import DeviceId as DeviceId
from nexa.ids import GatewayId as GatewayId
from nexa.ids import GroupId as GroupId
from nexa.ids import PolicyId as PolicyId
from nexa.ids import PolicyTestId as PolicyTestId
from nexa.ids import PoolId as PoolId
from nexa.ids import ReservationId as ReservationId
from nexa.ids import RoleId as RoleId
from nexa.ids import SessionId as SessionId
from nexa.ids import UserId as UserId
from nexa.pages import Page as Page
from nexa.pages import all_of as all_of

__all__ = [
    "Access",
    "AccessChange",
    "Allocation",
    "AllocationId",
    "AllocationPage",
    "AllocationStatus",
    "AlreadyExists",
    "Answer",
    "Audit",
    "AuditExport",
    "AuditFilter",
    "AuditId",
    "AuditPage",
    "AuditProblem",
    "AuditProblemKind",
    "AuditPublicKey",
    "AuditRecord",
    "AuditReport",
    "AuditSealed",
    "AuditStatus",
    "Bar",
    "CancelHandle",
    "Cancelled",
    "Claim",
    "Closed",
    "Conf",
    "ConfDetails",
    "ConfPeerDetails",
    "Conflict",
    "Corrupt",
    "Counterexample",
    "Counters",
    "DataKeyRecord",
    "DesiredPeer",
    "DesiredState",
    "Destination",
    "Device",
    "DeviceId",
    "DevicePage",
    "DeviceStatus",
    "Devices",
    "DocumentFault",
    "DocumentFormat",
    "DocumentReport",
    "Effect",
    "Enforcement",
    "Enrolled",
    "Enrolment",
    "ErrorInfo",
    "ErrorKind",
    "Event",
    "EventStream",
    "Events",
    "Exhausted",
    "Explanation",
    "Extent",
    "Finding",
    "FindingKind",
    "Forbidden",
    "Forecast",
    "Gateway",
    "GatewayId",
    "GatewayOptions",
    "GatewayPage",
    "Gateways",
    "Group",
    "GroupId",
    "GroupPage",
    "Handle",
    "HeatMap",
    "Identity",
    "ImportConflict",
    "ImportFormat",
    "ImportReport",
    "Internal",
    "InvalidInput",
    "Ipam",
    "Locked",
    "Loser",
    "LossReason",
    "Matrix",
    "MatrixRow",
    "Move",
    "NeedsOperator",
    "NewEnrolment",
    "NewGateway",
    "NewGroup",
    "NewPolicy",
    "NewPolicyTest",
    "NewPool",
    "NewUser",
    "Nexa",
    "NexaError",
    "NotFound",
    "Page",
    "Part",
    "PeerStatus",
    "Policies",
    "Policy",
    "PolicyChanges",
    "PolicyFinding",
    "PolicyId",
    "PolicyPage",
    "PolicySummary",
    "PolicyTest",
    "PolicyTestId",
    "PolicyTestPage",
    "PolicyTestResult",
    "Pool",
    "PoolChange",
    "PoolId",
    "PoolKind",
    "PoolPage",
    "PoolUsage",
    "PrivateKey",
    "Profile",
    "ProfileDetails",
    "ProfilePeer",
    "Purpose",
    "Reach",
    "Reacher",
    "Rebuilt",
    "Remedy",
    "RemedyKind",
    "Renumbering",
    "RequestContext",
    "Reservation",
    "ReservationId",
    "ReservationPage",
    "ReservedRange",
    "Resize",
    "RoleId",
    "Rotation",
    "Sealing",
    "Secret",
    "SessionId",
    "Setting",
    "Settings",
    "SignedHead",
    "SignedIn",
    "Strategy",
    "Target",
    "TargetType",
    "TcpListener",
    "TcpStream",
    "TerminalTheme",
    "Throttled",
    "Tunnel",
    "TunnelEvent",
    "TunnelEventType",
    "TunnelOptions",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
    "User",
    "UserId",
    "UserPage",
    "UserStatus",
    "Verdict",
    "WhyNot",
    "Winner",
    "all_of",
    "shutdown",
    "version",
]

# Python ends a foreign thread that waits for its lock while the interpreter goes, which aborts the process when that thread
# is Nexa's, waking an event loop. So they end before.
atexit.register(shutdown)
