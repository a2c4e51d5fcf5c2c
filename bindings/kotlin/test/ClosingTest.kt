package org.nexa.test

import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart.UNDISPATCHED
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import org.nexa.CancelHandle
import org.nexa.ErrorKind
import org.nexa.Handle
import org.nexa.Nexa
import org.nexa.Secret
import org.nexa.TcpListener
import org.nexa.useAndWait

class ClosingTest {
    @Test
    fun `a closed database refuses every later call and can be closed again`() = test {
        val nexa = Nexa.open("sqlite::memory:")
        val admin = nexa.system("test")
        nexa.closeAndWait()
        nexa.closeAndWait()
        failsAs(ErrorKind.CLOSED) { admin.identity().listUsers() }
        failsAs(ErrorKind.CLOSED) { nexa.anonymous().identity().signIn("ada", PASSWORD) }
        failsAs(ErrorKind.CLOSED) { admin.events().after(0, 1u) }
    }

    @Test
    fun `a closed stream gives nothing and also ends a wait`() = test {
        database { _, admin ->
            val stream = admin.events().stream()
            val waiting = async(start = UNDISPATCHED) { stream.next() }
            stream.closeAndWait()
            stream.closeAndWait()
            assertNull(waiting.await())
            assertNull(stream.next())
        }
    }

    @Test
    fun `a closed connection and a closed listener refuse every later call`() = test {
        office {
            val listener = tunnel.listen(80u)
            val client = laptop.connect("10.20.0.10:80")
            client.closeAndWait()
            client.closeAndWait()
            failsAs(ErrorKind.CLOSED) { client.read(1u) }
            failsAs(ErrorKind.CLOSED) { client.write(ByteArray(1)) }
            failsAs(ErrorKind.CLOSED) { client.finish() }

            listener.accept().closeAndWait()
            val waiting = async(start = UNDISPATCHED) { failsAs(ErrorKind.CLOSED) { listener.accept() } }
            listener.closeAndWait()
            listener.closeAndWait()
            waiting.await()
            failsAs(ErrorKind.CLOSED) { listener.port() }
        }
    }

    @Test
    fun `closing a tunnel ends every call that waits in it`() = test {
        office {
            val listener = tunnel.listen(80u)
            val accepting = async(start = UNDISPATCHED) { failsAs(ErrorKind.CLOSED) { listener.accept() } }
            val denied = async(start = UNDISPATCHED) { failsAs(ErrorKind.CLOSED) { laptop.connect("10.20.9.10:80") } }
            tunnel.closeAndWait()
            laptop.closeAndWait()
            laptop.closeAndWait()
            accepting.await()
            denied.await()
            failsAs(ErrorKind.CLOSED) { laptop.ping("10.20.0.10") }
            failsAs(ErrorKind.CLOSED) { laptop.nextEvent(1u) }
        }
    }

    @Test
    fun `what useAndWait was given is closed after its block, also when the block fails`() = test {
        val admin = Nexa.open("sqlite::memory:").useAndWait { nexa -> nexa.system("test") }
        failsAs(ErrorKind.CLOSED) { admin.identity().listUsers() }

        lateinit var another: Handle
        val failure = assertFailsWith<IllegalArgumentException> {
            Nexa.open("sqlite::memory:").useAndWait { nexa ->
                another = nexa.system("test")
                throw IllegalArgumentException("of the block")
            }
        }
        assertEquals("of the block", failure.message)
        failsAs(ErrorKind.CLOSED) { another.identity().listUsers() }
    }

    @Test
    fun `what useAndWait was given is closed when its coroutine is cancelled`() = test {
        office {
            val inside = CompletableDeferred<TcpListener>()
            val using = async {
                tunnel.useAndWait {
                    inside.complete(tunnel.listen(80u))
                    awaitCancellation()
                }
            }
            val listener = inside.await()
            using.cancelAndJoin()
            failsAs(ErrorKind.CLOSED) { listener.accept() }
        }
    }

    @Test
    fun `an object that was let go of is used no more, and nothing behind it was closed`() = test {
        database { nexa, admin ->
            val other = nexa.system("other")
            other.use { it.identity().listUsers() }
            other.close()
            val failure = assertFailsWith<IllegalStateException> { other.identity() }
            assertContains(failure.message!!, "already been destroyed")
            admin.identity().listUsers()
        }
        val secret = Secret.create("text").apply { close() }
        assertFailsWith<IllegalStateException> { secret.reveal() }
        val cancel = CancelHandle.create().apply { close() }
        assertFailsWith<IllegalStateException> { cancel.cancel() }
    }
}
