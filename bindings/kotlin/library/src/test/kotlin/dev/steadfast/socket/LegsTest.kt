package dev.steadfast.socket

import dev.steadfast.Configs
import dev.steadfast.DisconnectReason
import dev.steadfast.Message
import dev.steadfast.Ping
import dev.steadfast.Provider
import dev.steadfast.SocketEvent
import dev.steadfast.SocketOptions
import dev.steadfast.SocketState
import dev.steadfast.SteadfastSocket
import dev.steadfast.socketOptions
import dev.steadfast.text
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.SocketTimeoutException
import java.util.Collections
import java.util.concurrent.TimeoutException
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What a socket tells its engine and its app, over WebSockets that the test plays. */
class LegsTest {
    private val scope = CoroutineScope(Dispatchers.Default + Job())
    private val engine = PlayedEngine()
    private val factory = PlayedSockets()
    private val a = Configs.endpoint("a", "ws://a.example/")

    @AfterEach
    fun stop() = scope.cancel()

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(20.seconds, work) }

    private suspend fun until(isSo: () -> Boolean) {
        while (!isSo()) delay(1.milliseconds)
    }

    private fun socket(path: Provider<String> = Fixed(""), within: CoroutineScope = scope, build: SocketOptions.() -> Unit = {}) =
        SteadfastSocket(0, engine, within, HeldOptions(path, socketOptions { sockets = factory; build() }))

    /** A WebSocket of this socket that is open. */
    private suspend fun SteadfastSocket.opens(id: Long): PlayedSocket {
        val before = factory.count
        open(id, a)
        until { factory.count > before }
        return factory.last.also { it.open() }
    }

    private fun CoroutineScope.lost(socket: SteadfastSocket): Deferred<SocketEvent.Lost> =
        async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Lost>().first() }

    @Test
    fun `the engine hears when it is the app's turn, and of no turn where nothing is asked`() = promptly {
        socket().opens(1)
        assertEquals(listOf("1 is open"), engine.told)
        val builds = listOf<SocketOptions.() -> Unit>({ headers { emptyMap() } }, { protocols(Provider { listOf("v1") }) })
        val asking = builds.map { socket(build = it) } + socket(path = { "" })
        for ((id, socket) in asking.withIndex()) {
            engine.told.clear()
            socket.opens(id.toLong())
            assertEquals(listOf("$id awaits the app", "$id has begun", "$id is open"), engine.told)
        }
        val moving = socket { onMigrate { engine.told += "the hook" } }
        moving.opens(8)
        moving.promote(8)
        engine.told.clear()
        moving.opens(9)
        until { engine.told.size == 3 }
        assertEquals(listOf("9 awaits the app", "the hook", "9 is open"), engine.told)
    }

    @Test
    fun `a connection that is late says what it waited for`() = promptly {
        suspend fun lateness(socket: SteadfastSocket, id: Long): Throwable? {
            val lost = lost(socket)
            socket.release(id, DisconnectReason.TIMEOUT)
            return lost.await().also { assertEquals("timeout", it.reason) }.error
        }
        val hangs = socket(path = { awaitCancellation() }).apply { open(1, a) }
        val asking = lateness(hangs, 1)
        assertTrue(asking is TimeoutException && "app's own function for the path" in asking.message!!, "$asking")
        val slow = socket(path = { "" }).apply { open(2, a) }
        until { "2 has begun" in engine.told }
        val opening = lateness(slow, 2)
        assertTrue(opening is SocketTimeoutException && "server" in opening.message!!, "$opening")
        val moving = socket { onMigrate { awaitCancellation() } }
        val first = moving.opens(3)
        moving.promote(3)
        moving.opens(4)
        first.fail()
        val preparing = lateness(moving, 4)
        assertTrue(preparing is TimeoutException && "onMigrate" in preparing.message!!, "$preparing")
    }

    @Test
    fun `what the app fails at while another connection is open is told, and nothing else is`() = promptly {
        var path: suspend () -> String = { "" }
        var hook: suspend () -> Unit = {}
        val socket = socket(path = { path() }) { onMigrate { hook() } }
        val events = Collections.synchronizedList(mutableListOf<SocketEvent>())
        launch(Dispatchers.Unconfined) { socket.events.collect { events += it } }
        socket.opens(1)
        socket.promote(1)
        suspend fun failure(id: Long, fail: suspend () -> Unit): Throwable {
            events.clear()
            val failed = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.MoveFailed>().first() }
            fail()
            assertEquals("a", failed.await().to.name)
            assertEquals(listOf<SocketEvent>(failed.await()), events.toList(), "of $id")
            return failed.await().error
        }
        hook = { error("no hook") }
        assertEquals("no hook", failure(2) { socket.opens(2) }.message)
        hook = { awaitCancellation() }
        val preparing = failure(3) {
            socket.opens(3)
            until { "3 awaits the app" in engine.told.dropWhile { it != "3 has begun" } }
            late(socket, 3)
        }
        assertTrue(preparing is TimeoutException && "onMigrate" in preparing.message!!, "$preparing")
        path = { error("no path") }
        assertEquals("no path", failure(4) { socket.open(4, a) }.message)
        path = { awaitCancellation() }
        val asking = failure(5) { socket.open(5, a); late(socket, 5) }
        assertTrue(asking is TimeoutException && "path" in asking.message!!, "$asking")
        events.clear()
        path = { "" }
        // A server that is late, and one that fails: nothing of the app's.
        val count = factory.count
        socket.open(6, a)
        until { factory.count > count }
        late(socket, 6)
        socket.opens(7).fail()
        assertEquals(SocketState.OPEN, socket.state.value)
        assertEquals(emptyList<SocketEvent>(), events.toList())
        socket.close()
    }

    private fun late(socket: SteadfastSocket, id: Long) = socket.release(id, DisconnectReason.TIMEOUT)

    @Test
    fun `the engine hears of a refusal of who we are by its close code`() = promptly {
        for ((status, code) in listOf(401 to 4401, 403 to 4403, 503 to null)) {
            engine.told.clear()
            socket().open(1, a)
            factory.last.fail(status)
            assertEquals(listOf("1 has closed with $code"), engine.told)
        }
    }

    @Test
    fun `the engine hears of what is sent before it hears of the answer`() = promptly {
        val socket = socket()
        val server = socket.opens(1)
        socket.promote(1)
        server.heed = { server.arrive("answer") }
        engine.told.clear()
        assertTrue(socket.send("question"))
        assertEquals(listOf("1 sends", "1 is active"), engine.told)
    }

    @Test
    fun `secrets that cannot be sent are not shown`() = promptly {
        val headers = mapOf("X-Token" to "secret\nX-Other: 1", "a b" to "secret", "secret\u0007" to "", "" to "secret", "Ünicode" to "secret").entries
        val builds = headers.map<_, SocketOptions.() -> Unit> { (name, value) -> { headers { mapOf(name to value) } } } +
            listOf("secret token", "secr\u00e9t", "").map { bad -> { protocols(Provider { listOf("v1", bad) }) } }
        val errors = builds.map { build ->
            val socket = socket(build = build)
            val lost = lost(socket)
            socket.open(1, a)
            lost.await().error as IllegalArgumentException
        }
        for (error in errors) assertFalse("secr" in generateSequence<Throwable>(error) { it.cause }.joinToString(), "$error")
        assertTrue("X-Token" in errors[0].message!! && "a b" in errors[1].message!! && "2 of 2" in errors.last().message!!, "$errors")
        val options = socketOptions { headers(mapOf("X-Token" to "secret")); protocols("secret") }
        assertFalse("secret" in "$options ${HeldOptions(Fixed("secret"), options)} ${Fixed("secret")}")
    }

    @Test
    fun `who is told of a change may make the next one`() = promptly {
        val socket = socket()
        val seen = Collections.synchronizedList(mutableListOf<String>())
        launch(Dispatchers.Unconfined) {
            socket.endpoint.first { it != null }
            seen += "endpoint: ${socket.send("of the endpoint's collector")}"
        }
        launch(Dispatchers.Unconfined) {
            socket.state.collect { state ->
                seen += "$state"
                if (state == SocketState.OPEN) socket.close()
                if (state == SocketState.CLOSED) cancel()
            }
        }
        val events = async(Dispatchers.Unconfined) { socket.events.toList().map { "$it" } }
        val server = socket.opens(1)
        socket.promote(1)
        assertEquals(listOf("CONNECTING", "endpoint: true", "OPEN", "CLOSED"), seen)
        assertEquals(listOf("Opened(endpoint=a)"), events.await())
        assertEquals(listOf("of the endpoint's collector"), server.sent)
    }

    @Test
    fun `who is told of what waits may send at once`() = promptly {
        val socket = socket(within = CoroutineScope(Dispatchers.Unconfined + scope.coroutineContext[Job]!!))
        val collecting = launch(Dispatchers.Unconfined) {
            socket.events.filterIsInstance<SocketEvent.Queue>().first()
            runBlocking { withTimeout(5.seconds) { socket.send("2") } }
        }
        socket.send("1")
        collecting.join()
        assertEquals(listOf("1", "2"), socket.takeUnsent().map { it.text })
    }

    @Test
    fun `messages are collected without a lock`() = promptly {
        val socket = socket()
        /** What another thread does meanwhile. */
        var meanwhile: () -> Unit = { socket.takeUnsent() }
        val came = Collections.synchronizedList(mutableListOf<String>())
        val collecting = launch(Dispatchers.Unconfined) {
            socket.messages.collect { message ->
                val other = thread(block = meanwhile)
                other.join(5_000)
                came += if (other.isAlive) "${message.text}, while nobody else can do anything" else message.text
            }
        }
        val first = socket.opens(1)
        first.arrive("before it takes over")
        socket.promote(1)
        first.arrive("after it")
        val second = socket.opens(2)
        second.arrive("of the next")
        socket.promote(2)
        socket.release(1, DisconnectReason.REPLACED)
        meanwhile = socket::close
        second.arrive("last")
        collecting.join()
        assertEquals(listOf("before it takes over", "after it", "of the next", "last"), came)
    }

    @Test
    fun `a ping that waits behind what is sent is given its time`() = promptly {
        val socket = socket { ping(Ping(every = 50.milliseconds, within = 400.milliseconds), { Message.Text("ping") }) }
        socket.send("x".repeat(10_000))
        val server = socket.opens(1)
        server.isHeldUp = true
        socket.promote(1)
        until { "ping" in server.sent }
        repeat(20) {
            server.waiting -= 100
            delay(50.milliseconds)
        }
        assertFalse("1 is silent" in engine.told)
        until { "1 is silent" in engine.told }
    }

    @Test
    fun `a ping on its way is not looked after all the time`() = promptly {
        val socket = socket { ping(Ping(every = 50.milliseconds, within = 20.seconds), { Message.Text("ping") }) }
        socket.send("x".repeat(10_000))
        val server = socket.opens(1)
        server.isHeldUp = true
        socket.promote(1)
        until { "ping" in server.sent }
        server.looks.set(0)
        delay(1.seconds)
        assertTrue(server.looks.get() in 2..24, "${server.looks} looks in a second")
        server.waiting = 0
        delay(1.seconds)
        server.looks.set(0)
        delay(500.milliseconds)
        assertEquals(0, server.looks.get(), "it has left")
    }

    @Test
    fun `a ping without room is sent as soon as there is some`() = promptly {
        val socket = socket { ping(Ping(every = 50.milliseconds, within = 400.milliseconds), { Message.Text("ping") }) }
        socket.send("x".repeat(3_000_000))
        val server = socket.opens(1)
        server.isHeldUp = true
        socket.promote(1)
        repeat(20) {
            server.waiting -= 10_000
            delay(50.milliseconds)
        }
        assertFalse("ping" in server.sent)
        assertFalse("1 is silent" in engine.told)
        server.waiting = 500_000
        until { "ping" in server.sent }
        assertFalse("1 is silent" in engine.told)
        until { "1 is silent" in engine.told }
    }

    @Test
    fun `a network that takes nothing any more is silent, also where a ping has no room`() = promptly {
        val socket = socket { ping(Ping(every = 50.milliseconds, within = 100.milliseconds), { Message.Text("ping") }) }
        socket.send("x".repeat(3_000_000))
        val server = socket.opens(1)
        server.isHeldUp = true
        socket.promote(1)
        until { "1 is silent" in engine.told }
        assertFalse("ping" in server.sent)
    }
}
