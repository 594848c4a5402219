package dev.steadfast

import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.receiveAsFlow
import kotlinx.coroutines.flow.update
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import okio.ByteString.Companion.toByteString
import java.util.concurrent.ConcurrentHashMap

/** A message over a [Connection]. Printed, it shows how long it is, and not what it says. */
public sealed interface Message {
    /** A text. */
    public data class Text(public val text: String) : Message {
        override fun toString(): String = "Text(${text.length} characters)"
    }

    /** Bytes. */
    public data class Binary(public val bytes: ByteString) : Message {
        override fun toString(): String = "Binary(${bytes.size} bytes)"
    }
}

/**
 * A connection that follows the active endpoint: it moves by opening the new socket before it closes the old one.
 *
 * What is sent while none is open is not kept; [send] says so. Of the messages that nobody collects, the last 1,024 are kept.
 */
public class Connection internal constructor(
    private val reports: Steadfast.ConnectionReports,
    private val sockets: WebSocket.Factory,
) : AutoCloseable {
    private val legs = ConcurrentHashMap<Long, Leg>()

    @Volatile
    private var isClosed = false
    private val mutableDropped = MutableStateFlow(0L)
    private val received =
        Channel<Message>(MESSAGES_KEPT, BufferOverflow.DROP_OLDEST) { mutableDropped.update { count -> count + 1 } }
    private val current = MutableStateFlow<Leg?>(null)
    private val mutableEndpoint = MutableStateFlow<Endpoint?>(null)

    /** What arrives, over whichever socket. One collector gets each message; it completes when the connection is closed. */
    public val messages: Flow<Message> = received.receiveAsFlow()

    /**
     * How many messages have been dropped so far, the oldest first, because nobody collected them and newer ones came. What reads the socket never
     * waits for the app: a socket that nobody reads would look dead.
     */
    public val dropped: StateFlow<Long> = mutableDropped.asStateFlow()

    /** The endpoint that messages go to, or `null` while there is none. */
    public val endpoint: StateFlow<Endpoint?> = mutableEndpoint.asStateFlow()

    /** Sends a text; `false` if there is no open socket to send it over. */
    public fun send(text: String): Boolean = current.value?.socket?.send(text) ?: false

    /** Sends bytes; `false` if there is no open socket to send them over. */
    public fun send(bytes: ByteArray): Boolean = current.value?.socket?.send(bytes.toByteString()) ?: false

    /** Replaces the open socket by another one to the same endpoint, as when a heartbeat of the app's own goes unanswered. */
    public fun reconnect() {
        reports.reconnect(this)
    }

    /** Lets go of the connection; the watching goes on. */
    override fun close() {
        // First, so that whoever sees the messages end can connect anew.
        reports.unwanted(this)
        isClosed = true
        received.close()
        legs.keys.forEach(::release)
    }

    internal fun open(id: Long, endpoint: Endpoint) {
        val leg = Leg(id, endpoint)
        legs[id] = leg
        // The engine may have asked for it just before.
        if (isClosed) return release(id)
        try {
            leg.socket = sockets.newWebSocket(Request.Builder().url(endpoint.connect).build(), leg)
        } catch (_: IllegalArgumentException) {
            // A URL that OkHttp refuses: to the engine, one that did not open.
            leg.closed(null)
        }
    }

    internal fun promote(id: Long) {
        current.value = legs[id]
        mutableEndpoint.value = legs[id]?.endpoint
    }

    internal fun release(id: Long) {
        val leg = legs.remove(id) ?: return
        leg.released = true
        leave(leg)
        // A server that was replaced may still be sending; OkHttp reads on until it has answered the close. One that never opened has nothing to say.
        if (leg.open) leg.socket?.close(NORMAL, null) else leg.socket?.cancel()
    }

    private fun leave(leg: Leg) {
        if (current.compareAndSet(leg, null)) mutableEndpoint.value = null
    }

    /** One socket, and the endpoint that it goes to. */
    private inner class Leg(val id: Long, val endpoint: Endpoint) : WebSocketListener() {
        @Volatile
        var socket: WebSocket? = null

        @Volatile
        var open = false

        @Volatile
        var released = false
        private var reported: Long? = null

        override fun onOpen(webSocket: WebSocket, response: Response) {
            open = true
            if (released) webSocket.cancel() else reports.opened(id)
        }

        override fun onMessage(webSocket: WebSocket, text: String) = arrived(Message.Text(text))

        override fun onMessage(webSocket: WebSocket, bytes: ByteString) = arrived(Message.Binary(bytes))

        override fun onClosing(webSocket: WebSocket, code: Int, reason: String) {
            webSocket.close(NORMAL, null)
            closed(code)
        }

        override fun onFailure(webSocket: WebSocket, t: Throwable, response: Response?) = closed(null)

        fun closed(code: Int?) {
            if (legs.remove(id) == null) return
            leave(this)
            reports.closed(id, code)
        }

        private fun arrived(message: Message) {
            val now = reports.now()
            if (!released && reported?.let { now - it < REPORT_EVERY_MILLIS } != true) {
                reported = now
                reports.active(id)
            }
            received.trySend(message)
        }
    }

    private companion object {
        const val MESSAGES_KEPT = 1024
        const val NORMAL = 1000

        /** The engine need not know how many messages there are, only that there are some. */
        const val REPORT_EVERY_MILLIS = 250L
    }
}
