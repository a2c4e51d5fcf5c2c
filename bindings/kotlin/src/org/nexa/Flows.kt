package org.nexa

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** How long one call of the flow waits, in milliseconds; when it is over the flow calls again. */
private const val LOOK: UInt = 10_000u

/** What happens to the tunnel by itself, until it is closed. */
fun Tunnel.asFlow(): Flow<TunnelEvent> = flow {
    while (true) {
        val event = try {
            nextEvent(LOOK)
        } catch (failure: NexaException) {
            if (failure.kind == ErrorKind.CLOSED) break
            throw failure
        }
        if (event != null) emit(event)
    }
}
