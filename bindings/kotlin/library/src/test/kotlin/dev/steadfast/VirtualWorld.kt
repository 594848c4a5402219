package dev.steadfast

import dev.steadfast.ffi.ClockReading
import dev.steadfast.ffi.uniffiForeignFutureHandleCount
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/**
 * A world in which time passes only when it is told to. It is the transport of a link, and the dispatcher of the link's scope.
 *
 * The native side begins its calls on a thread of its own choice; [settle] waits until each has arrived here, so that nothing
 * depends on how fast threads are.
 */
internal class VirtualWorld : CoroutineDispatcher(), Transport {
    private val queue = java.util.concurrent.LinkedBlockingQueue<Runnable>()
    private val timers = mutableListOf<Timer>()
    /** By endpoint and number: several of one endpoint may be under way. */
    private val checks = mutableMapOf<Pair<String, Int>, CompletableDeferred<Outcome>>()

    /** How many calls of the native side have arrived and not ended. */
    private var calls = 0

    /** How many calls have ended here, and are still being told to the native side by threads of their own. */
    private val leaving = AtomicInteger()

    /** Calls of links of other tests that do not end. */
    private val foreign = callsThatStay()

    var now = 0L
        private set
    val begun = mutableListOf<BegunCheck>()

    /** How many checks of each endpoint have begun. */
    private val numbers = mutableMapOf<String, Int>()

    data class BegunCheck(val atMs: Long, val endpoint: String, val timeoutMs: Long)

    private class Timer(val due: Long, val done: CompletableDeferred<Unit>)

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        queue.add(block)
    }

    override suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome = counted {
        begun += BegunCheck(now, endpoint.name, timeout.inWholeMilliseconds)
        val outcome = CompletableDeferred<Outcome>()
        val number = (numbers[endpoint.name] ?: 0) + 1
        numbers[endpoint.name] = number
        val key = endpoint.name to number
        checks[key] = outcome
        try {
            outcome.await()
        } finally {
            checks.remove(key, outcome)
        }
    }

    override suspend fun sleep(duration: Duration) = counted {
        val timer = Timer(now + duration.inWholeMilliseconds, CompletableDeferred())
        timers += timer
        try {
            timer.done.await()
        } finally {
            timers -= timer
        }
    }

    override fun now() = ClockReading(now, now, now)

    /** When the next timer of the engine is due. */
    val nextTimer: Long? get() = timers.minOfOrNull { it.due }

    fun isChecking(endpoint: String, number: Int) = endpoint to number in checks

    fun answer(endpoint: String, number: Int, outcome: Outcome) {
        checks.getValue(endpoint to number).complete(outcome)
        settle()
    }

    fun fireTimer() {
        timers.minBy { it.due }.done.complete(Unit)
        settle()
    }

    fun advanceTo(at: Long) {
        now = maxOf(now, at)
    }

    /** Runs all that can run at this moment. */
    fun settle() {
        val patience = System.nanoTime() + 10_000_000_000
        while (true) {
            while (true) (queue.poll() ?: break).run()
            // What a call has woken is in the queue once the native side has been told of its end.
            if (leaving.get() == 0 && queue.isEmpty() && calls >= uniffiForeignFutureHandleCount() - foreign) return
            check(System.nanoTime() < patience) { "the native side began ${uniffiForeignFutureHandleCount()} calls, and $calls arrived" }
            queue.poll(1, java.util.concurrent.TimeUnit.MILLISECONDS)?.run()
        }
    }

    /** Waits for the calls of earlier links that are still ending: counted here, they would be missed in [settle] when they have. */
    private fun callsThatStay(): Int {
        var count = uniffiForeignFutureHandleCount()
        var until = System.nanoTime() + 100_000_000
        while (count > 0 && System.nanoTime() < until) {
            Thread.sleep(1)
            val left = uniffiForeignFutureHandleCount()
            if (left != count) until = System.nanoTime() + 100_000_000
            count = left
        }
        return count
    }

    @OptIn(ExperimentalCoroutinesApi::class)
    private suspend fun <T> counted(call: suspend () -> T): T {
        calls++
        try {
            return call()
        } finally {
            calls--
            leaving.incrementAndGet()
            // The coroutine that the native side began; this one is its child.
            checkNotNull(currentCoroutineContext().job.parent).invokeOnCompletion { leaving.decrementAndGet() }
        }
    }
}
