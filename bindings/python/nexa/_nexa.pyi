"""
The native half of the package `nexa`.
"""

import builtins
from _typeshed import SupportsGetItem
from collections.abc import Awaitable
from nexa.ids import AllocationId, AuditId, DeviceId, GatewayId, GroupId, PolicyId, PolicyTestId, PoolId, ReservationId, RoleId, SessionId, UserId
from typing import Any, Final, SupportsFloat, SupportsIndex, final

__all__ = ["Access", "AccessChange", "Allocation", "AllocationPage", "AllocationStatus", "Answer", "Audit", "AuditExport", "AuditFilter", "AuditPage", "AuditProblem", "AuditProblemKind", "AuditPublicKey", "AuditRecord", "AuditReport", "AuditSealed", "AuditStatus", "Bar", "CancelHandle", "Claim", "Conf", "ConfDetails", "ConfPeerDetails", "Counterexample", "Counters", "DataKeyRecord", "DesiredPeer", "DesiredState", "Destination", "Device", "DevicePage", "DeviceStatus", "Devices", "DocumentFault", "DocumentFormat", "DocumentReport", "Effect", "Enforcement", "Enrolled", "Enrolment", "ErrorInfo", "ErrorKind", "Event", "EventStream", "Events", "Explanation", "Extent", "Finding", "FindingKind", "Forecast", "Gateway", "GatewayOptions", "GatewayPage", "Gateways", "Group", "GroupPage", "Handle", "HeatMap", "Identity", "ImportConflict", "ImportFormat", "ImportReport", "Ipam", "Loser", "LossReason", "Matrix", "MatrixRow", "Move", "NewEnrolment", "NewGateway", "NewGroup", "NewPolicy", "NewPolicyTest", "NewPool", "NewUser", "Nexa", "Part", "PeerStatus", "Policies", "Policy", "PolicyChanges", "PolicyFinding", "PolicyPage", "PolicySummary", "PolicyTest", "PolicyTestPage", "PolicyTestResult", "Pool", "PoolChange", "PoolKind", "PoolPage", "PoolUsage", "PrivateKey", "Profile", "ProfileDetails", "ProfilePeer", "Purpose", "Reach", "Reacher", "Rebuilt", "Remedy", "RemedyKind", "Renumbering", "RequestContext", "Reservation", "ReservationPage", "ReservedRange", "Resize", "Rotation", "Sealing", "Secret", "Setting", "Settings", "SignedHead", "SignedIn", "Strategy", "Target", "TargetType", "TcpListener", "TcpStream", "TerminalTheme", "Tunnel", "TunnelEvent", "TunnelEventType", "TunnelOptions", "User", "UserPage", "UserStatus", "Verdict", "WhyNot", "Winner", "shutdown", "version"]

@final
class Access:
    """
    What a device may reach, by policies alone.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, allowed: SupportsGetItem[int, Reach], valid_until: SupportsIndex | None = None, full_tunnel_v4: bool, full_tunnel_v6: bool, barred: Bar | None = None) -> Access: ...
    def __repr__(self, /) -> str: ...
    @property
    def allowed(self, /) -> list[Reach]:
        """
        What it may reach: addresses, by protocols and ports.
        """
    @property
    def barred(self, /) -> Bar | None:
        """
        Why it has no access whatever policies say.
        """
    @property
    def full_tunnel_v4(self, /) -> bool:
        """
        Whether a policy that applies allows all of IPv4; stricter policies may still take addresses away.
        """
    @property
    def full_tunnel_v6(self, /) -> bool:
        """
        Whether a policy that applies allows all of IPv6.
        """
    @property
    def valid_until(self, /) -> int | None:
        """
        The moment from which this may be different although nobody changed anything, in microseconds since 1970.
        """

@final
class AccessChange:
    """
    What a change of policies changes for one device.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, who: Reacher, gained: SupportsGetItem[int, Reach], lost: SupportsGetItem[int, Reach]) -> AccessChange: ...
    def __repr__(self, /) -> str: ...
    @property
    def gained(self, /) -> list[Reach]:
        """
        What it may reach afterwards and cannot now.
        """
    @property
    def lost(self, /) -> list[Reach]:
        """
        What it can reach now and may not afterwards.
        """
    @property
    def who(self, /) -> Reacher:
        """
        Whose access it is.
        """

@final
class Allocation:
    """
    One life of an address, a number or a block of them, in somebody's hands.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: AllocationId, pool_id: PoolId, value: str, last_value: str, device_id: DeviceId | None = None, holder: str | None = None, status: AllocationStatus, generation: SupportsIndex, allocated_at: SupportsIndex, released_at: SupportsIndex | None = None, quarantined_until: SupportsIndex | None = None) -> Allocation: ...
    def __repr__(self, /) -> str: ...
    @property
    def allocated_at(self, /) -> int:
        """
        When it was handed out, in microseconds since 1970.
        """
    @property
    def device_id(self, /) -> DeviceId | None:
        """
        The device that has it.
        """
    @property
    def generation(self, /) -> int:
        """
        Which life of the address this is; a release must name it.
        """
    @property
    def holder(self, /) -> str | None:
        """
        Who has it, where it is no device and the claim said so.
        """
    @property
    def id(self, /) -> AllocationId:
        """
        The id.
        """
    @property
    def last_value(self, /) -> str:
        """
        The last of a block; the same value where it is one.
        """
    @property
    def pool_id(self, /) -> PoolId:
        """
        The pool it came from.
        """
    @property
    def quarantined_until(self, /) -> int | None:
        """
        Until when it rests at least; gateways that have not applied its release keep it longer.
        """
    @property
    def released_at(self, /) -> int | None:
        """
        When it was given back.
        """
    @property
    def status(self, /) -> AllocationStatus:
        """
        Where in its life it is.
        """
    @property
    def value(self, /) -> str:
        """
        What was handed out: one value, or the first of a block.
        """

@final
class AllocationPage:
    """
    One page of allocations.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Allocation], next: str | None = None) -> AllocationPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Allocation]:
        """
        The allocations, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class AllocationStatus:
    """
    Where in its life an allocation is.
    """
    ALLOCATED: Final[AllocationStatus]
    """
    In somebody's hands.
    """
    QUARANTINED: Final[AllocationStatus]
    """
    Given back, and not yet anybody else's to have.
    """
    RELEASED: Final[AllocationStatus]
    """
    Over.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Answer:
    """
    What holds for some services of an address, and why.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, services: SupportsGetItem[int, str], is_allowed: bool, verdict: Verdict, winner: Winner | None = None, barred: Bar | None = None, losers: SupportsGetItem[int, Loser]) -> Answer: ...
    def __repr__(self, /) -> str: ...
    @property
    def barred(self, /) -> Bar | None:
        """
        Why the device has no access, if it has none.
        """
    @property
    def is_allowed(self, /) -> bool:
        """
        Whether the address may be reached by these.
        """
    @property
    def losers(self, /) -> list[Loser]:
        """
        The policies that did not decide, the closest first.
        """
    @property
    def services(self, /) -> list[str]:
        """
        The protocols and ports.
        """
    @property
    def verdict(self, /) -> Verdict:
        """
        What decided.
        """
    @property
    def winner(self, /) -> Winner | None:
        """
        The policy that decided, if one did.
        """

@final
class Audit:
    """
    The audit, as one caller may read it.
    """
    async def export(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditExport:
        """
        A part of the audit as JSON Lines, the oldest rows first, each with its seal and its MAC.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def list(self, /, after: str | None = None, limit: SupportsIndex | None = None, filter: AuditFilter | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditPage:
        """
        The rows that the filter lets through, a page at a time, the newest first.

        # Errors
        `invalid_input` (`limit`, `after`, a field of the filter).
        """
    async def prune(self, /, before: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditSealed:
        """
        Deletes the rows that were sealed before this moment, in microseconds since 1970, whole seals at a time. The last of
        those seals stays as a checkpoint.

        # Errors
        None of its own.
        """
    async def public_keys(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[AuditPublicKey]:
        """
        The public keys that heads are signed with.

        # Errors
        None of its own.
        """
    async def seal(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditSealed:
        """
        Seals what is not sealed yet, without waiting for the task that does it about once a second.

        # Errors
        None of its own.
        """
    async def signed_head(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> SignedHead:
        """
        The end of the chain, signed, to be kept outside the database.

        # Errors
        None of its own.
        """
    async def verify(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditReport:
        """
        Whether every row and every seal is what was written, as far as the database itself can tell.

        # Errors
        None of its own; what is found is in the report.
        """
    async def verify_against(self, /, head: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AuditReport:
        """
        The same, and whether the chain still goes on from a head that was kept elsewhere, given as its text.

        # Errors
        `invalid_input` (`head`) for one that this control plane did not sign.
        """

@final
class AuditExport:
    """
    A part of the audit as JSON Lines.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, lines: str, next: str | None = None) -> AuditExport: ...
    def __repr__(self, /) -> str: ...
    @property
    def lines(self, /) -> str:
        """
        One object for each row, each on a line of its own, in the order of ids.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next part with; nothing when this was the last one.
        """

@final
class AuditFilter:
    """
    Which rows of the audit are asked for: those that everything said here is true of.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, actor_user_id: UserId | None = None, actor_device_id: DeviceId | None = None, event_type: str | None = None, entity_type: str | None = None, entity_id: str | None = None, status: AuditStatus | None = None, request_id: str | None = None, since: SupportsIndex | None = None, until: SupportsIndex | None = None) -> AuditFilter: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor_device_id(self, /) -> DeviceId | None:
        """
        The device that acted.
        """
    @property
    def actor_user_id(self, /) -> UserId | None:
        """
        The person who acted.
        """
    @property
    def entity_id(self, /) -> str | None:
        """
        The thing's id.
        """
    @property
    def entity_type(self, /) -> str | None:
        """
        What kind of thing it was done to, such as `device`.
        """
    @property
    def event_type(self, /) -> str | None:
        """
        What was done, such as `device.enrolled`.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        The host's own id of the request.
        """
    @property
    def since(self, /) -> int | None:
        """
        No earlier than this, in microseconds since 1970.
        """
    @property
    def status(self, /) -> AuditStatus | None:
        """
        How it ended.
        """
    @property
    def until(self, /) -> int | None:
        """
        Before this, in microseconds since 1970.
        """

@final
class AuditPage:
    """
    One page of the audit.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, AuditRecord], next: str | None = None) -> AuditPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[AuditRecord]:
        """
        The rows, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class AuditProblem:
    """
    What was found wrong with the audit.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: AuditProblemKind, seal: SupportsIndex | None = None, record: AuditId | None = None) -> AuditProblem: ...
    def __repr__(self, /) -> str: ...
    @property
    def kind(self, /) -> AuditProblemKind:
        """
        What it is.
        """
    @property
    def record(self, /) -> AuditId | None:
        """
        The row.
        """
    @property
    def seal(self, /) -> int | None:
        """
        The seal it was found in; nothing for a row that is not sealed yet.
        """

@final
class AuditProblemKind:
    """
    What can be wrong with the audit.
    """
    CUT_OFF: Final[AuditProblemKind]
    """
    The chain ends before the head that was kept elsewhere, or is another one.
    """
    RECORDS_MISSING: Final[AuditProblemKind]
    """
    The rows of a seal are not those that it was made over: some are gone, or others were put there.
    """
    RECORD_CHANGED: Final[AuditProblemKind]
    """
    A row is not what was written, or was not written by Nexa.
    """
    SEAL_CHANGED: Final[AuditProblemKind]
    """
    A seal is not what was written.
    """
    SEAL_MISSING: Final[AuditProblemKind]
    """
    A seal is gone.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class AuditPublicKey:
    """
    A public key that heads of the audit are signed with.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, data_key: SupportsIndex, key: str) -> AuditPublicKey: ...
    def __repr__(self, /) -> str: ...
    @property
    def data_key(self, /) -> int:
        """
        The number of the data key that it belongs to.
        """
    @property
    def key(self, /) -> str:
        """
        The Ed25519 key, in base64.
        """

@final
class AuditRecord:
    """
    One row of the audit.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: AuditId, actor: str, actor_user_id: UserId | None = None, actor_device_id: DeviceId | None = None, event_type: str, entity_type: str, entity_id: str | None = None, status: AuditStatus, ip_address: str | None = None, request_id: str | None = None, message: str, created_at: SupportsIndex, seal: SupportsIndex | None = None) -> AuditRecord: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor(self, /) -> str:
        """
        What kind of caller it was: `user`, `device`, `anonymous`, or `system: <reason>`.
        """
    @property
    def actor_device_id(self, /) -> DeviceId | None:
        """
        The device that acted.
        """
    @property
    def actor_user_id(self, /) -> UserId | None:
        """
        The person who acted.
        """
    @property
    def created_at(self, /) -> int:
        """
        When, in microseconds since 1970.
        """
    @property
    def entity_id(self, /) -> str | None:
        """
        The thing's id.
        """
    @property
    def entity_type(self, /) -> str:
        """
        What kind of thing it was done to.
        """
    @property
    def event_type(self, /) -> str:
        """
        What was done, such as `device.enrolled`; for a refusal, the permission that was missing.
        """
    @property
    def id(self, /) -> AuditId:
        """
        Its id; the order of ids is about the order of time.
        """
    @property
    def ip_address(self, /) -> str | None:
        """
        Where the request came from.
        """
    @property
    def message(self, /) -> str:
        """
        The same in words.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        The host's own id of the request.
        """
    @property
    def seal(self, /) -> int | None:
        """
        The seal that vouches for it; nothing until it is sealed.
        """
    @property
    def status(self, /) -> AuditStatus:
        """
        How it ended.
        """

@final
class AuditReport:
    """
    What a verification of the audit found.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, seals: SupportsIndex, sealed: SupportsIndex, unsealed: SupportsIndex, oldest_unsealed: SupportsIndex | None = None, pruned: SupportsIndex, problems: SupportsGetItem[int, AuditProblem]) -> AuditReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def oldest_unsealed(self, /) -> int | None:
        """
        When the oldest of those was written, in microseconds since 1970.
        """
    @property
    def problems(self, /) -> list[AuditProblem]:
        """
        What is wrong, in the order it was found; the first hundred. Empty when the audit is sound.
        """
    @property
    def pruned(self, /) -> int:
        """
        How many rows were pruned before the oldest seal.
        """
    @property
    def sealed(self, /) -> int:
        """
        How many sealed rows there are.
        """
    @property
    def seals(self, /) -> int:
        """
        How many seals there are.
        """
    @property
    def unsealed(self, /) -> int:
        """
        How many rows wait for their seal.
        """

@final
class AuditSealed:
    """
    What was sealed, or pruned.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, seal: SupportsIndex, rows: SupportsIndex) -> AuditSealed: ...
    def __repr__(self, /) -> str: ...
    @property
    def rows(self, /) -> int:
        """
        How many rows it was this time.
        """
    @property
    def seal(self, /) -> int:
        """
        The last seal there is; 0 for none.
        """

@final
class AuditStatus:
    """
    How an audited attempt ended.
    """
    DONE: Final[AuditStatus]
    """
    It was done.
    """
    FAILED: Final[AuditStatus]
    """
    The caller was let in, and what was asked for could not be done.
    """
    REFUSED: Final[AuditStatus]
    """
    The caller was turned away.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Bar:
    """
    Why a device has no access whatever policies say.
    """
    DEVICE_EXPIRED: Final[Bar]
    """
    The device's time is over.
    """
    DEVICE_PENDING: Final[Bar]
    """
    The device waits for approval.
    """
    DEVICE_REMOVED: Final[Bar]
    """
    The device was removed.
    """
    DEVICE_REVOKED: Final[Bar]
    """
    The device was revoked.
    """
    USER_PENDING: Final[Bar]
    """
    The user waits for approval.
    """
    USER_REMOVED: Final[Bar]
    """
    The user was removed.
    """
    USER_SUSPENDED: Final[Bar]
    """
    The user is suspended.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class CancelHandle:
    """
    Gives calls up from outside, where a language does not cancel by itself. One handle may be given to several calls.
    """
    def cancel(self, /) -> None:
        """
        Gives up every call that has this handle, now and later; each fails with the kind `cancelled`.
        """
    @staticmethod
    def create() -> CancelHandle:
        """
        A handle that has not been used.

        # Errors
        None.
        """
    def is_cancelled(self, /) -> bool:
        """
        Whether `cancel` was called.
        """

@final
class Claim:
    """
    What is to be claimed, and for whom.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, holder: str | None = None, specific: str | None = None, block: SupportsIndex | None = None) -> Claim: ...
    def __repr__(self, /) -> str: ...
    @property
    def block(self, /) -> int | None:
        """
        How long the prefix of a whole block is, such as 28 for a `/28`. The number of bits is that of the kind: 32, 128 for IPv6,
        48 for MAC addresses, 16 for ports.
        """
    @property
    def holder(self, /) -> str | None:
        """
        Who gets it, in up to 128 characters. A holder has one at most in a pool: claiming again gives the same one.
        """
    @property
    def specific(self, /) -> str | None:
        """
        This one and no other; with `block` the block that begins there.
        """

@final
class Conf:
    """
    A configuration file of `wg` or `wg-quick`. It may hold keys, and prints nothing of them.
    """
    def details(self, /) -> ConfDetails:
        """
        What can be shown of it, as a value.
        """
    @staticmethod
    def parse(text: str) -> Conf:
        """
        Reads a file as `wg-quick` and then `wg` do.

        # Errors
        `invalid_input` naming line and key, for a file that the tools refuse or read as something else than it says.
        """
    def render(self, /) -> Secret:
        """
        The file as Nexa writes it, with its keys.
        """

@final
class ConfDetails:
    """
    A configuration file without its secrets and commands.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, public_key: str | None = None, listen_port: SupportsIndex | None = None, addresses: SupportsGetItem[int, str], dns: SupportsGetItem[int, str], mtu: SupportsIndex | None = None, peers: SupportsGetItem[int, ConfPeerDetails]) -> ConfDetails: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> list[str]:
        """
        The interface's addresses, with their prefix lengths.
        """
    @property
    def dns(self, /) -> list[str]:
        """
        The name servers to use while the interface is up.
        """
    @property
    def listen_port(self, /) -> int | None:
        """
        The UDP port; nothing for one that the system picks.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The packet size; nothing leaves it to the device.
        """
    @property
    def peers(self, /) -> list[ConfPeerDetails]:
        """
        The peers, in the order of the file.
        """
    @property
    def public_key(self, /) -> str | None:
        """
        The public half of the interface's key, in base64.
        """

@final
class ConfPeerDetails:
    """
    A peer of a configuration file without its secrets.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, public_key: str, has_preshared_key: bool, allowed_ips: SupportsGetItem[int, str], endpoint: str | None = None, persistent_keepalive: SupportsIndex | None = None) -> ConfPeerDetails: ...
    def __repr__(self, /) -> str: ...
    @property
    def allowed_ips(self, /) -> list[str]:
        """
        The addresses behind it.
        """
    @property
    def endpoint(self, /) -> str | None:
        """
        Where it listens.
        """
    @property
    def has_preshared_key(self, /) -> bool:
        """
        Whether a secret is shared beside the keys.
        """
    @property
    def persistent_keepalive(self, /) -> int | None:
        """
        Seconds between packets that keep a NAT's mapping open; nothing for none.
        """
    @property
    def public_key(self, /) -> str:
        """
        Who it is, in base64.
        """

@final
class Counterexample:
    """
    Somebody for whom two sets of policies differ, and where.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, who: SupportsGetItem[int, Target], address: str, protocol: str, port: SupportsIndex, first: Effect, text: str) -> Counterexample: ...
    def __repr__(self, /) -> str: ...
    @property
    def address(self, /) -> str:
        """
        An address.
        """
    @property
    def first(self, /) -> Effect:
        """
        What is in force says this of it; the other set says the opposite.
        """
    @property
    def port(self, /) -> int:
        """
        A port; 0 for a protocol without ports.
        """
    @property
    def protocol(self, /) -> str:
        """
        A protocol.
        """
    @property
    def text(self, /) -> str:
        """
        The same for a person to read.
        """
    @property
    def who(self, /) -> list[Target]:
        """
        Who: a device that is these, or is of them, and of nothing else that a policy names. At most two; none for anybody at all.
        """

@final
class Counters:
    """
    What a tunnel has done since it was made. Every packet that goes in is delivered, sent, staged or counted as dropped,
    under the cause that was found first.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, datagrams_received: SupportsIndex, datagrams_sent: SupportsIndex, packets_delivered: SupportsIndex, packets_sent: SupportsIndex, handshakes_completed: SupportsIndex, handshakes_failed: SupportsIndex, keepalives_received: SupportsIndex, keepalives_sent: SupportsIndex, dropped_malformed: SupportsIndex, dropped_bad_mac: SupportsIndex, dropped_unauthenticated: SupportsIndex, dropped_unknown_peer: SupportsIndex, dropped_unknown_session: SupportsIndex, dropped_replayed: SupportsIndex, dropped_expired: SupportsIndex, dropped_source: SupportsIndex, dropped_no_route: SupportsIndex, dropped_no_endpoint: SupportsIndex, dropped_oversized: SupportsIndex, dropped_filter: SupportsIndex, dropped_unsolicited: SupportsIndex, dropped_filter_expired: SupportsIndex, dropped_fragment: SupportsIndex, dropped_flow_table: SupportsIndex, dropped_queue_full: SupportsIndex, dropped_no_session: SupportsIndex, dropped_device: SupportsIndex, dropped_send: SupportsIndex) -> Counters: ...
    def __repr__(self, /) -> str: ...
    @property
    def datagrams_received(self, /) -> int:
        """
        Datagrams handed to the engine.
        """
    @property
    def datagrams_sent(self, /) -> int:
        """
        Datagrams handed out for sending.
        """
    @property
    def dropped_bad_mac(self, /) -> int:
        """
        A handshake message whose first MAC is not made for this key.
        """
    @property
    def dropped_device(self, /) -> int:
        """
        A packet that the packet device did not take.
        """
    @property
    def dropped_expired(self, /) -> int:
        """
        A message under keys older than 180 s.
        """
    @property
    def dropped_filter(self, /) -> int:
        """
        A packet from a peer to a destination that the filter does not permit it.
        """
    @property
    def dropped_filter_expired(self, /) -> int:
        """
        A packet that came when the filter was no longer valid.
        """
    @property
    def dropped_flow_table(self, /) -> int:
        """
        A packet for which the filter had no room to remember its flow.
        """
    @property
    def dropped_fragment(self, /) -> int:
        """
        A fragment that cannot be matched to a permitted packet, or a packet made to deceive a filter.
        """
    @property
    def dropped_malformed(self, /) -> int:
        """
        Not a WireGuard message, not an IP packet, or cut short.
        """
    @property
    def dropped_no_endpoint(self, /) -> int:
        """
        A packet to a peer whose endpoint is not known.
        """
    @property
    def dropped_no_route(self, /) -> int:
        """
        A packet to an address that belongs to no peer.
        """
    @property
    def dropped_no_session(self, /) -> int:
        """
        A packet that waited for a handshake which was never answered, or whose peer was removed.
        """
    @property
    def dropped_oversized(self, /) -> int:
        """
        A packet longer than the MTU.
        """
    @property
    def dropped_queue_full(self, /) -> int:
        """
        A packet or datagram for which a queue of the engine had no room.
        """
    @property
    def dropped_replayed(self, /) -> int:
        """
        A message that was received before, or is too old to tell.
        """
    @property
    def dropped_send(self, /) -> int:
        """
        A datagram that the operating system did not send.
        """
    @property
    def dropped_source(self, /) -> int:
        """
        A packet from a peer whose source address belongs to another peer or to none.
        """
    @property
    def dropped_unauthenticated(self, /) -> int:
        """
        A message that does not authenticate.
        """
    @property
    def dropped_unknown_peer(self, /) -> int:
        """
        A handshake by a key that no peer has.
        """
    @property
    def dropped_unknown_session(self, /) -> int:
        """
        A message to a session that does not exist.
        """
    @property
    def dropped_unsolicited(self, /) -> int:
        """
        A packet to a peer that belongs to no flow which the peer was permitted to open.
        """
    @property
    def handshakes_completed(self, /) -> int:
        """
        Sessions established, in either direction.
        """
    @property
    def handshakes_failed(self, /) -> int:
        """
        Handshakes given up after 90 s without an answer.
        """
    @property
    def keepalives_received(self, /) -> int:
        """
        Keepalives received.
        """
    @property
    def keepalives_sent(self, /) -> int:
        """
        Keepalives sent.
        """
    @property
    def packets_delivered(self, /) -> int:
        """
        Packets from peers handed out for the packet device.
        """
    @property
    def packets_sent(self, /) -> int:
        """
        Packets from the packet device that left encrypted.
        """

@final
class DataKeyRecord:
    """
    A data key, without the key.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, purpose: Purpose, wrapped_by: str, created_at: SupportsIndex, retired_at: SupportsIndex | None = None) -> DataKeyRecord: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When it was made, in microseconds since 1970.
        """
    @property
    def id(self, /) -> int:
        """
        Its number, which stands in what is sealed under it.
        """
    @property
    def purpose(self, /) -> Purpose:
        """
        What it is for.
        """
    @property
    def retired_at(self, /) -> int | None:
        """
        Since when another has taken its place; nothing for the one that new values are sealed under.
        """
    @property
    def wrapped_by(self, /) -> str:
        """
        The name of the provider's key that it is wrapped under.
        """

@final
class DesiredPeer:
    """
    One peer of a gateway.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, device_id: DeviceId, public_key: str, has_preshared_key: bool, allowed_ips: SupportsGetItem[int, str], enforcement: Enforcement) -> DesiredPeer: ...
    def __repr__(self, /) -> str: ...
    @property
    def allowed_ips(self, /) -> list[str]:
        """
        The addresses that it may send from, each as a prefix of its own.
        """
    @property
    def device_id(self, /) -> DeviceId:
        """
        The device.
        """
    @property
    def enforcement(self, /) -> Enforcement:
        """
        What it may reach. Everything else is dropped at the gateway.
        """
    @property
    def has_preshared_key(self, /) -> bool:
        """
        Whether a secret is shared beside the keys.
        """
    @property
    def public_key(self, /) -> str:
        """
        Its public key, in base64.
        """

@final
class DesiredState:
    """
    What a gateway must be like now, and until when that may be believed.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, gateway: Gateway, peers: SupportsGetItem[int, DesiredPeer], valid_until: SupportsIndex, next_change: SupportsIndex | None = None) -> DesiredState: ...
    def __repr__(self, /) -> str: ...
    @property
    def gateway(self, /) -> Gateway:
        """
        The gateway.
        """
    @property
    def next_change(self, /) -> int | None:
        """
        The earliest moment at which time alone changes a peer's access: when it is worth asking again.
        """
    @property
    def peers(self, /) -> list[DesiredPeer]:
        """
        Its peers, in the order of their keys.
        """
    @property
    def valid_until(self, /) -> int:
        """
        The moment from which nobody's access may be believed without asking again, in microseconds since 1970.
        """

@final
class Destination:
    """
    What a policy matches: a place, by some services.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, to: str, services: str, description: str) -> Destination: ...
    def __repr__(self, /) -> str: ...
    @property
    def description(self, /) -> str:
        """
        What is there; may be empty. Has no effect.
        """
    @property
    def services(self, /) -> str:
        """
        The protocols and ports: `any`, `tcp`, `tcp/443`, `udp/5000-5999`.
        """
    @property
    def to(self, /) -> str:
        """
        Where: a prefix, or what is named instead, such as `service:git`.
        """

@final
class Device:
    """
    A device of a person.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: DeviceId, user_id: UserId, gateway_id: GatewayId | None = None, name: str, platform: str, fingerprint: str, public_key: str, status: DeviceStatus, expires_at: SupportsIndex | None = None, revoked_at: SupportsIndex | None = None, created_at: SupportsIndex) -> Device: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When it was enrolled, in microseconds since 1970.
        """
    @property
    def expires_at(self, /) -> int | None:
        """
        When its time is over, in microseconds since 1970.
        """
    @property
    def fingerprint(self, /) -> str:
        """
        What makes it recognisable to its person's client.
        """
    @property
    def gateway_id(self, /) -> GatewayId | None:
        """
        The gateway it was enrolled at.
        """
    @property
    def id(self, /) -> DeviceId:
        """
        The id.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def platform(self, /) -> str:
        """
        What it runs, such as `linux` or `ios`.
        """
    @property
    def public_key(self, /) -> str:
        """
        Its WireGuard public key, in base64.
        """
    @property
    def revoked_at(self, /) -> int | None:
        """
        When it was revoked, in microseconds since 1970.
        """
    @property
    def status(self, /) -> DeviceStatus:
        """
        Whether it may connect.
        """
    @property
    def user_id(self, /) -> UserId:
        """
        Whose it is.
        """

@final
class DevicePage:
    """
    One page of devices.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Device], next: str | None = None) -> DevicePage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Device]:
        """
        The devices, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class DeviceStatus:
    """
    Whether a device may connect.
    """
    ACTIVE: Final[DeviceStatus]
    """
    May connect, if its person may.
    """
    EXPIRED: Final[DeviceStatus]
    """
    Its time is over.
    """
    PENDING: Final[DeviceStatus]
    """
    Waits for approval.
    """
    REVOKED: Final[DeviceStatus]
    """
    Shut out for good.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Devices:
    """
    Devices, as one caller may see and change them.
    """
    async def get(self, /, id: DeviceId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Device:
        """
        One device.

        # Errors
        `not_found`.
        """
    async def list(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> DevicePage:
        """
        The devices that the caller may see, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def revoke(self, /, id: DeviceId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Shuts a device out for good and gives its addresses back. Revoking it again is fine.

        # Errors
        `not_found`.
        """

@final
class DocumentFault:
    """
    What is wrong with a text, and where.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, line: SupportsIndex, field: str, message: str) -> DocumentFault: ...
    def __repr__(self, /) -> str: ...
    @property
    def field(self, /) -> str:
        """
        The key.
        """
    @property
    def line(self, /) -> int:
        """
        The line, from 1; 0 for the text as a whole.
        """
    @property
    def message(self, /) -> str:
        """
        What is the matter.
        """

@final
class DocumentFormat:
    """
    How a document is written.
    """
    JSON: Final[DocumentFormat]
    """
    JSON, indented.
    """
    YAML: Final[DocumentFormat]
    """
    YAML 1.2.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class DocumentReport:
    """
    What an import of a document did, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, created: SupportsIndex, updated: SupportsIndex, removed: SupportsIndex, unchanged: SupportsIndex, tests: SupportsIndex, tests_removed: SupportsIndex, faults: SupportsGetItem[int, DocumentFault], fault_count: SupportsIndex) -> DocumentReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def created(self, /) -> int:
        """
        How many policies it creates.
        """
    @property
    def fault_count(self, /) -> int:
        """
        How many those are, or 100 where there may be more.
        """
    @property
    def faults(self, /) -> list[DocumentFault]:
        """
        What is wrong with the text, in order of the lines; with any of it nothing is done. At most 100 are listed.
        """
    @property
    def removed(self, /) -> int:
        """
        How many it removes, because the document does not have them.
        """
    @property
    def tests(self, /) -> int:
        """
        How many tests there are afterwards: those of the document, or those of before where it says nothing of tests.
        """
    @property
    def tests_removed(self, /) -> int:
        """
        How many tests it takes away, because its list of tests does not have them as they are.
        """
    @property
    def unchanged(self, /) -> int:
        """
        How many are as they were.
        """
    @property
    def updated(self, /) -> int:
        """
        How many it changes.
        """

@final
class Effect:
    """
    Whether a policy lets through or holds back.
    """
    ALLOW: Final[Effect]
    """
    Lets through.
    """
    DENY: Final[Effect]
    """
    Holds back.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Enforcement:
    """
    What a gateway lets through for one device. Replies to what was let through are let back.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, sources: SupportsGetItem[int, str], destinations: SupportsGetItem[int, Reach], valid_until: SupportsIndex | None = None) -> Enforcement: ...
    def __repr__(self, /) -> str: ...
    @property
    def destinations(self, /) -> list[Reach]:
        """
        What it may open connections to: addresses, by protocols and ports.
        """
    @property
    def sources(self, /) -> list[str]:
        """
        The device's addresses at this gateway.
        """
    @property
    def valid_until(self, /) -> int | None:
        """
        The moment from which nothing may be let through on the ground of this value.
        """

@final
class Enrolled:
    """
    A device that was enrolled.
    """
    def device(self, /) -> Device:
        """
        The device.
        """
    def profile(self, /) -> Profile:
        """
        What it runs with.
        """
    def token(self, /) -> Secret:
        """
        The device's own token, with which it asks for its profile later; shown once.
        """

@final
class Enrolment:
    """
    Enrolment, as one caller may do it.
    """
    async def enrol(self, /, device: NewEnrolment, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Enrolled:
        """
        Enrols a device in one transaction: it has a gateway, addresses and a profile, or nothing of it is stored.

        # Errors
        `invalid_input` naming the field, `already_exists` for a known fingerprint or key, `not_found` for a person or
        gateway that is not there, `conflict` for one that is not active, `exhausted` without a free address.
        """
    async def profile(self, /, device: DeviceId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Profile:
        """
        Issues a device's profile again, as it is now.

        # Errors
        `not_found`, `conflict` for a device or person that is not active.
        """

@final
class ErrorInfo:
    """
    Everything there is to say about a failure.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, code: str, kind: ErrorKind, message: str, details: dict[str, str], retryable: bool) -> ErrorInfo: ...
    def __repr__(self, /) -> str: ...
    @property
    def code(self, /) -> str:
        """
        A stable spelling such as `identity.username_taken`, finer than the kind.
        """
    @property
    def details(self, /) -> dict[str, str]:
        """
        What the sentence speaks of, by name; `field` is the argument that was refused. Never a secret.
        """
    @property
    def kind(self, /) -> ErrorKind:
        """
        What a program decides on.
        """
    @property
    def message(self, /) -> str:
        """
        A sentence for a person.
        """
    @property
    def retryable(self, /) -> bool:
        """
        Whether the same call, unchanged, may succeed later.
        """

@final
class ErrorKind:
    """
    What went wrong, in terms a program can act on. Few and stable.
    """
    ALREADY_EXISTS: Final[ErrorKind]
    """
    The name, key or address is taken.
    """
    CANCELLED: Final[ErrorKind]
    """
    The caller, or a deadline, ended it.
    """
    CLOSED: Final[ErrorKind]
    """
    The handle, tunnel or database was closed before.
    """
    CONFLICT: Final[ErrorKind]
    """
    The thing is not in a state that allows this, or somebody else changed it meanwhile.
    """
    CORRUPT: Final[ErrorKind]
    """
    Stored data is not what Nexa wrote.
    """
    EXHAUSTED: Final[ErrorKind]
    """
    A pool or a limit has nothing left.
    """
    FORBIDDEN: Final[ErrorKind]
    """
    The caller is known and may not do this.
    """
    INTERNAL: Final[ErrorKind]
    """
    A defect in Nexa.
    """
    INVALID_INPUT: Final[ErrorKind]
    """
    An argument was refused before anything was done; the details name it as `field`.
    """
    LOCKED: Final[ErrorKind]
    """
    Somebody else holds it at this moment.
    """
    NEEDS_OPERATOR: Final[ErrorKind]
    """
    Only a person at the machine can go on from here.
    """
    NOT_FOUND: Final[ErrorKind]
    """
    No such thing, or none that this caller may see.
    """
    THROTTLED: Final[ErrorKind]
    """
    Too many attempts; wait before the next one.
    """
    UNAUTHENTICATED: Final[ErrorKind]
    """
    The caller proved no identity, or a proof that is no longer good.
    """
    UNAVAILABLE: Final[ErrorKind]
    """
    A database, a peer or the operating system did not answer as it should; trying again may help.
    """
    UNSUPPORTED: Final[ErrorKind]
    """
    This build, database or platform cannot do that.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Event:
    """
    One thing that has changed.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, position: SupportsIndex, event_type: str, entity_type: str, entity_id: str, created_at: SupportsIndex) -> Event: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When, in microseconds since 1970.
        """
    @property
    def entity_id(self, /) -> str:
        """
        The thing's id.
        """
    @property
    def entity_type(self, /) -> str:
        """
        What kind of thing it happened to, such as `device`.
        """
    @property
    def event_type(self, /) -> str:
        """
        What happened, such as `device.enrolled`.
        """
    @property
    def position(self, /) -> int:
        """
        Its place in the order, from 1, without gaps.
        """

@final
class EventStream:
    """
    A reader of the outbox that keeps its place. Each event is given once; a reader that must miss none also after a crash
    stores the position of the last one it is done with, and begins there.
    """
    async def __aenter__(self, /) -> EventStream: ...
    async def __aexit__(self, /, exc_type: Any | None, exc_value: Any | None, traceback: Any | None) -> None: ...
    def __aiter__(self, /) -> EventStream: ...
    def __anext__(self, /) -> Awaitable[Event]: ...
    async def _anext(self, /) -> Event: ...
    async def close(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Ends the stream, also for a call that waits.

        # Errors
        None of its own.
        """
    async def next(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Event | None:
        """
        The next event, waiting until there is one; nothing when the stream was closed. Of several calls at once, each
        gets another event.

        # Errors
        What every call can fail with; the stream can go on afterwards.
        """

@final
class Events:
    """
    The outbox, as one caller may read it.
    """
    async def after(self, /, position: SupportsIndex, limit: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[Event]:
        """
        Up to `limit` events after `position`, in order; from the beginning with 0. Empty when there is nothing newer.

        # Errors
        `invalid_input` (`limit`) outside 1 to 1000.
        """
    def stream(self, /, position: SupportsIndex | None = None, look_every_ms: SupportsIndex | None = None) -> EventStream:
        """
        Every event after `position`, those that come later too; from the beginning without it. It looks for new ones
        every `look_every_ms`, 250 without it.

        # Errors
        `invalid_input` (`look_every_ms`) for zero.
        """

@final
class Explanation:
    """
    Why a device may reach an address, or may not.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, device: DeviceId, user: UserId, address: str, at: SupportsIndex, is_allowed: bool, is_allowed_somehow: bool, answers: SupportsGetItem[int, Answer], text: str) -> Explanation: ...
    def __repr__(self, /) -> str: ...
    @property
    def address(self, /) -> str:
        """
        The address asked about.
        """
    @property
    def answers(self, /) -> list[Answer]:
        """
        One answer, unless policies tell services of this address apart. The one for whatever nobody named is last.
        """
    @property
    def at(self, /) -> int:
        """
        The moment asked about, in microseconds since 1970.
        """
    @property
    def device(self, /) -> DeviceId:
        """
        The device asked about.
        """
    @property
    def is_allowed(self, /) -> bool:
        """
        Whether the address may be reached by every service asked about.
        """
    @property
    def is_allowed_somehow(self, /) -> bool:
        """
        Whether it may be reached by any of them.
        """
    @property
    def text(self, /) -> str:
        """
        The same for a person to read, in several lines.
        """
    @property
    def user(self, /) -> UserId:
        """
        Its user.
        """

@final
class Extent:
    """
    How much of something a device reaches.
    """
    PARTIAL: Final[Extent]
    """
    A part of it.
    """
    UNREACHED: Final[Extent]
    """
    Nothing of it.
    """
    WHOLE: Final[Extent]
    """
    All of it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Finding:
    """
    One thing that is wrong with what is stored of a pool.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, pool_id: PoolId, kind: FindingKind, range: str, message: str) -> Finding: ...
    def __repr__(self, /) -> str: ...
    @property
    def kind(self, /) -> FindingKind:
        """
        What is wrong.
        """
    @property
    def message(self, /) -> str:
        """
        In words.
        """
    @property
    def pool_id(self, /) -> PoolId:
        """
        The pool.
        """
    @property
    def range(self, /) -> str:
        """
        Where.
        """

@final
class FindingKind:
    """
    What can be wrong with a pool.
    """
    LOST: Final[FindingKind]
    """
    It is neither free nor anything else. `rebuild` finds it again.
    """
    OUTSIDE: Final[FindingKind]
    """
    It is something in a pool that does not have it.
    """
    TWICE: Final[FindingKind]
    """
    It is two things at once.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Forecast:
    """
    What the last days say of the days to come.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, observed_days: SupportsIndex, per_day: SupportsFloat | SupportsIndex, exhausted_at: SupportsIndex | None = None, earliest: SupportsIndex | None = None, latest: SupportsIndex | None = None) -> Forecast: ...
    def __repr__(self, /) -> str: ...
    @property
    def earliest(self, /) -> int | None:
        """
        The same by the slope that a quarter of the slopes are above.
        """
    @property
    def exhausted_at(self, /) -> int | None:
        """
        When the last one is handed out, in microseconds since 1970.
        """
    @property
    def latest(self, /) -> int | None:
        """
        The same by the slope that a quarter of the slopes are below.
        """
    @property
    def observed_days(self, /) -> int:
        """
        How many days were looked at. Fewer than seven say nothing.
        """
    @property
    def per_day(self, /) -> float:
        """
        How many more are handed out than given back in a day: the middle one of the slopes between each two days.
        """

@final
class Gateway:
    """
    A WireGuard gateway.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: GatewayId, name: str, endpoint: str, public_key: str, vpn_cidrs: SupportsGetItem[int, str], addresses: SupportsGetItem[int, str], dns_servers: SupportsGetItem[int, str], mtu: SupportsIndex | None = None, is_active: bool, revision: SupportsIndex, applied_revision: SupportsIndex | None = None, last_sync_at: SupportsIndex | None = None, created_at: SupportsIndex) -> Gateway: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> list[str]:
        """
        Its own address in each of them, in the same order.
        """
    @property
    def applied_revision(self, /) -> int | None:
        """
        The latest of those revisions that it is known to have applied; nothing while it has never said.
        """
    @property
    def created_at(self, /) -> int:
        """
        When it was created, in microseconds since 1970.
        """
    @property
    def dns_servers(self, /) -> list[str]:
        """
        The DNS servers that its devices use.
        """
    @property
    def endpoint(self, /) -> str:
        """
        Where devices find it: host and UDP port.
        """
    @property
    def id(self, /) -> GatewayId:
        """
        The id.
        """
    @property
    def is_active(self, /) -> bool:
        """
        Whether devices can be enrolled at it.
        """
    @property
    def last_sync_at(self, /) -> int | None:
        """
        When it last said so, in microseconds since 1970.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The MTU of the tunnel in bytes; nothing leaves it to the device.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def public_key(self, /) -> str:
        """
        Its public key, in base64.
        """
    @property
    def revision(self, /) -> int:
        """
        How often its set of peers has changed.
        """
    @property
    def vpn_cidrs(self, /) -> list[str]:
        """
        Where its devices' addresses come from, IPv4 before IPv6; one or two.
        """

@final
class GatewayOptions:
    """
    A gateway that runs in this program. It lets nothing through until a desired state is applied to it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, listen: str, addresses: SupportsGetItem[int, str], mtu: SupportsIndex | None = None) -> GatewayOptions: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> list[str]:
        """
        The gateway's own addresses inside the tunnel.
        """
    @property
    def listen(self, /) -> str:
        """
        The UDP address to listen on, such as `127.0.0.1:51820`; port 0 lets the system choose.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The longest packet inside the tunnel in bytes.
        """

@final
class GatewayPage:
    """
    One page of gateways.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Gateway], next: str | None = None) -> GatewayPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Gateway]:
        """
        The gateways, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class Gateways:
    """
    Gateways, as one caller may see and change them.
    """
    async def apply(self, /, id: GatewayId, tunnel: Tunnel, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> DesiredState:
        """
        Makes a tunnel in this program let through what the gateway's desired state says and nothing else, in one step,
        and returns that state. It must be done again when events arrive, at `next_change` and before `valid_until`;
        otherwise the gateway falls silent.

        # Errors
        `not_found`, `closed` for a tunnel that was closed.
        """
    async def create(self, /, gateway: NewGateway, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Gateway:
        """
        Creates a gateway with a pool of addresses for each of its prefixes.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name or key, `conflict` for a prefix that overlaps a
        pool.
        """
    async def desired_state(self, /, id: GatewayId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> DesiredState:
        """
        What a gateway must be like now: its peers, what each may reach, and until when that may be believed.

        # Errors
        `not_found`.
        """
    async def get(self, /, id: GatewayId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Gateway:
        """
        One gateway.

        # Errors
        `not_found`.
        """
    async def list(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> GatewayPage:
        """
        The gateways, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def report_applied(self, /, id: GatewayId, revision: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Says that a gateway has applied a revision, which its desired state names.

        # Errors
        `not_found`, `invalid_input` (`revision`) for one that the gateway does not have yet.
        """

@final
class Group:
    """
    A group of people, with the attributes that LDAP's `posixGroup` knows.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: GroupId, gid_number: SupportsIndex, name: str, description: str, is_administrator: bool, created_at: SupportsIndex) -> Group: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When it was created, in microseconds since 1970.
        """
    @property
    def description(self, /) -> str:
        """
        What it is for.
        """
    @property
    def gid_number(self, /) -> int:
        """
        The numeric id: 2000 and 2001 are built in, others follow (`gidNumber`).
        """
    @property
    def id(self, /) -> GroupId:
        """
        The id.
        """
    @property
    def is_administrator(self, /) -> bool:
        """
        Whether its members may do everything.
        """
    @property
    def name(self, /) -> str:
        """
        The name (`cn`).
        """

@final
class GroupPage:
    """
    One page of groups.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Group], next: str | None = None) -> GroupPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Group]:
        """
        The groups, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class Handle:
    """
    Who calls and from where; the domains hang on it.
    """
    def audit(self, /) -> Audit:
        """
        Who did what, and what was refused.
        """
    def devices(self, /) -> Devices:
        """
        Devices that are enrolled.
        """
    def enrolment(self, /) -> Enrolment:
        """
        Enrolling devices and issuing their profiles.
        """
    def events(self, /) -> Events:
        """
        What has changed, in order.
        """
    def gateways(self, /) -> Gateways:
        """
        WireGuard gateways and what they must enforce.
        """
    def identity(self, /) -> Identity:
        """
        People, groups and sessions.
        """
    def ipam(self, /) -> Ipam:
        """
        Pools of addresses.
        """
    def policy(self, /) -> Policies:
        """
        Who may reach what, and why.
        """
    def sealing(self, /) -> Sealing:
        """
        The keys that secrets are kept under in the database.
        """
    def settings(self, /) -> Settings:
        """
        What holds for the whole control plane.
        """
    def with_context(self, /, context: RequestContext) -> Handle:
        """
        The same caller, from this request.

        # Errors
        `invalid_input` (`source_ip`).
        """
    def with_idempotency_key(self, /, key: str) -> Handle:
        """
        The same caller, for one change that is done once, however often it is asked for with this key within 24 hours: a
        change that was done answers again as it did, also with what is shown only once. The key is 22 to 255 characters of
        ASCII with at least 128 random bits in them; write it down before the call, and use it for that call alone.

        # Errors
        `invalid_input` (`idempotency_key`).
        """

@final
class HeatMap:
    """
    A prefix as a picture.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, prefix: str, svg: str, text: str, allocated: str, quarantined: str, reserved: str, free: str) -> HeatMap: ...
    def __repr__(self, /) -> str: ...
    @property
    def allocated(self, /) -> str:
        """
        How many addresses are handed out.
        """
    @property
    def free(self, /) -> str:
        """
        How many are free.
        """
    @property
    def prefix(self, /) -> str:
        """
        The prefix.
        """
    @property
    def quarantined(self, /) -> str:
        """
        How many rest.
        """
    @property
    def reserved(self, /) -> str:
        """
        How many are reserved.
        """
    @property
    def svg(self, /) -> str:
        """
        The picture, as SVG.
        """
    @property
    def text(self, /) -> str:
        """
        The same as text for a terminal of 80 columns.
        """

@final
class Identity:
    """
    People, groups and sessions, as one caller may see and change them.
    """
    async def activate_user(self, /, id: UserId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Lets a person in, or back in.

        # Errors
        `not_found`.
        """
    async def add_member(self, /, group: GroupId, user: UserId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Puts a person into a group.

        # Errors
        `not_found`, `already_exists` for a member, `forbidden` for a group of administrators by one who is none.
        """
    async def create_first_user(self, /, user: NewUser, password: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> User:
        """
        Creates the first user ever without a token, by the program itself.

        # Errors
        As `redeem_setup_token`.
        """
    async def create_group(self, /, group: NewGroup, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Group:
        """
        Creates a group without members.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name.
        """
    async def create_user(self, /, user: NewUser, password: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> User:
        """
        Creates a person: active, with a role. Without a password it is a service account, which cannot sign in.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name or e-mail address, `not_found` for a role that
        is not there, `forbidden` for a role that has what the caller has not.
        """
    async def get_group(self, /, id: GroupId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Group:
        """
        One group.

        # Errors
        `not_found`.
        """
    async def get_user(self, /, id: UserId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> User:
        """
        One person.

        # Errors
        `not_found`.
        """
    async def issue_setup_token(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Secret:
        """
        Makes another setup token, for when the one given at creation was lost. Earlier ones become worthless.

        # Errors
        `conflict` when there are users already.
        """
    async def list_groups(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> GroupPage:
        """
        The groups, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def list_users(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> UserPage:
        """
        The people that the caller may see, a page at a time: `limit` at most, 100 without it, after the page that ended
        with `after`.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def redeem_setup_token(self, /, token: str, user: NewUser, password: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> User:
        """
        Creates the first user ever with the one-time setup token: active, and an administrator.

        # Errors
        `unauthenticated` (`token`) for a wrong, used or expired token, `conflict` when there are users already,
        `invalid_input` naming the field of the new user.
        """
    async def remove_member(self, /, group: GroupId, user: UserId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Takes a person out of a group.

        # Errors
        `not_found`, `conflict` for the last active administrator.
        """
    async def sign_in(self, /, username: str, password: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> SignedIn:
        """
        Exchanges a password for a session token. An unknown name, a wrong password and a person who is not active fail
        alike and after the same work.

        # Errors
        `unauthenticated` (`password`), `throttled` when too many passwords are being checked.
        """
    async def sign_out(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Ends the session that this handle speaks for.

        # Errors
        `unauthenticated` when the handle has no session.
        """
    async def suspend_user(self, /, id: UserId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Shuts a person out: from the next call on, nothing of theirs is accepted.

        # Errors
        `not_found`, `conflict` for the last active administrator.
        """

@final
class ImportConflict:
    """
    Something of a text that cannot be imported, and where it stands.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, line: SupportsIndex, field: str, message: str) -> ImportConflict: ...
    def __repr__(self, /) -> str: ...
    @property
    def field(self, /) -> str:
        """
        The column or key.
        """
    @property
    def line(self, /) -> int:
        """
        The line of the text, from 1.
        """
    @property
    def message(self, /) -> str:
        """
        What is the matter.
        """

@final
class ImportFormat:
    """
    What a text of pools and addresses is written in.
    """
    CSV: Final[ImportFormat]
    """
    A table: `record,type,value,name` as Nexa writes it, or the columns of NetBox's exports.
    """
    DNSMASQ_LEASES: Final[ImportFormat]
    """
    The file in which dnsmasq keeps its leases. It is read only.
    """
    NETBOX_JSON: Final[ImportFormat]
    """
    JSON as NetBox's API gives it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class ImportReport:
    """
    What an import did, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, pools: SupportsIndex, reservations: SupportsIndex, addresses: SupportsIndex, unchanged: SupportsIndex, skipped: SupportsIndex, conflicts: SupportsGetItem[int, ImportConflict], conflict_count: SupportsIndex) -> ImportReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> int:
        """
        How many addresses it claims.
        """
    @property
    def conflict_count(self, /) -> int:
        """
        How many those are.
        """
    @property
    def conflicts(self, /) -> list[ImportConflict]:
        """
        What is in the way, in order of the lines; at most 1,000 are listed.
        """
    @property
    def pools(self, /) -> int:
        """
        How many pools it creates.
        """
    @property
    def reservations(self, /) -> int:
        """
        How many ranges it reserves.
        """
    @property
    def skipped(self, /) -> int:
        """
        How many entries mean nothing here: NetBox's containers, out of which nothing is handed out, and leases that are over.
        """
    @property
    def unchanged(self, /) -> int:
        """
        How many entries are there already.
        """

@final
class Ipam:
    """
    Pools of addresses and numbers, as one caller may see and change them.
    """
    async def change_pool(self, /, id: PoolId, change: PoolChange, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Pool:
        """
        Changes a pool's name, strategy, quarantine or mode.

        # Errors
        `not_found`, `invalid_input` naming the field, `already_exists` for a taken name.
        """
    async def check_import(self, /, format: ImportFormat, text: str, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> ImportReport:
        """
        What an import would do, and what is in its way, line by line.

        # Errors
        `invalid_input` (`text`).
        """
    async def claim(self, /, pool: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Allocation:
        """
        Claims one value by the pool's strategy, for something that is not a device.

        # Errors
        `not_found`, `exhausted` with the pool's counts.
        """
    async def claim_many(self, /, pool: PoolId, count: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[Allocation]:
        """
        Claims several at once, the lowest there are, or none.

        # Errors
        `not_found`, `invalid_input` (`count`) for none or more than 100,000, `exhausted` when fewer are free.
        """
    async def claim_with(self, /, pool: PoolId, claim: Claim, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Allocation:
        """
        Claims a value for a holder, a value that is named, or a block.

        # Errors
        `not_found`, `invalid_input` naming the field, `conflict` (`specific`, `holder`), `exhausted` with the pool's counts.
        """
    async def create_pool(self, /, pool: NewPool, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Pool:
        """
        Creates a pool.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name, `conflict` for a range that another pool has.
        """
    async def delete_pool(self, /, id: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Deletes a pool of which nothing is allocated or rests.

        # Errors
        `not_found`, `conflict` for one that is in use, has parts or is a gateway's.
        """
    async def export_pools(self, /, format: ImportFormat, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> str:
        """
        The pools of a scope, with what is reserved of them and who holds what, as a text that can be imported.

        # Errors
        `invalid_input` (`format`).
        """
    async def forecast(self, /, pool: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Forecast:
        """
        When a pool will be used up, if it goes on as in the last thirty days.

        # Errors
        `not_found`.
        """
    async def get_pool(self, /, id: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Pool:
        """
        One pool.

        # Errors
        `not_found`.
        """
    async def heat_map(self, /, prefix: str, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> HeatMap:
        """
        A prefix as a picture: what of it is handed out, at rest, reserved, free, or in no pool.

        # Errors
        `invalid_input` (`prefix`).
        """
    async def history(self, /, kind: PoolKind, value: str, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[Allocation]:
        """
        The lives of a value in a scope, the latest first; a thousand at most.

        # Errors
        `invalid_input` (`value`).
        """
    async def import_pools(self, /, format: ImportFormat, text: str, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> ImportReport:
        """
        Creates the pools of a text, reserves what it reserves, and claims what it says is held: all of it, or nothing.

        # Errors
        `conflict` (`text`) when anything is in the way, `invalid_input` (`scope`, `text`).
        """
    async def list_allocations(self, /, pool: PoolId, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> AllocationPage:
        """
        What of a pool is in somebody's hands, a page at a time.

        # Errors
        `not_found`, `invalid_input` (`limit`, `after`).
        """
    async def list_pools(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> PoolPage:
        """
        The pools, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def list_reservations(self, /, pool: PoolId, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> ReservationPage:
        """
        What is reserved of a pool, a page at a time.

        # Errors
        `not_found`, `invalid_input` (`limit`, `after`).
        """
    async def next_free(self, /, pool: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> str | None:
        """
        What the next claim from a pool gives that names nothing; nothing when none is free.

        # Errors
        `not_found`.
        """
    async def preview_renumber(self, /, pool: PoolId, old_range: str, new_range: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Renumbering:
        """
        What a renumbering would move, and where to.

        # Errors
        `not_found`, `invalid_input` (`old_range`, `new_range`), `conflict` for a pool that cannot be renumbered.
        """
    async def preview_resize(self, /, pool: PoolId, ranges: SupportsGetItem[int, str], *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Resize:
        """
        What other ranges would mean for a pool.

        # Errors
        `not_found`, `invalid_input` (`ranges`).
        """
    async def rebuild(self, /, pool: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Rebuilt:
        """
        Works out anew what is free of a pool, from everything else that is stored of it.

        # Errors
        `not_found`.
        """
    async def release(self, /, allocation: AllocationId, generation: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Gives a claimed value back. It must name the generation that it was claimed as; giving it back again is fine.

        # Errors
        `not_found`, `conflict` for a generation that is over or an address that a device holds.
        """
    async def renumber(self, /, pool: PoolId, old_range: str, new_range: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Renumbering:
        """
        Puts another range in the place of one of a pool's. What is allocated moves to the same place in it.

        # Errors
        `not_found`, `invalid_input` (`old_range`, `new_range`), `conflict` for a pool that cannot be renumbered or a range that another
        pool has.
        """
    async def reserve(self, /, pool: PoolId, range: str, reason: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Reservation:
        """
        Keeps a free range out of a pool, for a reason.

        # Errors
        `not_found`, `invalid_input` (`range`, `reason`), `conflict` for a range of which something is not free.
        """
    async def resize(self, /, pool: PoolId, ranges: SupportsGetItem[int, str], *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Resize:
        """
        Grows or shrinks a pool to these ranges.

        # Errors
        `not_found`, `invalid_input` (`ranges`), `conflict` when something in use lies outside, or another pool has a value of them.
        """
    async def unreserve(self, /, id: ReservationId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Lifts a reservation.

        # Errors
        `not_found`, `conflict` for one that follows from what the pool is.
        """
    async def usage(self, /, pool: PoolId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> PoolUsage:
        """
        How full a pool is.

        # Errors
        `not_found`.
        """
    async def verify(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[Finding]:
        """
        Compares what is stored of every pool with itself. No findings is the good answer.

        # Errors
        What every call can fail with.
        """
    async def who_holds(self, /, kind: PoolKind, value: str, scope: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Allocation | None:
        """
        Who has a value in a scope, or had it last while it rests.

        # Errors
        `invalid_input` (`value`).
        """

@final
class Loser:
    """
    A policy that did not decide.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, policy: PolicySummary, reason: LossReason, at: SupportsIndex | None = None) -> Loser: ...
    def __repr__(self, /) -> str: ...
    @property
    def at(self, /) -> int | None:
        """
        The moment that the reason speaks of, in microseconds since 1970.
        """
    @property
    def policy(self, /) -> PolicySummary:
        """
        The policy.
        """
    @property
    def reason(self, /) -> LossReason:
        """
        Why not.
        """

@final
class LossReason:
    """
    Why a policy did not decide.
    """
    BELOW_INFRASTRUCTURE: Final[LossReason]
    """
    The built-in rule stands above it.
    """
    DENY_WINS_TIE: Final[LossReason]
    """
    At equal priority the winner's deny beats its allow.
    """
    INACTIVE: Final[LossReason]
    """
    It is not active.
    """
    NOT_CONTAINED: Final[LossReason]
    """
    No destination of it contains the address.
    """
    NOT_TARGETED: Final[LossReason]
    """
    It names neither the device nor its user nor a group of the user.
    """
    NOT_YET_VALID: Final[LossReason]
    """
    Its window has not begun.
    """
    NO_LONGER_VALID: Final[LossReason]
    """
    Its window is over.
    """
    OTHER_SERVICES: Final[LossReason]
    """
    It contains the address, by other services.
    """
    OUTRANKED: Final[LossReason]
    """
    The winner's priority number is lower.
    """
    SAYS_THE_SAME: Final[LossReason]
    """
    It says the same as the winner at the same priority; the winner is only the lower id.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Matrix:
    """
    Devices, destinations, and how much of each a device reaches.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, columns: SupportsGetItem[int, str], rows: SupportsGetItem[int, MatrixRow], csv: str, svg: str) -> Matrix: ...
    def __repr__(self, /) -> str: ...
    @property
    def columns(self, /) -> list[str]:
        """
        The destinations asked about, as texts.
        """
    @property
    def csv(self, /) -> str:
        """
        The same as a table, comma-separated.
        """
    @property
    def rows(self, /) -> list[MatrixRow]:
        """
        A line for each device.
        """
    @property
    def svg(self, /) -> str:
        """
        The same as a picture, in which devices that reach the same are one row.
        """

@final
class MatrixRow:
    """
    One device and what it reaches.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, label: str, cells: SupportsGetItem[int, Extent]) -> MatrixRow: ...
    def __repr__(self, /) -> str: ...
    @property
    def cells(self, /) -> list[Extent]:
        """
        How much of each column it reaches.
        """
    @property
    def label(self, /) -> str:
        """
        Who it is: `ada/laptop`.
        """

@final
class Move:
    """
    One allocation that a renumbering moves.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, allocation: Allocation, new_value: str) -> Move: ...
    def __repr__(self, /) -> str: ...
    @property
    def allocation(self, /) -> Allocation:
        """
        The allocation that ends.
        """
    @property
    def new_value(self, /) -> str:
        """
        What its holder has afterwards: the first of as many as before.
        """

@final
class NewEnrolment:
    """
    A device to enrol.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, public_key: str, fingerprint: str, platform: str | None = None, user_id: UserId | None = None, gateway_id: GatewayId | None = None, with_preshared_key: bool | None = None) -> NewEnrolment: ...
    def __repr__(self, /) -> str: ...
    @property
    def fingerprint(self, /) -> str:
        """
        What its client recognises it by: a text that stays the same across reinstalls.
        """
    @property
    def gateway_id(self, /) -> GatewayId | None:
        """
        The gateway; without it, the active one with the fewest peers.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def platform(self, /) -> str | None:
        """
        What it runs, such as `linux` or `ios`.
        """
    @property
    def public_key(self, /) -> str:
        """
        The public half of a key made on the device, in base64.
        """
    @property
    def user_id(self, /) -> UserId | None:
        """
        Whose it is, which takes the right to enrol for others; without it, the caller's.
        """
    @property
    def with_preshared_key(self, /) -> bool | None:
        """
        Whether the device and its gateway share a secret beside their keys; without it, they do not.
        """

@final
class NewGateway:
    """
    A gateway to create.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, endpoint: str, public_key: str, vpn_cidrs: SupportsGetItem[int, str], dns_servers: SupportsGetItem[int, str] | None = None, mtu: SupportsIndex | None = None) -> NewGateway: ...
    def __repr__(self, /) -> str: ...
    @property
    def dns_servers(self, /) -> list[str] | None:
        """
        The DNS servers for its devices.
        """
    @property
    def endpoint(self, /) -> str:
        """
        Where devices find it: host and UDP port.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The MTU of the tunnel in bytes.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def public_key(self, /) -> str:
        """
        Its public key, in base64.
        """
    @property
    def vpn_cidrs(self, /) -> list[str]:
        """
        Where its devices' addresses come from; one prefix per family. The gateway itself gets the lowest of each.
        """

@final
class NewGroup:
    """
    A group to create.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, description: str | None = None) -> NewGroup: ...
    def __repr__(self, /) -> str: ...
    @property
    def description(self, /) -> str | None:
        """
        What it is for.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """

@final
class NewPolicy:
    """
    A policy to create.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, effect: Effect, targets: SupportsGetItem[int, Target], destinations: SupportsGetItem[int, str], description: str | None = None, priority: SupportsIndex | None = None, is_active: bool | None = None, full_tunnel: bool | None = None, valid_from: SupportsIndex | None = None, valid_until: SupportsIndex | None = None) -> NewPolicy: ...
    def __repr__(self, /) -> str: ...
    @property
    def description(self, /) -> str | None:
        """
        What it is for.
        """
    @property
    def destinations(self, /) -> list[str]:
        """
        What it matches, each a prefix or a name, and after a space the services if they are not all: `10.0.0.0/8`,
        `10.0.0.0/8 tcp/443`, `service:git tcp/22`. None: nothing, never "any".
        """
    @property
    def effect(self, /) -> Effect:
        """
        Whether what it matches is let through.
        """
    @property
    def full_tunnel(self, /) -> bool | None:
        """
        Whether it matches every address of both families.
        """
    @property
    def is_active(self, /) -> bool | None:
        """
        Whether it counts at all; it does without it.
        """
    @property
    def name(self, /) -> str:
        """
        A name, unique among living policies.
        """
    @property
    def priority(self, /) -> int | None:
        """
        The lower number wins; 100 without it.
        """
    @property
    def targets(self, /) -> list[Target]:
        """
        Whom it is about. None: nobody.
        """
    @property
    def valid_from(self, /) -> int | None:
        """
        The moment from which it counts, in microseconds since 1970.
        """
    @property
    def valid_until(self, /) -> int | None:
        """
        The first moment at which it counts no more.
        """

@final
class NewPolicyTest:
    """
    A test to create.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, who: Target, to: str, expect: Effect, service: str | None = None) -> NewPolicyTest: ...
    def __repr__(self, /) -> str: ...
    @property
    def expect(self, /) -> Effect:
        """
        What must come of it.
        """
    @property
    def name(self, /) -> str:
        """
        A name, unique among tests.
        """
    @property
    def service(self, /) -> str | None:
        """
        The protocols and ports; all of them without it.
        """
    @property
    def to(self, /) -> str:
        """
        The address.
        """
    @property
    def who(self, /) -> Target:
        """
        Who tries.
        """

@final
class NewPool:
    """
    A pool to create. It has one prefix (`cidr`), several ranges, or a block of a parent.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, cidr: str | None = None, reserve: SupportsGetItem[int, str] | None = None, kind: PoolKind | None = None, ranges: SupportsGetItem[int, str] | None = None, scope: str | None = None, parent: PoolId | None = None, prefix_len: SupportsIndex | None = None, strategy: Strategy | None = None, quarantine: SupportsIndex | None = None, parallel: bool | None = None) -> NewPool: ...
    def __repr__(self, /) -> str: ...
    @property
    def cidr(self, /) -> str | None:
        """
        What it covers; network and broadcast addresses are never handed out.
        """
    @property
    def kind(self, /) -> PoolKind | None:
        """
        What it hands out; with a prefix, or a range of addresses, that says it.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def parallel(self, /) -> bool | None:
        """
        Whether claims on a server do not wait for each other.
        """
    @property
    def parent(self, /) -> PoolId | None:
        """
        The pool that it becomes a part of.
        """
    @property
    def prefix_len(self, /) -> int | None:
        """
        How long the prefix is that is cut out of the parent, where it does not matter which.
        """
    @property
    def quarantine(self, /) -> int | None:
        """
        How long what is given back rests before anybody else gets it, in microseconds: not at all, unless this says otherwise.
        """
    @property
    def ranges(self, /) -> list[str] | None:
        """
        What it covers: prefixes, `first-last`, or single values.
        """
    @property
    def reserve(self, /) -> list[str] | None:
        """
        Addresses and ranges to keep out of it.
        """
    @property
    def scope(self, /) -> str | None:
        """
        The network or the cluster in which its values mean something; empty for the one that all share.
        """
    @property
    def strategy(self, /) -> Strategy | None:
        """
        Which of the free ones it hands out: the lowest, unless this says otherwise.
        """

@final
class NewUser:
    """
    A person to create. The password is given beside it, so that the record can be shown.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, username: str, display_name: str | None = None, sn: str | None = None, given_name: str | None = None, email: str | None = None, ssh_public_key: str | None = None, role: str | None = None) -> NewUser: ...
    def __repr__(self, /) -> str: ...
    @property
    def display_name(self, /) -> str | None:
        """
        The full name; without it, the username is shown.
        """
    @property
    def email(self, /) -> str | None:
        """
        The e-mail address.
        """
    @property
    def given_name(self, /) -> str | None:
        """
        The first name.
        """
    @property
    def role(self, /) -> str | None:
        """
        The role by name: `administrator`, `auditor` or `member`; without it, `member`.
        """
    @property
    def sn(self, /) -> str | None:
        """
        The surname.
        """
    @property
    def ssh_public_key(self, /) -> str | None:
        """
        The key for SSH into containers.
        """
    @property
    def username(self, /) -> str:
        """
        The name to sign in with: letters, digits, dot, underscore and hyphen.
        """

@final
class Nexa:
    """
    A private-network control plane over one database.
    """
    async def __aenter__(self, /) -> Nexa: ...
    async def __aexit__(self, /, exc_type: Any | None, exc_value: Any | None, traceback: Any | None) -> None: ...
    def anonymous(self, /) -> Handle:
        """
        A handle for somebody who has not signed in.
        """
    async def authenticate(self, /, token: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Handle:
        """
        A handle for the bearer of a session or device token, which is checked here and again in every call.

        # Errors
        `unauthenticated` when the token is malformed, unknown, expired or revoked, or its person is not active.
        """
    async def close(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Waits for what is under way and closes the database. Every call after it fails with `closed`.

        # Errors
        None of its own.
        """
    @staticmethod
    async def open(url: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Nexa:
        """
        Opens the database that `url` names, such as `sqlite:nexa.db`, creates it where it does not exist, and brings its
        schema up to date. `sqlite::memory:` lives as long as the object.

        # Errors
        `invalid_input` (`url`), and (`keys`) for a database on a server without any, `unsupported` for a database this build
        does not know or a newer schema, `corrupt` for a file that is no Nexa database, `needs_operator` when the file of
        keys beside it is gone.
        """
    @staticmethod
    async def open_with_keys(url: str, keys: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Nexa:
        """
        The same with the keys that its secrets are kept under: `name:base64 of 32 bytes`, several separated by commas or line
        ends, of which the first one wraps. Without them a file has its keys in `<file>.key` beside it, and a database on a
        server has them in the environment's `NEXA_KEYS`.

        # Errors
        Those of `open`; `invalid_input` (`keys`) for what is no key, or not the database's.
        """
    def system(self, /, reason: str) -> Handle:
        """
        A handle for the program itself, which may do everything. The audit shows `reason`.
        """
    def take_setup_token(self, /) -> Secret | None:
        """
        The one-time token that creates the first user, if opening created the database. It is given once.
        """

@final
class Part:
    """
    How much of something a device must reach to count among those that reach it.
    """
    ALL: Final[Part]
    """
    All of it.
    """
    ANY: Final[Part]
    """
    Anything of it is enough.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class PeerStatus:
    """
    A peer as it is.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, public_key: str, endpoint: str | None = None, allowed_ips: SupportsGetItem[int, str], persistent_keepalive: SupportsIndex | None = None, last_handshake_ms_ago: SupportsIndex | None = None, received_bytes: SupportsIndex, sent_bytes: SupportsIndex) -> PeerStatus: ...
    def __repr__(self, /) -> str: ...
    @property
    def allowed_ips(self, /) -> list[str]:
        """
        The prefixes it has at this moment, in order.
        """
    @property
    def endpoint(self, /) -> str | None:
        """
        Where its last authenticated packet came from, or where it was configured to be.
        """
    @property
    def last_handshake_ms_ago(self, /) -> int | None:
        """
        How many milliseconds ago the last session was made.
        """
    @property
    def persistent_keepalive(self, /) -> int | None:
        """
        Seconds between packets that keep a NAT's mapping open.
        """
    @property
    def public_key(self, /) -> str:
        """
        Who it is, in base64.
        """
    @property
    def received_bytes(self, /) -> int:
        """
        Bytes received in authenticated datagrams.
        """
    @property
    def sent_bytes(self, /) -> int:
        """
        Bytes sent in datagrams.
        """

@final
class Policies:
    """
    Policies, as one caller may see and change them.
    """
    async def check_document(self, /, text: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> DocumentReport:
        """
        What importing a text would do, and what is wrong with it, line by line.

        # Errors
        None of its own.
        """
    async def compare_document(self, /, text: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Counterexample | None:
        """
        Whether a text says the same as what is in force, of everybody there is or could be; otherwise the first who would notice.

        # Errors
        `invalid_input` (`text`) with the first thing that is wrong with it.
        """
    async def create(self, /, policy: NewPolicy, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Policy:
        """
        Creates a policy.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name, `not_found` for a target that is not there.
        """
    async def create_test(self, /, test: NewPolicyTest, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> PolicyTest:
        """
        Creates a test. Whether it passes does not matter: it holds changes back only once it does.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name, `not_found`.
        """
    async def explain(self, /, device: DeviceId, address: str, services: str | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Explanation:
        """
        Why a device may reach an address by some services, all of them unless said, or may not.

        # Errors
        `not_found`, `invalid_input` (`address`, `services`).
        """
    async def export_document(self, /, format: DocumentFormat, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> str:
        """
        The policies and their tests as a text that a team keeps beside its code.

        # Errors
        None of its own.
        """
    async def get(self, /, id: PolicyId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Policy:
        """
        One policy.

        # Errors
        `not_found`.
        """
    async def import_document(self, /, text: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> DocumentReport:
        """
        Makes the policies and their tests those of a text; all of it, or nothing.

        # Errors
        `invalid_input` (`text`) with the first thing that is wrong with it, `conflict` when a test would fail that passes now, or when
        more devices would gain or lose access than the settings let.
        """
    async def lint(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[PolicyFinding]:
        """
        What the policies say that nobody can have meant, with the devices and gateways that there are now.

        # Errors
        None of its own.
        """
    async def list(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> PolicyPage:
        """
        The policies, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def list_tests(self, /, after: str | None = None, limit: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> PolicyTestPage:
        """
        The tests, a page at a time.

        # Errors
        `invalid_input` (`limit`, `after`).
        """
    async def matrix(self, /, destinations: SupportsGetItem[int, str], *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Matrix:
        """
        How much of each of these destinations each device may reach now by policies.

        # Errors
        `invalid_input` (`destinations`).
        """
    async def preview_document(self, /, text: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[AccessChange]:
        """
        What importing a text would change for whom.

        # Errors
        `invalid_input` (`text`) with the first thing that is wrong with it.
        """
    async def remove(self, /, id: PolicyId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Removes a policy.

        # Errors
        `not_found`.
        """
    async def remove_test(self, /, id: PolicyTestId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Removes a test.

        # Errors
        `not_found`.
        """
    async def resolve(self, /, device: DeviceId, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Access:
        """
        What a device may reach now, by policies alone.

        # Errors
        `not_found`.
        """
    async def run_tests(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[PolicyTestResult]:
        """
        Runs every test now.

        # Errors
        None of its own.
        """
    async def update(self, /, id: PolicyId, revision: SupportsIndex, changes: PolicyChanges, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Policy:
        """
        Changes a policy of this revision.

        # Errors
        `invalid_input` naming the field, `already_exists` for a taken name, `not_found`, `conflict` when somebody has changed it
        meanwhile, when a test would fail, or when more devices would gain or lose access than the settings let.
        """
    async def who_can_reach(self, /, destination: str, part: Part, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[Reacher]:
        """
        The devices that may reach a destination now by policies: a prefix or a name, and after a space the services if they are not
        all.

        # Errors
        `invalid_input` (`destination`).
        """
    async def why_not(self, /, device: DeviceId, address: str, protocol: str, port: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> WhyNot:
        """
        What would have to change for a device to reach a port of an address; `protocol` is a name or a number.

        # Errors
        `not_found`, `invalid_input` (`address`, `protocol`, `port`).
        """

@final
class Policy:
    """
    A rule as it is stored and resolved.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: PolicyId, revision: SupportsIndex, name: str, description: str, priority: SupportsIndex, effect: Effect, is_active: bool, full_tunnel: bool, targets: SupportsGetItem[int, Target], destinations: SupportsGetItem[int, Destination], valid_from: SupportsIndex | None = None, valid_until: SupportsIndex | None = None) -> Policy: ...
    def __repr__(self, /) -> str: ...
    @property
    def description(self, /) -> str:
        """
        What it is for; may be empty.
        """
    @property
    def destinations(self, /) -> list[Destination]:
        """
        What it matches; sorted by prefix, each once. None: nothing, never "any".
        """
    @property
    def effect(self, /) -> Effect:
        """
        Whether what it matches is let through.
        """
    @property
    def full_tunnel(self, /) -> bool:
        """
        Whether it matches every address of both families, beside its destinations.
        """
    @property
    def id(self, /) -> PolicyId:
        """
        Its id. Of two policies that decide the same, the lower one is named as the winner.
        """
    @property
    def is_active(self, /) -> bool:
        """
        Whether it counts at all.
        """
    @property
    def name(self, /) -> str:
        """
        A name, unique among living policies.
        """
    @property
    def priority(self, /) -> int:
        """
        The lower number wins.
        """
    @property
    def revision(self, /) -> int:
        """
        Goes up with each change of the policy; 1 at first.
        """
    @property
    def targets(self, /) -> list[Target]:
        """
        Whom it is about; sorted, each once. None: nobody.
        """
    @property
    def valid_from(self, /) -> int | None:
        """
        The moment from which it counts, in microseconds since 1970; nothing for always.
        """
    @property
    def valid_until(self, /) -> int | None:
        """
        The first moment at which it counts no more; nothing for never.
        """

@final
class PolicyChanges:
    """
    What shall be different about a policy. What is not said stays as it is.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str | None = None, description: str | None = None, priority: SupportsIndex | None = None, effect: Effect | None = None, is_active: bool | None = None, full_tunnel: bool | None = None, targets: SupportsGetItem[int, Target] | None = None, destinations: SupportsGetItem[int, str] | None = None, valid_from: SupportsIndex | None = None, valid_until: SupportsIndex | None = None, is_valid_always: bool | None = None, is_valid_for_ever: bool | None = None) -> PolicyChanges: ...
    def __repr__(self, /) -> str: ...
    @property
    def description(self, /) -> str | None:
        """
        Another description.
        """
    @property
    def destinations(self, /) -> list[str] | None:
        """
        What it matches, instead of what it matched.
        """
    @property
    def effect(self, /) -> Effect | None:
        """
        Another effect.
        """
    @property
    def full_tunnel(self, /) -> bool | None:
        """
        Whether it is a full tunnel.
        """
    @property
    def is_active(self, /) -> bool | None:
        """
        Whether it counts.
        """
    @property
    def is_valid_always(self, /) -> bool | None:
        """
        Whether it counts from the beginning of time; `valid_from` is left out then.
        """
    @property
    def is_valid_for_ever(self, /) -> bool | None:
        """
        Whether it counts until the end of time; `valid_until` is left out then.
        """
    @property
    def name(self, /) -> str | None:
        """
        Another name.
        """
    @property
    def priority(self, /) -> int | None:
        """
        Another priority.
        """
    @property
    def targets(self, /) -> list[Target] | None:
        """
        Whom it is about, instead of those it was about.
        """
    @property
    def valid_from(self, /) -> int | None:
        """
        Another moment from which it counts, in microseconds since 1970.
        """
    @property
    def valid_until(self, /) -> int | None:
        """
        Another first moment at which it counts no more.
        """

@final
class PolicyFinding:
    """
    Something that a set of policies says and that nobody can have meant.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: str, policy: PolicySummary | None = None, text: str) -> PolicyFinding: ...
    def __repr__(self, /) -> str: ...
    @property
    def kind(self, /) -> str:
        """
        What kind of thing it is: `conflict`, `shadowed`, `no_targets`, `no_destinations`, `redundant`, `dangling`, `over`, `ipv6_leak`,
        `dns_unreachable`, `inside_vpn`, `has_endpoint`, `overlapping_peers`.
        """
    @property
    def policy(self, /) -> PolicySummary | None:
        """
        The policy to look at, if it is about one.
        """
    @property
    def text(self, /) -> str:
        """
        The same for a person to read.
        """

@final
class PolicyPage:
    """
    One page of policies.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Policy], next: str | None = None) -> PolicyPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Policy]:
        """
        The policies, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class PolicySummary:
    """
    What there is to say of a policy in an explanation.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: PolicyId, name: str, priority: SupportsIndex, effect: Effect) -> PolicySummary: ...
    def __repr__(self, /) -> str: ...
    @property
    def effect(self, /) -> Effect:
        """
        Its effect.
        """
    @property
    def id(self, /) -> PolicyId:
        """
        Its id.
        """
    @property
    def name(self, /) -> str:
        """
        Its name.
        """
    @property
    def priority(self, /) -> int:
        """
        Its priority number.
        """

@final
class PolicyTest:
    """
    Something that must hold of the policies.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: PolicyTestId, name: str, who: Target, to: str, service: str, expect: Effect) -> PolicyTest: ...
    def __repr__(self, /) -> str: ...
    @property
    def expect(self, /) -> Effect:
        """
        What must come of it.
        """
    @property
    def id(self, /) -> PolicyTestId:
        """
        Its id.
        """
    @property
    def name(self, /) -> str:
        """
        A name, unique among tests.
        """
    @property
    def service(self, /) -> str:
        """
        The protocols and ports: every one of them must be as expected.
        """
    @property
    def to(self, /) -> str:
        """
        The address.
        """
    @property
    def who(self, /) -> Target:
        """
        Who tries.
        """

@final
class PolicyTestPage:
    """
    One page of tests.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, PolicyTest], next: str | None = None) -> PolicyTestPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[PolicyTest]:
        """
        The tests, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class PolicyTestResult:
    """
    How a test came out.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, test: PolicyTest, passed: bool) -> PolicyTestResult: ...
    def __repr__(self, /) -> str: ...
    @property
    def passed(self, /) -> bool:
        """
        Whether it holds.
        """
    @property
    def test(self, /) -> PolicyTest:
        """
        The test.
        """

@final
class Pool:
    """
    A pool: ranges of one kind without what is reserved in them.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: PoolId, name: str, kind: PoolKind, scope: str, ranges: SupportsGetItem[int, str], gateway_id: GatewayId | None = None, parent_id: PoolId | None = None, strategy: Strategy, quarantine: SupportsIndex, is_parallel: bool, created_at: SupportsIndex) -> Pool: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When it was created, in microseconds since 1970.
        """
    @property
    def gateway_id(self, /) -> GatewayId | None:
        """
        The gateway whose devices it serves.
        """
    @property
    def id(self, /) -> PoolId:
        """
        The id.
        """
    @property
    def is_parallel(self, /) -> bool:
        """
        Whether claims on a server do not wait for each other; "lowest" is then approximate.
        """
    @property
    def kind(self, /) -> PoolKind:
        """
        What it hands out.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def parent_id(self, /) -> PoolId | None:
        """
        The pool that it is a part of.
        """
    @property
    def quarantine(self, /) -> int:
        """
        How long what is given back rests before anybody else gets it, in microseconds.
        """
    @property
    def ranges(self, /) -> list[str]:
        """
        What it covers, in order: a prefix, `first-last`, or one value.
        """
    @property
    def scope(self, /) -> str:
        """
        The network or the cluster in which its values mean something; empty for the one that all share.
        """
    @property
    def strategy(self, /) -> Strategy:
        """
        Which of the free ones it hands out.
        """

@final
class PoolChange:
    """
    What of a pool is to be changed; what is not named stays.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str | None = None, strategy: Strategy | None = None, quarantine: SupportsIndex | None = None, parallel: bool | None = None) -> PoolChange: ...
    def __repr__(self, /) -> str: ...
    @property
    def name(self, /) -> str | None:
        """
        Another name.
        """
    @property
    def parallel(self, /) -> bool | None:
        """
        Whether claims on a server do not wait for each other.
        """
    @property
    def quarantine(self, /) -> int | None:
        """
        How long what is given back from now on rests, in microseconds.
        """
    @property
    def strategy(self, /) -> Strategy | None:
        """
        Which of the free ones it hands out from now on.
        """

@final
class PoolKind:
    """
    What a pool hands out.
    """
    CTID: Final[PoolKind]
    """
    VMIDs of Proxmox VE's guests, 100 to 999999999.
    """
    IPV4: Final[PoolKind]
    """
    IPv4 addresses.
    """
    IPV6: Final[PoolKind]
    """
    IPv6 addresses.
    """
    MAC: Final[PoolKind]
    """
    MAC addresses: locally administered ones, or of the prefix that Proxmox VE has.
    """
    TCP_PORT: Final[PoolKind]
    """
    TCP ports, 1 to 65535.
    """
    UDP_PORT: Final[PoolKind]
    """
    UDP ports, 1 to 65535.
    """
    UNIX_ID: Final[PoolKind]
    """
    uid and gid numbers.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class PoolPage:
    """
    One page of pools.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Pool], next: str | None = None) -> PoolPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Pool]:
        """
        The pools, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class PoolUsage:
    """
    How full a pool is, exactly. What may pass 2^53 is text in decimal.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, assignable: str, allocated: str, quarantined: str, delegated: str, reserved: str, free: str, earliest_free_at: SupportsIndex | None = None) -> PoolUsage: ...
    def __repr__(self, /) -> str: ...
    @property
    def allocated(self, /) -> str:
        """
        How many are in somebody's hands.
        """
    @property
    def assignable(self, /) -> str:
        """
        How many can be handed out at all; 2^128 - 1 stands for all of IPv6, which is one more.
        """
    @property
    def delegated(self, /) -> str:
        """
        How many are parts of child pools.
        """
    @property
    def earliest_free_at(self, /) -> int | None:
        """
        When the first of those that rest may be handed out again, in microseconds since 1970.
        """
    @property
    def free(self, /) -> str:
        """
        How many can be handed out now.
        """
    @property
    def quarantined(self, /) -> str:
        """
        How many were given back and rest.
        """
    @property
    def reserved(self, /) -> str:
        """
        How many are reserved, and so not among the assignable.
        """

@final
class PrivateKey:
    """
    A WireGuard private key. It prints nothing of itself and is overwritten when it goes.
    """
    @staticmethod
    def generate() -> PrivateKey:
        """
        A new key from the operating system's randomness.

        # Errors
        `unavailable` when the system gives none.
        """
    @staticmethod
    def parse(text: str) -> PrivateKey:
        """
        A key from its 44 characters of base64.

        # Errors
        `invalid_input` (`private_key`).
        """
    def public_key(self, /) -> str:
        """
        The public half, in base64.
        """
    def reveal(self, /) -> str:
        """
        The key in base64. Whoever calls this answers for where it goes.
        """

@final
class Profile:
    """
    What a device needs to join: everything but its private key, which stays on the device.
    """
    def details(self, /) -> ProfileDetails:
        """
        What can be shown of it, as a value.
        """
    def qr_svg(self, /, private_key: PrivateKey | None = None) -> Secret:
        """
        As a QR code in an SVG picture, dark on white with its quiet zone.

        # Errors
        As `render`, and `invalid_input` (`text`) for a profile of more than 2,953 bytes.
        """
    def qr_terminal(self, /, private_key: PrivateKey | None = None, theme: TerminalTheme | None = None) -> Secret:
        """
        As a QR code in half blocks, two modules to a character.

        # Errors
        As `qr_svg`.
        """
    def render(self, /, private_key: PrivateKey | None = None) -> Secret:
        """
        As text for `wg-quick` and the WireGuard apps; without the key, with a placeholder that `wg` refuses.

        # Errors
        `invalid_input` (`private_key`) for a key that is not the profile's.
        """

@final
class ProfileDetails:
    """
    A profile without its secrets.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, device: DeviceId, revision: SupportsIndex, public_key: str, addresses: SupportsGetItem[int, str], dns: SupportsGetItem[int, str], mtu: SupportsIndex | None = None, peer: ProfilePeer) -> ProfileDetails: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> list[str]:
        """
        The device's addresses inside the tunnel.
        """
    @property
    def device(self, /) -> DeviceId:
        """
        The device it was issued to.
        """
    @property
    def dns(self, /) -> list[str]:
        """
        The name servers to use while the tunnel is up.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The packet size inside the tunnel; nothing leaves it to the device.
        """
    @property
    def peer(self, /) -> ProfilePeer:
        """
        The gateway, as the device sees it.
        """
    @property
    def public_key(self, /) -> str:
        """
        The device's own public key, in base64.
        """
    @property
    def revision(self, /) -> int:
        """
        Goes up with every change of the rest.
        """

@final
class ProfilePeer:
    """
    The gateway's side of a profile.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, public_key: str, has_preshared_key: bool, endpoint: str, allowed_ips: SupportsGetItem[int, str], added_ips: SupportsGetItem[int, str], persistent_keepalive: SupportsIndex | None = None) -> ProfilePeer: ...
    def __repr__(self, /) -> str: ...
    @property
    def added_ips(self, /) -> list[str]:
        """
        What of that it may not reach and is routed only because a device of its platform takes no more prefixes. Nobody denied it, and
        the gateway drops it.
        """
    @property
    def allowed_ips(self, /) -> list[str]:
        """
        What the device sends into the tunnel and takes out of it. Empty: nothing.
        """
    @property
    def endpoint(self, /) -> str:
        """
        Where the gateway listens.
        """
    @property
    def has_preshared_key(self, /) -> bool:
        """
        Whether a secret is shared beside the keys.
        """
    @property
    def persistent_keepalive(self, /) -> int | None:
        """
        Seconds between packets that keep a NAT's mapping open; nothing for none.
        """
    @property
    def public_key(self, /) -> str:
        """
        The gateway's public key, in base64.
        """

@final
class Purpose:
    """
    What a data key is for.
    """
    AUDIT: Final[Purpose]
    """
    Vouching for the rows of the audit.
    """
    CLOUDFLARE: Final[Purpose]
    """
    Credentials at Cloudflare.
    """
    NODE_CREDENTIAL: Final[Purpose]
    """
    Credentials of the nodes of a cluster.
    """
    PRESHARED_KEY: Final[Purpose]
    """
    WireGuard's preshared keys.
    """
    SESSION_SECRET: Final[Purpose]
    """
    What access tokens are signed with.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Reach:
    """
    Addresses, and by which services.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, services: str, addresses: SupportsGetItem[int, str]) -> Reach: ...
    def __repr__(self, /) -> str: ...
    @property
    def addresses(self, /) -> list[str]:
        """
        The addresses, as the fewest prefixes.
        """
    @property
    def services(self, /) -> str:
        """
        The protocols and ports.
        """

@final
class Reacher:
    """
    A device, by what people call it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, device: DeviceId, user: UserId, label: str) -> Reacher: ...
    def __repr__(self, /) -> str: ...
    @property
    def device(self, /) -> DeviceId:
        """
        The device.
        """
    @property
    def label(self, /) -> str:
        """
        The username and the device's name: `ada/laptop`.
        """
    @property
    def user(self, /) -> UserId:
        """
        Its user.
        """

@final
class Rebuilt:
    """
    What working out the free ranges of a pool anew has changed.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, changed: bool, found: str, withdrawn: str) -> Rebuilt: ...
    def __repr__(self, /) -> str: ...
    @property
    def changed(self, /) -> bool:
        """
        Whether anything was not as it had to be.
        """
    @property
    def found(self, /) -> str:
        """
        How many were lost and are free again.
        """
    @property
    def withdrawn(self, /) -> str:
        """
        How many were taken for free and are not.
        """

@final
class Remedy:
    """
    One change that is enough.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: RemedyKind, policy: PolicySummary | None = None, priority: SupportsIndex | None = None, text: str) -> Remedy: ...
    def __repr__(self, /) -> str: ...
    @property
    def kind(self, /) -> RemedyKind:
        """
        What kind of change it is.
        """
    @property
    def policy(self, /) -> PolicySummary | None:
        """
        The policy to change; nothing for one to create.
        """
    @property
    def priority(self, /) -> int | None:
        """
        The priority to give, where one is.
        """
    @property
    def text(self, /) -> str:
        """
        The same for a person to read.
        """

@final
class RemedyKind:
    """
    What kind of change is enough.
    """
    ACTIVATE: Final[RemedyKind]
    """
    Turn a policy on that is not active.
    """
    ADD_SERVICE: Final[RemedyKind]
    """
    Let a policy that has the address have this protocol and port too.
    """
    ADD_TARGET: Final[RemedyKind]
    """
    Make a policy target the device, its user or a group of the user.
    """
    CREATE: Final[RemedyKind]
    """
    Create a policy that allows it, of this priority.
    """
    MOVE_WINDOW: Final[RemedyKind]
    """
    Let a policy count at this moment, which its window leaves out.
    """
    REMOVE: Final[RemedyKind]
    """
    Take the one policy away that denies it.
    """
    REPRIORITIZE: Final[RemedyKind]
    """
    Give a policy that allows it this priority, the weakest that suffices.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Renumbering:
    """
    What a renumbering does, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, old_range: str, new_range: str, moves: SupportsGetItem[int, Move], reservations: SupportsGetItem[int, ReservedRange]) -> Renumbering: ...
    def __repr__(self, /) -> str: ...
    @property
    def moves(self, /) -> list[Move]:
        """
        What moves, in the order of the addresses.
        """
    @property
    def new_range(self, /) -> str:
        """
        The range afterwards.
        """
    @property
    def old_range(self, /) -> str:
        """
        The range before.
        """
    @property
    def reservations(self, /) -> list[ReservedRange]:
        """
        What is reserved of the new range.
        """

@final
class RequestContext:
    """
    Where a request came from; the audit keeps it. Texts are cut to 200 characters.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, source_ip: str | None = None, user_agent: str | None = None, request_id: str | None = None) -> RequestContext: ...
    def __repr__(self, /) -> str: ...
    @property
    def request_id(self, /) -> str | None:
        """
        The host's own id of the request, to find it again in the host's logs.
        """
    @property
    def source_ip(self, /) -> str | None:
        """
        The address that the request came from.
        """
    @property
    def user_agent(self, /) -> str | None:
        """
        What the client calls itself.
        """

@final
class Reservation:
    """
    Something in a pool that is never handed out.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: ReservationId, pool_id: PoolId, range: str, reason: str, is_builtin: bool, created_at: SupportsIndex) -> Reservation: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When it was made, in microseconds since 1970.
        """
    @property
    def id(self, /) -> ReservationId:
        """
        The id.
        """
    @property
    def is_builtin(self, /) -> bool:
        """
        Whether it follows from what the pool is, and cannot be lifted.
        """
    @property
    def pool_id(self, /) -> PoolId:
        """
        The pool.
        """
    @property
    def range(self, /) -> str:
        """
        What is reserved.
        """
    @property
    def reason(self, /) -> str:
        """
        Why.
        """

@final
class ReservationPage:
    """
    One page of reservations.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, Reservation], next: str | None = None) -> ReservationPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Reservation]:
        """
        The reservations, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class ReservedRange:
    """
    A range that is kept out of a pool, and why.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, range: str, reason: str) -> ReservedRange: ...
    def __repr__(self, /) -> str: ...
    @property
    def range(self, /) -> str:
        """
        The range.
        """
    @property
    def reason(self, /) -> str:
        """
        Why.
        """

@final
class Resize:
    """
    What a change of a pool's ranges does, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, ranges: SupportsGetItem[int, str], gained: str, lost: str, outside: SupportsGetItem[int, Allocation], outside_count: SupportsIndex, reservations: SupportsGetItem[int, Reservation], children: SupportsGetItem[int, PoolId]) -> Resize: ...
    def __repr__(self, /) -> str: ...
    @property
    def children(self, /) -> list[PoolId]:
        """
        Child pools that lie outside.
        """
    @property
    def gained(self, /) -> str:
        """
        How many more can be handed out than before.
        """
    @property
    def lost(self, /) -> str:
        """
        How many fewer.
        """
    @property
    def outside(self, /) -> list[Allocation]:
        """
        What lies outside the new ranges and is in somebody's hands or rests; at most 1,000 are listed.
        """
    @property
    def outside_count(self, /) -> int:
        """
        How many those are.
        """
    @property
    def ranges(self, /) -> list[str]:
        """
        The ranges that it has, or would have.
        """
    @property
    def reservations(self, /) -> list[Reservation]:
        """
        Reservations that lie outside, which go.
        """

@final
class Rotation:
    """
    What was done to finish a rotation.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, resealed: SupportsIndex, rewrapped: SupportsIndex, deleted: SupportsIndex, damaged: SupportsGetItem[int, str]) -> Rotation: ...
    def __repr__(self, /) -> str: ...
    @property
    def damaged(self, /) -> list[str]:
        """
        Values that do not open, as `table.column of row`. They were left as they are, and so were their keys.
        """
    @property
    def deleted(self, /) -> int:
        """
        How many retired data keys were deleted, because nothing is sealed under them.
        """
    @property
    def resealed(self, /) -> int:
        """
        How many values were sealed again under the active data key.
        """
    @property
    def rewrapped(self, /) -> int:
        """
        How many data keys were wrapped again under the provider's current key.
        """

@final
class Sealing:
    """
    The keys that secrets are kept under, as one caller may see and change them.
    """
    async def finish_rotation(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Rotation:
        """
        Seals every value again that is sealed under a retired data key, wraps data keys again that are not under the
        provider's current one, and deletes retired ones that nothing is sealed under, an hour after they were retired. It may
        end at any moment, and the next call goes on.

        # Errors
        `invalid_input` (`keys`) for a data key that the provider does not unwrap, `unavailable` when it fails.
        """
    async def list_keys(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[DataKeyRecord]:
        """
        The data keys there are, without the keys themselves, in the order they were made.

        # Errors
        None of its own.
        """
    async def rotate(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> list[DataKeyRecord]:
        """
        Puts a new data key in the place of each active one. What was sealed before stays readable, and is sealed again by
        `finish_rotation`.

        # Errors
        `unavailable` when the provider of keys fails.
        """

@final
class Secret:
    """
    A text that prints nothing of itself.
    """
    @staticmethod
    def create(text: str) -> Secret:
        """
        Takes charge of a text.

        # Errors
        None.
        """
    def reveal(self, /) -> str:
        """
        The text itself. Whoever calls this answers for where it goes.
        """

@final
class Setting:
    """
    One setting as it is now.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, category: str, key: str, value: str, default: str | None = None, description: str, setting_type: str, updated_at: SupportsIndex | None = None) -> Setting: ...
    def __repr__(self, /) -> str: ...
    @property
    def category(self, /) -> str:
        """
        What it belongs to, such as `gateway`.
        """
    @property
    def default(self, /) -> str | None:
        """
        What holds until somebody decides; nothing for a setting that this build does not know.
        """
    @property
    def description(self, /) -> str:
        """
        What it decides.
        """
    @property
    def key(self, /) -> str:
        """
        Its name there, such as `state_lifetime_seconds`.
        """
    @property
    def setting_type(self, /) -> str:
        """
        What its text has to be: `integer 60..=86400`, `full | exact`, or `unknown`.
        """
    @property
    def updated_at(self, /) -> int | None:
        """
        When it was decided, in microseconds since 1970; nothing while the default holds.
        """
    @property
    def value(self, /) -> str:
        """
        What holds.
        """

@final
class Settings:
    """
    Settings, as one caller may see and decide them.
    """
    async def get(self, /, category: str, key: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Setting:
        """
        One setting.

        # Errors
        `invalid_input` (`key`) when there is no such setting.
        """
    async def list(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> builtins.list[Setting]:
        """
        Every setting, in the order of their names; also those that are stored and unknown to this build.

        # Errors
        None of its own.
        """
    async def reset(self, /, category: str, key: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Setting:
        """
        Takes back what was decided, so that the default holds.

        # Errors
        `invalid_input` (`key`) when there is no such setting.
        """
    async def set(self, /, category: str, key: str, value: str, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Setting:
        """
        Decides a setting, from the next call on that goes by it.

        # Errors
        `invalid_input` (`key`) when there is no such setting, (`value`) for a text that is not of its type.
        """

@final
class SignedHead:
    """
    The end of the audit's chain at a moment, signed, to be kept outside the database.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, text: str, seal: SupportsIndex, rows: SupportsIndex, hash: str, signed_at: SupportsIndex, data_key: SupportsIndex, signature: str) -> SignedHead: ...
    def __repr__(self, /) -> str: ...
    @property
    def data_key(self, /) -> int:
        """
        The number of the data key that the signing key belongs to.
        """
    @property
    def hash(self, /) -> str:
        """
        The last seal's hash, in hexadecimal digits.
        """
    @property
    def rows(self, /) -> int:
        """
        How many rows the chain had vouched for by then.
        """
    @property
    def seal(self, /) -> int:
        """
        The number of the last seal; 0 before the first.
        """
    @property
    def signature(self, /) -> str:
        """
        The Ed25519 signature, in base64.
        """
    @property
    def signed_at(self, /) -> int:
        """
        When it was signed, in microseconds since 1970.
        """
    @property
    def text(self, /) -> str:
        """
        All of it on one line, which is what `verify_against` takes.
        """

@final
class SignedIn:
    """
    A sign-in that succeeded.
    """
    def expires_at(self, /) -> int:
        """
        When it ends by itself, in microseconds since 1970.
        """
    def session_id(self, /) -> SessionId:
        """
        The session.
        """
    def token(self, /) -> Secret:
        """
        The token to call with.
        """
    def user_id(self, /) -> UserId:
        """
        Who signed in.
        """

@final
class Strategy:
    """
    Which of the free ones a pool hands out.
    """
    LOWEST: Final[Strategy]
    """
    The lowest.
    """
    NEXT: Final[Strategy]
    """
    The lowest above the one that was handed out last, and then from the beginning again.
    """
    RANDOM: Final[Strategy]
    """
    Any, each as likely as the others.
    """
    STICKY: Final[Strategy]
    """
    What the holder had before; else one that follows from who the holder is, or the next free one above it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Target:
    """
    Whom a policy is about.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, target_type: TargetType, id: str) -> Target: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> str:
        """
        The id.
        """
    @property
    def target_type(self, /) -> TargetType:
        """
        What kind of thing the id is of.
        """

@final
class TargetType:
    """
    What kind of thing a policy is about.
    """
    DEVICE: Final[TargetType]
    """
    One device.
    """
    GROUP: Final[TargetType]
    """
    Every device of every member of one group.
    """
    USER: Final[TargetType]
    """
    Every device of one user.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class TcpListener:
    """
    Accepts TCP connections on one port inside a tunnel.
    """
    async def __aenter__(self, /) -> TcpListener: ...
    async def __aexit__(self, /, exc_type: Any | None, exc_value: Any | None, traceback: Any | None) -> None: ...
    async def accept(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> TcpStream:
        """
        The next connection, waiting until there is one. It knows which address was connected to.

        # Errors
        `closed` when the listener or the tunnel was closed, also while waiting.
        """
    async def close(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Stops listening; connections that were accepted go on.

        # Errors
        None of its own.
        """
    def port(self, /) -> int:
        """
        The port on which it listens.

        # Errors
        `closed`.
        """

@final
class TcpStream:
    """
    A TCP connection inside a tunnel. One side may read while another writes.
    """
    async def __aenter__(self, /) -> TcpStream: ...
    async def __aexit__(self, /, exc_type: Any | None, exc_value: Any | None, traceback: Any | None) -> None: ...
    async def close(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Closes the connection; what was written is still delivered.

        # Errors
        None of its own.
        """
    async def finish(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Ends writing: the far side reads to the end of what was written. Reading goes on.

        # Errors
        `closed`.
        """
    def local_addr(self, /) -> str:
        """
        Our address and port. On a gateway that answers for others, the address that was connected to.
        """
    def peer_addr(self, /) -> str:
        """
        The far side's address and port.
        """
    async def read(self, /, max: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> bytes:
        """
        Up to `max` bytes, waiting until there is one; empty when the far side has ended. At most 1 MiB at once.

        # Errors
        `unavailable` when the far side broke the connection off, `closed`.
        """
    async def read_to_end(self, /, max: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> bytes:
        """
        Everything until the far side ends, at most `max` bytes.

        # Errors
        `exhausted` when there is more than `max`, otherwise as `read`.
        """
    async def write(self, /, data: SupportsGetItem[int, SupportsIndex], *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Writes all of it, waiting for room. A call that is given up may have written a part.

        # Errors
        `unavailable` when the far side broke the connection off, `closed`.
        """

@final
class TerminalTheme:
    """
    Which way round a QR code is drawn on a terminal.
    """
    DARK_ON_LIGHT: Final[TerminalTheme]
    """
    The terminal writes dark on light.
    """
    LIGHT_ON_DARK: Final[TerminalTheme]
    """
    The terminal writes light on dark.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Tunnel:
    """
    A running tunnel, with TCP and ping inside it. Dropping the last reference closes it.
    """
    async def __aenter__(self, /) -> Tunnel: ...
    async def __aexit__(self, /, exc_type: Any | None, exc_value: Any | None, traceback: Any | None) -> None: ...
    async def close(self, /, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> None:
        """
        Ends the tunnel and its connections, and waits for its threads. Every call that waits ends.

        # Errors
        None of its own.
        """
    async def connect(self, /, to: str, wait_ms: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> TcpStream:
        """
        Opens a TCP connection inside the tunnel, to an address and port such as `10.20.0.10:80`.

        # Errors
        `unavailable` when nobody listens there, `cancelled` when nothing answered within `wait_ms`, 20 s without it, also
        when the way there is denied; `invalid_input` (`to`, `destination`); `closed`.
        """
    def counters(self, /) -> Counters:
        """
        What was done since the start.
        """
    async def listen(self, /, port: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> TcpListener:
        """
        Accepts TCP connections on a port inside the tunnel, to whichever address they come; port 0 lets the stack choose.

        # Errors
        `invalid_input` (`port`) past 65535, `already_exists` for a port in use, `closed`.
        """
    def local_addr(self, /) -> str:
        """
        Where datagrams are received.
        """
    async def next_event(self, /, wait_ms: SupportsIndex, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> TunnelEvent | None:
        """
        Waits at most `wait_ms` for something to happen to the tunnel; nothing when nothing did. The last 1,024 events
        wait to be read.

        # Errors
        `closed`.
        """
    def open_sockets(self, /) -> int:
        """
        How many sockets are open inside the tunnel, with those that are still being closed.
        """
    def peers(self, /) -> list[PeerStatus]:
        """
        Every peer as it is, in the order of their keys; none once the tunnel is closed.
        """
    async def ping(self, /, to: str, wait_ms: SupportsIndex | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> float:
        """
        Sends an ICMP echo request and gives the milliseconds until its reply.

        # Errors
        `cancelled` when none came within `wait_ms`, 20 s without it; `invalid_input` (`to`, `destination`); `closed`.
        """
    @staticmethod
    async def serve(private_key: PrivateKey, options: GatewayOptions, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Tunnel:
        """
        Starts a gateway in this program: it answers for every address behind it, and lets nothing through until a
        desired state is applied to it.

        # Errors
        `invalid_input` naming the option, `unavailable` when the system gives no socket.
        """
    @staticmethod
    async def up(profile: Profile, private_key: PrivateKey, options: TunnelOptions | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Tunnel:
        """
        Brings up the tunnel of a device with this profile.

        # Errors
        `invalid_input` (`private_key`) for a key that is not the profile's, or naming the option; `unavailable` when the
        gateway's name has no address or the system gives no socket.
        """
    @staticmethod
    async def up_conf(conf: Conf, options: TunnelOptions | None = None, *, timeout_ms: SupportsIndex | None = None, cancel: CancelHandle | None = None) -> Tunnel:
        """
        Brings up the tunnel that a configuration file describes.

        # Errors
        `invalid_input` (`private_key`) for a file without one, or naming the option; `unavailable` as for `up`.
        """

@final
class TunnelEvent:
    """
    Something that happened to a tunnel by itself.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, event_type: TunnelEventType, peer: str | None = None, endpoint: str | None = None, reason: str | None = None) -> TunnelEvent: ...
    def __repr__(self, /) -> str: ...
    @property
    def endpoint(self, /) -> str | None:
        """
        Where the peer is now.
        """
    @property
    def event_type(self, /) -> TunnelEventType:
        """
        What kind of thing.
        """
    @property
    def peer(self, /) -> str | None:
        """
        The peer, in base64.
        """
    @property
    def reason(self, /) -> str | None:
        """
        What the operating system or the device said.
        """

@final
class TunnelEventType:
    """
    What kind of thing happened to a tunnel.
    """
    DEVICE_LOST: Final[TunnelEventType]
    """
    The packet device failed: nothing is taken from it any more.
    """
    ENDPOINT_CHANGED: Final[TunnelEventType]
    """
    Authenticated packets of a peer come from another address than before.
    """
    HANDSHAKE_COMPLETED: Final[TunnelEventType]
    """
    A session was made with a peer.
    """
    HANDSHAKE_FAILED: Final[TunnelEventType]
    """
    A peer did not answer for 90 s. Sending to it tries again.
    """
    OTHER: Final[TunnelEventType]
    """
    Something that this version of the bindings has no name for.
    """
    SOCKET_LOST: Final[TunnelEventType]
    """
    The operating system took the UDP socket away: nothing is sent or received any more.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class TunnelOptions:
    """
    What may be changed about a device's tunnel.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, listen: str | None = None, allowed_ips: SupportsGetItem[int, str] | None = None, mtu: SupportsIndex | None = None) -> TunnelOptions: ...
    def __repr__(self, /) -> str: ...
    @property
    def allowed_ips(self, /) -> list[str] | None:
        """
        What is sent into the tunnel, in place of what the profile says. It only routes: what may be reached, the gateway
        decides.
        """
    @property
    def listen(self, /) -> str | None:
        """
        The UDP address to listen on, such as `127.0.0.1:0`; any address and port without it.
        """
    @property
    def mtu(self, /) -> int | None:
        """
        The longest packet inside the tunnel in bytes.
        """

@final
class User:
    """
    A person, with the attributes that LDAP's `inetOrgPerson` and `posixAccount` know.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: UserId, username: str, display_name: str, sn: str, given_name: str, email: str | None = None, uid_number: SupportsIndex, home_directory: str, login_shell: str, ssh_public_key: str | None = None, status: UserStatus, role_id: RoleId, last_login_at: SupportsIndex | None = None, created_at: SupportsIndex) -> User: ...
    def __repr__(self, /) -> str: ...
    @property
    def created_at(self, /) -> int:
        """
        When they were created, in microseconds since 1970.
        """
    @property
    def display_name(self, /) -> str:
        """
        The full name (`cn`).
        """
    @property
    def email(self, /) -> str | None:
        """
        The e-mail address (`mail`).
        """
    @property
    def given_name(self, /) -> str:
        """
        The first name (`givenName`).
        """
    @property
    def home_directory(self, /) -> str:
        """
        The home directory on a container (`homeDirectory`).
        """
    @property
    def id(self, /) -> UserId:
        """
        The id.
        """
    @property
    def last_login_at(self, /) -> int | None:
        """
        When they last signed in, in microseconds since 1970.
        """
    @property
    def login_shell(self, /) -> str:
        """
        The shell on a container (`loginShell`).
        """
    @property
    def role_id(self, /) -> RoleId:
        """
        Their role.
        """
    @property
    def sn(self, /) -> str:
        """
        The surname (`sn`).
        """
    @property
    def ssh_public_key(self, /) -> str | None:
        """
        The key for SSH into containers (`sshPublicKey`).
        """
    @property
    def status(self, /) -> UserStatus:
        """
        Whether they may use the system.
        """
    @property
    def uid_number(self, /) -> int:
        """
        The numeric id, from 2000, never used twice (`uidNumber`).
        """
    @property
    def username(self, /) -> str:
        """
        The name to sign in with, as typed (`uid`).
        """

@final
class UserPage:
    """
    One page of people.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, items: SupportsGetItem[int, User], next: str | None = None) -> UserPage: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[User]:
        """
        The people, in a stable order.
        """
    @property
    def next(self, /) -> str | None:
        """
        What to ask the next page with; nothing when this was the last one.
        """

@final
class UserStatus:
    """
    Whether a person may use the system.
    """
    ACTIVE: Final[UserStatus]
    """
    Let in.
    """
    PENDING: Final[UserStatus]
    """
    Known, not let in yet.
    """
    SUSPENDED: Final[UserStatus]
    """
    Shut out: nothing of theirs is accepted any more.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class Verdict:
    """
    What decided.
    """
    BARRED: Final[Verdict]
    """
    The device has no access at all. Denied.
    """
    INFRASTRUCTURE_DNS: Final[Verdict]
    """
    The built-in rule grants the DNS servers. Allowed.
    """
    INFRASTRUCTURE_GATEWAY: Final[Verdict]
    """
    The built-in rule grants the gateway's own addresses. Allowed.
    """
    NO_MATCH: Final[Verdict]
    """
    No policy that applies contains the address. Denied.
    """
    POLICY: Final[Verdict]
    """
    A policy; its effect is the answer.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def value(self, /) -> str:
        """
        The spelling in snake case, the same in every language.
        """

@final
class WhyNot:
    """
    What would have to change for a device to reach something.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, is_allowed: bool, barred: Bar | None = None, remedies: SupportsGetItem[int, Remedy], text: str) -> WhyNot: ...
    def __repr__(self, /) -> str: ...
    @property
    def barred(self, /) -> Bar | None:
        """
        The device has no access at all until this is lifted, whatever else is changed.
        """
    @property
    def is_allowed(self, /) -> bool:
        """
        It reaches it already.
        """
    @property
    def remedies(self, /) -> list[Remedy]:
        """
        Changes, each of which is enough, beside lifting the bar; none where it is allowed then.
        """
    @property
    def text(self, /) -> str:
        """
        The same for a person to read, in several lines.
        """

@final
class Winner:
    """
    The policy that decided, and how it came to apply.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, policy: PolicySummary, path: str, matched: str | None = None, destination: str | None = None) -> Winner: ...
    def __repr__(self, /) -> str: ...
    @property
    def destination(self, /) -> str | None:
        """
        The destination that has that prefix, with its services; nothing for a full tunnel.
        """
    @property
    def matched(self, /) -> str | None:
        """
        The prefix that contains the address, the longest among several; nothing for a full tunnel.
        """
    @property
    def path(self, /) -> str:
        """
        How it names the device, such as `device … <- user … <- group …`.
        """
    @property
    def policy(self, /) -> PolicySummary:
        """
        The policy.
        """

def shutdown() -> None:
    """
    Ends the runtime's threads. What is open is closed; the next call starts a new runtime.
    """

def version() -> str:
    """
    The version of this library.
    """
