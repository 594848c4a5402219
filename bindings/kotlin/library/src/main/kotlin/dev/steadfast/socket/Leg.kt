package dev.steadfast.socket

import dev.steadfast.Endpoint
import dev.steadfast.Message
import dev.steadfast.byteCount
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import java.net.SocketTimeoutException
import java.util.concurrent.atomic.AtomicLong

/** Normal closure (RFC 6455, section 7.4.1). */
internal const val NORMAL = 1000

/** One connection of a socket: a WebSocket to one endpoint. What it sends was not sent before, and is never sent again. */
internal class Leg(
    val id: Long,
    val endpoint: Endpoint,
    val arrivals: Inbox.Arrivals,
    val signs: Signs,
    parent: CoroutineScope,
    private val owner: Owner,
) : WebSocketListener() {
    /** Who is told what becomes of a leg. */
    interface Owner {
        /** It is open. */
        fun opened(leg: Leg)

        /** Whether a message that has arrived is the app's, and no answer to a ping. What the app's function throws is thrown. */
        fun isForApp(message: Message, leg: Leg): Boolean

        /** It has closed, has broken, or could not be opened. Only the first time counts. */
        fun ended(leg: Leg, end: LegEnd)
    }

    /** What is done for this leg, and ends with it. */
    val scope = CoroutineScope(parent.coroutineContext + Job(parent.coroutineContext.job))

    /** What it waits for until it takes over. */
    @Volatile
    var stage = Stage.OPENING

    /** Whether messages go over it, or went over it before another one took over. */
    var hasTakenOver = false

    private var webSocket: WebSocket? = null
    private var isOpen = false
    private var isOver = false
    private val handed = AtomicLong()

    /** How many bytes were handed over. */
    val handedBytes: Long get() = handed.get()

    /** How many of them have left the device. */
    val leftBytes: Long get() = handedBytes - (synchronized(this) { webSocket }?.queueSize() ?: 0)

    /** Opens the WebSocket, unless nobody wants it any more. */
    fun open(sockets: WebSocket.Factory, request: Request) {
        val opening = sockets.newWebSocket(request, this)
        if (!attach(opening)) opening.cancel()
    }

    @Synchronized
    private fun attach(opening: WebSocket): Boolean {
        webSocket = opening
        return !isOver
    }

    /** Whether a message may be handed over. OkHttp breaks a connection for which too much waits. */
    fun hasRoom(message: Message): Boolean {
        val waiting = synchronized(this) { webSocket }?.queueSize() ?: return false
        return waiting == 0L || (waiting <= BUFFER && waiting + message.byteCount <= MOST_BYTES)
    }

    /** Hands a message over; `false` if it takes none any more. */
    fun send(message: Message): Boolean {
        val socket = synchronized(this) { webSocket.takeIf { isOpen && !isOver } } ?: return false
        // Before it, for its answer may be here before this returns.
        signs.sending()
        val wasSent = when (message) {
            is Message.Text -> socket.send(message.text)
            is Message.Binary -> socket.send(message.bytes)
        }
        if (wasSent) handed.addAndGet(message.byteCount)
        return wasSent
    }

    /** Closes it. What its server has sent goes on to arrive until that has closed as well. */
    fun close(code: Int = NORMAL, reason: String = "") {
        synchronized(this) { webSocket }?.close(code, reason)
    }

    /** Ends it: nothing is done for it any more, and nothing arrives. */
    fun end(code: Int = NORMAL, reason: String = "") {
        val (socket, wasOpen) = synchronized(this) {
            isOver = true
            webSocket to isOpen
        }
        // One that never opened has nothing to say.
        if (wasOpen) socket?.close(code, reason) else socket?.cancel()
        arrivals.end()
        scope.cancel()
    }

    /** Breaks it off, if it has not closed yet. */
    fun cancel() {
        synchronized(this) { webSocket }?.cancel()
    }

    override fun onOpen(webSocket: WebSocket, response: Response) {
        val wanted = synchronized(this) {
            this.webSocket = webSocket
            isOpen = true
            !isOver
        }
        if (wanted) owner.opened(this) else webSocket.cancel()
    }

    override fun onMessage(webSocket: WebSocket, text: String) = arrived(Message.Text(text))

    override fun onMessage(webSocket: WebSocket, bytes: ByteString) = arrived(Message.Binary(bytes))

    private fun arrived(message: Message) {
        signs.arrived()
        val isForApp = try {
            owner.isForApp(message, this)
        } catch (thrown: Throwable) {
            return owner.ended(this, LegEnd.byApp(thrown))
        }
        if (isForApp) arrivals.put(message, whileHeld = signs::held)
    }

    override fun onClosing(webSocket: WebSocket, code: Int, reason: String) = owner.ended(this, LegEnd(code, reason))

    override fun onFailure(webSocket: WebSocket, t: Throwable, response: Response?) {
        // OkHttp misses a pong that it could not read because messages before it waited for the app.
        val isByApp = t is SocketTimeoutException && arrivals.wasHeldBack
        owner.ended(this, if (isByApp) LegEnd.byApp(t) else LegEnd(error = t, status = response?.code))
    }

    companion object {
        /** How many bytes OkHttp keeps before it is given no more. */
        private const val BUFFER = 1L shl 20

        /** How many bytes OkHttp keeps before it breaks the connection. */
        const val MOST_BYTES = 16L shl 20
    }
}

/** Hands a message over as soon as there is room for it; `false` if the leg takes none any more. */
internal suspend fun Leg.hand(message: Message): Boolean {
    val pause = Pause()
    while (!hasRoom(message)) pause.wait()
    return send(message)
}

/** Waits, longer each time up to [longestMillis]: OkHttp does not tell when there is room. */
internal class Pause(private val longestMillis: Long = 16) {
    private var millis = 1L

    suspend fun wait() {
        delay(millis)
        millis = minOf(millis * 2, longestMillis)
    }
}
