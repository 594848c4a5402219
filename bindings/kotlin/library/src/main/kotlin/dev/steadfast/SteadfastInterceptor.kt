package dev.steadfast

import okhttp3.Call
import okhttp3.HttpUrl
import okhttp3.HttpUrl.Companion.toHttpUrlOrNull
import okhttp3.Interceptor
import okhttp3.RequestBody
import okhttp3.Response
import okio.BufferedSink
import java.io.IOException

/**
 * Sends an OkHttp client's requests to the active endpoint of [link], through the endpoint's circuit breaker. A request that it refuses, or that
 * could not be sent, goes to the next-best endpoint; one that fails does, once, if its method is idempotent and its body is no stream.
 *
 * Scheme, host and port of each request are replaced by those where the app connects (`wss` becomes `https`); path, query and the rest stay.
 * A status from 500 on is a failure, and so is a timeout; a call that is cancelled counts for nothing.
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
        val began = System.nanoTime()
        val body = chain.request().body?.let(::WatchedBody)
        val request = chain.request().run { if (body == null) this else newBuilder().method(method, body).build() }
        // OkHttp expects an interceptor to throw nothing but this.
        var attempt = link.begin(request.method, body?.isOneShot() != true) ?: throw IOException("steadfast: the link has ended")
        while (true) {
            val response = try {
                chain.proceed(request.newBuilder().url(request.url.at(attempt.origin)).build())
            } catch (thrown: Throwable) {
                attempt = link.ended(attempt, outcome(thrown, chain.call(), began, body)) ?: throw thrown
                continue
            }
            attempt = link.ended(attempt, CallOutcome.SUCCEEDED, response.code) ?: return response
            response.close()
        }
    }

    private fun outcome(thrown: Throwable, call: Call, began: Long, body: WatchedBody?): CallOutcome = when {
        call.isCanceled() && isTimeOver(call, began) -> CallOutcome.TIMED_OUT
        // Whoever gave the request up knows nothing of the server, nor does another interceptor that made a mistake.
        call.isCanceled() || Thread.currentThread().isInterrupted || thrown !is IOException -> CallOutcome.RELEASED
        body?.isWritten == false -> CallOutcome.UNSENT
        else -> CallOutcome.FAILED
    }

    /** OkHttp cancels a call whose time is over, and does not say so here. Its clock began before that of this interceptor. */
    private fun isTimeOver(call: Call, began: Long): Boolean {
        val limit = call.timeout().timeoutNanos()
        return limit > 0 && System.nanoTime() - began >= limit - limit / 10
    }

    private fun HttpUrl.at(origin: String): HttpUrl {
        val base = origin.toHttpUrlOrNull() ?: throw IOException("steadfast: OkHttp cannot read the URL of the endpoint, $origin")
        return newBuilder().scheme(base.scheme).host(base.host).port(base.port).build()
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
