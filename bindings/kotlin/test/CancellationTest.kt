package org.nexa.test

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart.UNDISPATCHED
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.withTimeoutOrNull
import org.nexa.CancelHandle
import org.nexa.ErrorKind
import org.nexa.EventStream
import org.nexa.Handle
import org.nexa.NewGroup

class CancellationTest {
    @Test
    fun `a cancelled coroutine takes no event from the next reader`() = test {
        database { _, admin ->
            val stream = admin.stream()
            repeat(20) { turn ->
                // Undispatched: the call is under way in Rust, and holds the stream, when this returns.
                val waiting = async(start = UNDISPATCHED) { stream.next() }
                waiting.cancelAndJoin()
                assertNext(stream, admin, turn)
            }
        }
    }

    @Test
    fun `a coroutine's timeout reaches the call`() = test {
        database { _, admin ->
            val stream = admin.stream()
            assertNull(withTimeoutOrNull(1) { stream.next() })
            assertNext(stream, admin, 0)
        }
    }

    @Test
    fun `a handle gives up every call that has it`() = test {
        database { _, admin ->
            val stream = admin.stream()
            val cancel = CancelHandle.create()
            val waiting = List(2) { async(start = UNDISPATCHED) { failure { stream.next(cancel = cancel) } } }
            assertFalse(cancel.isCancelled())
            cancel.cancel()
            for (call in waiting) {
                val given = call.await()
                assertEquals("call.cancelled", given.code)
                assertEquals(ErrorKind.CANCELLED, given.kind)
            }
            assertTrue(cancel.isCancelled())
            assertNext(stream, admin, 0)
        }
    }

    @Test
    fun `a call with a used handle does nothing`() = test {
        database { _, admin ->
            val cancel = CancelHandle.create().apply { cancel() }
            val given = failure { admin.identity().createGroup(NewGroup("staff"), cancel = cancel) }
            assertEquals("call.cancelled", given.code)
            admin.identity().createGroup(NewGroup("staff"))
        }
    }

    @Test
    fun `a call that takes too long is timed out and the stream goes on`() = test {
        database { _, admin ->
            val stream = admin.stream()
            val given = failure { stream.next(timeoutMs = 1u) }
            assertEquals("call.timed_out", given.code)
            assertEquals(ErrorKind.CANCELLED, given.kind)
            assertNext(stream, admin, 0)
        }
    }

    @Test
    fun `bytes that come when a reader has gone are the next one's`() = test {
        office {
            val listener = tunnel.listen(80u)
            val client = laptop.connect("10.20.0.10:80")
            val server = listener.accept()
            repeat(20) { turn ->
                val reading = async(start = UNDISPATCHED) { server.read(64u) }
                reading.cancelAndJoin()
                val sent = "turn $turn".encodeToByteArray()
                client.write(sent)
                assertContentEquals(sent, server.read(64u))
            }
        }
    }

    @Test
    fun `a connection that comes when its caller has gone is the next one's`() = test {
        office {
            val listener = tunnel.listen(80u)
            repeat(20) { turn ->
                val accepting = async(start = UNDISPATCHED) { listener.accept() }
                accepting.cancelAndJoin()
                val client = laptop.connect("10.20.0.${turn + 1}:80")
                client.write(byteArrayOf(turn.toByte()))
                client.finish()
                val server = listener.accept()
                assertEquals("10.20.0.${turn + 1}:80", server.localAddr())
                assertContentEquals(byteArrayOf(turn.toByte()), server.readToEnd(1u))
            }
        }
    }

    private fun Handle.stream() = events().stream(lookEveryMs = 5u)

    /** A change is made now, and the stream's next event is that of the change. */
    private suspend fun assertNext(stream: EventStream, admin: Handle, turn: Int) {
        val group = admin.identity().createGroup(NewGroup("group$turn"))
        val event = checkNotNull(stream.next())
        assertEquals(group.id.text, event.entityId)
        assertEquals(turn + 1L, event.position)
    }
}
