package dev.steadfast

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Sockets over real servers that fail. */
class SocketTest {
    private val scope = CoroutineScope(Dispatchers.Default + Job())
    private lateinit var link: Steadfast

    @BeforeEach
    fun start() {
        TESTBED.endpoints.keys.forEach { TESTBED.fault(it, "\"healthy\"") }
        link = Steadfast.start(TESTBED.config(), scope)
    }

    @AfterEach
    fun stop() = runBlocking {
        link.close()
        link.job.join()
        scope.cancel()
    }

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(40.seconds, work) }

    /** Collects from when it returns. */
    private fun collected(socket: SteadfastSocket, last: String) =
        scope.async(Dispatchers.Unconfined) { socket.messages.takeWhile { it.text != last }.toList().map { it.text } }

    @Test
    fun `it opens, and what is sent comes back`() = promptly {
        val mayOpen = CompletableDeferred<Unit>()
        val socket = link.socket({
            mayOpen.await()
            ""
        })
        val opened = async(Dispatchers.Unconfined) { socket.events.first() }
        assertEquals(SocketState.CONNECTING, socket.state.value)
        assertNull(socket.endpoint.value)
        assertFalse(socket.send("early"))
        mayOpen.complete(Unit)
        assertEquals("primary", socket.messages.first().text)
        assertEquals("early", socket.messages.first().text)
        socket.state.first { it == SocketState.OPEN }
        assertEquals("primary", socket.endpoint.value?.name)
        assertTrue(socket.send("on time"))
        assertEquals("on time", socket.messages.first().text)
        assertTrue(socket.send(byteArrayOf(1, 2)))
        assertEquals(Message.Binary(byteArrayOf(1, 2)), socket.messages.first())
        assertTrue("early" !in "${Message.Text("early")}")
        assertTrue(opened.await() is SocketEvent.Queue || opened.await() is SocketEvent.Opened)
    }

    @Test
    fun `a dead server and one that hangs lose nothing of what waited`() = promptly {
        for (fault in listOf("\"kill\"", "\"hang\"")) {
            TESTBED.endpoints.keys.forEach { TESTBED.fault(it, "\"healthy\"") }
            val link = Steadfast.start(TESTBED.config(), scope)
            val socket = link.socket()
            socket.state.first { it == SocketState.OPEN }
            while (link.snapshot().endpoints.any { it.health != Health.HEALTHY }) delay(10.milliseconds)
            val texts = collected(socket, "end")
            val queued = mutableListOf<Int>()
            var count = 0
            while (count < 1_000 || socket.endpoint.value?.name != "secondary" || count % 100 != 0) {
                if (count == 500) TESTBED.fault("primary", fault)
                if (!socket.send("$count")) queued += count
                count++
                delay(1.milliseconds)
            }
            socket.send("end")
            val echoed = texts.await().mapNotNull { it.toIntOrNull() }
            assertEquals(echoed.sorted(), echoed, "in order")
            assertEquals(echoed.size, echoed.toSet().size, "once")
            assertTrue(echoed.containsAll(queued), "${queued - echoed.toSet()} waited, and did not arrive after $fault")
            println("Kotlin: $fault: of $count messages, ${queued.size} waited and ${count - echoed.size} went to the server that failed")
            link.close()
            link.job.join()
        }
    }

    @Test
    fun `a move loses nothing, in either direction`() = promptly {
        val socket = link.socket()
        val events = scope.async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Moved>().first() }
        val texts = collected(socket, "end")
        socket.state.first { it == SocketState.OPEN }
        while (link.snapshot().endpoints.any { it.health != Health.HEALTHY }) delay(10.milliseconds)
        link.prefer("secondary")
        var last = 0
        while (socket.endpoint.value?.name != "secondary" || last % 500 != 0) {
            assertTrue(socket.send("${last++}"))
            if (last % 20 == 0) delay(1.milliseconds)
        }
        socket.send("end")
        val came = texts.await()
        assertEquals(List(last) { "$it" }, came - setOf("primary", "secondary"))
        assertEquals(listOf("primary", "secondary"), came.filter { it.toIntOrNull() == null })
        assertEquals("primary" to "secondary", events.await().run { from.name to to.name })
        println("Kotlin: a move among $last messages")
    }

    @Test
    fun `a close code that is final stops the socket and nothing else`() = promptly {
        val (socket, other) = List(2) { link.socket(options = socketOptions { if (it == 1) stopCodes = emptyList() }) }
        val events = async(Dispatchers.Unconfined) { socket.events.toList() }
        listOf(socket, other).forEach { held -> held.state.first { it == SocketState.OPEN } }
        TESTBED.fault("primary", "{\"close\":4401}")
        val (lost, stopped) = events.await().takeLast(2)
        assertEquals(4401, (lost as SocketEvent.Lost).code)
        assertEquals(SocketEvent.Stopped(StopReason.CLOSE_CODE), stopped)
        assertEquals(SocketState.CLOSED, socket.state.value)
        assertEquals(listOf("primary"), socket.messages.toList().map { it.text })
        TESTBED.fault("primary", "\"healthy\"")
        other.events.first { it is SocketEvent.Opened }
        assertEquals("primary", link.active.value.name)
        assertThrows(IllegalStateException::class.java) { runBlocking { socket.send("nobody hears it") } }
        Unit
    }

    @Test
    fun `a connection is replaced on request by another one to the same endpoint`() = promptly {
        val (socket, other) = List(2) { link.socket() }
        listOf(socket, other).forEach { held -> held.state.first { it == SocketState.OPEN } }
        repeat(2) {
            val moved = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Moved>().first() }
            assertEquals("primary", socket.messages.first().text)
            socket.reconnect()
            assertEquals("primary" to "primary", moved.await().run { from.name to to.name })
            assertEquals(SocketState.OPEN, socket.state.value)
        }
        assertEquals("primary", socket.messages.first().text)
        socket.close()
        socket.reconnect()
        assertEquals("primary", other.messages.first().text)
        delay(200.milliseconds)
        assertEquals(SocketState.CLOSED, socket.state.value)
        assertEquals(SocketState.OPEN, other.state.value)
    }

    @Test
    fun `it ends with its link, and one of after the end has ended`() = promptly {
        val socket = link.socket()
        assertEquals("primary", socket.messages.first().text)
        link.close()
        socket.state.first { it == SocketState.CLOSED }
        assertEquals(emptyList<Message>(), socket.messages.toList())
        assertNull(socket.endpoint.value)
        link.job.join()
        for (late in listOf(link.socket(), link.socket({ error("it is not asked") }))) {
            assertEquals(SocketState.CLOSED, late.state.value)
            assertEquals(emptyList<Message>(), late.messages.toList())
            assertEquals(emptyList<SocketEvent>(), late.events.toList())
            assertThrows(IllegalStateException::class.java) { runBlocking { late.send("nobody hears it") } }
        }
    }

    @Test
    fun `it ends with its link's scope`() = promptly {
        val socket = link.socket()
        socket.state.first { it == SocketState.OPEN }
        scope.cancel()
        socket.state.first { it == SocketState.CLOSED }
        assertEquals(SocketState.CLOSED, link.socket().state.value)
    }

    @Test
    fun `what waits is given back, before the end and after it`() = promptly {
        TESTBED.endpoints.keys.forEach(TESTBED::end)
        val socket = link.socket(options = socketOptions { queue = QueueLimits(messages = 2) })
        val events = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Queue>().toList() }
        assertFalse(socket.send("1"))
        assertEquals(listOf("1"), socket.takeUnsent().map { it.text })
        (2..5).forEach { assertFalse(socket.send("$it")) }
        socket.close()
        assertEquals(listOf("2", "3"), socket.takeUnsent().map { it.text })
        assertEquals(emptyList<Message>(), socket.takeUnsent())
        val told = events.await()
        assertEquals(2, told.sumOf { it.dropped })
        assertEquals(2 to 2L, told.last().run { messages to bytes })
    }

    @Test
    fun `a full queue can refuse`() = promptly {
        TESTBED.endpoints.keys.forEach(TESTBED::end)
        val socket = link.socket(options = socketOptions { queue = QueueLimits(messages = 1, whenFull = WhenFull.REFUSE) })
        assertFalse(socket.send("1"))
        assertThrows(QueueFullException::class.java) { runBlocking { socket.send("2") } }
        assertEquals(listOf("1"), socket.takeUnsent().map { it.text })
        assertFalse(socket.send("3"))
    }

    @Test
    fun `nonsense is refused at once`() = promptly {
        val socket = link.socket()
        for (path in listOf("//elsewhere.example/", "wss://elsewhere.example/", "/a#b", "http:")) {
            val refused = assertThrows(IllegalArgumentException::class.java, { link.socket(path) }, path)
            assertTrue("path" in refused.message!!, refused.message)
        }
        for (code in listOf(0, 999, 1001, 1006, 2999, 5000)) assertThrows(IllegalArgumentException::class.java) { socket.close(code) }
        assertThrows(IllegalArgumentException::class.java) { socket.close(1000, "ü".repeat(62)) }
        val protocol = assertThrows(IllegalArgumentException::class.java) { socketOptions { protocols("v1", "secret token") } }
        assertTrue("2 of 2" in protocol.message!! && "secret" !in "$protocol ${protocol.cause}", "$protocol")
        assertThrows(IllegalArgumentException::class.java) { socketOptions { headers(mapOf("a b" to "c")) } }
        val header = assertThrows(IllegalArgumentException::class.java) { socketOptions { headers(mapOf("X-Token" to "secret\nX-Other: 1")) } }
        assertTrue("X-Token" in header.message!! && "secret" !in "$header ${header.cause}", "$header")
        assertThrows(IllegalArgumentException::class.java) { socketOptions { stopCodes = listOf(70_000) } }
        assertThrows(IllegalArgumentException::class.java) { runBlocking { socket.send(ByteArray((16 shl 20) + 1)) } }
        socket.close(4999, "x".repeat(123))
        assertEquals(SocketState.CLOSED, socket.state.value)
    }

    private companion object {
        val TESTBED = Testbed()

        @AfterAll
        @JvmStatic
        fun end() = TESTBED.close()
    }
}
