package org.nexa.test

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import org.nexa.ErrorKind
import org.nexa.NewGroup
import org.nexa.NewPool
import org.nexa.NewUser
import org.nexa.all
import org.nexa.allocations
import org.nexa.groups
import org.nexa.pools
import org.nexa.users

class PagesTest {
    @Test
    fun `a list is read page by page to its end`() = test {
        database { _, admin ->
            val names = List(7) { "user$it" }
            names.forEach { admin.identity().createUser(NewUser(it), null) }
            val sizes = mutableListOf<Int>()
            val read = mutableListOf<String>()
            var after: String? = null
            do {
                val page = admin.identity().listUsers(after, limit = 3u)
                sizes += page.items.size
                read += page.items.map { it.username }
                after = page.next
            } while (after != null)
            assertEquals(listOf(3, 3, 1), sizes)
            assertEquals(names, read)
            assertNull(admin.identity().listUsers(limit = 7u).next, "a page that is full and the last")
        }
    }

    @Test
    fun `a flow of pages gives every item once, with any page size`() = test {
        database { _, admin ->
            val names = List(7) { "user$it" }
            names.forEach { admin.identity().createUser(NewUser(it), null) }
            for (limit in listOf(1u, 3u, 7u, 1000u, null)) {
                assertEquals(names, admin.identity().users(limit).map { it.username }.toList())
            }
            assertEquals("user0", admin.identity().users(1u).first().username)
            failsAs(ErrorKind.INVALID_INPUT) { admin.identity().users(0u).toList() }
        }
    }

    @Test
    fun `every list has a flow`() = test {
        office {
            val identity = admin.identity()
            assertEquals(listOf(ada), identity.users(1u).toList().map { it.copy(lastLoginAt = ada.lastLoginAt) })
            identity.createGroup(NewGroup("others"))
            assertEquals(identity.listGroups().items, identity.groups(1u).toList())
            assertEquals(admin.devices().list().items, admin.devices().all(1u).toList())
            assertEquals(admin.gateways().list().items, admin.gateways().all(1u).toList())
            assertEquals(admin.policy().list().items, admin.policy().all(1u).toList())
            val servers = admin.ipam().createPool(NewPool("servers", "10.99.0.0/24"))
            assertEquals(admin.ipam().listPools().items, admin.ipam().pools(1u).toList())
            val claimed = List(3) { admin.ipam().claim(servers.id) }
            assertEquals(claimed, admin.ipam().allocations(servers.id, 1u).toList())
            // A record may be sealed between one reading and the other.
            val audit = admin.audit().list(limit = 1000u).items.map { it.copy(seal = null) }
            assertEquals(audit, admin.audit().all(2u).toList().map { it.copy(seal = null) })
        }
    }
}
