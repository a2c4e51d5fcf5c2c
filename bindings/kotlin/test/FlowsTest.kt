package org.nexa.test

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.CoroutineStart.UNDISPATCHED
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import org.nexa.EventStream
import org.nexa.Handle
import org.nexa.NewGroup
import org.nexa.TunnelEventType
import org.nexa.asFlow

class FlowsTest {
    @Test
    fun `a flow gives the events that were and those that come, each once and in order`() = test {
        database { _, admin ->
            admin.changes("a", "b")
            val stream = admin.stream()
            val six = async(start = UNDISPATCHED) { stream.asFlow().take(6).toList() }
            admin.changes("c", "d", "e", "f")
            assertEquals((1L..6L).toList(), six.await().map { it.position })
            assertEquals(setOf("group"), six.await().map { it.entityType }.toSet())
        }
    }

    @Test
    fun `a stream can begin at a position, and every reader has a place of its own`() = test {
        database { _, admin ->
            admin.changes("a", "b", "c")
            assertEquals(3L, admin.stream(2).next()?.position)
            val (one, other) = List(2) { admin.stream() }
            assertEquals(listOf(1L, 2L), one.asFlow().take(2).toList().map { it.position })
            assertEquals(listOf(1L, 2L, 3L), other.asFlow().take(3).toList().map { it.position })
        }
    }

    @Test
    fun `closing the stream ends the flow`() = test {
        database { _, admin ->
            admin.changes("a", "b")
            val stream = admin.stream()
            val seen = mutableListOf<Long>()
            stream.asFlow().collect { event ->
                seen += event.position
                if (event.position == 2L) stream.closeAndWait()
            }
            assertEquals(listOf(1L, 2L), seen)

            val another = admin.stream(2)
            val waiting = async(start = UNDISPATCHED) { another.asFlow().toList() }
            another.closeAndWait()
            assertEquals(emptyList(), waiting.await())
        }
    }

    @Test
    fun `who collects after another that left goes on where that one was`() = test {
        database { _, admin ->
            admin.changes("a")
            val stream = admin.stream()
            assertEquals(1L, stream.asFlow().first().position)
            val left = async(start = UNDISPATCHED) { stream.asFlow().toList() }
            left.cancelAndJoin()
            admin.changes("b", "c")
            assertEquals(listOf(2L, 3L), stream.asFlow().map { it.position }.take(2).toList())
        }
    }

    @Test
    fun `several readers of one stream share its events`() = test {
        database { _, admin ->
            admin.changes(*Array(20) { "group$it" })
            val stream = admin.stream()
            val readers = List(4) { async { List(5) { checkNotNull(stream.next()).position } } }
            assertEquals((1L..20L).toList(), readers.flatMap { it.await() }.sorted())
        }
    }

    @Test
    fun `a tunnel tells of its handshake, and its flow ends when it is closed`() = test {
        office {
            laptop.ping("10.20.0.10")
            val event = laptop.asFlow().first { it.eventType == TunnelEventType.HANDSHAKE_COMPLETED }
            assertEquals(gateway.publicKey, event.peer)
            val rest = async(start = UNDISPATCHED) { laptop.asFlow().toList() }
            laptop.closeAndWait()
            rest.await()
        }
    }

    private suspend fun Handle.changes(vararg names: String) = names.forEach { identity().createGroup(NewGroup(it)) }

    private fun Handle.stream(position: Long? = null): EventStream = events().stream(position, lookEveryMs = 5u)
}
