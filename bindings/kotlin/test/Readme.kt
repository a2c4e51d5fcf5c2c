// The code of README.md, which ReadmeTest compares with this and runs.

package readme

import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.runBlocking
import org.nexa.*

fun main() = runBlocking {
    Nexa.open("sqlite::memory:").useAndWait { nexa ->
        val setupToken = checkNotNull(nexa.takeSetupToken()) { "the database is not new" }
        val anonymous = nexa.anonymous().identity()
        anonymous.redeemSetupToken(setupToken.reveal(), NewUser("ada"), "correct horse battery")
        val signedIn = anonymous.signIn("ada", "correct horse battery")
        val ada = nexa.authenticate(signedIn.token().reveal())

        val gatewayKey = PrivateKey.generate().publicKey()
        ada.gateways().create(NewGateway("hq", "192.0.2.1:51820", gatewayKey, listOf("10.66.0.0/24")))
        val herself = Target(TargetType.USER, signedIn.userId().text)
        ada.policy().create(NewPolicy("office", Effect.ALLOW, listOf(herself), listOf("10.20.0.0/16")))

        val key = PrivateKey.generate()
        val enrolled = ada.enrolment().enrol(NewEnrolment("laptop", key.publicKey(), "sha256:laptop"))
        println(enrolled.profile().render(key).reveal()) // for wg-quick
    }
}

suspend fun errors(ada: Handle): String =
    try {
        ada.identity().createUser(NewUser("ada"), null).username
    } catch (failure: NexaException) {
        when (failure.kind) {
            ErrorKind.ALREADY_EXISTS -> "taken: ${failure.details["name"]}"
            ErrorKind.INVALID_INPUT -> "refused: ${failure.details["field"]}"
            else -> throw failure // failure.code, failure.reason, failure.retryable
        }
    }

suspend fun cancelling(ada: Handle, stream: EventStream) {
    withTimeoutOrNull(50) { stream.next() }

    val cancel = CancelHandle.create()
    cancel.cancel() // from any thread
    try {
        ada.identity().listUsers(timeoutMs = 5_000u, cancel = cancel)
    } catch (failure: NexaException) {
        check(failure.code == "call.cancelled") // or "call.timed_out"
    }
}

suspend fun streams(ada: Handle, done: suspend (Long) -> Unit) {
    ada.events().stream(position = 0).useAndWait { stream ->
        stream.asFlow().collect { event ->
            println("${event.eventType} ${event.entityId}")
            done(event.position)
        }
    }
}

suspend fun pages(ada: Handle) {
    ada.identity().users(limit = 500u).collect { user -> println(user.username) }
}

suspend fun tunnel(profile: Profile, key: PrivateKey, to: String): String =
    Tunnel.up(profile, key).useAndWait { tunnel ->
        tunnel.connect(to).useAndWait { stream ->
            stream.write("hello".encodeToByteArray())
            stream.finish()
            stream.readToEnd(max = 65_536u).decodeToString()
        }
    }
