package dev.steadfast

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import okhttp3.Dns
import okhttp3.OkHttpClient
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.InetAddress
import java.net.ServerSocket
import java.net.UnknownHostException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.seconds

/** Names of hosts that are checked over bare TCP. */
class ResolverTest {
    private val hung = CountDownLatch(1)
    private val asked = AtomicInteger()
    private val client = OkHttpClient.Builder().dns(
        Dns { host ->
            if (host == "hangs.invalid") {
                asked.incrementAndGet()
                hung.await()
            }
            if (host == "moves.invalid" && asked.incrementAndGet() == 1) hung.await()
            if (host == "nobody.invalid") throw UnknownHostException(host)
            listOf(InetAddress.getLoopbackAddress())
        },
    ).build()
    private val transport = OkHttpTransport(client)

    @AfterEach
    fun end() = hung.countDown()

    private suspend fun check(url: String) = transport.check(Endpoint("e", "ws://unused.invalid/", HealthCheck(url, steadfastConfig {}.check)), 60.seconds)

    @Test
    fun `a host whose look-ups hang keeps two threads at most, and nobody who is cancelled`() = runBlocking(Dispatchers.Default) {
        ServerSocket(0).use { listening ->
            // More than there are threads for blocking work.
            val checks = List(100) { launch { check("tcp://hangs.invalid:${listening.localPort}") } }
            withTimeout(10.seconds) { while (asked.get() == 0) delay(1) }
            assertTrue(withTimeout(10.seconds) { check("tcp://works.invalid:${listening.localPort}") } is Outcome.Answer, "others are checked meanwhile")
            withTimeout(2.seconds) { checks.forEach { it.cancelAndJoin() } }
            repeat(5) {
                val check = launch { check("tcp://hangs.invalid:${listening.localPort}") }
                delay(20)
                withTimeout(2.seconds) { check.cancelAndJoin() }
            }
            assertEquals(2, asked.get(), "the second one was asked anew, as the network may be another one")
            hung.countDown()
            assertTrue(withTimeout(10.seconds) { check("tcp://hangs.invalid:${listening.localPort}") } is Outcome.Answer)
        }
    }

    @Test
    fun `a look-up that has outlasted a check is not what the next one waits for`() = runBlocking(Dispatchers.Default) {
        ServerSocket(0).use { listening ->
            val check = launch { check("tcp://moves.invalid:${listening.localPort}") }
            withTimeout(10.seconds) { while (asked.get() == 0) delay(1) }
            check.cancelAndJoin()
            assertTrue(withTimeout(10.seconds) { check("tcp://moves.invalid:${listening.localPort}") } is Outcome.Answer)
        }
    }

    @Test
    fun `a host without an address is told as such`() = runBlocking {
        assertEquals(Outcome.Failure(FailureKind.DNS), check("tcp://nobody.invalid:9"))
    }
}
