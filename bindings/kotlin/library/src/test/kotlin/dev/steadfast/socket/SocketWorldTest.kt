package dev.steadfast.socket

import dev.steadfast.Configs
import dev.steadfast.DisconnectReason
import dev.steadfast.Endpoint
import dev.steadfast.Message
import dev.steadfast.QueueFullException
import dev.steadfast.QueueLimits
import dev.steadfast.SocketEvent
import dev.steadfast.SteadfastSocket
import dev.steadfast.WhenFull
import dev.steadfast.socketOptions
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.IOException
import java.util.Collections
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** A socket whose connections come and go at random. */
class SocketWorldTest {
    @Test
    fun `order is kept, nothing is sent twice, and what was accepted is sent, given back or told to be lost`() {
        for (seed in 1..SEEDS) {
            try {
                runBlocking { withTimeout(30.seconds) { World(Random(seed)).run() } }
            } catch (wrong: Throwable) {
                throw AssertionError("with the seed $seed: $wrong", wrong)
            }
        }
    }

    private companion object {
        const val SEEDS = 100
    }
}

private class World(private val random: Random) : Engine, WebSocket.Factory {
    private val scope = CoroutineScope(Dispatchers.Default + Job())
    private val endpoints = listOf("a", "b").map { Configs.endpoint(it, "ws://$it.example/") }

    /** What was handed to connections, in this order. */
    private val handed: MutableList<Int> = Collections.synchronizedList(mutableListOf())
    private val limits = QueueLimits(
        messages = random.nextInt(1, 40).takeIf { random.nextBoolean() },
        bytes = if (random.nextBoolean()) random.nextInt(20, 400) else 1_000_000,
        whenFull = WhenFull.entries.random(random),
    )
    private val socket = SteadfastSocket(0, this, scope, HeldOptions(Fixed(""), socketOptions { queue = limits; sockets = this@World }))
    private val legs = mutableListOf<FakeLeg>()
    private var ids = 0L

    suspend fun run() {
        // Collects from the start on.
        val events = scope.async(Dispatchers.Unconfined) { socket.events.toList() }
        val accepted = mutableListOf<Int>()
        val waits = mutableListOf<Int>()
        val pauses = Random(random.nextInt())
        val sending = scope.launch {
            for (number in 0 until MESSAGES) {
                try {
                    val sent = socket.send(Message.Text("$number"))
                    accepted += number
                    if (!sent) waits += number
                } catch (_: QueueFullException) {
                    // Refused: the app has it still.
                }
                if (pauses.nextInt(20) == 0) delay(1)
            }
        }
        val givenBack = mutableListOf<Message>()
        while (sending.isActive) {
            step(givenBack)
            if (random.nextInt(3) == 0) delay(1)
        }
        socket.close()
        givenBack += socket.takeUnsent()
        compare(accepted, givenBack.map { (it as Message.Text).text.toInt() }, events.await())
        scope.cancel()
    }

    private fun step(givenBack: MutableList<Message>) {
        when (random.nextInt(10)) {
            0, 1, 2 -> if (legs.size < 2) {
                socket.open(++ids, endpoints.random(random))
            }
            3, 4, 5 -> legs.lastOrNull()?.let { leg ->
                if (leg.open()) {
                    socket.promote(leg.id)
                    legs.filter { it !== leg }.forEach { socket.release(it.id, DisconnectReason.REPLACED) }
                    legs.retainAll { it === leg }
                }
            }
            6 -> legs.randomOrNull(random)?.fail()?.let(legs::remove)
            7 -> legs.randomOrNull(random)?.refuses = true
            8 -> legs.randomOrNull(random)?.let { it.isFull = !it.isFull }
            else -> if (random.nextInt(10) == 0) givenBack += socket.takeUnsent()
        }
    }

    private fun compare(accepted: List<Int>, givenBack: List<Int>, events: List<SocketEvent>) {
        assertEquals(handed.sorted(), handed.toList(), "handed over in order")
        assertEquals(handed.size, handed.toSet().size, "handed over once")
        assertEquals(givenBack.sorted(), givenBack, "given back in order")
        val known = handed + givenBack
        assertEquals(known.size, known.toSet().size, "handed over or given back")
        assertTrue(accepted.containsAll(known), "nothing comes from nowhere")
        val dropped = events.filterIsInstance<SocketEvent.Queue>().sumOf { it.dropped }
        assertEquals(accepted.size, known.size + dropped, "accepted: handed over, given back or told to be lost")
    }

    override fun newWebSocket(request: Request, listener: WebSocketListener) = FakeLeg(ids, request, listener).also(legs::add)

    override fun now() = System.nanoTime() / 1_000_000

    override fun awaitsApp(id: Long) = Unit

    override fun begun(id: Long) = Unit

    override fun opened(id: Long) = Unit

    override fun closed(id: Long, code: Int?) = Unit

    override fun active(id: Long) = Unit

    override fun sent(id: Long) = Unit

    override fun silent(id: Long) = Unit

    override fun url(endpoint: Endpoint, path: String) = endpoint.connect

    override fun drainLimit(endpoint: Endpoint, heardAt: Long?) = Duration.ZERO

    override fun reconnect(socket: Long) = Unit

    override fun disconnect(socket: Long) = Unit

    /** Takes messages until it refuses them, as OkHttp's does before it tells that it has broken. */
    inner class FakeLeg(val id: Long, private val request: Request, private val listener: WebSocketListener) : WebSocket {
        private var isOpen = false

        @Volatile
        var refuses = false

        @Volatile
        var isFull = false

        fun open(): Boolean {
            if (isOpen) return false
            isOpen = true
            val response = Response.Builder().request(request).protocol(Protocol.HTTP_1_1).code(101).message("Switching Protocols").build()
            listener.onOpen(this, response)
            return true
        }

        fun fail(): FakeLeg {
            refuses = true
            listener.onFailure(this, IOException("broken"), null)
            return this
        }

        override fun send(text: String): Boolean {
            if (refuses) return false
            handed += text.toInt()
            return true
        }

        override fun send(bytes: ByteString) = error("only texts are sent")

        override fun request() = request

        override fun queueSize() = if (isFull) 2L shl 20 else 0L

        override fun close(code: Int, reason: String?): Boolean {
            refuses = true
            return true
        }

        override fun cancel() {
            refuses = true
        }
    }

    private companion object {
        const val MESSAGES = 300
    }
}
