package org.nexa.test

import java.io.File
import java.nio.ByteBuffer
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import org.nexa.ErrorInfo
import org.nexa.ErrorKind
import org.nexa.FfiConverterTypeNexaError
import org.nexa.NewPool
import org.nexa.NewUser
import org.nexa.Nexa
import org.nexa.NexaException
import org.nexa.UserId
import org.nexa.code
import org.nexa.details
import org.nexa.kind
import org.nexa.reason
import org.nexa.retryable
import org.nexa.spelling

class ErrorsTest {
    @Test
    fun `a failed call tells everything there is to say`() = test {
        database { _, admin ->
            admin.identity().createFirstUser(NewUser("ada"), PASSWORD)
            val failure = runCatching { admin.identity().createUser(NewUser("ADA"), null) }.exceptionOrNull()
            assertIs<NexaException>(failure)
            assertEquals("identity.username_taken", failure.code)
            assertEquals(ErrorKind.ALREADY_EXISTS, failure.kind)
            assertEquals(mapOf("field" to "username", "name" to "ADA"), failure.details)
            assertFalse(failure.retryable)
            assertContains(failure.reason, "ADA")
            assertContains(failure.message!!, failure.reason)
        }
    }

    @Test
    fun `what the caller asked wrongly`() = test {
        database { nexa, admin ->
            val identity = admin.identity()
            val ada = identity.createFirstUser(NewUser("ada"), PASSWORD)
            assertEquals("id", failsAs(ErrorKind.INVALID_INPUT) { identity.getUser(UserId("ada")) }.details["field"])
            failsAs(ErrorKind.NOT_FOUND) { identity.getUser(UserId("00000000-0000-7000-8000-000000000000")) }
            failsAs(ErrorKind.CONFLICT) { identity.suspendUser(ada.id) }
            failsAs(ErrorKind.UNAUTHENTICATED) { nexa.anonymous().identity().signIn("ada", "another password") }

            identity.createUser(NewUser("grace"), PASSWORD)
            val grace = nexa.authenticate(nexa.anonymous().identity().signIn("grace", PASSWORD).token().reveal())
            failsAs(ErrorKind.FORBIDDEN) { grace.identity().createUser(NewUser("eve"), null) }

            val pool = admin.ipam().createPool(NewPool("servers", "10.99.0.0/30", listOf("10.99.0.1")))
            admin.ipam().claim(pool.id)
            val full = failsAs(ErrorKind.EXHAUSTED) { admin.ipam().claim(pool.id) }
            assertEquals("1", full.details["assignable"])
        }
    }

    @Test
    fun `what the database is or lacks`() = test {
        inNewFolder { folder ->
            val foreign = folder.resolve("foreign.db").apply { writeText("not a database\n".repeat(100)) }
            failsAs(ErrorKind.CORRUPT) { Nexa.open("sqlite:$foreign") }
            val own = folder.resolve("own.db")
            Nexa.open("sqlite:$own").closeAndWait()
            check(folder.resolve("own.db.key").delete())
            failsAs(ErrorKind.NEEDS_OPERATOR) { Nexa.open("sqlite:$own") }
        }
    }

    @Test
    fun `what is in somebody's way`() = test {
        office {
            val nobody = failsAs(ErrorKind.UNAVAILABLE) { laptop.connect("10.20.0.10:81") }
            assertTrue(nobody.retryable)
            failsAs(ErrorKind.CANCELLED) { laptop.connect("10.20.9.10:80", SILENCE) }
            laptop.closeAndWait()
            failsAs(ErrorKind.CLOSED) { laptop.connect("10.20.0.10:80") }
        }
    }

    @Test
    fun `too many passwords at once are turned away`() = test {
        database { nexa, _ ->
            val refused = Channel<ErrorInfo>(Channel.UNLIMITED)
            coroutineScope {
                repeat(FLOOD) {
                    launch { refused.send(failure { nexa.anonymous().identity().signIn("nobody", PASSWORD) }) }
                }
                var next = refused.receive()
                while (next.kind == ErrorKind.UNAUTHENTICATED) next = refused.receive()
                coroutineContext.cancelChildren()
                assertEquals(ErrorKind.THROTTLED, next.kind)
                assertTrue(next.retryable)
            }
        }
    }

    @Test
    fun `each kind of Rust arrives as the kind of that name`() {
        assertEquals(kindsOfRust, ErrorKind.entries.map { it.spelling })
        for ((number, spelling) in kindsOfRust.withIndex()) {
            val failure = FfiConverterTypeNexaError.read(asRustSends(number, "some.code", "a sentence", "pool" to "p1"))
            assertEquals(spelling, failure.kind.spelling)
            assertEquals("some.code", failure.code)
            assertEquals("a sentence", failure.reason)
            assertEquals(mapOf("pool" to "p1"), failure.details)
            assertTrue(failure.retryable)
        }
    }

    @Test
    fun `failures of calls at the same time are not mixed up`() = test {
        database { _, admin ->
            val names = (1..100).map { "not a name $it" }
            val failures = coroutineScope {
                names.map { async { it to failure { admin.identity().createUser(NewUser(it), null) } } }.awaitAll()
            }
            for ((name, failure) in failures) assertEquals("username", failure.details["field"], name)
        }
    }

    /** As the facade declares them, in the order in which they are numbered. */
    private val kindsOfRust: List<String>
        get() {
            val declared = File("../../nexa-ffi/src/error.rs").readText().substringAfter("pub enum ErrorKind {")
            val names = Regex("(?m)^    ([A-Z][A-Za-z]*),$").findAll(declared.substringBefore("\n}"))
            return names.map { Regex("(?<=[a-z])[A-Z]").replace(it.groupValues[1], "_$0").lowercase() }.toList()
        }

    private fun asRustSends(kind: Int, code: String, message: String, detail: Pair<String, String>): ByteBuffer {
        val buffer = ByteBuffer.allocate(1024)
        fun text(text: String) = buffer.putInt(text.length).put(text.encodeToByteArray())
        buffer.putInt(1)
        text(code)
        buffer.putInt(kind + 1)
        text(message)
        buffer.putInt(1)
        text(detail.first)
        text(detail.second)
        buffer.put(1)
        return buffer.flip()
    }

    private companion object {
        /** More than are ever admitted, on any number of cores that a machine has. */
        const val FLOOD = 1_000
    }
}
