package org.nexa.test

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNotEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.withContext
import org.nexa.Effect
import org.nexa.NewGateway
import org.nexa.NewGroup
import org.nexa.NewPolicy
import org.nexa.NewPool
import org.nexa.NewUser
import org.nexa.PrivateKey
import org.nexa.RequestContext
import org.nexa.Target
import org.nexa.TargetType
import org.nexa.UserId

class ValuesTest {
    @Test
    fun `what is left out is null, and what is given comes back`() = test {
        database { _, admin ->
            val bare = admin.identity().createUser(NewUser("bare"), null)
            assertNull(bare.email)
            assertNull(bare.sshPublicKey)
            assertNull(bare.lastLoginAt)
            assertEquals("", bare.sn)
            val full = admin.identity().createUser(
                NewUser("full", "Full Name", sn = "Name", givenName = "Full", email = "full@example.org"),
                null,
            )
            assertEquals("full@example.org", full.email)
            assertEquals(listOf("Full Name", "Name", "Full"), listOf(full.displayName, full.sn, full.givenName))

            val key = PrivateKey.generate().publicKey()
            val gateway = admin.gateways().create(NewGateway("hq", "192.0.2.1:51820", key, listOf("10.66.0.0/24")))
            assertNull(gateway.mtu)
            assertEquals(emptyList(), gateway.dnsServers)
        }
    }

    @Test
    fun `text crosses whole in every script`() = test {
        database { _, admin ->
            for (text in listOf("", "Bürger & Co", "日本語", "🦀 a b", "\"quoted\" \\ back")) {
                val group = admin.identity().createGroup(NewGroup("g${text.hashCode().toUInt()}", text))
                assertEquals(text, group.description)
            }
        }
    }

    @Test
    fun `whole numbers are exact beyond 32 and 53 bits`() = test {
        database { _, admin ->
            val from = (1L shl 53) + 1
            val policy = admin.policy().create(
                NewPolicy("later", Effect.DENY, emptyList(), emptyList(), validFrom = from, validUntil = from + 2),
            )
            assertEquals(from, policy.validFrom)
            assertEquals(from + 2, admin.policy().get(policy.id).validUntil)
            assertTrue(admin.identity().createUser(NewUser("ada"), null).createdAt > 1L shl 50)

            val pool = admin.ipam().createPool(NewPool("six", "fd00::/64"))
            assertTrue(admin.ipam().usage(pool.id).free.toBigInteger() > Long.MAX_VALUE.toBigInteger())
        }
    }

    @Test
    fun `records and ids are equal by what they hold`() = test {
        database { _, admin ->
            val ada = admin.identity().createUser(NewUser("ada"), null)
            val again = admin.identity().getUser(ada.id)
            assertEquals(ada, again)
            assertEquals(ada.hashCode(), again.hashCode())
            assertNotEquals(ada, ada.copy(username = "grace"))
            assertEquals(ada.id, UserId(ada.id.text))
            assertEquals(ada.id.text, "${ada.id}")
        }
    }

    @Test
    fun `what a request came with is in the audit`() = test {
        database { _, admin ->
            val context = RequestContext(sourceIp = "192.0.2.30", requestId = "r-1")
            admin.withContext(context).identity().createGroup(NewGroup("staff"))
            val row = admin.audit().list().items.single { it.eventType == "group.created" }
            assertEquals(listOf("192.0.2.30", "r-1"), listOf(row.ipAddress, row.requestId))
            assertNull(row.actorUserId)
        }
    }

    @Test
    fun `targets cross in lists of records`() = test {
        database { _, admin ->
            val ids = List(3) { admin.identity().createGroup(NewGroup("group$it")).id.text }.sorted()
            val targets = ids.map { Target(TargetType.GROUP, it) }
            val policy = admin.policy().create(NewPolicy("many", Effect.ALLOW, targets, listOf("10.0.0.0/8")))
            assertEquals(targets.toSet(), policy.targets.toSet())
        }
    }

    @Test
    fun `calls from many threads at once are all carried out`() = test {
        database { _, admin ->
            val names = List(50) { "user$it" }
            val users = withContext(Dispatchers.Default) {
                names.map { async { admin.identity().createUser(NewUser(it), null) } }.awaitAll()
            }
            assertEquals(names, users.map { it.username })
            assertEquals(50, users.map { it.uidNumber }.toSet().size)
        }
    }
}
