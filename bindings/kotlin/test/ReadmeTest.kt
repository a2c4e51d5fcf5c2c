package org.nexa.test

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart.UNDISPATCHED
import kotlinx.coroutines.async
import org.nexa.NewUser

/** What a newcomer copies out of README.md is compiled, and does what it says. */
class ReadmeTest {
    @Test
    fun `every piece of code of the readme is compiled`() {
        val compiled = lines(File("test/Readme.kt").readText())
        val pieces = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(File("README.md").readText()).toList()
        assertTrue(pieces.size >= 6, "${pieces.size} pieces")
        for (piece in pieces) {
            val text = "\n${lines(piece.groupValues[1]).joinToString("\n")}\n"
            assertContains("\n${compiled.joinToString("\n")}\n", text)
        }
    }

    @Test
    fun `the first twenty lines print a profile`() {
        assertContains(printed { readme.main() }, Regex("""PrivateKey = [A-Za-z0-9+/]{43}=\nAddress = 10\.66\.0\.2/32\n"""))
    }

    @Test
    fun `the other pieces do what is said of them`() = test {
        office {
            assertEquals("taken: ada", readme.errors(admin))
            val stream = admin.events().stream(position = 1_000_000)
            readme.cancelling(admin, stream)

            val last = admin.events().after(0, 1_000u).last().position
            val said = printed {
                val reading = async(start = UNDISPATCHED) {
                    runCatching { readme.streams(admin) { check(it < last) { "all of them" } } }
                }
                assertEquals("all of them", reading.await().exceptionOrNull()?.message)
            }
            assertContains(said, "device.enrolled ${enrolled.device().id}\n")

            admin.identity().createUser(NewUser("grace"), null)
            assertEquals("ada\ngrace\n", printed { readme.pages(admin) })

            val listener = tunnel.listen(7u)
            laptop.closeAndWait()
            val asked = async { readme.tunnel(enrolled.profile(), key, "10.20.0.10:7") }
            val server = listener.accept()
            server.write(server.readToEnd(100u).reversedArray())
            server.finish()
            assertEquals("olleh", asked.await())
        }
    }

    private fun lines(text: String) = text.lines().map { it.trim() }.filter { it.isNotEmpty() && "package " !in it }

    private inline fun printed(body: () -> Unit): String {
        val (before, bytes) = Pair(System.out, ByteArrayOutputStream())
        System.setOut(PrintStream(bytes, true))
        try {
            body()
        } finally {
            System.setOut(before)
        }
        return bytes.toString()
    }
}
