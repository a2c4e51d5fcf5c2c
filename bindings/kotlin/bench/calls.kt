// What a call costs, in nanoseconds: one line of JSON, with the medians over batches.

import kotlinx.coroutines.runBlocking
import org.nexa.NewUser
import org.nexa.Nexa
import org.nexa.useAndWait
import org.nexa.version

private const val USERS = 1_000
private const val BATCHES = 15

/** More than in the other languages: the virtual machine compiles what it has run for a while. */
private const val WARM_UP_BATCHES = 31

fun main() = runBlocking {
    Nexa.open("sqlite::memory:").useAndWait { nexa ->
        val system = nexa.system("bench")
        val identity = system.identity()
        val first = identity.createFirstUser(NewUser("user0"), null)
        for (number in 1 until USERS) identity.createUser(NewUser("user$number"), null)
        val stream = system.events().stream()

        val sync = median(calls = 2_000) { version() }
        val async = median(calls = 500) { stream.closeAndWait() }
        val read = median(calls = 100) { check(identity.getUser(first.id) == first) }
        val page = median(calls = 5) { check(identity.listUsers(limit = 1_000u).items.size == USERS) }
        println("""{"async_ns":$async,"page_ns":$page,"read_ns":$read,"sync_ns":$sync}""")
    }
}

/** Nanoseconds for one call. */
private suspend fun median(calls: Int, call: suspend () -> Unit): Long {
    val batches = List(WARM_UP_BATCHES + BATCHES) {
        val began = System.nanoTime()
        repeat(calls) { call() }
        (System.nanoTime() - began) / calls
    }
    return batches.drop(WARM_UP_BATCHES).sorted()[BATCHES / 2]
}
