import java.util.Locale

/** One line per step with its time. */
class Steps(private val name: String) {
    private val began = System.nanoTime()
    private var last = began
    private var count = 0

    /** Says that a step holds, and how long it took. */
    fun done(what: String) {
        val now = System.nanoTime()
        count++
        println(String.format(Locale.ROOT, "%2d. %8.2f ms  %s", count, (now - last) / 1e6, what))
        last = now
    }

    /** Shows what a step made. */
    fun show(text: String) = text.removeSuffix("\n").lines().forEach { line -> println("        | $line") }

    /** Says that every step held. */
    fun finish() {
        val took = (System.nanoTime() - began) / 1e6
        println(String.format(Locale.ROOT, "%s: ok, %d steps in %.0f ms", name, count, took))
    }
}

/** Milliseconds as a sentence has them. */
fun millis(number: Double): String = String.format(Locale.ROOT, "%.2f ms", number)
