// The main job, end to end, without root and without a server: a database, a first user, a gateway and a device;
// addresses, policy and a profile; then gateway and device in one process over real UDP on loopback, an allowed
// destination that answers and a denied one that does not, and a revocation that ends it.
//
// `run.sh` builds and runs it. Each line is a step and the time it took; the program ends with an error at the first one
// that does not hold.

import java.nio.file.Files
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.nexa.Conf
import org.nexa.Effect
import org.nexa.Enrolled
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
import org.nexa.TcpListener
import org.nexa.TcpStream
import org.nexa.Tunnel
import org.nexa.TunnelEventType
import org.nexa.asFlow
import org.nexa.kind
import org.nexa.useAndWait

/** Long enough for a busy machine; nothing waits for it to pass, except to see that nobody answers. In milliseconds. */
const val CEILING = 20_000u

/** How long a denied destination is given to answer, in milliseconds. */
const val SILENCE = 500u

/** More than any page here. */
const val MAX_PAGE = 65_536u

fun main() = runBlocking {
    val steps = Steps("quickstart")
    val folder = Files.createTempDirectory("nexa-quickstart")
    try {
        Nexa.open("sqlite:${folder.resolve("nexa.db")}").useAndWait { nexa -> tour(steps, nexa) }
    } finally {
        folder.toFile().deleteRecursively()
    }
    steps.done("everything is closed and every thread has ended")
    steps.finish()
}

suspend fun tour(steps: Steps, nexa: Nexa) {
    val (admin, staff) = setUp(steps, nexa)
    val gatewayKey = PrivateKey.generate()
    val options = GatewayOptions(listen = "127.0.0.1:0", addresses = listOf("10.66.0.1", "fd66::1"))
    Tunnel.serve(gatewayKey, options).useAndWait { tunnel ->
        val office = Office(tunnel, register(steps, admin, tunnel, gatewayKey))
        allowAndDeny(steps, admin, staff)
        val deviceKey = PrivateKey.generate()
        val enrolled = enrolALaptop(steps, admin, deviceKey)
        explainWhatItMayReach(steps, admin, enrolled)

        office.apply(admin)
        serving(tunnel.listen(80u)) {
            startLaptop(enrolled, deviceKey).useAndWait { laptop ->
                steps.done("gateway and laptop are up in this process, over UDP on loopback")
                reachWhatIsAllowed(steps, laptop)
                missWhatIsDenied(steps, laptop, office)
                revoke(steps, nexa, admin, enrolled, laptop, office)
            }
        }
    }
}

/** The first user, signed in, and a group with them in it. */
suspend fun setUp(steps: Steps, nexa: Nexa): Pair<Handle, Group> {
    val anonymous = nexa.anonymous().identity()
    val setupToken = checkNotNull(nexa.takeSetupToken()) { "a new database has a setup token" }
    val first = NewUser("ada", displayName = "Ada Lovelace")
    val ada = anonymous.redeemSetupToken(setupToken.reveal(), first, "correct horse battery")
    val signedIn = anonymous.signIn("ada", "correct horse battery")
    val admin = nexa.authenticate(signedIn.token().reveal())
    steps.done("a database, and its first user ${ada.displayName} signed in")

    val staff = admin.identity().createGroup(NewGroup("staff"))
    admin.identity().addMember(staff.id, ada.id)
    steps.done("a group")
    return Pair(admin, staff)
}

/** A gateway in this process, with the network behind it. */
class Office(val tunnel: Tunnel, val gateway: Gateway) {
    /** Brings the tunnel to what the control plane wants of it. */
    suspend fun apply(admin: Handle) = admin.gateways().apply(gateway.id, tunnel)
}

suspend fun register(steps: Steps, admin: Handle, tunnel: Tunnel, key: PrivateKey): Gateway {
    val vpnCidrs = listOf("10.66.0.0/24", "fd66::/64")
    val gateway = admin.gateways().create(NewGateway("hq", tunnel.localAddr(), key.publicKey(), vpnCidrs))
    check(gateway.addresses == listOf("10.66.0.1", "fd66::1")) { "the gateway got ${gateway.addresses}" }
    steps.done("a gateway at ${gateway.endpoint} with ${gateway.vpnCidrs}, letting nothing through yet")
    return gateway
}

suspend fun allowAndDeny(steps: Steps, admin: Handle, staff: Group) {
    val targets = listOf(Target(TargetType.GROUP, staff.id.text))
    val office = NewPolicy("office", Effect.ALLOW, targets, destinations = listOf("10.20.0.0/16", "fd20::/48"))
    val vault = NewPolicy("vault", Effect.DENY, targets, destinations = listOf("10.20.9.0/24"), priority = 10)
    admin.policy().create(office)
    admin.policy().create(vault)
    steps.done("staff may reach 10.20.0.0/16 and fd20::/48, but not 10.20.9.0/24")
}

suspend fun enrolALaptop(steps: Steps, admin: Handle, key: PrivateKey): Enrolled {
    val new = NewEnrolment("ada's laptop", key.publicKey(), fingerprint = "sha256:laptop", platform = "linux")
    val enrolled = admin.enrolment().enrol(new)
    val profile = enrolled.profile()
    steps.done("ada's laptop is enrolled with ${profile.details().addresses}")

    steps.show(profile.render(key).reveal())
    steps.show(profile.qrTerminal(key).reveal())
    steps.done("its profile, for wg-quick and for a phone's camera")
    return enrolled
}

suspend fun explainWhatItMayReach(steps: Steps, admin: Handle, enrolled: Enrolled) {
    for ((address, expected) in listOf("10.20.0.10" to true, "fd20::10" to true, "10.20.9.10" to false)) {
        val why = admin.policy().explain(enrolled.device().id, address)
        steps.show(why.text)
        check(why.isAllowed == expected) { why.text }
    }
    steps.show("AllowedIPs: ${enrolled.profile().details().peer.allowedIps}")
    steps.done("what it may reach, and why")
}

/** The device's end of the tunnel. */
suspend fun startLaptop(enrolled: Enrolled, key: PrivateKey): Tunnel {
    // A person who edits the client's configuration sends everything into the tunnel. It must not help.
    val text = enrolled.profile().render(key).reveal()
    val edited = text.replace(Regex("(?m)^AllowedIPs = .*$"), "AllowedIPs = 0.0.0.0/0, ::/0")
    check(edited != text) { "the profile has no AllowedIPs" }
    return Tunnel.upConf(Conf.parse(edited))
}

suspend fun reachWhatIsAllowed(steps: Steps, laptop: Tunnel) {
    val first = laptop.ping("10.20.0.10", CEILING)
    laptop.asFlow().first { event -> event.eventType == TunnelEventType.HANDSHAKE_COMPLETED }
    steps.done("a handshake, and ping 10.20.0.10 answered after ${millis(first)}")
    steps.done("ping fd20::10 answered after ${millis(laptop.ping("fd20::10", CEILING))}")

    for (allowed in listOf("10.20.0.10:80", "[fd20::10]:80")) {
        val page = httpGet(laptop, allowed, CEILING)
        check(page.endsWith("you reached $allowed")) { page }
        steps.done("HTTP from $allowed through the tunnel: 200, ${page.length} bytes")
    }
}

suspend fun missWhatIsDenied(steps: Steps, laptop: Tunnel, office: Office) {
    val dropped = office.tunnel.counters().droppedFilter
    check(kindOf { httpGet(laptop, "10.20.9.10:80", SILENCE) } == ErrorKind.CANCELLED) { "a denied destination answered" }
    val nowDropped = office.tunnel.counters().droppedFilter
    check(nowDropped > dropped) { "the gateway dropped nothing" }
    steps.done("HTTP to 10.20.9.10 is not answered; the gateway dropped ${nowDropped - dropped} packets")

    for (peer in office.tunnel.peers()) {
        steps.show("${peer.publicKey}: ${peer.receivedBytes} bytes in, ${peer.sentBytes} bytes out")
        check(peer.receivedBytes > 0 && peer.sentBytes > 0)
    }
    steps.done("the gateway counted")
}

suspend fun revoke(steps: Steps, nexa: Nexa, admin: Handle, enrolled: Enrolled, laptop: Tunnel, office: Office) {
    admin.devices().revoke(enrolled.device().id)
    office.apply(admin)
    check(office.tunnel.peers().isEmpty())
    check(kindOf { laptop.ping("10.20.0.10", SILENCE) } == ErrorKind.CANCELLED) { "a revoked laptop got an answer" }
    val token = enrolled.token().reveal()
    check(kindOf { nexa.authenticate(token) } == ErrorKind.UNAUTHENTICATED) { "its token still works" }
    steps.done("the laptop is revoked: the tunnel is silent and its token is refused")
}

/** What kind of failure the call ends with; nothing when it does not fail. */
suspend fun kindOf(call: suspend () -> Any?): ErrorKind? = try {
    call()
    null
} catch (failure: NexaException) {
    failure.kind
}

/** Answers HTTP for every address behind the gateway while the block runs. */
suspend fun serving(listener: TcpListener, block: suspend () -> Unit) = coroutineScope {
    launch { while (true) answer(listener.acceptUnlessClosed() ?: break) }
    listener.useAndWait { block() }
}

suspend fun TcpListener.acceptUnlessClosed(): TcpStream? = try {
    accept()
} catch (failure: NexaException) {
    if (failure.kind == ErrorKind.CLOSED) null else throw failure
}

suspend fun answer(stream: TcpStream) = stream.useAndWait {
    val body = "you reached ${stream.localAddr()}"
    val head = "HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n"
    // A client that went away loses its answer; the next one is served all the same.
    kindOf {
        stream.read(max = 1024u)
        stream.write((head + body).encodeToByteArray())
    }
}

suspend fun httpGet(net: Tunnel, from: String, waitMs: UInt): String = net.connect(from, waitMs).useAndWait { stream ->
    stream.write("GET / HTTP/1.1\r\nHost: $from\r\nConnection: close\r\n\r\n".encodeToByteArray())
    stream.readToEnd(MAX_PAGE).decodeToString()
}
