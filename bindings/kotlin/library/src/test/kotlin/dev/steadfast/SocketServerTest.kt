package dev.steadfast

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import okhttp3.OkHttpClient
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.lang.ref.WeakReference
import java.net.SocketTimeoutException
import java.util.Collections
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What the app asks of a socket, over servers that say what they were asked. */
class SocketServerTest {
    private val scope = CoroutineScope(Dispatchers.Default + Job())
    private val a = SocketServer("a")
    private val b = SocketServer("b")
    private var link = start()

    private fun start(endpoints: List<Endpoint> = listOf(a.endpoint, b.endpoint), build: Config.() -> Unit = {}) =
        Steadfast.start(Configs.of(endpoints).apply(build), scope, AllIsWell)

    /** Begins anew, with or without health checks. */
    private fun restart(isChecked: Boolean, build: Config.() -> Unit = {}) {
        link.close()
        link = start(listOf(a, b).map { if (isChecked) it.endpoint else it.uncheckedEndpoint }, build)
    }

    @AfterEach
    fun stop() = runBlocking {
        link.close()
        link.job.join()
        scope.cancel()
        a.close()
        b.close()
    }

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(40.seconds, work) }

    private suspend fun SteadfastSocket.isOpen() = state.first { it == SocketState.OPEN }

    private suspend fun allAreHealthy() {
        while (link.snapshot().endpoints.any { it.health != Health.HEALTHY }) delay(10.milliseconds)
    }

    /** Collects from when it returns. */
    private fun faults(): MutableList<Event> {
        val seen = Collections.synchronizedList(mutableListOf<Event>())
        link.addListener { event ->
            val isFault = when (event) {
                is Event.Switched, is Event.AllDown, is Event.Offline -> true
                is Event.Health -> event.to != Health.HEALTHY
                // Without a close code it speaks against the server.
                is Event.Disconnected -> event.code == null
                else -> false
            }
            if (isFault) seen += event
        }
        return seen
    }

    private fun assertNobodyIsBlamed(faults: List<Event>) {
        assertEquals(emptyList<Event>(), faults)
        assertEquals("a", link.active.value.name)
        assertEquals(listOf(0, 0), link.snapshot().endpoints.map { it.failures.toInt() })
    }

    @Test
    fun `each socket has its path, headers and subprotocols`() = promptly {
        val chat = link.socket("/chat?room=1", socketOptions { headers(mapOf("X-App" to "1")); protocols("v2", "v1") })
        chat.isOpen()
        val request = a.requests.take()
        assertEquals("/chat?room=1", request.target)
        assertEquals("1", request.headers["X-App"])
        assertEquals("v2, v1", request.headers["Sec-WebSocket-Protocol"])
        val news = link.socket("news")
        news.isOpen()
        assertEquals("/news", a.requests.take().target)
        assertTrue(chat.send("to the chat") && news.send("to the news"))
        assertEquals(listOf("a", "to the chat"), chat.messages.take(2).toList().map { it.text })
        assertEquals(listOf("a", "to the news"), news.messages.take(2).toList().map { it.text })
        chat.close(3_000, "enough")
        assertEquals(3_000, a.closed.poll(5, TimeUnit.SECONDS))
        assertEquals(SocketState.OPEN, news.state.value)
    }

    @Test
    fun `providers are asked anew for each connection, and one that fails blames nobody`() = promptly {
        val faults = faults()
        var asked = 0
        val socket = link.socket({ "/?token=${++asked}" }, socketOptions {
            headers { if (asked == 2) error("no token") else mapOf("X-Token" to "$asked") }
        })
        socket.isOpen()
        val lost = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Lost>().take(2).toList() }
        a.opened.receive().close(1000, "bye")
        val (closed, failed) = lost.await()
        assertEquals(1000 to "bye", closed.code to closed.reason)
        assertEquals(null to "no token", failed.code to failed.error?.message)
        socket.isOpen()
        assertEquals(listOf("/?token=1" to "1", "/?token=3" to "3"), List(2) { a.requests.take().run { target to headers["X-Token"] } })
        assertEquals(emptyList<Event>(), faults)
    }

    @Test
    fun `a provider that hangs blames nobody, and is asked again`() = promptly {
        class HangsOnce<T>(private val value: T) : Provider<T> {
            private var asked = 0

            override suspend fun get() = if (asked++ == 0) awaitCancellation() else value
        }
        for (isChecked in listOf(true, false)) {
            restart(isChecked) { connectTimeout = 1.seconds }
            val faults = faults()
            val sockets = listOf(
                link.socket(HangsOnce("/")),
                link.socket(options = socketOptions { headers(HangsOnce(mapOf("X-Token" to "1"))) }),
                link.socket(options = socketOptions { protocols(HangsOnce(listOf("v1"))) }),
            )
            val events = sockets.map { socket -> async(Dispatchers.Unconfined) { socket.events.take(2).toList() } }
            for ((lost, opened) in events.map { it.await() }) {
                val error = (lost as SocketEvent.Lost).error
                assertTrue("app's own function for the path, the headers or the subprotocols was not done in time" in error?.message!!, "$error")
                assertTrue(opened is SocketEvent.Opened, "$opened")
            }
            assertNobodyIsBlamed(faults)
        }
    }

    @Test
    fun `a provider has its time, where a server that slow would be given up`() = promptly {
        restart(isChecked = false)
        val faults = faults()
        // A server that has opened one connection at once is given a second for the next.
        link.socket().isOpen()
        val socket = link.socket({ delay(1_500.milliseconds); "/" })
        val first = async(Dispatchers.Unconfined) { socket.events.first() }.await()
        assertTrue(first is SocketEvent.Opened, "$first")
        assertEquals(2, a.requests.size)
        assertNobodyIsBlamed(faults)
    }

    @Test
    fun `a server that refuses the app stops the socket, and is not blamed`() = promptly {
        for ((isChecked, status) in listOf(true to 401, true to 403, false to 401, false to 403)) {
            restart(isChecked)
            val faults = faults()
            a.status = status
            val socket = link.socket()
            val events = async(Dispatchers.Unconfined) { socket.events.toList() }
            assertEquals(SocketEvent.Stopped(StopReason.UNAUTHORIZED), events.await().last())
            assertEquals(SocketState.CLOSED, socket.state.value)
            assertNobodyIsBlamed(faults)
        }
        a.status = 503
        val socket = link.socket()
        assertTrue(async(Dispatchers.Unconfined) { socket.events.first() }.await() is SocketEvent.Lost)
        assertEquals(SocketState.CONNECTING, socket.state.value)
    }

    @Test
    fun `a ping without an answer replaces the connection, and answers are not delivered`() = promptly {
        a.heed = { socket, text -> socket.send(if (text == "ping") "pong" else text) }
        val socket = link.socket(options = socketOptions {
            ping(Ping(every = 200.milliseconds, within = 300.milliseconds), { Message.Text("ping") }) { it == Message.Text("pong") }
        })
        socket.isOpen()
        delay(1.seconds)
        assertTrue(socket.send("hello"))
        assertEquals(listOf("a", "hello"), socket.messages.take(2).toList().map { it.text })
        assertEquals(1, a.requests.size)
        val moved = async(Dispatchers.Unconfined) { socket.events.first { it is SocketEvent.Moved || it is SocketEvent.Lost } }
        a.heed = { _, _ -> }
        moved.await()
        assertTrue(a.requests.size + b.requests.size >= 2)
    }

    @Test
    fun `a matcher of answers that throws blames nobody`() = promptly {
        val faults = faults()
        val socket = link.socket(options = socketOptions { ping(Ping(20.seconds, 2.seconds), { Message.Text("ping") }) { error("mine") } })
        val lost = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Lost>().first() }
        assertEquals("mine", lost.await().error?.message)
        assertEquals(emptyList<Event>(), faults)
    }

    @Test
    fun `an app that is slow to read blames nobody and misses nothing`() = promptly {
        val faults = faults()
        val socket = link.socket()
        socket.isOpen()
        val events = Collections.synchronizedList(mutableListOf<SocketEvent>())
        val watching = async(Dispatchers.Unconfined) { socket.events.collect { events += it } }
        val server = a.opened.receive()
        val text = "x".repeat(4_000)
        repeat(3_000) { check(server.send("$it $text")) }
        delay(3.seconds)
        // What is held back waits at the server.
        assertTrue(server.queueSize() > 1_000_000, "${server.queueSize()} bytes wait at the server")
        val came = socket.messages.take(3_001).toList().map { it.text.substringBefore(' ') }
        assertEquals(listOf("a") + List(3_000) { "$it" }, came)
        assertEquals(emptyList<Any>(), faults + events.filter { it !is SocketEvent.Opened })
        watching.cancel()
    }

    @Test
    fun `a connection that OkHttp breaks because the app is slow blames nobody`() = promptly {
        val faults = faults()
        val client = OkHttpClient.Builder().pingInterval(400, TimeUnit.MILLISECONDS).build()
        val socket = link.socket(options = socketOptions { sockets = client })
        socket.isOpen()
        val server = a.opened.receive()
        val lost = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Lost>().first() }
        repeat(3_000) { server.send("$it ${"x".repeat(4_000)}") }
        assertTrue(lost.await().error is SocketTimeoutException)
        socket.isOpen()
        assertEquals("a", socket.endpoint.value?.name)
        assertEquals(emptyList<Event>(), faults)
        val came = socket.messages.take(256).toList().map { it.text.substringBefore(' ') }
        assertEquals(listOf("a") + List(255) { "$it" }, came)
        assertEquals("a", socket.messages.first().text, "the greeting over the next connection")
    }

    @Test
    fun `what the old server still sends comes before anything of the new one`() = promptly {
        val socket = link.socket()
        socket.isOpen()
        a.partWith = { old ->
            Thread.sleep(200)
            repeat(1_000) { old.send("$it") }
        }
        allAreHealthy()
        link.prefer("b")
        val came = socket.messages.take(1_002).toList().map { it.text }
        assertEquals(listOf("a") + List(1_000) { "$it" } + "b", came)
    }

    @Test
    fun `a hook prepares the new connection before messages go over it`() = promptly {
        val prepared = CompletableDeferred<String>()
        val socket = link.socket(options = socketOptions {
            onMigrate { migration ->
                assertEquals("a" to "b", migration.from.name to migration.to.name)
                assertEquals("b", migration.receive().text)
                migration.send("subscribe")
                prepared.complete(migration.receive().text)
            }
        })
        socket.isOpen()
        allAreHealthy()
        val moved = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.Moved>().first() }
        link.prefer("b")
        assertEquals("subscribe", prepared.await())
        assertEquals("b", moved.await().to.name)
        assertTrue(socket.send("hello"))
        assertEquals(listOf("a", "hello"), socket.messages.take(2).toList().map { it.text })
    }

    @Test
    fun `a hook that fails, or does not end, gives the connection up, is told of and blames nobody`() = promptly {
        val hooks = listOf<Pair<MigrateHook, String>>(
            MigrateHook { error("not now") } to "not now",
            MigrateHook { awaitCancellation() } to "onMigrate was not done in time",
        )
        for ((hook, problem) in hooks) {
            // Each has a link of its own: one that fails ends the move, for the others as well.
            restart(isChecked = true) { connectTimeout = 1.seconds }
            val faults = faults()
            val socket = link.socket(options = socketOptions { onMigrate(hook) })
            socket.isOpen()
            allAreHealthy()
            val failed = async(Dispatchers.Unconfined) { socket.events.filterIsInstance<SocketEvent.MoveFailed>().first() }
            link.prefer("b")
            assertEquals("b", failed.await().to.name)
            assertTrue(problem in failed.await().error.message!!, "${failed.await()}")
            assertEquals(1000, b.closed.poll(5, TimeUnit.SECONDS))
            assertEquals("a", socket.endpoint.value?.name)
            assertEquals(SocketState.OPEN, socket.state.value)
            assertTrue(socket.send("hello"))
            assertEquals(emptyList<Event>(), faults)
        }
    }

    @Test
    fun `a hook has its time, where a server that slow would be given up`() = promptly {
        restart(isChecked = false) { connectTimeout = 3.seconds }
        val faults = faults()
        val asked = AtomicInteger()
        val slow = link.socket(options = socketOptions { onMigrate { asked.incrementAndGet(); delay(1_500.milliseconds) } })
        val hangs = link.socket(options = socketOptions { onMigrate { awaitCancellation() } })
        listOf(slow, hangs).forEach { it.isOpen() }
        val moved = async(Dispatchers.Unconfined) { slow.events.first() }
        val stays = async(Dispatchers.Unconfined) { hangs.events.first() }
        listOf(slow, hangs).forEach { it.reconnect() }
        assertTrue(moved.await() is SocketEvent.Moved, "${moved.await()}")
        assertEquals(1, asked.get())
        repeat(2) { assertEquals(1000, a.closed.poll(5, TimeUnit.SECONDS)) }
        assertTrue(hangs.send("hello"))
        assertEquals(listOf("a", "hello"), hangs.messages.take(2).toList().map { it.text })
        assertTrue(stays.await() is SocketEvent.MoveFailed, "${stays.await()}")
        assertNobodyIsBlamed(faults)
    }

    @Test
    fun `a thousand sockets that open and close leave nothing behind`() = promptly {
        suspend fun cycle(): WeakReference<SteadfastSocket> {
            val socket = link.socket()
            socket.isOpen()
            check(socket.send("hello"))
            socket.close()
            return WeakReference(socket)
        }
        repeat(20) { cycle() }
        val threads = Thread.activeCount()
        val sockets = List(1_000) { cycle() }
        fun alive() = sockets.count { it.get() != null }
        for (attempt in 1..50) if (alive() <= 1 && Thread.activeCount() <= threads + POOLS) break else { System.gc(); delay(100.milliseconds) }
        println("Kotlin: 1,000 sockets: ${Thread.activeCount() - threads} threads more than before, ${alive()} sockets left after GC")
        assertTrue(alive() <= 1, "${alive()} sockets are still alive")
        assertTrue(Thread.activeCount() <= threads + POOLS, "${Thread.activeCount()} threads, $threads before")
    }

    private companion object {
        /** How many threads the pools beneath may have more than before on a busy machine. One for each socket would be a thousand. */
        const val POOLS = 16
    }
}
