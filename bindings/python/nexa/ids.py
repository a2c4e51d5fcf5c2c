"""Ids: a type for each kind of thing, over the text of a UUID, so that two kinds cannot be swapped."""

from typing import NewType

UserId = NewType("UserId", str)
"""A person or a service account."""
GroupId = NewType("GroupId", str)
"""A group of users."""
RoleId = NewType("RoleId", str)
"""A role: a named set of permissions."""
SessionId = NewType("SessionId", str)
"""A sign-in that has not ended."""
DeviceId = NewType("DeviceId", str)
"""A device of a user."""
GatewayId = NewType("GatewayId", str)
"""A WireGuard gateway."""
PoolId = NewType("PoolId", str)
"""A pool of addresses."""
AllocationId = NewType("AllocationId", str)
"""One address or number handed out of a pool."""
ReservationId = NewType("ReservationId", str)
"""What is kept out of a pool."""
PolicyId = NewType("PolicyId", str)
"""A policy."""
PolicyTestId = NewType("PolicyTestId", str)
"""Something that must hold of the policies."""
AuditId = NewType("AuditId", str)
"""One row of the audit."""
