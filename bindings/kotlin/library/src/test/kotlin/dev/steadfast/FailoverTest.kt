package dev.steadfast

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.TimeSource

/** Real sockets, and servers that fail in each way. The times are printed and not asserted: a busy machine must not fail a test. */
class FailoverTest {
    @Test
    fun `an app's messages come from the other server after each fault`() = runBlocking {
        Testbed().use { testbed ->
            println("\nKotlin: from the fault to a message of the other server, in seconds, median of three")
            for ((fault, mark) in listOf("\"kill\"" to 1.0, "\"hang\"" to 4.0, "{\"status\":503}" to 2.5, "{\"slow\":4000}" to 15.0)) {
                val seconds = List(3) { failover(testbed, fault, it) }
                val all = seconds.joinToString(" ") { "%.2f".format(it) }
                println("  %-14s %6.2f   (mark %.1f; median of %s)".format(fault.trim('"'), seconds.sorted()[1], mark, all))
            }
        }
    }

    private suspend fun failover(testbed: Testbed, fault: String, run: Int): Double {
        testbed.endpoints.keys.forEach { testbed.fault(it, "\"healthy\"") }
        val scope = CoroutineScope(Dispatchers.Default + Job())
        val link = Steadfast.start(testbed.config(), scope)
        val messages = link.socket().messages
        try {
            return withTimeout(60.seconds) {
                assertEquals(Message.Text("primary"), messages.first())
                // Both are known to be healthy, and the fault strikes at another moment between two checks each time.
                while (link.snapshot().endpoints.any { it.health != Health.HEALTHY }) delay(10.milliseconds)
                link.events.first { it is Event.Check && it.report.endpoint == "primary" }
                delay((500 + 1_000 * run).milliseconds)
                val greeting = scope.async { messages.filter { it is Message.Text }.first() }
                val broken = TimeSource.Monotonic.markNow()
                testbed.fault("primary", fault)
                assertEquals(Message.Text("secondary"), greeting.await())
                broken.elapsedNow().toDouble(DurationUnit.SECONDS)
            }
        } finally {
            link.close()
            link.job.join()
            scope.cancel()
        }
    }
}
