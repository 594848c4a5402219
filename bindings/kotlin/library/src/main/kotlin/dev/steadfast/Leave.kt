package dev.steadfast

import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration
import kotlin.time.TimeSource

/** Leave to make one request; see [Steadfast.tryAcquire]. Report its end: one that is never reported is taken for lost after a while. */
public class Leave internal constructor(permit: Permit, private val end: (outcome: CallOutcome, took: Duration) -> Unit) {
    private val began = TimeSource.Monotonic.markNow()
    private val reported = AtomicBoolean()

    /** To which endpoint the request may be made. */
    public val endpoint: String = permit.endpoint

    /** The server did its part. Only the first report counts. */
    public fun success(): Unit = report(CallOutcome.SUCCEEDED)

    /** The server did not. Only the first report counts. */
    public fun failure(): Unit = report(CallOutcome.FAILED)

    /** It was given up before it showed either: it counts for nothing, and its place in a half-open breaker is free again. Only the first report counts. */
    public fun release(): Unit = report(CallOutcome.RELEASED)

    private fun report(outcome: CallOutcome) {
        if (reported.compareAndSet(false, true)) end(outcome, began.elapsedNow())
    }
}

/** A circuit breaker keeps the app from making a request that would most likely fail. */
public class CircuitOpenException internal constructor(
    /** Whose breaker it is, the state that it is in, and when it is worth asking again. */
    public val refusal: Refusal,
) : java.io.IOException(
        "the circuit breaker of ${refusal.endpoint} is ${refusal.state.name.lowercase()}" + (refusal.retryAfterMs?.let { "; try again in $it ms" } ?: ""),
    )
