package dev.steadfast.socket

import dev.steadfast.MigrateHook
import dev.steadfast.Provider
import dev.steadfast.SocketOptions
import okhttp3.Headers
import okhttp3.Headers.Companion.toHeaders

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
        val offered = protocols.get().onEach(::checkProtocol)
        val builder = headers.get().toHeaders().newBuilder()
        if (offered.isNotEmpty()) builder["Sec-WebSocket-Protocol"] = offered.joinToString()
        return builder.build()
    }
}

/** What a subprotocol may be (RFC 6455, section 4.1). */
private val TOKEN = Regex("[\\w!#$%&'*+.^`|~-]+")

internal fun checkProtocol(protocol: String) {
    require(TOKEN.matches(protocol)) { "\"$protocol\" is no subprotocol; allowed: letters, digits and !#$%&'*+-.^_`|~" }
}
