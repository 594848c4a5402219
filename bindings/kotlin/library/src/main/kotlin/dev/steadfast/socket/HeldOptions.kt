package dev.steadfast.socket

import dev.steadfast.MigrateHook
import dev.steadfast.Provider
import dev.steadfast.SocketOptions
import okhttp3.Headers
import okhttp3.Headers.Companion.headersOf

/** A value that is the same for each connection. */
internal class Fixed<T>(private val value: T) : Provider<T> {
    override suspend fun get(): T = value
}

/** What the app asked for when it made the socket. */
internal class HeldOptions(val path: Provider<String>, options: SocketOptions) {
    private val headers = options.headers
    private val protocols = options.protocols
    val queue = options.queue
    val stopCodes = options.stopCodes.toList()
    val sockets = options.sockets
    val ping = options.ping
    val migrate: MigrateHook? = options.migrate

    /** Whether the app is not asked for each connection. */
    val isFixed = path is Fixed && headers is Fixed && protocols is Fixed

    /** The headers of the next connection's request. */
    suspend fun headersNow(): Headers {
        val offered = protocols.get().toList().also(::checkProtocols)
        val builder = requestHeaders(headers.get()).newBuilder()
        if (offered.isNotEmpty()) builder["Sec-WebSocket-Protocol"] = offered.joinToString()
        return builder.build()
    }
}

/** What a subprotocol may be (RFC 6455, section 4.1). */
private val TOKEN = Regex("[A-Za-z0-9!#$%&'*+.^_`|~-]+")

/** Refuses what is no subprotocol. It is not quoted: it may be a token. */
internal fun checkProtocols(protocols: List<String>) {
    protocols.forEachIndexed { index, protocol ->
        require(TOKEN.matches(protocol)) {
            "subprotocol ${index + 1} of ${protocols.size} is none; allowed: one or more of letters, digits and !#$%&'*+-.^_`|~"
        }
    }
}

/** The headers of a request. What is refused is told without its value, which may be a secret: OkHttp would show it. */
internal fun requestHeaders(headers: Map<String, String>): Headers {
    val builder = Headers.Builder()
    for ((name, value) in headers.map { it.key.trim() to it.value.trim() }) {
        require(isHeader(name, "")) { "${if (name.any(Char::isISOControl)) "a name" else "\"$name\""} cannot be sent as the name of a header" }
        require(isHeader(name, value)) { "the value of the header \"$name\" cannot be sent; allowed: printable ASCII characters, spaces and tabs" }
        builder.add(name, value)
    }
    return builder.build()
}

private fun isHeader(name: String, value: String): Boolean =
    try {
        headersOf(name, value)
        true
    } catch (_: IllegalArgumentException) {
        false
    }
