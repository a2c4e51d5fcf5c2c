package org.nexa

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

// What the library for phones has not, apart so that the rest of the package compiles against it.

/** Runs the block, then waits for what is under way and closes the database. */
suspend fun <R> Nexa.useAndWait(block: suspend (Nexa) -> R): R = ending(block) { closeAndWait() }

/** Runs the block, then ends the stream. */
suspend fun <R> EventStream.useAndWait(block: suspend (EventStream) -> R): R = ending(block) { closeAndWait() }

/**
 * The events of the stream from where it stands, until it is closed. Whoever stops collecting leaves the stream open, with
 * its place behind the last event that was emitted; a second collector goes on there.
 */
fun EventStream.asFlow(): Flow<Event> = flow {
    while (true) emit(next() ?: break)
}
