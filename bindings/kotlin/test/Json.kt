package org.nexa.test

import org.nexa.Disposable

/** JSON as Kotlin's own values: maps, lists, text, `Long`, `Double`, `Boolean` and null. */
object Json {
    fun parse(text: String): Any? = JsonReader(text).whole()

    /** In one form only: keys sorted, no spaces, an object of the library as the name of its class. */
    fun print(value: Any?): String = buildString { json(value) }

    private fun StringBuilder.json(value: Any?) {
        when (value) {
            null, is Boolean, is Long, is Double -> append(value.toString())
            is String -> quote(value)
            is Map<*, *> -> items('{', '}', value.entries.sortedBy { it.key as String }) { (key, item) ->
                quote(key as String)
                append(':')
                json(item)
            }
            is List<*> -> items('[', ']', value) { json(it) }
            is Disposable -> quote("<${value.javaClass.simpleName}>")
            else -> error("${value.javaClass} has no JSON")
        }
    }

    private fun <T> StringBuilder.items(open: Char, close: Char, items: List<T>, each: StringBuilder.(T) -> Unit) {
        append(open)
        for ((at, item) in items.withIndex()) {
            if (at > 0) append(',')
            each(item)
        }
        append(close)
    }

    private fun StringBuilder.quote(text: String) {
        append('"')
        for (letter in text) when (letter) {
            '"' -> append("\\\"")
            '\\' -> append("\\\\")
            '\n' -> append("\\n")
            '\r' -> append("\\r")
            '\t' -> append("\\t")
            '\b' -> append("\\b")
            '\u000c' -> append("\\f")
            else -> if (letter < ' ') append("\\u%04x".format(letter.code)) else append(letter)
        }
        append('"')
    }
}

private class JsonReader(private val text: String) {
    private var at = 0

    fun whole(): Any? = value().also { check(token() == null) { "JSON goes on at $at" } }

    private fun token(): Char? {
        while (at < text.length && text[at].isWhitespace()) at++
        return text.getOrNull(at)
    }

    private fun value(): Any? = when (token()) {
        '{' -> items('}') { key().also { expect(':') } to value() }.toMap()
        '[' -> items(']') { value() }
        '"' -> key()
        else -> word(Regex("[-+.\\w]+").matchAt(text, at)?.value ?: error("JSON breaks off at $at"))
    }

    private fun word(word: String): Any? {
        at += word.length
        return when (word) {
            "null" -> null
            "true" -> true
            "false" -> false
            else -> word.toLongOrNull() ?: word.toDouble()
        }
    }

    private fun <T> items(close: Char, each: () -> T): List<T> {
        val items = mutableListOf<T>()
        at++
        while (token() != close) {
            if (items.isNotEmpty()) expect(',')
            items += each()
        }
        at++
        return items
    }

    private fun expect(letter: Char) {
        check(token() == letter) { "JSON has no $letter at $at" }
        at++
    }

    private fun key(): String = buildString {
        expect('"')
        while (text[at] != '"') append(if (text[at] == '\\') escaped() else text[at++])
        at++
    }

    private fun escaped(): Char {
        val letter = text[at + 1]
        at += 2
        return when (letter) {
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'b' -> '\b'
            'f' -> '\u000c'
            'u' -> text.substring(at, at + 4).toInt(16).toChar().also { at += 4 }
            else -> letter
        }
    }
}
