package dev.steadfast

import dev.steadfast.ffi.isRepeatable
import dev.steadfast.ffi.isServerError
import okhttp3.HttpUrl
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response
import java.io.IOException

/**
 * Sends an OkHttp client's requests to the active endpoint of [link], through the endpoint's circuit breaker; if a request fails and its method
 * is idempotent, retries once on the next-best endpoint.
 *
 * Scheme, host and port of each request are replaced by those where the app connects (`wss` becomes `https`); path, query and the rest stay.
 * A request that the breaker refuses is retried there as well.
 *
 * ```kotlin
 * val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
 * client.newCall(Request.Builder().url("https://any.invalid/api/things").build()).execute()
 * ```
 *
 * It throws [CircuitOpenException], an [IOException], if the circuit breaker refuses, and an [IOException] once the link has ended.
 */
public class SteadfastInterceptor(private val link: Steadfast) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val request = chain.request()
        var first: String? = null
        val response = try {
            val leave = acquire()
            first = leave.endpoint
            send(chain, request, leave)
        } catch (failed: IOException) {
            if (chain.call().isCanceled()) throw failed
            val tried = first ?: (failed as? CircuitOpenException)?.refusal?.endpoint ?: throw failed
            return send(chain, request, elsewhere(request, tried) ?: throw failed)
        }
        val other = (if (failed(response)) elsewhere(request, first) else null) ?: return response
        response.close()
        return send(chain, request, other)
    }

    private fun send(chain: Interceptor.Chain, request: Request, leave: Leave): Response =
        try {
            val response = chain.proceed(request.newBuilder().url(there(request, leave.endpoint)).build())
            if (failed(response)) leave.failure() else leave.success()
            response
        } catch (failed: IOException) {
            // Whoever gave the request up knows nothing of the server.
            if (chain.call().isCanceled()) leave.release() else leave.failure()
            throw failed
        }

    private fun elsewhere(request: Request, first: String): Leave? {
        if (!isRepeatable(request.method) || request.body?.isOneShot() == true) return null
        val leave = try {
            acquire(excluding = first)
        } catch (refused: CircuitOpenException) {
            return null
        }
        if (leave.endpoint != first) return leave
        leave.release()
        return null
    }

    // OkHttp expects an interceptor to throw nothing but this.
    private fun acquire(excluding: String? = null): Leave = link.acquire(excluding) ?: throw IOException("steadfast: the link has ended")

    private fun there(request: Request, name: String): HttpUrl {
        val endpoint = link.snapshot().endpoints.firstOrNull { it.name == name }
        val connect = endpoint?.connect ?: throw IOException("steadfast: the endpoint $name has been replaced")
        // The scheme alone: there may be a "ws" in the host as well.
        val base = (if (connect.startsWith("ws")) "http" + connect.removePrefix("ws") else connect).toHttpUrl()
        return request.url.newBuilder().scheme(base.scheme).host(base.host).port(base.port).build()
    }

    private fun failed(response: Response) = isServerError(response.code.toUShort())
}
