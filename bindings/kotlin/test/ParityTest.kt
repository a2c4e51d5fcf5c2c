package org.nexa.test

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** That the interpreter of the scenarios fails where a step does not hold; what they answer is compared with Rust's. */
class ParityTest {
    @Test
    fun `every scenario holds, and a line of the transcript is in one form only`() = test {
        val scenarios = File("../../tests/parity").listFiles { file -> file.extension == "json" }!!
        assertTrue(scenarios.isNotEmpty())
        for (scenario in scenarios) {
            val text = scenario.readText()
            val lines = Parity().play(text).lines().dropLast(1)
            assertEquals(((Json.parse(text) as Map<*, *>)["steps"] as List<*>).size, lines.size)
            for (line in lines) assertEquals(line, Json.print(Json.parse(line)))
        }
    }

    @Test
    fun `objects secrets and failures are shown alike`() = test {
        val transcript = Parity().play(
            steps(
                """{ "op": "Secret.create", "args": { "text": "planted" }, "save": "secret" }""",
                """{ "op": "Secret.reveal", "on": "secret", "expect": "planted" }""",
                """{ "op": "PrivateKey.parse", "args": { "text": "planted" }, "expect_error": { "retryable": false } }""",
            ),
        )
        val message = "private_key: is not 32 bytes in base64"
        val error = """{"code":"input.invalid","details":{"field":"private_key"},"kind":"invalid_input",""" +
            """"message":"$message","retryable":false}"""
        val expected = listOf(
            """{"op":"Secret.create","result":"<Secret>"}""",
            """{"op":"Secret.reveal","result":"<revealed>"}""",
            """{"error":$error,"op":"PrivateKey.parse"}""",
        )
        assertEquals(expected, transcript.lines().dropLast(1))
    }

    @Test
    fun `a step that does not hold is named`() = test {
        val create = """{ "op": "Secret.create", "args": { "text": "t" }, "save": "secret" }"""
        val wrong = mapOf(
            """{ "op": "Secret.reveal", "on": "secret", "expect": "other" }""" to "expected \"other\", got \"t\"",
            """{ "op": "Secret.reveal", "on": "secret", "expect": "${'$'}none" }""" to "nothing was saved as none",
            """{ "op": "Secret.reveal", "on": "secret", "expect_error": {} }""" to "gave \"<revealed>\"",
            """{ "op": "Secret.reveal", "on": "nobody" }""" to "no object was saved as nobody",
            """{ "op": "Secret.conceal", "on": "secret" }""" to "there is no Secret.conceal",
            """{ "op": "Sekret.reveal", "on": "secret" }""" to "there is no Sekret",
            """{ "op": "Identity.list_users", "on": "secret" }""" to "is no class org.nexa.Identity",
            """{ "op": "Secret.create", "args": { "text": "t", "tint": 1 } }""" to "no argument is called tint",
            """{ "op": "Secret.create" }""" to "text is missing",
            """{ "op": "Secret.create", "args": { "text": 1 } }""" to "1 is no kotlin.String",
            """{ "op": "PrivateKey.parse", "args": { "text": "t" } }""" to "failed: ",
            """{ "op": "PrivateKey.parse", "args": { "text": "t" }, "expect_error": { "kind": "closed" } }""" to
                "expected \"closed\", got \"invalid_input\"",
        )
        for ((step, reason) in wrong) {
            val failure = assertFailsWith<IllegalStateException>(step) { Parity().play(steps(create, step)) }
            assertContains(failure.message!!, "step 2: ")
            assertContains(failure.message!!, reason)
        }
    }

    private fun steps(vararg steps: String) = """{ "steps": [${steps.joinToString()}] }"""
}
