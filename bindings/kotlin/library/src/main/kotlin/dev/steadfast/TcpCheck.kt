package dev.steadfast

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.suspendCancellableCoroutine
import java.io.IOException
import java.net.InetSocketAddress
import java.net.Socket
import java.net.URI
import java.net.UnknownHostException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds

/** Passes when the connection stands, and, if a text is expected, when it has arrived. */
internal suspend fun checkTcp(health: HealthCheck, timeout: Duration, maxBytes: Int, resolver: Resolver): Outcome {
    val started = System.nanoTime()
    val url = URI(health.url)
    val address = try {
        InetSocketAddress(resolver.resolve(url.host).firstOrNull() ?: throw UnknownHostException(url.host), url.port)
    } catch (unknown: IOException) {
        return Outcome.Failure(failureKind(unknown))
    }
    return connect(address, health.check, timeout, maxBytes, started)
}

private suspend fun connect(address: InetSocketAddress, check: Check?, timeout: Duration, maxBytes: Int, started: Long): Outcome =
    suspendCancellableCoroutine { waiting ->
        val socket = Socket()
        // By whoever cancels, as all other threads may wait in sockets: one that does is woken by closing it.
        waiting.invokeOnCancellation { socket.closeQuietly() }
        Dispatchers.IO.asExecutor().execute {
            waiting.resumeWith(runCatching { socket.ask(address, check, timeout, maxBytes, started) })
        }
    }

private fun Socket.ask(address: InetSocketAddress, check: Check?, timeout: Duration, maxBytes: Int, started: Long): Outcome =
    try {
        val millis = timeout.inWholeMilliseconds.toInt()
        connect(address, millis)
        soTimeout = millis
        check?.body?.let { getOutputStream().write(it.toByteArray()) }
        val body = check?.expectBody?.let { readUntil(it, maxBytes) } ?: ByteArray(0)
        Outcome.Answer(Answer(null, emptyList(), body, (System.nanoTime() - started).nanoseconds))
    } catch (broken: IOException) {
        Outcome.Failure(failureKind(broken))
    } finally {
        closeQuietly()
    }

private fun Socket.readUntil(text: String, maxBytes: Int): ByteArray {
    val read = java.io.ByteArrayOutputStream()
    val piece = ByteArray(maxBytes)
    while (read.size() < maxBytes && text !in read.toString("UTF-8")) {
        val count = getInputStream().read(piece, 0, maxBytes - read.size())
        if (count < 0) break
        read.write(piece, 0, count)
    }
    return read.toByteArray()
}

private fun Socket.closeQuietly() {
    try {
        close()
    } catch (_: IOException) {
        // It is of no more use either way.
    }
}
