package org.nexa.test

import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KType
import kotlin.reflect.full.memberProperties
import kotlin.reflect.full.primaryConstructor
import org.nexa.Disposable
import org.nexa.id.Id

// The library's values as JSON's and back, by reflection; its objects stay what they are.

fun outward(value: Any?): Any? = when (value) {
    null, Unit -> null
    is String, is Boolean, is Long, is Double, is Disposable -> value
    is UInt -> value.toLong()
    is Id -> value.text
    is Enum<*> -> value.name.lowercase()
    is ByteArray -> value.map { it.toUByte().toLong() }
    is List<*> -> value.map(::outward)
    is Map<*, *> -> value.mapValues { outward(it.value) }
    else -> fields(value)
}

/** The fields of a record, with their names as the other languages have them. */
private fun fields(record: Any): Map<String, Any?> {
    check(record::class.isData) { "${record::class} is no record" }
    return record::class.memberProperties.associate { snake(it.name) to outward(it.getter.call(record)) }
}

fun inward(value: Any?, type: KType): Any? {
    val wanted = type.classifier as KClass<*>
    return when {
        value == null -> null.also { check(type.isMarkedNullable) { "null is no $type" } }
        wanted == UInt::class -> (value as Long).also { check(it in 0..UInt.MAX_VALUE.toLong()) }.toUInt()
        wanted == ByteArray::class -> (value as List<*>).map { (it as Long).toByte() }.toByteArray()
        wanted == List::class -> (value as List<*>).map { inward(it, type.arguments.single().type!!) }
        wanted.java.isEnum -> wanted.java.enumConstants.single { (it as Enum<*>).name.lowercase() == value }
        wanted.isValue -> wanted.primaryConstructor!!.call(value)
        wanted.isData -> wanted.primaryConstructor!!.let { it.callBy(arguments(it, value as Map<*, *>)) }
        wanted.isInstance(value) -> value
        else -> error("$value is no $type")
    }
}

/** What is given by name, as the function takes it; what nobody takes is an error. */
fun arguments(function: KFunction<*>, given: Map<*, *>): Map<KParameter, Any?> {
    val parameters = function.parameters.filter { it.kind == KParameter.Kind.VALUE }.associateBy { snake(it.name!!) }
    for ((name, parameter) in parameters) check(parameter.isOptional || name in given) { "$name is missing" }
    return given.entries.associate { (name, value) ->
        val parameter = checkNotNull(parameters[name]) { "no argument is called $name" }
        parameter to inward(value, parameter.type)
    }
}

fun camel(name: String): String = name.replace(Regex("_([a-z0-9])")) { it.groupValues[1].uppercase() }

private fun snake(name: String): String = name.replace(Regex("[A-Z]")) { "_" + it.value.lowercase() }
