// Plays a scenario of tests/parity and writes its transcript: the answers that every language must give alike.
//
// `java … org.nexa.test.ParityKt <scenario.json> <transcript>`

package org.nexa.test

import java.io.File
import java.lang.reflect.InvocationTargetException
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.full.callSuspendBy
import kotlin.reflect.full.companionObject
import kotlin.reflect.full.companionObjectInstance
import kotlin.reflect.full.functions
import kotlin.reflect.full.instanceParameter
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import org.nexa.Handle
import org.nexa.NexaException
import org.nexa.error

fun main(arguments: Array<String>) {
    if (arguments.size != 2) {
        System.err.println("usage: parity <scenario.json> <transcript>")
        exitProcess(2)
    }
    val (scenario, transcript) = arguments
    try {
        File(transcript).writeText(runBlocking { Parity().play(File(scenario).readText()) })
    } catch (failure: IllegalStateException) {
        System.err.println("$scenario: ${failure.message}")
        exitProcess(1)
    }
}

class Parity {
    private val saved = mutableMapOf<String, Any?>()

    /** The transcript; the first step that does not hold is an `IllegalStateException`, which names it. */
    suspend fun play(scenario: String): String {
        val steps = (Json.parse(scenario) as Map<*, *>)["steps"] as List<*>
        val lines = steps.mapIndexed { at, step ->
            try {
                Json.print(answer(step as Map<*, *>)) + "\n"
            } catch (failure: RuntimeException) {
                throw IllegalStateException("step ${at + 1}: ${Json.print(step)}: ${failure.message}", failure)
            }
        }
        return lines.joinToString("")
    }

    private suspend fun answer(step: Map<*, *>): Map<String, Any?> {
        val op = step["op"] as String
        val result = try {
            outward(call(op, step["on"] as String?, step["args"] as Map<*, *>? ?: emptyMap<String, Any>()))
        } catch (failure: NexaException) {
            val error = outward(failure.error)
            check("expect_error" in step) { "failed: ${Json.print(error)}" }
            holds(step["expect_error"], error)
            return mapOf("op" to op, "error" to error)
        }
        val shown = if (op.endsWith(".reveal") && step["show"] != true) "<revealed>" else result
        check("expect_error" !in step) { "gave ${Json.print(shown)}" }
        if ("expect" in step) holds(resolved(step["expect"]), result)
        step["save"]?.let { name -> saved[name as String] = result }
        return mapOf("op" to op, "result" to shown)
    }

    private suspend fun call(op: String, on: String?, given: Map<*, *>): Any? {
        val (name, method) = op.split('.', limit = 2)
        val type = try {
            Class.forName("org.nexa.$name").kotlin
        } catch (_: ClassNotFoundException) {
            error("there is no $name")
        }
        val receiver = when {
            on == null -> checkNotNull(type.companionObjectInstance) { "$name makes nothing" }
            else -> domain(checkNotNull(saved[on]) { "no object was saved as $on" }, type)
        }
        val of = if (on == null) checkNotNull(type.companionObject) else type
        val function = checkNotNull(of.functions.find { it.name == spelled(method) }) { "there is no $op" }
        val instance = mapOf(function.instanceParameter!! to receiver)
        try {
            return function.callSuspendBy(instance + arguments(function, resolved(given) as Map<*, *>))
        } catch (failure: InvocationTargetException) {
            throw failure.targetException
        }
    }

    /** A domain hangs on a handle, by a getter of its type. */
    private fun domain(on: Any, type: KClass<*>): Any {
        if (type.isInstance(on)) return on
        val getter: KFunction<*>? = Handle::class.functions.find { it.returnType.classifier == type }
        check(on is Handle && getter != null) { "$on is no $type" }
        return getter.call(on)!!
    }

    /** With what was saved in place of its names. */
    private fun resolved(value: Any?): Any? = when {
        value is Map<*, *> -> value.mapValues { resolved(it.value) }
        value is List<*> -> value.map(::resolved)
        value !is String || !value.startsWith("$") -> value
        else -> {
            val name = value.drop(1).substringBefore('.')
            check(name in saved) { "nothing was saved as $name" }
            if ('.' in value) (saved[name] as Map<*, *>)[value.substringAfter('.')] else saved[name]
        }
    }

    private fun holds(expected: Any?, got: Any?) {
        if (expected is Map<*, *> && got is Map<*, *>) {
            for ((name, value) in expected) holds(value, got[name])
        } else {
            check(expected == got) { "expected ${Json.print(expected)}, got ${Json.print(got)}" }
        }
    }

    /** Kotlin's `close` belongs to the object's handle. */
    private fun spelled(method: String) = if (method == "close") "closeAndWait" else camel(method)
}
