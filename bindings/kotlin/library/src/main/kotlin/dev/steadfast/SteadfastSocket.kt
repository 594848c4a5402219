package dev.steadfast

import dev.steadfast.ffi.isFinal
import dev.steadfast.socket.Engine
import dev.steadfast.socket.Inbox
import dev.steadfast.socket.Leg
import dev.steadfast.socket.LegEnd
import dev.steadfast.socket.HeldOptions
import dev.steadfast.socket.Legs
import dev.steadfast.socket.NORMAL
import dev.steadfast.socket.Outgoing
import dev.steadfast.socket.Serial
import dev.steadfast.socket.Told
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import okio.utf8Size

/**
 * A WebSocket that survives its server: it follows its link's active endpoint. A new connection is opened before the old one is closed.
 *
 * ```kotlin
 * val socket = link.socket("/chat")
 * scope.launch { socket.messages.collect { message -> show(message) } }
 * socket.send("hello")
 * ```
 *
 * What is sent while there is no connection waits in a queue, and goes out in its order before anything that is sent later. A message that was handed
 * to a connection is never sent again: whether it has arrived, only the server can say.
 *
 * All members may be called from any thread.
 */
public class SteadfastSocket internal constructor(
    internal val number: Long,
    private val engine: Engine,
    private val scope: CoroutineScope,
    options: HeldOptions,
) : AutoCloseable {
    private val serial = Serial()
    private val work = CoroutineScope(scope.coroutineContext + SupervisorJob(scope.coroutineContext[Job]))
    private val told = Told(serial, work)
    private val outgoing = Outgoing(serial, options.queue, told)
    private val inbox = Inbox()
    private val legs = Legs(serial, engine, work, options, inbox, LegsOwner())
    private val stopCodes = options.stopCodes.map { it.toUShort() }
    private var isClosed = false

    /** Whether there is a connection. */
    public val state: StateFlow<SocketState> = told.state.asStateFlow()

    /** The endpoint that messages go to, or `null` while there is none. */
    public val endpoint: StateFlow<Endpoint?> = told.endpoint.asStateFlow()

    /**
     * What arrives, over whichever connection. One collector gets each message; it completes when the socket is closed and what had arrived is collected.
     *
     * 256 messages that nobody collects are kept. Then the connection is not read any further, which holds the server back, and blames neither it nor
     * the network. OkHttp breaks a connection that is not read for longer than its ping interval.
     */
    public val messages: Flow<Message> = inbox.messages

    /** What happens, as it happens. A collector that falls behind by more than 256 events misses the oldest. It completes when the socket is closed. */
    public val events: Flow<SocketEvent> = told.events

    /**
     * Sends a message. While much that was sent before is still on its way out of the device, it suspends.
     *
     * @return `true` if it was handed to the open connection; `false` if it waits for one or, as [SocketEvent.Queue] tells, was lost because there was
     * no room.
     * @throws QueueFullException if there is no room for it to wait, and [QueueLimits.whenFull] says to refuse it.
     * @throws IllegalStateException if the socket is closed.
     * @throws IllegalArgumentException if it has more than 16 MiB, which OkHttp does not send.
     */
    public suspend fun send(message: Message): Boolean = outgoing.send(message)

    /** Sends a text, as [send] does a message. */
    public suspend fun send(text: String): Boolean = send(Message.Text(text))

    /** Sends a copy of these bytes, as [send] does a message. */
    public suspend fun send(bytes: ByteArray): Boolean = send(Message.Binary(bytes))

    /** As [send], for callers that cannot suspend. Messages are sent in the order of the calls. [done] is called once that is done or refused. */
    public fun send(message: Message, done: SendCallback) {
        // At once as far as possible: a dispatcher may change the order.
        scope.launch(start = CoroutineStart.UNDISPATCHED) {
            var failure: Exception? = null
            val sent = try {
                send(message)
            } catch (cancelled: CancellationException) {
                failure = IllegalStateException("the link has ended", cancelled)
                false
            } catch (refused: Exception) {
                failure = refused
                false
            }
            done.onSent(sent, failure)
        }
    }

    /** Takes back what was to be sent and was not, also after the end. */
    public fun takeUnsent(): List<Message> = outgoing.takeUnsent()

    /**
     * Replaces the connection by another one to the same endpoint, as when the app thinks that it is dead. The old one is closed when the new one is
     * open.
     */
    public fun reconnect() {
        if (state.value != SocketState.CLOSED) engine.reconnect(number)
    }

    /** Closes the socket for good. [messages] completes after what has arrived, and what waits can be taken back by [takeUnsent]. */
    override fun close(): Unit = close(NORMAL)

    /**
     * As [close], and tells the server why.
     *
     * @throws IllegalArgumentException unless [code] is 1000 or from 3000 to 4999, and [reason] has at most 123 bytes.
     */
    @JvmOverloads
    public fun close(code: Int, reason: String = "") {
        require(code == NORMAL || code in CODES_OF_APPS) { "a socket is closed with the code 1000 or one from 3000 to 4999, and not with $code" }
        require(reason.utf8Size() <= REASON_BYTES) { "the reason of a close has at most $REASON_BYTES bytes" }
        serial.change { end(code, reason, null) }
    }

    /** Calls [listener] with messages and events, for callers that do not collect flows, until the returned object or the socket is closed. */
    public fun addListener(listener: SocketListener): AutoCloseable {
        val listening = scope.launch(start = CoroutineStart.UNDISPATCHED) {
            launch(start = CoroutineStart.UNDISPATCHED) { events.collect(listener::onEvent) }
            launch { messages.collect(listener::onMessage) }
        }
        return AutoCloseable { listening.cancel() }
    }

    internal fun open(id: Long, endpoint: Endpoint): Unit = legs.open(id, endpoint)

    internal fun promote(id: Long): Unit = legs.promote(id)

    internal fun release(id: Long, reason: DisconnectReason): Unit = legs.release(id, reason)

    private fun end(code: Int, reason: String, stop: StopReason?) {
        if (isClosed) return
        isClosed = true
        legs.close(code, reason)
        outgoing.close()
        serial.afterwards(inbox::end)
        told.closed(stop)
        serial.afterwards {
            engine.disconnect(number)
            work.cancel()
        }
    }

    private inner class LegsOwner : Legs.Owner {
        override fun promoted(leg: Leg) = outgoing.follow(leg) { told.opened(leg.endpoint) }

        override fun failedToMove(leg: Leg, error: Throwable) = told.failedToMove(leg.endpoint, error)

        override fun lost(leg: Leg, end: LegEnd) {
            outgoing.lost()
            told.lost(leg.endpoint, end)
            if (!isFinal(end.code?.toUShort(), end.status?.toUShort(), stopCodes)) return
            end(NORMAL, "", if (end.status == null) StopReason.CLOSE_CODE else StopReason.UNAUTHORIZED)
        }
    }

    private companion object {
        /** The codes that an application may close a WebSocket with, as the WHATWG has them. */
        val CODES_OF_APPS = 3000..4999

        /** How long the reason of a close may be (RFC 6455, section 5.5). */
        const val REASON_BYTES = 123
    }
}
