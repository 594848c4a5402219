package dev.steadfast.socket

import dev.steadfast.Endpoint
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import java.io.IOException
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration

/** Notes what it is told. */
internal class PlayedEngine : Engine {
    val told = CopyOnWriteArrayList<String>()

    override fun now() = System.nanoTime() / 1_000_000

    override fun awaitsApp(id: Long) {
        told += "$id awaits the app"
    }

    override fun begun(id: Long) {
        told += "$id has begun"
    }

    override fun opened(id: Long) {
        told += "$id is open"
    }

    override fun closed(id: Long, code: Int?) {
        told += "$id has closed with $code"
    }

    override fun active(id: Long) {
        told += "$id is active"
    }

    override fun sent(id: Long) {
        told += "$id sends"
    }

    override fun silent(id: Long) {
        told += "$id is silent"
    }

    override fun url(endpoint: Endpoint, path: String) = endpoint.connect

    override fun drainLimit(endpoint: Endpoint, heardAt: Long?) = Duration.ZERO

    override fun reconnect(socket: Long) = Unit

    override fun disconnect(socket: Long) = Unit
}

/** Opens WebSockets whose server and network the test plays. */
internal class PlayedSockets : WebSocket.Factory {
    private val all = CopyOnWriteArrayList<PlayedSocket>()
    val last get() = all.last()
    val count get() = all.size

    override fun newWebSocket(request: Request, listener: WebSocketListener) = PlayedSocket(request, listener).also(all::add)
}

internal class PlayedSocket(private val request: Request, private val listener: WebSocketListener) : WebSocket {
    val sent = CopyOnWriteArrayList<String>()

    /** What the server does about a message, before `send` returns. */
    var heed: (String) -> Unit = {}

    /** Nothing leaves the device unless the test says so. */
    @Volatile
    var isHeldUp = false

    /** How many bytes wait. */
    @Volatile
    var waiting = 0L

    /** How often it was asked for that. */
    val looks = AtomicInteger()

    fun open() = listener.onOpen(this, response(101))

    fun arrive(text: String) = listener.onMessage(this, text)

    fun fail(status: Int? = null) = listener.onFailure(this, IOException("broken"), status?.let(::response))

    private fun response(status: Int) = Response.Builder().request(request).protocol(Protocol.HTTP_1_1).code(status).message("").build()

    override fun send(text: String): Boolean {
        if (isHeldUp) waiting += text.length
        sent += text
        heed(text)
        return true
    }

    override fun send(bytes: ByteString) = error("only texts are sent")

    override fun request() = request

    override fun queueSize(): Long {
        looks.incrementAndGet()
        return waiting
    }

    override fun close(code: Int, reason: String?) = true

    override fun cancel() = Unit
}
