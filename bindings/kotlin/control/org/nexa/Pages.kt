package org.nexa

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

// Whole lists, fetched a page of `limit` at a time as they are collected.

/** Every person that the caller may see. */
fun Identity.users(limit: UInt? = null): Flow<User> =
    pages({ after -> listUsers(after, limit) }, UserPage::items, UserPage::next)

/** Every group. */
fun Identity.groups(limit: UInt? = null): Flow<Group> =
    pages({ after -> listGroups(after, limit) }, GroupPage::items, GroupPage::next)

/** Every device that the caller may see. */
fun Devices.all(limit: UInt? = null): Flow<Device> =
    pages({ after -> list(after, limit) }, DevicePage::items, DevicePage::next)

/** Every gateway. */
fun Gateways.all(limit: UInt? = null): Flow<Gateway> =
    pages({ after -> list(after, limit) }, GatewayPage::items, GatewayPage::next)

/** Every pool. */
fun Ipam.pools(limit: UInt? = null): Flow<Pool> =
    pages({ after -> listPools(after, limit) }, PoolPage::items, PoolPage::next)

/** Every address of a pool that is in somebody's hands. */
fun Ipam.allocations(pool: PoolId, limit: UInt? = null): Flow<Allocation> =
    pages({ after -> listAllocations(pool, after, limit) }, AllocationPage::items, AllocationPage::next)

/** Every policy. */
fun Policies.all(limit: UInt? = null): Flow<Policy> =
    pages({ after -> list(after, limit) }, PolicyPage::items, PolicyPage::next)

/** Every row of the audit. */
fun Audit.all(limit: UInt? = null): Flow<AuditRecord> =
    pages({ after -> list(after, limit) }, AuditPage::items, AuditPage::next)

private fun <P, T> pages(page: suspend (String?) -> P, items: (P) -> List<T>, next: (P) -> String?): Flow<T> = flow {
    var after: String? = null
    do {
        val got = page(after)
        items(got).forEach { emit(it) }
        after = next(got)
    } while (after != null)
}
