package org.nexa.test

import javax.xml.parsers.DocumentBuilderFactory
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import org.nexa.Conf
import org.nexa.ErrorKind
import org.nexa.NewPolicy
import org.nexa.Effect
import org.nexa.PrivateKey
import org.nexa.Target
import org.nexa.TargetType
import org.nexa.TcpListener
import org.nexa.TcpStream
import org.nexa.Tunnel
import org.nexa.TunnelOptions
import org.nexa.kind
import org.nexa.NexaException
import org.nexa.useAndWait

class TunnelTest {
    @Test
    fun `an allowed destination answers in both families`() = test {
        office {
            echoing {
                assertTrue(laptop.ping("10.20.0.10") > 0.0)
                assertTrue(laptop.ping("fd20::10") > 0.0)
                for (to in listOf("10.20.0.10:7", "[fd20::10]:7")) {
                    laptop.connect(to).useAndWait { stream ->
                        assertEquals(to, stream.peerAddr())
                        assertContentEquals("hello".encodeToByteArray(), stream.echo("hello".encodeToByteArray()))
                    }
                }
            }
        }
    }

    @Test
    fun `a megabyte comes back as it was sent`() = test {
        office {
            echoing {
                val sent = ByteArray(1 shl 20) { (it * 31 + it / 251).toByte() }
                laptop.connect("10.20.0.10:7").useAndWait { assertContentEquals(sent, it.echo(sent)) }
            }
        }
    }

    @Test
    fun `many connections at once`() = test {
        office {
            echoing {
                val echoes = (1..20).map { number ->
                    async {
                        laptop.connect("10.20.0.$number:7").useAndWait { it.echo("to $number".encodeToByteArray()) }
                    }
                }
                assertEquals((1..20).map { "to $it" }, echoes.awaitAll().map { it.decodeToString() })
            }
        }
    }

    @Test
    fun `the end of a stream is empty and more than asked for is refused`() = test {
        office {
            echoing {
                laptop.connect("10.20.0.10:7").useAndWait { stream ->
                    stream.write(ByteArray(10) { 1 })
                    stream.finish()
                    val more = failsAs(ErrorKind.EXHAUSTED) { stream.readToEnd(9u) }
                    assertEquals("tunnel.too_much", more.code)
                    assertEquals(10, stream.readToEnd(10u).size, "what was read is not lost")
                    assertEquals(0, stream.read(1u).size)
                }
            }
        }
    }

    @Test
    fun `a denied destination is silent and counted at the gateway`() = test {
        office {
            echoing {
                laptop.ping("10.20.0.10")
                val before = tunnel.counters()
                failsAs(ErrorKind.CANCELLED) { laptop.connect("10.20.9.10:7", SILENCE) }
                failsAs(ErrorKind.CANCELLED) { laptop.ping("192.0.2.1", SILENCE) }
                val after = tunnel.counters()
                assertTrue(after.droppedFilter > before.droppedFilter)
                assertTrue(after.packetsDelivered == before.packetsDelivered, "nothing of it came through")
            }
        }
    }

    @Test
    fun `both ends count the same peer`() = test {
        office {
            laptop.ping("10.20.0.10")
            val (atGateway, atLaptop) = Pair(tunnel.peers().single(), laptop.peers().single())
            assertEquals(key.publicKey(), atGateway.publicKey)
            assertEquals(gateway.publicKey, atLaptop.publicKey)
            assertTrue(atGateway.receivedBytes > 0 && atLaptop.receivedBytes > 0)
            assertTrue(atGateway.lastHandshakeMsAgo != null)
            assertEquals(1L, laptop.counters().handshakesCompleted)
        }
    }

    @Test
    fun `a new policy counts from the next time it is applied`() = test {
        office {
            echoing {
                failsAs(ErrorKind.CANCELLED) { laptop.connect("10.30.0.1:7", SILENCE) }
                val target = listOf(Target(TargetType.USER, ada.id.text))
                admin.policy().create(NewPolicy("more", Effect.ALLOW, target, listOf("10.30.0.0/16")))
                val state = admin.gateways().apply(gateway.id, tunnel)
                assertEquals(enrolled.device().id, state.peers.single().deviceId)
                laptop.connect("10.30.0.1:7").useAndWait { assertEquals(1, it.echo(ByteArray(1)).size) }
            }
        }
    }

    @Test
    fun `a revoked device is cut off with its connections and its token`() = test {
        office {
            echoing {
                laptop.ping("10.20.0.10")
                val token = enrolled.token().reveal()
                nexa.authenticate(token)
                admin.devices().revoke(enrolled.device().id)
                admin.gateways().apply(gateway.id, tunnel)
                assertEquals(emptyList(), tunnel.peers())
                failsAs(ErrorKind.CANCELLED) { laptop.ping("10.20.0.10", SILENCE) }
                failsAs(ErrorKind.UNAUTHENTICATED) { nexa.authenticate(token) }
            }
        }
    }

    @Test
    fun `a configuration file brings up the same tunnel`() = test {
        office {
            laptop.closeAndWait()
            val conf = Conf.parse(enrolled.profile().render(key).reveal())
            assertEquals(key.publicKey(), conf.details().publicKey)
            Tunnel.upConf(conf).useAndWait { assertTrue(it.ping("10.20.0.10") > 0.0) }
        }
    }

    @Test
    fun `the picture of a profile is an SVG, of another code when the key is in it`() = test {
        office {
            val modules = listOf(null, key).map { within ->
                val picture = enrolled.profile().qrSvg(within).reveal()
                assertTrue(picture.startsWith("""<?xml version="1.0" standalone="yes"?><svg """), picture.take(60))
                val svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(picture.byteInputStream())
                assertEquals("svg", svg.documentElement.tagName)
                val path = svg.getElementsByTagName("path").item(0).attributes.getNamedItem("d").nodeValue
                val each = path.split("M")
                assertTrue(each.size > 100 && each[0].isEmpty(), "${each.size} modules: ${path.take(60)}")
                for (module in each.drop(1)) assertTrue(Regex("""\d+ \d+h\d+v\d+H\d+V\d+""").matches(module), module)
                path
            }
            assertNotEquals(modules[0], modules[1])
        }
    }

    @Test
    fun `what cannot be brought up is refused by name`() = test {
        office {
            val other = PrivateKey.generate()
            val options = TunnelOptions(listen = "nowhere")
            assertEquals("private_key", failure { Tunnel.up(enrolled.profile(), other) }.details["field"])
            assertEquals("listen", failure { Tunnel.up(enrolled.profile(), key, options) }.details["field"])
            assertEquals("port", failure { tunnel.listen(65_536u) }.details["field"])
            assertEquals("to", failure { laptop.connect("nowhere") }.details["field"])
            val listener = tunnel.listen(0u)
            failsAs(ErrorKind.ALREADY_EXISTS) { tunnel.listen(listener.port()) }
        }
    }

    /** Sends back what it gets, on port 7 of every address behind the gateway, while the block runs. */
    private suspend fun Office.echoing(block: suspend CoroutineScope.() -> Unit) = coroutineScope {
        val listener = tunnel.listen(7u)
        launch { while (true) acceptUnlessClosed(listener)?.let { launch { sendBack(it) } } ?: break }
        listener.useAndWait { coroutineScope(block) }
    }

    private suspend fun acceptUnlessClosed(listener: TcpListener): TcpStream? = try {
        listener.accept()
    } catch (failure: NexaException) {
        if (failure.kind == ErrorKind.CLOSED) null else throw failure
    }

    private suspend fun sendBack(stream: TcpStream) = stream.useAndWait {
        while (true) {
            val some = stream.read(65_536u)
            if (some.isEmpty()) break
            stream.write(some)
        }
        stream.finish()
    }

    /** Writing and reading at once, for neither side keeps a megabyte. */
    private suspend fun TcpStream.echo(data: ByteArray): ByteArray = coroutineScope {
        launch {
            write(data)
            finish()
        }
        readToEnd(data.size.toUInt())
    }
}
