package org.nexa

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

// `use` only lets go of an object, as every object can be let go of. These close what is behind it and wait until that is
// done, whether the block returned, failed or was cancelled.

/** Runs the block, then ends the tunnel and its connections. */
suspend fun <R> Tunnel.useAndWait(block: suspend (Tunnel) -> R): R = ending(block) { closeAndWait() }

/** Runs the block, then stops listening. */
suspend fun <R> TcpListener.useAndWait(block: suspend (TcpListener) -> R): R = ending(block) { closeAndWait() }

/** Runs the block, then closes the connection. */
suspend fun <R> TcpStream.useAndWait(block: suspend (TcpStream) -> R): R = ending(block) { closeAndWait() }

internal suspend fun <T, R> T.ending(block: suspend (T) -> R, end: suspend T.() -> Unit): R {
    val outcome = runCatching { block(this) }
    val ended = withContext(NonCancellable) { runCatching { end() } }
    ended.onFailure { failure -> outcome.exceptionOrNull()?.addSuppressed(failure) ?: throw failure }
    return outcome.getOrThrow()
}
