/** Ids: a type for each kind of thing, over the text of a UUID. `org.nexa` has each under the same name. */
package org.nexa.id

/** The id of something. Its text is read when it is used: a call refuses with `invalid_input` what is no UUID. */
sealed interface Id {
    /** As it is stored and sent. */
    val text: String
}

/** A person or a service account. */
@JvmInline
value class UserId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A group of users. */
@JvmInline
value class GroupId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A role: a named set of permissions. */
@JvmInline
value class RoleId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A sign-in that has not ended. */
@JvmInline
value class SessionId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A device of a user. */
@JvmInline
value class DeviceId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A WireGuard gateway. */
@JvmInline
value class GatewayId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A pool of addresses. */
@JvmInline
value class PoolId(override val text: String) : Id {
    override fun toString(): String = text
}

/** One address or number handed out of a pool. */
@JvmInline
value class AllocationId(override val text: String) : Id {
    override fun toString(): String = text
}

/** What is kept out of a pool. */
@JvmInline
value class ReservationId(override val text: String) : Id {
    override fun toString(): String = text
}

/** A policy. */
@JvmInline
value class PolicyId(override val text: String) : Id {
    override fun toString(): String = text
}

/** Something that must hold of the policies. */
@JvmInline
value class PolicyTestId(override val text: String) : Id {
    override fun toString(): String = text
}

/** One row of the audit. */
@JvmInline
value class AuditId(override val text: String) : Id {
    override fun toString(): String = text
}
