package dev.steadfast

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import mockwebserver3.Dispatcher
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import mockwebserver3.RecordedRequest
import mockwebserver3.SocketEffect
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Dns
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import java.io.IOException
import java.net.ServerSocket
import java.net.UnknownHostException
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What becomes of checks against real servers. */
class OkHttpTransportTest {
    private val server = MockWebServer()
    private val transport = OkHttpTransport()

    @BeforeEach
    fun start() = server.start()

    @AfterEach
    fun stop() = server.close()

    private fun check(url: String, timeout: Duration = 2.seconds, using: Transport = transport, build: Check.() -> Unit = {}): Outcome {
        val config = steadfastConfig { endpoint("e", "ws://unused.invalid/", url) }
        val spelt = HealthCheck(url, config.check.apply(build))
        return runBlocking { using.check(Endpoint("e", "ws://unused.invalid/", spelt), timeout) }
    }

    private fun answer(outcome: Outcome) = (outcome as? Outcome.Answer ?: error("there was no answer: $outcome")).v1

    private fun url(path: String = "/") = server.url(path).toString()

    @Test
    fun `an answer carries status, headers and what is needed of the body`() {
        server.enqueue(MockResponse.Builder().code(503).addHeader("retry-after", "5").body("all parts up, and more").build())
        val answer = answer(check(url()) { expectBody = "parts up" })
        assertEquals(503, answer.status)
        assertTrue(answer.headers.any { it.name.equals("retry-after", ignoreCase = true) && it.value == "5" })
        assertTrue("parts up" in String(answer.body))
        assertTrue(answer.latency > Duration.ZERO)
        assertEquals("true", server.takeRequest().headers["X-Health-Check"])
    }

    @Test
    fun `a body is read up to the expected text and no further`() {
        server.enqueue(MockResponse.Builder().body("up" + "x".repeat(1_000_000)).throttleBody(64 * 1024, 1, TimeUnit.SECONDS).build())
        val answer = answer(check(url(), 5.seconds) { expectBody = "up" })
        assertTrue(answer.body.size <= 64 * 1024, "${answer.body.size} bytes")
    }

    @Test
    fun `method, headers and body are sent`() {
        server.enqueue(MockResponse())
        check(url("/check")) {
            method = Method.POST
            body = "are you well?"
            headers = listOf(Header("x-token", "1"))
        }
        val request = server.takeRequest()
        assertEquals("POST", request.method)
        assertEquals("1", request.headers["x-token"])
        assertEquals("are you well?", request.body?.utf8())
    }

    @Test
    fun `a redirect is followed only on request`() {
        server.enqueue(MockResponse.Builder().code(302).addHeader("location", "/there").build())
        assertEquals(302, answer(check(url())).status)
        server.enqueue(MockResponse.Builder().code(302).addHeader("location", "/there").build())
        server.enqueue(MockResponse())
        assertEquals(200, answer(check(url()) { followRedirects = true }).status)
    }

    @Test
    fun `failures are told apart by type`() {
        val free = ServerSocket(0).use { it.localPort }
        assertEquals(Outcome.Failure(FailureKind.REFUSED), check("http://127.0.0.1:$free/"))
        assertEquals(Outcome.Failure(FailureKind.REFUSED), check("tcp://127.0.0.1:$free"))
        val nameless = OkHttpTransport(OkHttpClient.Builder().dns(Dns { throw UnknownHostException(it) }).build())
        assertEquals(Outcome.Failure(FailureKind.DNS), check("http://nowhere.invalid/", using = nameless))
        greeting("this is no TLS") { port ->
            assertEquals(Outcome.Failure(FailureKind.TLS), check("https://127.0.0.1:$port/"))
        }
        server.enqueue(MockResponse.Builder().onRequestStart(SocketEffect.CloseSocket()).build())
        assertEquals(Outcome.Failure(FailureKind.RESET), check(url("/reset")))
        server.enqueue(MockResponse.Builder().onResponseStart(SocketEffect.Stall).build())
        assertEquals(Outcome.Failure(FailureKind.TIMEOUT), check(url("/stall"), 200.milliseconds))
    }

    @Test
    fun `a TCP check connects, speaks and listens`() {
        greeting("220 ready") { port ->
            assertTrue("ready" in String(answer(check("tcp://127.0.0.1:$port") { expectBody = "ready" }).body))
        }
    }

    /** A server that says this to whoever connects. */
    private fun greeting(words: String, use: (port: Int) -> Unit) = ServerSocket(0).use { listening ->
        val serving = Thread { listening.accept().use { it.getOutputStream().write(words.toByteArray()) } }
        serving.start()
        use(listening.localPort)
        serving.join()
    }

    @Test
    fun `checks do not queue behind the app's own calls`() {
        server.dispatcher = object : Dispatcher() {
            override fun dispatch(request: RecordedRequest): MockResponse =
                if (request.url.encodedPath == "/poll") MockResponse.Builder().headersDelay(20, TimeUnit.SECONDS).build() else MockResponse()
        }
        val app = OkHttpClient()
        val polls = List(app.dispatcher.maxRequestsPerHost) { app.newCall(Request.Builder().url(url("/poll")).build()) }
        polls.forEach { poll ->
            poll.enqueue(object : Callback {
                override fun onFailure(call: Call, e: IOException) = Unit

                override fun onResponse(call: Call, response: Response) = response.close()
            })
        }
        assertEquals(200, answer(check(url("/ping"), using = OkHttpTransport(app))).status)
        polls.forEach { it.cancel() }
    }

    @Test
    fun `a cancelled check ends at once`() = runBlocking {
        ServerSocket(0).use { listening ->
            for (url in listOf("http://127.0.0.1:${listening.localPort}/", "tcp://127.0.0.1:${listening.localPort}")) {
                val check = async(Dispatchers.Default) { checkSlowly(url) }
                delay(100.milliseconds)
                check.cancel(CancellationException("not needed any more"))
                withTimeout(2.seconds) { check.join() }
            }
        }
    }

    @Test
    fun `cancelled TCP checks free their threads at once, however many wait`() = runBlocking {
        ServerSocket(0, 200).use { listening ->
            val checks = List(100) { async(Dispatchers.Default) { checkSlowly("tcp://127.0.0.1:${listening.localPort}") } }
            // As many as there are threads for blocking work; the others wait for one.
            val accepted = List(64) { listening.accept() }
            delay(100.milliseconds)
            checks.forEach { it.cancel() }
            withTimeout(2.seconds) {
                checks.joinAll()
                withContext(Dispatchers.IO) {}
            }
            accepted.forEach { it.close() }
        }
    }

    private suspend fun checkSlowly(url: String): Outcome {
        val config = steadfastConfig { check { expectBody = "never" } }
        return transport.check(Endpoint("e", "ws://unused.invalid/", HealthCheck(url, config.check)), 60.seconds)
    }
}
