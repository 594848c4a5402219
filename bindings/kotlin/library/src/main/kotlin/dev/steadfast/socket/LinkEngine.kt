package dev.steadfast.socket

import dev.steadfast.Endpoint
import dev.steadfast.Transport
import dev.steadfast.ffi.Core
import dev.steadfast.ffi.PathException
import kotlinx.coroutines.CancellationException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** The engine of a link, as its sockets see it. [forgetLeg] and [forget] say that a connection or a socket is done with. */
internal class LinkEngine(
    private val core: Core,
    private val transport: Transport,
    private val forgetLeg: (id: Long) -> Unit,
    private val forget: (socket: Long) -> Unit,
) : Engine {
    override fun now(): Long = runCatching { transport.now().monotonic }.getOrDefault(0)

    override fun awaitsApp(id: Long) {
        whileRunning { core.connectionAwaitsApp(id) }
    }

    override fun begun(id: Long) {
        whileRunning { core.connectionBegun(id) }
    }

    override fun opened(id: Long) {
        whileRunning { core.connectionOpened(id) }
    }

    override fun closed(id: Long, code: Int?) {
        forgetLeg(id)
        whileRunning { core.connectionClosed(id, code?.toUShort()) }
    }

    override fun active(id: Long) {
        whileRunning { core.connectionActive(id) }
    }

    override fun sent(id: Long) {
        whileRunning { core.connectionSent(id) }
    }

    override fun silent(id: Long) {
        whileRunning { core.connectionSilent(id) }
    }

    override fun url(endpoint: Endpoint, path: String): String? =
        try {
            whileRunning { core.socketUrl(endpoint, path) }
        } catch (refused: PathException.Refused) {
            throw IllegalArgumentException(refused.reason)
        }

    override fun drainLimit(endpoint: Endpoint, heardAt: Long?): Duration =
        whileRunning { core.drainLimit(endpoint.name, heardAt?.let { (now() - it).milliseconds }) } ?: Duration.ZERO

    override fun reconnect(socket: Long) {
        whileRunning { core.reconnect(socket) }
    }

    override fun disconnect(socket: Long) {
        forget(socket)
        whileRunning { core.disconnect(socket) }
    }
}

/** Asks the engine; `null` after the end of the link. */
internal inline fun <T> whileRunning(work: () -> T): T? =
    try {
        work()
    } catch (ended: IllegalStateException) {
        // So says the generated code once the engine has been let go; there is nothing left to tell it. A cancellation looks alike.
        if (ended is CancellationException) throw ended
        null
    }
