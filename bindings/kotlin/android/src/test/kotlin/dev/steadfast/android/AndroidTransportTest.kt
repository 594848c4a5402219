package dev.steadfast.android

import dev.steadfast.Endpoint
import dev.steadfast.FailureKind
import dev.steadfast.HealthCheck
import dev.steadfast.Outcome
import dev.steadfast.steadfastConfig
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowSystemClock
import java.net.ServerSocket
import kotlin.time.Duration.Companion.seconds

/** Against the framework's own classes. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class AndroidTransportTest {
    private val transport = AndroidTransport()

    @Test
    fun `the clock goes on`() {
        val before = transport.now().monotonic
        ShadowSystemClock.advanceBy(java.time.Duration.ofSeconds(2))
        assertEquals(2_000L, transport.now().monotonic - before)
    }

    @Test
    fun `addresses and the device's own names need no name server`() = runBlocking {
        ServerSocket(0).use { listening ->
            for (host in listOf("127.0.0.1", "localhost")) {
                assertTrue(host, check("tcp://$host:${listening.localPort}") is Outcome.Answer)
            }
        }
        assertEquals(Outcome.Failure(FailureKind.REFUSED), check("tcp://127.0.0.1:9"))
    }

    private suspend fun check(url: String): Outcome {
        val health = HealthCheck(url, steadfastConfig {}.check)
        return transport.check(Endpoint("e", "wss://unused.invalid/", health), 10.seconds)
    }
}
