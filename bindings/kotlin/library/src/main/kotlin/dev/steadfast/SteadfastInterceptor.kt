package dev.steadfast

import dev.steadfast.ffi.AttemptEnd
import dev.steadfast.ffi.Requested
import okhttp3.Call
import okhttp3.EventListener
import okhttp3.HttpUrl
import okhttp3.HttpUrl.Companion.toHttpUrlOrNull
import okhttp3.Interceptor
import okhttp3.RequestBody
import okhttp3.Response
import okio.AsyncTimeout
import okio.BufferedSink
import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.UnknownHostException

/**
 * Sends an OkHttp client's requests to the active endpoint of [link], through the endpoint's circuit breaker. A request that it refuses, or that
 * could not be sent, goes to the next-best endpoint; one that fails does, once, if its method is idempotent and its body is no stream.
 *
 * Scheme, host and port of each request are replaced by those where the app connects (`wss` becomes `https`); path, query and the rest stay.
 * A status from 500 on is a failure, and so is a timeout; a call that is cancelled counts for nothing. Nothing is sent again after a cancellation, or
 * once the `callTimeout` is over.
 *
 * ```kotlin
 * val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
 * client.newCall(Request.Builder().url("https://any.invalid/api/things").build()).execute()
 * ```
 *
 * It throws [CircuitOpenException], an [IOException], if every circuit breaker refuses, and an [IOException] once the link has ended.
 */
public class SteadfastInterceptor(private val link: Steadfast) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val body = chain.request().body?.let(::WatchedBody)
        val request = chain.request().run { if (body == null) this else newBuilder().method(method, body).build() }
        // OkHttp expects an interceptor to throw nothing but this.
        var attempt = link.begin(Requested.ByPlatform(request.method, body?.isOneShot() != true)) ?: throw IOException("steadfast: the link has ended")
        val wire = Wire().also(chain.call()::addEventListener)
        while (true) {
            wire.isUsed = false
            val response = try {
                chain.proceed(request.newBuilder().url(request.url.at(attempt.origin)).build())
            } catch (thrown: Throwable) {
                val isTimeOver = isTimeOver(chain.call())
                val outcome = if (isTimeOver) CallOutcome.TIMED_OUT else outcome(thrown, chain.call(), isUnsent(thrown, wire, body))
                // OkHttp's timer says so once, so that OkHttp would not throw this itself.
                attempt = link.ended(attempt, AttemptEnd.Other(outcome)) ?: throw if (isTimeOver) InterruptedIOException("timeout").initCause(thrown) else thrown
                continue
            }
            attempt = link.ended(attempt, AttemptEnd.Answered(response.code.toUShort(), response.request.url.toString())) ?: return response
            response.close()
        }
    }

    private fun outcome(thrown: Throwable, call: Call, isUnsent: Boolean): CallOutcome = when {
        // Whoever gave the request up knows nothing of the server, nor does another interceptor that made a mistake.
        call.isCanceled() || Thread.currentThread().isInterrupted || thrown !is IOException -> CallOutcome.RELEASED
        isUnsent -> CallOutcome.UNSENT
        else -> CallOutcome.FAILED
    }

    /** Without a body to watch, the exception must say that no connection came about: OkHttp does not see what another interceptor sends by itself. */
    private fun isUnsent(thrown: Throwable, wire: Wire, body: WatchedBody?): Boolean =
        if (body != null) !body.isWritten else !wire.isUsed && (thrown is ConnectException || thrown is NoRouteToHostException || thrown is UnknownHostException)

    /** Whether OkHttp has cancelled the call because its time is over. Only its own timer can tell that from a cancellation by the app. */
    private fun isTimeOver(call: Call): Boolean = call.isCanceled() && (call.timeout() as? AsyncTimeout)?.exit() == true

    private fun HttpUrl.at(origin: String): HttpUrl {
        val base = origin.toHttpUrlOrNull() ?: throw IOException("steadfast: OkHttp cannot read the URL of the endpoint, $origin")
        return newBuilder().scheme(base.scheme).host(base.host).port(base.port).build()
    }
}

/** Whether OkHttp has begun to send something of the request, to the endpoint or to where that has redirected it. */
private class Wire : EventListener() {
    @Volatile
    var isUsed = false

    override fun requestHeadersStart(call: Call) {
        isUsed = true
    }
}

/** A body that knows whether it was sent: what OkHttp has not asked for has reached nobody. */
private class WatchedBody(private val body: RequestBody) : RequestBody() {
    @Volatile
    var isWritten = false
        private set

    override fun contentType() = body.contentType()

    override fun contentLength() = body.contentLength()

    override fun isDuplex() = body.isDuplex()

    override fun isOneShot() = body.isOneShot()

    override fun writeTo(sink: BufferedSink) {
        isWritten = true
        body.writeTo(sink)
    }
}
