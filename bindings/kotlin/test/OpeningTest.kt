package org.nexa.test

import java.net.BindException
import java.net.DatagramSocket
import java.net.InetAddress
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart.UNDISPATCHED
import kotlinx.coroutines.async
import org.nexa.ErrorKind
import org.nexa.GatewayOptions
import org.nexa.NewUser
import org.nexa.Nexa
import org.nexa.NexaException
import org.nexa.PrivateKey
import org.nexa.Tunnel
import org.nexa.UserStatus
import org.nexa.error
import org.nexa.shutdown
import org.nexa.useAndWait
import org.nexa.version

class OpeningTest {
    @Test
    fun `a new database is set up with its token and signed in to`() = test {
        Nexa.open("sqlite::memory:").useAndWait { nexa ->
            val token = assertNotNull(nexa.takeSetupToken()).reveal()
            assertNull(nexa.takeSetupToken(), "the token is given once")
            val ada = nexa.anonymous().identity().redeemSetupToken(token, NewUser("ada"), PASSWORD)
            assertEquals(UserStatus.ACTIVE, ada.status)

            val signedIn = nexa.anonymous().identity().signIn("ada", PASSWORD)
            assertEquals(ada.id, signedIn.userId())
            assertTrue(signedIn.expiresAt() > ada.createdAt)
            val admin = nexa.authenticate(signedIn.token().reveal())
            assertEquals(ada.username, admin.identity().getUser(ada.id).username)

            admin.identity().signOut()
            failsAs(ErrorKind.UNAUTHENTICATED) { admin.identity().getUser(ada.id) }
        }
    }

    @Test
    fun `a file is found again as it was left`() = test {
        inNewFolder { folder ->
            val url = "sqlite:${folder.resolve("nexa.db")}"
            Nexa.open(url).useAndWait { it.system("test").identity().createFirstUser(NewUser("ada"), PASSWORD) }
            Nexa.open(url).useAndWait { nexa ->
                assertNull(nexa.takeSetupToken(), "it is not a new database")
                assertEquals("ada", nexa.system("test").identity().listUsers().items.single().username)
            }
        }
    }

    @Test
    fun `the library tells its version`() {
        assertTrue(Regex("""\d+\.\d+\.\d+""").matches(version()), version())
    }

    @Test
    fun `a shutdown ends what waits and the next call starts anew`() = test {
        val nexa = Nexa.open("sqlite::memory:")
        val stream = nexa.system("test").events().stream()
        val waiting = async(start = UNDISPATCHED) { runCatching { stream.next() } }
        shutdown()
        val ended = waiting.await().exceptionOrNull() as NexaException
        assertEquals("runtime.ended", ended.error.code)
        assertEquals(ErrorKind.CLOSED, ended.error.kind)
        shutdown()
        database { _, admin -> admin.identity().createFirstUser(NewUser("ada"), PASSWORD) }
    }

    @Test
    fun `a shutdown gives the UDP port of a tunnel back`() = test {
        val tunnel = Tunnel.serve(PrivateKey.generate(), GatewayOptions("127.0.0.1:0", listOf("10.66.0.1")))
        val port = tunnel.localAddr().substringAfterLast(':').toInt()
        val take = { DatagramSocket(port, InetAddress.getLoopbackAddress()).close() }
        assertFailsWith<BindException> { take() }
        shutdown()
        take()
        failsAs(ErrorKind.CLOSED) { tunnel.ping("10.66.0.2") }
    }
}
