package dev.steadfast

import dev.steadfast.ffi.CallbackException
import dev.steadfast.ffi.Checked
import dev.steadfast.ffi.ClockReading
import dev.steadfast.ffi.PlatformTransport
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/** What the engine needs of a platform. Its functions run in the scope that the link was started in. */
public interface Transport {
    /**
     * Checks the [endpoint] as its `health` says. It is cancelled when the outcome no longer matters, after [timeout] at the latest.
     * What it throws makes the check one that failed unexpectedly.
     */
    public suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome

    /** Waits; a little less or more does no harm. If it throws, watching ends. */
    public suspend fun sleep(duration: Duration)

    /** Reads the clocks. */
    public fun now(): ClockReading
}

/** A transport with the system's clocks and timers; what remains is to check. */
public abstract class SystemTransport : Transport {
    override suspend fun sleep(duration: Duration) {
        delay(duration)
    }

    override fun now(): ClockReading {
        val date = System.currentTimeMillis()
        return ClockReading(monotonic = System.nanoTime() / NANOS_PER_MILLI, wall = date, date = date)
    }
}

private const val NANOS_PER_MILLI = 1_000_000L

/**
 * Runs a transport in the context of the link's scope, and makes everything that it throws a failure: one that reached the
 * coroutine that the native side began would end the app.
 */
internal class GuardedTransport(private val transport: Transport, context: CoroutineContext) : PlatformTransport {
    private val context = context.minusKey(Job)

    override suspend fun check(endpoint: Endpoint, timeout: Duration): Checked = guarded { Checked(transport.check(endpoint, timeout)) }

    override suspend fun sleep(duration: Duration): Unit = guarded { transport.sleep(duration) }

    override fun now(): ClockReading =
        try {
            transport.now()
        } catch (thrown: Throwable) {
            throw failed(thrown)
        }

    private suspend fun <T> guarded(work: suspend () -> T): T =
        try {
            withContext(context) { work() }
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (thrown: Throwable) {
            throw failed(thrown)
        }

    private fun failed(thrown: Throwable) = CallbackException.Failed(thrown.toString())
}
