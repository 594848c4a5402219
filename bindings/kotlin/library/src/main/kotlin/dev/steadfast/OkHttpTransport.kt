package dev.steadfast

import dev.steadfast.ffi.answerLimits
import dev.steadfast.ffi.isHealthDocument
import kotlinx.coroutines.suspendCancellableCoroutine
import okhttp3.Call
import okhttp3.Callback
import okhttp3.CookieJar
import okhttp3.Dispatcher
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okio.ByteString.Companion.encodeUtf8
import java.io.IOException
import java.util.concurrent.TimeUnit
import kotlin.coroutines.resume
import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds

/**
 * Checks over HTTP and HTTPS by OkHttp, and over bare TCP.
 *
 * Connections are reused from check to check. There is no cache, no cookie, and no retry of OkHttp's own: the engine decides on
 * those. TLS certificates are verified as [client] says, by default as the system does.
 *
 * @param client whose connections, proxy, DNS and certificates are used, but not its dispatcher: checks do not queue behind its calls. By
 * default one of its own.
 * @param resolver finds the addresses of hosts that are checked over bare TCP. By default by the client's `Dns`.
 */
public class OkHttpTransport @JvmOverloads constructor(
    client: OkHttpClient = OkHttpClient(),
    private val resolver: Resolver = Resolver.of(client.dns),
) : SystemTransport() {
    private val following = client.newBuilder()
        // Checks do not queue behind the app's calls, nor behind each other: those of a suspect run side by side.
        .dispatcher(Dispatcher().apply { maxRequestsPerHost = maxRequests })
        .cache(null)
        .cookieJar(CookieJar.NO_COOKIES)
        .retryOnConnectionFailure(false)
        // The check's own timeout is the limit of it all; it comes with each check.
        .callTimeout(0, TimeUnit.MILLISECONDS)
        .connectTimeout(0, TimeUnit.MILLISECONDS)
        .readTimeout(0, TimeUnit.MILLISECONDS)
        .writeTimeout(0, TimeUnit.MILLISECONDS)
        .build()
    private val staying = following.newBuilder().followRedirects(false).followSslRedirects(false).build()
    private val limits = answerLimits()

    override suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome {
        val health = checkNotNull(endpoint.health) { "only endpoints with a health check are checked" }
        if (health.url.startsWith("tcp:")) return checkTcp(health, timeout, limits.tcpBytes.toInt(), resolver)
        val started = System.nanoTime()
        val call = call(health, timeout)
        return suspendCancellableCoroutine { continuation ->
            continuation.invokeOnCancellation { call.cancel() }
            call.enqueue(object : Callback {
                override fun onFailure(call: Call, e: IOException) {
                    continuation.resume(Outcome.Failure(failureKind(e)))
                }

                override fun onResponse(call: Call, response: Response) {
                    continuation.resume(response.use { outcome(it, health, started) })
                }
            })
        }
    }

    private fun call(health: HealthCheck, timeout: Duration): Call {
        val check = checkNotNull(health.check) { "the engine spells out every check" }
        val request = Request.Builder()
            .url(health.url)
            // So that a server can leave checks out of its statistics.
            .header("X-Health-Check", "true")
            .apply { check.headers.forEach { (name, value) -> header(name, value) } }
            .method(check.method.name, check.body?.toRequestBody() ?: "".toRequestBody().takeIf { check.method == Method.POST || check.method == Method.PUT })
            .build()
        val client = if (check.followRedirects) following else staying
        return client.newCall(request).apply { timeout().timeout(timeout.inWholeMilliseconds, TimeUnit.MILLISECONDS) }
    }

    private fun outcome(response: Response, health: HealthCheck, started: Long): Outcome {
        val body = try {
            val isDocument = health.check?.document == true && response.header("Content-Type")?.let(::isHealthDocument) == true
            val text = health.check?.expectBody
            if (isDocument || text != null) read(response, text.takeUnless { isDocument }) else ByteArray(0)
        } catch (broken: IOException) {
            return Outcome.Failure(failureKind(broken))
        }
        val headers = response.headers.take(limits.headers.toInt()).map { (name, value) -> Header(name, value) }
        return Outcome.Answer(Answer(response.code, headers, body, (System.nanoTime() - started).nanoseconds))
    }

    /** The body up to where [text] has been seen, or all of it, at most as much as the limits allow. */
    private fun read(response: Response, text: String?): ByteArray {
        val source = response.body.source()
        val searched = text?.encodeUtf8()
        val limit = limits.bodyBytes.toLong()
        while (source.buffer.size < limit && (searched == null || source.buffer.indexOf(searched) < 0) && source.request(source.buffer.size + 1)) {
            // Each round waits for at least one more byte.
        }
        return source.buffer.readByteArray(minOf(limit, source.buffer.size))
    }
}
