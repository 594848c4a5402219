package dev.steadfast

import dev.steadfast.ffi.Attempt

/** Permission to make one request; see [Steadfast.tryAcquire]. Report its end: one that is never reported is taken for lost after a while. */
public class Permit internal constructor(private val attempt: Attempt, private val end: (attempt: Attempt, outcome: CallOutcome) -> Unit) {
    /** To which endpoint the request may be made. */
    public val endpoint: String get() = attempt.endpoint

    /** Where that endpoint answers requests: `https://host:port`. */
    public val origin: String get() = attempt.origin

    /** The server did its part. Only the first report counts. */
    public fun success(): Unit = end(attempt, CallOutcome.SUCCEEDED)

    /** The server did not. Only the first report counts. */
    public fun failure(): Unit = end(attempt, CallOutcome.FAILED)

    /** It was given up before it showed either: it counts for nothing, and its place in a half-open breaker is free again. Only the first report counts. */
    public fun release(): Unit = end(attempt, CallOutcome.RELEASED)
}

/** A circuit breaker keeps the app from making a request that would most likely fail. */
public class CircuitOpenException internal constructor(
    /** Whose breaker it is, the state that it is in, and when it is worth asking again. */
    public val refusal: Refusal,
) : java.io.IOException(
        "the circuit breaker of ${refusal.endpoint} is ${refusal.state.name.lowercase()}" + (refusal.retryAfterMs?.let { "; try again in $it ms" } ?: ""),
    )
