package dev.steadfast

import dev.steadfast.ffi.isRepeatable
import dev.steadfast.ffi.isServerError
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response
import java.io.IOException

/**
 * Sends an OkHttp client's requests to the active endpoint of [link], past its circuit breaker.
 *
 * Scheme, host and port of each request are replaced by those where the app connects (`wss` becomes `https`); path, query and the rest stay.
 * If a request fails or is refused whose method may be repeated, it is repeated once at the best other endpoint.
 *
 * ```kotlin
 * val client = OkHttpClient.Builder().addInterceptor(SteadfastInterceptor(link)).build()
 * client.newCall(Request.Builder().url("https://any.invalid/api/things").build()).execute()
 * ```
 *
 * It throws [CircuitOpenException], an [IOException], if the circuit breaker refuses.
 */
public class SteadfastInterceptor(private val link: Steadfast) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val request = chain.request()
        var first: String? = null
        val response = try {
            val leave = link.tryAcquire()
            first = leave.endpoint
            send(chain, request, leave)
        } catch (failed: IOException) {
            if (chain.call().isCanceled()) throw failed
            val tried = first ?: (failed as CircuitOpenException).refusal.endpoint
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
            if (!chain.call().isCanceled()) leave.failure()
            throw failed
        }

    private fun elsewhere(request: Request, first: String): Leave? {
        if (!isRepeatable(request.method) || request.body?.isOneShot() == true) return null
        return try {
            link.tryAcquire(besides = first).takeIf { it.endpoint != first }
        } catch (refused: CircuitOpenException) {
            null
        }
    }

    private fun there(request: Request, name: String) = link.snapshot().endpoints.first { it.name == name }.connect.replaceFirst("ws", "http").toHttpUrl()
        .let { request.url.newBuilder().scheme(it.scheme).host(it.host).port(it.port).build() }

    private fun failed(response: Response) = isServerError(response.code.toUShort())
}
