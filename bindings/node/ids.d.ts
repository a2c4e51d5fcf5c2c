/** Says what an id is of. It exists for the compiler alone: an id is a string. */
declare const kind: unique symbol

/** A string that is known to be the id of one kind of thing. One that was stored as text is read back by `text as UserId`. */
type Id<Kind extends string> = string & { readonly [kind]: Kind }

/** A person or a service account. */
export type UserId = Id<'UserId'>
/** A group of users. */
export type GroupId = Id<'GroupId'>
/** A role: a named set of permissions. */
export type RoleId = Id<'RoleId'>
/** A sign-in that has not ended. */
export type SessionId = Id<'SessionId'>
/** A device of a user. */
export type DeviceId = Id<'DeviceId'>
/** A WireGuard gateway. */
export type GatewayId = Id<'GatewayId'>
/** A pool of addresses. */
export type PoolId = Id<'PoolId'>
/** One address or number handed out of a pool. */
export type AllocationId = Id<'AllocationId'>
/** What is kept out of a pool. */
export type ReservationId = Id<'ReservationId'>
/** A policy. */
export type PolicyId = Id<'PolicyId'>
/** Something that must hold of the policies. */
export type PolicyTestId = Id<'PolicyTestId'>
/** One row of the audit. */
export type AuditId = Id<'AuditId'>

export {}
