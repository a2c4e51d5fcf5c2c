package org.nexa.test

import java.io.PrintWriter
import java.io.StringWriter
import java.lang.reflect.Modifier
import java.util.jar.JarFile
import kotlin.reflect.KClass
import kotlin.reflect.KVisibility
import kotlin.reflect.full.isSubclassOf
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.nexa.AuditFilter
import org.nexa.AuditProblem
import org.nexa.AuditProblemKind
import org.nexa.CancelHandle
import org.nexa.Claim
import org.nexa.Conf
import org.nexa.Disposable
import org.nexa.DocumentFormat
import org.nexa.Effect
import org.nexa.Extent
import org.nexa.Finding
import org.nexa.FindingKind
import org.nexa.GatewayOptions
import org.nexa.ImportFormat
import org.nexa.InternalException
import org.nexa.NewEnrolment
import org.nexa.NewGateway
import org.nexa.NewGroup
import org.nexa.NewPolicy
import org.nexa.NewPolicyTest
import org.nexa.NewPool
import org.nexa.NewUser
import org.nexa.Nexa
import org.nexa.Part
import org.nexa.PolicyChanges
import org.nexa.PolicyFinding
import org.nexa.PoolChange
import org.nexa.PoolKind
import org.nexa.PrivateKey
import org.nexa.Purpose
import org.nexa.RemedyKind
import org.nexa.RequestContext
import org.nexa.Strategy
import org.nexa.Target
import org.nexa.TargetType
import org.nexa.TerminalTheme
import org.nexa.Tunnel
import org.nexa.TunnelOptions

/** Secrets are planted in everything that can hold one; then everything that is exported is shown in every way. */
class SecretsTest {
    @Test
    fun `nothing that is exported shows a secret`() = test {
        office {
            val scene = Scene(this)
            val samples = scene.samples() + scene.failures()
            val shown = Shown().apply { samples.forEach(::show) }
            assertEquals(emptySet(), exported() - shown.types, "exported, and no sample of it was shown")
            assertTrue(scene.planted.size >= 12)
            for ((what, secret) in scene.planted) {
                val leaks = shown.texts.filter { secret in it }
                assertEquals(emptyList(), leaks, "$what is shown")
            }
        }
    }

    @Test
    fun `the search finds what is shown`() {
        val shown = Shown().apply { show(NewUser("ada", displayName = "planted in a field")) }
        assertTrue(shown.texts.any { "planted in a field" in it })
        val failing = Shown().apply { show(InternalException("planted in a failure")) }
        assertTrue(failing.texts.any { "planted in a failure" in it })
    }

    /** Every class of the package that has instances to show, as the compiled package says. */
    private fun exported(): Set<KClass<*>> {
        val jar = JarFile(Nexa::class.java.protectionDomain.codeSource.location.path)
        val names = jar.stream().map { it.name }.filter { it.endsWith(".class") }.toList()
        val classes = names.map { Class.forName(it.removeSuffix(".class").replace('/', '.'), false, javaClass.classLoader) }
        return classes.filter(::isDeclared).map { it.kotlin }.filter(::hasInstances).toSet()
    }

    private fun isDeclared(type: Class<*>) =
        type.getAnnotation(Metadata::class.java)?.kind == 1 && !type.isAnonymousClass && !type.isLocalClass

    private fun hasInstances(type: KClass<*>) = type.visibility == KVisibility.PUBLIC && !type.java.isInterface &&
        !Modifier.isAbstract(type.java.modifiers) && (
            type.isData || type.isValue || type.java.isEnum ||
                type.isSubclassOf(Throwable::class) || type.isSubclassOf(Disposable::class)
            )
}

/** Shows values and what they hold, in every way that Kotlin has, and remembers the types that it met. */
private class Shown {
    val texts = mutableListOf<String>()
    val types = mutableSetOf<KClass<*>>()

    fun show(value: Any?) {
        if (value == null) return
        texts += "$value"
        when {
            value is Iterable<*> -> value.forEach(::show)
            value is Map<*, *> -> value.forEach { (key, item) -> show(key); show(item) }
            value.javaClass.packageName.startsWith("org.nexa") -> showOwn(value)
        }
    }

    private fun showOwn(value: Any) {
        types += value::class
        if (value is Throwable) {
            texts += value.message.orEmpty()
            texts += StringWriter().also { value.printStackTrace(PrintWriter(it)) }.toString()
        }
        if (value is Enum<*>) {
            texts += value.javaClass.enumConstants.map { "$it" }
        } else {
            fields(value.javaClass).forEach { show(it.apply { isAccessible = true }.get(value)) }
        }
    }

    private fun fields(type: Class<*>) = generateSequence(type) { it.superclass }
        .takeWhile { it.packageName.startsWith("org.nexa") }
        .flatMap { it.declaredFields.toList() }
        .filterNot { Modifier.isStatic(it.modifiers) }
}

/** An office with a secret wherever one can be. */
private class Scene(private val office: Office) {
    /** What must not be found, by what it is. */
    val planted = mutableMapOf<String, String>()

    private val admin = office.admin
    private val anonymous = office.nexa.anonymous()

    private fun plant(what: String, secret: String): String {
        check(secret.length >= 8 && secret !in planted.values) { "$what is no secret of its own" }
        planted[what] = secret
        return secret
    }

    suspend fun samples(): List<Any?> {
        val identity = admin.identity()
        val newUser = NewUser("grace", email = "grace@example.org")
        val grace = identity.createUser(newUser, plant("password", "a horse of correct batteries"))
        val signedIn = anonymous.identity().signIn("grace", planted.getValue("password"))
        plant("session token", signedIn.token().reveal())
        val authenticated = office.nexa.authenticate(planted.getValue("session token"))
        val context = RequestContext("192.0.2.1", "a client", "r-1")
        val newGroup = NewGroup("others", "of all kinds")
        val newPool = NewPool("servers", "10.99.0.0/24", listOf("10.99.0.1"))
        val pool = admin.ipam().createPool(newPool)
        val allocation = admin.ipam().claim(pool.id)
        val stream = admin.events().stream(position = 0)
        val ipam = admin.ipam()
        val printer = ipam.claimWith(ipam.createPool(NewPool("labels", "10.98.0.0/24")).id, Claim(holder = "printer"))
        val moved = ipam.createPool(NewPool("moved", "10.97.0.0/29", listOf("10.97.0.6")))
        ipam.claim(moved.id)
        office.laptop.ping("10.20.0.10")
        val listener = office.tunnel.listen(80u)
        val client = office.laptop.connect("10.20.0.10:80")
        client.write(plant("bytes in a tunnel", "a secret that is under way").encodeToByteArray())
        return databases() + objectsWithKeys() + enrolments() + policies() + listOf(
            admin, identity, admin.devices(), admin.gateways(), admin.enrolment(), admin.ipam(), admin.policy(),
            admin.audit(), admin.events(), stream, stream.next(), admin.events().after(0, 1_000u),
            signedIn, signedIn.token(), signedIn.userId(), signedIn.sessionId(), grace.roleId, authenticated,
            authenticated.withContext(context), context, newUser, grace, identity.listUsers(),
            newGroup, identity.createGroup(newGroup), identity.listGroups(), office.staff.id, pool.id,
            newPool, pool, allocation, allocation.id, admin.ipam().listPools(), admin.ipam().usage(pool.id),
            printer, printer.status, PoolKind.IPV4, Strategy.STICKY, FindingKind.LOST, ImportFormat.CSV,
            ipam.listReservations(pool.id), ipam.listReservations(pool.id).items.first().id,
            ipam.previewResize(pool.id, listOf("10.99.0.0/29")), ipam.forecast(pool.id), ipam.heatMap("10.99.0.0/24"),
            ipam.checkImport(ImportFormat.CSV, "nothing"), ipam.rebuild(pool.id), Claim(holder = "x"), PoolChange("x"),
            Finding(pool.id, FindingKind.LOST, "10.99.0.1", "is in no part"),
            ipam.renumber(moved.id, "10.97.0.0/29", "10.96.0.0/29"),
            admin.ipam().listAllocations(pool.id), admin.audit().list(limit = 1_000u),
            admin.audit().list(limit = 1u).items.single().id,
            admin.settings(), admin.settings().list(), admin.sealing(), admin.sealing().listKeys(), admin.sealing().finishRotation(), Purpose.AUDIT,
            admin.audit().verify(), admin.audit().signedHead(), admin.audit().publicKeys(), admin.audit().seal(),
            admin.audit().export(limit = 1u), AuditFilter(eventType = "user.created"),
            AuditProblem(AuditProblemKind.CUT_OFF, 1, null), AuditProblemKind.CUT_OFF,
            office.tunnel, office.laptop, office.laptop.counters(), office.tunnel.peers(), office.laptop.nextEvent(1_000u),
            listener, client, listener.accept(), CancelHandle.create(),
        )
    }

    /** A new database and its setup tokens, the first one and the one that takes its place. */
    private suspend fun databases(): List<Any?> {
        val nexa = Nexa.open("sqlite::memory:")
        val first = checkNotNull(nexa.takeSetupToken())
        plant("setup token", first.reveal())
        val second = nexa.system("test").identity().issueSetupToken()
        plant("second setup token", second.reveal())
        return listOf(nexa, first, second)
    }

    private suspend fun objectsWithKeys(): List<Any?> {
        val profile = office.enrolled.profile()
        val rendered = profile.render(office.key)
        val text = plant("rendered profile", rendered.reveal())
        val shared = plant("preshared key", PrivateKey.generate().reveal())
        val conf = Conf.parse(text.replace("[Peer]", "[Peer]\nPresharedKey = $shared"))
        plant("private key", office.key.reveal())
        plant("rendered file", conf.render().reveal())
        plant("picture", profile.qrSvg(office.key).reveal())
        plant("drawing", profile.qrTerminal(office.key).reveal())
        return listOf(
            office.key, profile, profile.details(), rendered, conf, conf.details(), conf.render(),
            profile.qrSvg(office.key), profile.qrTerminal(office.key), TunnelOptions(), TerminalTheme.DARK_ON_LIGHT,
            GatewayOptions("127.0.0.1:0", listOf("10.1.0.1")),
        )
    }

    private suspend fun enrolments(): List<Any?> {
        val key = PrivateKey.generate()
        val new = NewEnrolment("phone", key.publicKey(), "sha256:phone", userId = office.ada.id)
        val enrolled = admin.enrolment().enrol(new)
        plant("device token", enrolled.token().reveal())
        plant("device key", key.reveal())
        val gatewayKey = PrivateKey.generate()
        plant("gateway key", gatewayKey.reveal())
        val gateway = NewGateway("branch", "192.0.2.7:51820", gatewayKey.publicKey(), listOf("10.67.0.0/24"))
        return listOf(
            new, key, enrolled, enrolled.token(), enrolled.device(), enrolled.device().id, admin.devices().list(),
            gatewayKey, gateway, admin.gateways().create(gateway), admin.gateways().list(), office.gateway.id,
            admin.gateways().desiredState(office.gateway.id), office.nexa.authenticate(enrolled.token().reveal()),
        )
    }

    private suspend fun policies(): List<Any?> {
        val target = listOf(Target(TargetType.DEVICE, office.enrolled.device().id.text))
        val new = NewPolicy("web", Effect.ALLOW, target, listOf("10.20.0.0/16"))
        val policy = admin.policy().create(new)
        val device = office.enrolled.device().id
        val suspended = admin.identity().createUser(NewUser("gone"), null)
        val key = PrivateKey.generate().publicKey()
        val theirs = admin.enrolment().enrol(NewEnrolment("old", key, "sha256:old", userId = suspended.id))
        admin.identity().suspendUser(suspended.id)
        val policies = admin.policy()
        val test = NewPolicyTest("t", target.first(), "192.0.2.1", Effect.DENY)
        val made = policies.createTest(test)
        return listOf(
            test, made, made.id, Part.ANY, policies.listTests(), policies.runTests(), PolicyChanges(name = "x"),
            policies.whyNot(device, "192.0.2.1", "tcp", 443u), policies.whoCanReach("10.20.0.0/16", Part.ANY),
            policies.matrix(listOf("10.20.0.0/16", "192.0.2.0/24")), policies.lint(),
            PolicyFinding("over", null, "its window is over"), policies.checkDocument("policies: ["),
            policies.compareDocument("policies: []")!!,
            policies.previewDocument("policies: []"), DocumentFormat.YAML, RemedyKind.CREATE, Extent.WHOLE,
            new, policy, policy.id, admin.policy().list(), admin.policy().resolve(device),
            admin.policy().resolve(theirs.device().id), admin.policy().explain(device, "10.20.0.10"),
        )
    }

    /** What is thrown when a secret is wrong, or among what is wrong. */
    suspend fun failures(): List<Throwable> {
        val key = plant("key that is none", "GNpDbLwkmGLqyNlMVbf3XC8BMRbnEhS2SAwPVg/JTs")
        val other = PrivateKey.generate().also { plant("another key", it.reveal()) }
        val file = "[Interface]\nPrivateKey = ${other.reveal()}\nAddress = 10.0.0.2/33\n"
        val calls = listOf<suspend () -> Unit>(
            { anonymous.identity().redeemSetupToken(planted.getValue("setup token"), NewUser("eve"), null) },
            { anonymous.identity().signIn("ada", plant("wrong password", "no horse of mine")) },
            { admin.identity().createUser(NewUser("short"), plant("short password", "hf7%Kq2z").take(7)) },
            { office.nexa.authenticate(plant("wrong token", "nxs_0123456789abcdef")) },
            { office.nexa.authenticate(planted.getValue("session token") + "x") },
            { Nexa.open("postgres://nexa:${plant("database password", "p0stgres-passw0rd")}@localhost/nexa") },
            { PrivateKey.parse(key) },
            { Conf.parse(file) },
            { Conf.parse("[Interface]\nPrivateKey = $key\n") },
            { Conf.parse(planted.getValue("rendered profile") + "PresharedKey = $key\n") },
            { office.enrolled.profile().render(other) },
            { Tunnel.up(office.enrolled.profile(), other) },
        )
        val failures = calls.map { call -> checkNotNull(runCatching { call() }.exceptionOrNull()) { "nothing failed" } }
        return failures + InternalException("of the generator, for a defect")
    }
}
