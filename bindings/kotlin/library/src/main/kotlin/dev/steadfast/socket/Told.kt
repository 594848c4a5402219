package dev.steadfast.socket

import dev.steadfast.Endpoint
import dev.steadfast.SocketEvent
import dev.steadfast.SocketState
import dev.steadfast.StopReason
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.onSubscription
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.launch

/** What the app is told of its socket. Each function is called within a change of [serial], and tells afterwards. */
internal class Told(private val serial: Serial, private val scope: CoroutineScope) {
    val state = MutableStateFlow(SocketState.CONNECTING)
    val endpoint = MutableStateFlow<Endpoint?>(null)

    /** `null` is the end. */
    private val happened = MutableSharedFlow<SocketEvent?>(extraBufferCapacity = EVENTS_KEPT, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /** What happens. It completes with the socket. */
    val events: Flow<SocketEvent> = happened
        .onSubscription { if (state.value == SocketState.CLOSED) emit(null) }
        .takeWhile { it != null }
        .filterNotNull()

    /** Where messages go. */
    private var open: Endpoint? = null

    /** What has changed about the queue, and was not told yet. */
    private var queue: SocketEvent.Queue? = null

    /** Messages go to this endpoint, over another connection than before. */
    fun opened(to: Endpoint) {
        val from = open
        open = to
        serial.afterwards {
            endpoint.value = to
            state.value = SocketState.OPEN
            happened.tryEmit(if (from == null) SocketEvent.Opened(to) else SocketEvent.Moved(from, to))
        }
    }

    /** There is no connection: the one to this endpoint has ended, or could not be opened. */
    fun lost(from: Endpoint, end: LegEnd) {
        open = null
        serial.afterwards {
            endpoint.value = null
            state.value = SocketState.CONNECTING
            happened.tryEmit(SocketEvent.Lost(from, end.code, end.reason, end.error))
        }
    }

    /** A connection to this endpoint was to take over, and the app failed at it. */
    fun failedToMove(to: Endpoint, error: Throwable): Unit = serial.afterwards { happened.tryEmit(SocketEvent.MoveFailed(to, error)) }

    /** What waits has changed, and so many messages were lost. */
    fun queued(waiting: Waiting, dropped: Int) {
        val untold = queue
        queue = SocketEvent.Queue(waiting.count, waiting.bytes, (untold?.dropped ?: 0) + dropped)
        // This runs a moment later, and tells of what has changed by then as well.
        if (untold == null) serial.afterwards { scope.launch { serial.change(::tellQueue) } }
    }

    /** The socket is closed, by itself if there is a reason. */
    fun closed(stop: StopReason?) {
        open = null
        tellQueue()
        serial.afterwards {
            endpoint.value = null
            state.value = SocketState.CLOSED
            stop?.let { happened.tryEmit(SocketEvent.Stopped(it)) }
            happened.tryEmit(null)
        }
    }

    private fun tellQueue() {
        val untold = queue ?: return
        queue = null
        serial.afterwards { happened.tryEmit(untold) }
    }

    private companion object {
        const val EVENTS_KEPT = 256
    }
}
