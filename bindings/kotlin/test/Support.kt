package org.nexa.test

import java.io.File
import java.nio.file.Files
import kotlin.test.assertEquals
import kotlin.test.fail
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.nexa.Effect
import org.nexa.Enrolled
import org.nexa.ErrorInfo
import org.nexa.ErrorKind
import org.nexa.Gateway
import org.nexa.GatewayOptions
import org.nexa.Group
import org.nexa.Handle
import org.nexa.NewEnrolment
import org.nexa.NewGateway
import org.nexa.NewGroup
import org.nexa.NewPolicy
import org.nexa.NewUser
import org.nexa.Nexa
import org.nexa.NexaException
import org.nexa.PrivateKey
import org.nexa.Target
import org.nexa.TargetType
import org.nexa.Tunnel
import org.nexa.TunnelOptions
import org.nexa.User
import org.nexa.error
import org.nexa.useAndWait

/** Long enough for a busy machine; nothing waits for it to pass. In milliseconds. */
const val CEILING = 120_000L

/** How long what must not answer is given to answer, in milliseconds. */
const val SILENCE: UInt = 500u

const val PASSWORD = "correct horse battery"

/** What a test does, with calls that wait. The tests run in the package's folder. */
fun test(body: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(CEILING) { body() } }

suspend fun <R> inNewFolder(body: suspend (File) -> R): R {
    val folder = Files.createTempDirectory("nexa-test").toFile()
    return try {
        body(folder)
    } finally {
        folder.deleteRecursively()
    }
}

suspend fun <R> database(body: suspend (Nexa, Handle) -> R): R =
    Nexa.open("sqlite::memory:").useAndWait { nexa -> body(nexa, nexa.system("test")) }

/** Makes the call, which must fail, and gives what there is to say of it. */
inline fun failure(call: () -> Unit): ErrorInfo {
    try {
        call()
    } catch (failure: NexaException) {
        return failure.error
    }
    fail("the call did not fail")
}

inline fun failsAs(kind: ErrorKind, call: () -> Unit): ErrorInfo =
    failure(call).also { assertEquals(kind, it.kind, it.message) }

/**
 * A gateway and a laptop in this process, with a database that says what the laptop may reach: 10.20.0.0/16 and fd20::/48
 * without 10.20.9.0/24.
 */
class Office(
    val nexa: Nexa,
    val admin: Handle,
    val ada: User,
    val staff: Group,
    val gateway: Gateway,
    val tunnel: Tunnel,
    val enrolled: Enrolled,
    val key: PrivateKey,
    val laptop: Tunnel,
)

suspend fun office(body: suspend Office.() -> Unit) = database { nexa, admin ->
    val ada = admin.identity().createFirstUser(NewUser("ada"), PASSWORD)
    val staff = admin.identity().createGroup(NewGroup("staff"))
    admin.identity().addMember(staff.id, ada.id)
    val gatewayKey = PrivateKey.generate()
    val options = GatewayOptions(listen = "127.0.0.1:0", addresses = listOf("10.66.0.1", "fd66::1"))
    Tunnel.serve(gatewayKey, options).useAndWait { tunnel ->
        val gateway = admin.gateways().create(
            NewGateway("hq", tunnel.localAddr(), gatewayKey.publicKey(), listOf("10.66.0.0/24", "fd66::/64")),
        )
        val target = listOf(Target(TargetType.GROUP, staff.id.text))
        admin.policy().create(NewPolicy("office", Effect.ALLOW, target, listOf("10.20.0.0/16", "fd20::/48")))
        admin.policy().create(NewPolicy("vault", Effect.DENY, target, listOf("10.20.9.0/24"), priority = 10))
        val key = PrivateKey.generate()
        val enrolled = admin.enrolment().enrol(
            NewEnrolment("laptop", key.publicKey(), "sha256:laptop", userId = ada.id),
        )
        admin.gateways().apply(gateway.id, tunnel)
        val everything = TunnelOptions(allowedIps = listOf("0.0.0.0/0", "::/0"))
        Tunnel.up(enrolled.profile(), key, everything).useAndWait { laptop ->
            Office(nexa, admin, ada, staff, gateway, tunnel, enrolled, key, laptop).body()
        }
    }
}
