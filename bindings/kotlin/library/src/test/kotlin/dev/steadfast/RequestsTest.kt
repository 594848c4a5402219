package dev.steadfast

import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Dns
import okhttp3.Interceptor
import okhttp3.OkHttpClient
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.ServerSocket
import java.net.UnknownHostException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The app's own requests, and what is kept from one start to the next, with real servers. */
class RequestsTest {
    @Test
    fun `requests go to the active endpoint, and once more elsewhere if they fail and may be repeated`() {
        Testbed().use { testbed ->
            val link = Steadfast.start(testbed.checkedElsewhere())
            until { link.snapshot().endpoints.all { it.health == Health.HEALTHY } }
            val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
            val get = Request.Builder().url("https://any.invalid/_ping").build()
            val post = get.newBuilder().post("".toRequestBody()).build()
            val port = { response: Response -> response.use { ":${it.request.url.port}/" } }
            assertTrue(port(client.newCall(get).execute()) in testbed.endpoints.getValue("primary").first)
            link.isolate("primary")
            until { link.snapshot().endpoints.first().breaker == BreakerState.ISOLATED }
            assertTrue(port(client.newCall(get).execute()) in testbed.endpoints.getValue("secondary").first)
            assertTrue(port(client.newCall(post).execute()) in testbed.endpoints.getValue("secondary").first, "nothing was sent")
            link.isolate("secondary")
            val refused = assertThrows(CircuitOpenException::class.java) { client.newCall(post).execute() }
            assertEquals("the circuit breaker of primary is isolated", refused.message)
            listOf("primary", "secondary").forEach(link::release)
            until { link.snapshot().endpoints.all { it.breaker == BreakerState.CLOSED } }
            testbed.fault("primary", """{"status":503}""")
            assertEquals(503, client.newCall(post).execute().use { it.code })
            assertEquals(200, client.newCall(get).execute().use { it.code })
            testbed.end("primary")
            // What is written to a connection of before may have arrived.
            client.connectionPool.evictAll()
            assertEquals("primary", link.active.value.name)
            assertTrue(port(client.newCall(post).execute()) in testbed.endpoints.getValue("secondary").first, "no connection came about, so nothing was sent")
            link.close()
        }
    }

    @Test
    fun `a call whose time is over has failed, and a mistake of the app's counts for nothing`() {
        Testbed().use { testbed ->
            val link = Steadfast.start(testbed.checkedElsewhere().hasty())
            until { link.snapshot().endpoints.all { it.health == Health.HEALTHY } }
            val breaker = { link.snapshot().endpoints.first().breaker }
            testbed.fault("primary", "\"hang\"")
            link.tryAcquire().failure()
            Thread.sleep(50)
            val mistaken = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).addInterceptor { error("a mistake") }.build()
            val get = Request.Builder().url("https://any.invalid/_ping").build()
            // One more than a half-open breaker lets through at a time.
            repeat(4) { assertEquals("a mistake", assertThrows(IllegalStateException::class.java) { mistaken.newCall(get).execute() }.message) }
            assertThrows(IllegalArgumentException::class.java) { link.tryAcquire(excluding = "tertiary") }
            assertEquals(BreakerState.HALF_OPEN, breaker())
            // The time is OkHttp's, whatever another interceptor takes of it.
            val waiting = Interceptor { chain ->
                Thread.sleep(60)
                chain.proceed(chain.request())
            }
            val builder = OkHttpClient.Builder().addInterceptor(waiting).addInterceptor(SteadfastInterceptor(link))
            val hasty = builder.callTimeout(100, TimeUnit.MILLISECONDS).build()
            assertEquals("primary", link.active.value.name)
            assertEquals("timeout", assertThrows(InterruptedIOException::class.java) { hasty.newCall(get).execute() }.message)
            assertEquals(BreakerState.OPEN, breaker())
            link.close()
        }
    }

    @Test
    fun `a call that is given up shortly before its time is over counts for nothing`() {
        Testbed().use { testbed ->
            val link = Steadfast.start(testbed.checkedElsewhere().hasty())
            testbed.fault("primary", "\"hang\"")
            val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).callTimeout(4, TimeUnit.SECONDS).build()
            val call = client.newCall(Request.Builder().url("https://any.invalid/_ping").build())
            val failure = CompletableFuture.supplyAsync { runCatching { call.execute() }.exceptionOrNull() }
            Thread.sleep(3_700)
            call.cancel()
            assertFalse(failure.get() is InterruptedIOException, "${failure.get()}")
            assertEquals(BreakerState.CLOSED, link.snapshot().endpoints.first().breaker)
            link.close()
        }
    }

    @Test
    fun `a request without a body that found no connection goes elsewhere, whatever its method`() {
        val free = ServerSocket(0).use { it.localPort }
        val (redirecting, other) = List(2) { MockWebServer().apply { start() } }
        redirecting.enqueue(MockResponse.Builder().code(307).addHeader("location", "http://127.0.0.1:$free/").build())
        val nameless = Dns { if (it == "nowhere.invalid") throw UnknownHostException(it) else Dns.SYSTEM.lookup(it) }
        val healthy = object : SystemTransport() {
            override suspend fun check(endpoint: Endpoint, timeout: Duration) = Outcome.Answer(Answer(200, emptyList(), ByteArray(0), 1.milliseconds))
        }
        for ((connect, isSent) in listOf("ws://127.0.0.1:$free/" to false, "ws://nowhere.invalid/" to false, redirecting.url("/").toString() to true)) {
            val config = steadfastConfig {
                endpoint("a", connect, "https://a.example/")
                endpoint("b", other.url("/").toString(), "https://b.example/")
            }
            Steadfast.start(config, transport = healthy).use { link ->
                until { link.snapshot().endpoints.all { it.health == Health.HEALTHY } }
                val client = OkHttpClient.Builder().dns(nameless).addInterceptor(SteadfastInterceptor(link)).build()
                val call = client.newCall(Request.Builder().url("https://any.invalid/").method("LOCK", null).build())
                other.enqueue(MockResponse())
                if (isSent) {
                    assertThrows(ConnectException::class.java) { call.execute() }
                } else {
                    assertEquals(other.port, call.execute().use { it.request.url.port }, connect)
                }
            }
        }
        listOf(redirecting, other).forEach(MockWebServer::close)
    }

    @Test
    fun `a request goes to the endpoint's host, whatever that is called`() {
        for ((connect, asked) in listOf(
            "https://eu.aws.example:8443/base" to "https://eu.aws.example:8443/things?all=1",
            "http://ws.example/" to "http://ws.example/things?all=1",
            "wss://news.example/live" to "https://news.example/things?all=1",
            "ws://windows.example/" to "http://windows.example/things?all=1",
        )) {
            val unheard = object : SystemTransport() {
                override suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome = awaitCancellation()
            }
            Steadfast.start(Configs.of(listOf(Configs.endpoint("a", connect, "https://a.example/"))), transport = unheard).use { link ->
                val answering = Interceptor { chain ->
                    Response.Builder().request(chain.request()).protocol(Protocol.HTTP_1_1).code(200).message("OK").build()
                }
                val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).addInterceptor(answering).build()
                val request = Request.Builder().url("https://any.invalid/things?all=1").build()
                assertEquals(asked, client.newCall(request).execute().use { it.request.url.toString() })
            }
        }
    }

    @Test
    fun `once the link has ended, an interceptor throws what OkHttp expects`() {
        Testbed().use { testbed ->
            val link = Steadfast.start(testbed.config())
            link.close()
            until { runCatching { link.tryAcquire() }.exceptionOrNull() is IllegalStateException }
            val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
            val request = Request.Builder().url("https://any.invalid/_ping").build()
            val failure = CompletableFuture<IOException>()
            client.newCall(request).enqueue(object : Callback {
                override fun onFailure(call: Call, e: IOException) {
                    failure.complete(e)
                }

                override fun onResponse(call: Call, response: Response) = response.close()
            })
            assertEquals("steadfast: the link has ended", failure.get(10, TimeUnit.SECONDS).message)
        }
    }

    @Test
    fun `what one call changes, the next one sees`() {
        Testbed().use { testbed ->
            Steadfast.start(testbed.config()).use { link ->
                until { link.snapshot().endpoints.all { it.health == Health.HEALTHY } }
                val (connect, health) = testbed.endpoints.getValue("secondary")
                for (round in 1..50) {
                    link.setEndpoints(testbed.config().endpoints + Configs.endpoint("new $round", connect, health))
                    link.prefer("new $round")
                    link.beginMaintenance("new $round")
                    assertEquals(Health.MAINTENANCE, link.snapshot().endpoints.last().health)
                }
            }
        }
    }

    @Test
    fun `a request that is given up frees its trial, and counts for nothing`() {
        Testbed().use { testbed ->
            // A verdict would open the breaker as well: on a busy machine checks may be late.
            val link = Steadfast.start(testbed.checkedElsewhere().hasty().apply { endpoints = endpoints.take(1); failureThreshold = 100 })
            testbed.fault("primary", "\"hang\"")
            link.tryAcquire().failure()
            val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
            val post = Request.Builder().url("https://any.invalid/_ping").post("".toRequestBody()).build()
            // One more than a half-open breaker lets through at a time.
            repeat(4) {
                Thread.sleep(50)
                val call = client.newCall(post)
                val failure = CompletableFuture.supplyAsync { runCatching { call.execute() }.exceptionOrNull() }
                Thread.sleep(50)
                call.cancel()
                assertFalse(failure.get() is CircuitOpenException, "${failure.get()}")
            }
            until({ "${link.snapshot().endpoints.first()} ${link.explain("primary")}" }) { link.snapshot().endpoints.first().breaker == BreakerState.HALF_OPEN }
            link.tryAcquire().run {
                release()
                failure()
            }
            Thread.sleep(50)
            assertEquals(BreakerState.HALF_OPEN, link.snapshot().endpoints.first().breaker, "only the first report counts")
            link.close()
        }
    }

    @Test
    fun `it opens, explains and reports`() {
        Testbed().use { testbed ->
            val link = Steadfast.start(testbed.config().apply { breaker { `open` = 600.seconds; openMax = 600.seconds } })
            until { link.snapshot().endpoints.all { it.health == Health.HEALTHY } }
            repeat(5) { link.tryAcquire().failure() }
            until { link.snapshot().endpoints.first().breaker == BreakerState.OPEN }
            assertThrows(CircuitOpenException::class.java) { link.tryAcquire() }
            assertEquals("secondary", link.tryAcquire(excluding = "primary").apply { success() }.endpoint)
            testbed.fault("primary", """{"status":500}""")
            until { link.active.value.name == "secondary" }
            val why = link.explain("primary")!!
            assertTrue("found unhealthy" in why.text && why.suspicion >= why.level && why.evidence.isNotEmpty(), why.text)
            assertThrows(IllegalArgumentException::class.java) { link.explain("tertiary") }
            val report = link.report()!!
            assertEquals(1, report.switches)
            assertTrue(report.endpoints.first().failed > 0 && report.endpoints.last().uptimePercent == 100.0, "$report")
            link.close()
        }
    }

    @Test
    fun `a restart begins with the last good endpoint`() {
        Testbed().use { testbed ->
            val store = MemoryStore()
            val config = { testbed.config().apply { strategy = Strategy.STICKY } }
            Steadfast.start(config(), store = store).use { link ->
                link.prefer("secondary")
                until { link.active.value.name == "secondary" && store.state != null }
            }
            assertTrue(store.state!!.length < 4096 && "127.0.0.1" !in store.state!!, store.state)
            Steadfast.start(config(), store = store).use { assertEquals("secondary", it.active.value.name) }
            for (broken in listOf("{", "[]", """{"steadfast":99}""")) {
                val other = MemoryStore().apply { state = broken }
                Steadfast.start(config(), store = other).use { assertEquals("primary", it.active.value.name, broken) }
            }
        }
    }

    /** The primary's health check goes to the secondary: only requests meet its faults, and the link stays with it. */
    private fun Testbed.checkedElsewhere() = config().apply { endpoints.first().health = endpoints.last().health }

    /** Its circuit breakers open at one failure, and for a moment. */
    private fun Config.hasty() = apply { breaker { failures = 1; `open` = 10.milliseconds; openMax = 10.milliseconds } }

    /** Waits until something holds; [instead] tells what is if it does not. */
    private fun until(instead: () -> String = { "" }, holds: () -> Boolean) = runBlocking {
        withTimeoutOrNull(20.seconds) { while (!holds()) delay(5.milliseconds) } ?: fail(instead())
    }
}

private class MemoryStore : StateStore {
    @Volatile
    var state: String? = null

    override fun load() = state

    override fun save(state: String) {
        this.state = state
    }
}
