package dev.steadfast

import dev.steadfast.ffi.stopCodes as defaultStopCodes
import dev.steadfast.socket.Fixed
import dev.steadfast.socket.checkProtocols
import dev.steadfast.socket.requestHeaders
import okhttp3.Dispatcher
import okhttp3.OkHttpClient
import okhttp3.WebSocket
import java.util.concurrent.TimeUnit

/**
 * Is asked for a value for each connection, as for a token that expires.
 *
 * If it throws, or has not returned within the config's `connectTimeout`, it is cancelled and the attempt to connect ends. No server is blamed, and it
 * is asked again for the next attempt. [SocketEvent.Lost] tells what went wrong, or [SocketEvent.MoveFailed] if another connection carries messages
 * still.
 */
public fun interface Provider<out T> {
    /** The value for the next connection. */
    public suspend fun get(): T
}

/** Prepares a connection before messages go over it; see [SocketOptions.onMigrate]. */
public fun interface MigrateHook {
    /** Returns when the connection is ready. */
    public suspend fun migrate(migration: Migration)
}

/** Options of a socket that [build] sets. */
public fun socketOptions(build: (@SteadfastDsl SocketOptions).() -> Unit): SocketOptions = SocketOptions().apply(build)

/**
 * How a [SteadfastSocket] is held. They are read when the socket is made; what is changed afterwards has no effect on it.
 *
 * ```kotlin
 * val options = socketOptions {
 *     queue = QueueLimits(messages = 100, whenFull = WhenFull.DROP_OLDEST)
 *     headers { mapOf("Authorization" to "Bearer ${tokens.fresh()}") }
 *     ping(Ping(every = 20.seconds, within = 2.seconds), { Message.Text("ping") })
 * }
 * ```
 */
public class SocketOptions {
    /** How much may wait for a connection; by default any number of messages with 16 MiB together. */
    public var queue: QueueLimits = QueueLimits()

    /** Close codes that end the socket, for another attempt would meet the same; by default 4401 and 4403. */
    public var stopCodes: List<Int> = defaultStopCodes().map { it.toInt() }
        set(codes) {
            require(codes.all { it in 0..CODES }) { "a close code is a number from 0 to $CODES" }
            field = codes
        }

    /**
     * What opens WebSockets; by default OkHttp with pings every 20 s. An `OkHttpClient` of the app's own opens 64 at the same time, unless its
     * dispatcher allows more.
     */
    public var sockets: WebSocket.Factory = DEFAULT_SOCKETS

    internal var protocols: Provider<List<String>> = Fixed(emptyList())
        private set
    internal var headers: Provider<Map<String, String>> = Fixed(emptyMap())
        private set
    internal var migrate: MigrateHook? = null
        private set
    internal var ping: SocketPing? = null
        private set

    /**
     * Offers these subprotocols to the server.
     *
     * @throws IllegalArgumentException if one of them is not a valid subprotocol. It says which one by its position: a subprotocol may be a token.
     */
    public fun protocols(vararg protocols: String) {
        this.protocols = Fixed(protocols.toList().also(::checkProtocols))
    }

    /** Asks [provider] for each connection which subprotocols are offered. What is no subprotocol is as what the provider throws. */
    public fun protocols(provider: Provider<List<String>>) {
        protocols = provider
    }

    /**
     * Sends these headers with each request for a connection.
     *
     * @throws IllegalArgumentException if a name or a value cannot be sent. It names the header, and does not show the value.
     */
    public fun headers(headers: Map<String, String>) {
        requestHeaders(headers)
        this.headers = Fixed(headers.toMap())
    }

    /** Asks [provider] for each connection which headers go with its request. A header that cannot be sent is as what the provider throws. */
    public fun headers(provider: Provider<Map<String, String>>) {
        headers = provider
    }

    /**
     * Lets [hook] prepare each connection that is to take over from an open one: a subscription can be made before messages go over it. Until the
     * hook returns, they go over the last one. A hook that throws, or has not returned within `connectTimeout`, gives the new connection up: messages go
     * on over the last one, no server is blamed, and [SocketEvent.MoveFailed] tells what went wrong.
     */
    public fun onMigrate(hook: MigrateHook) {
        migrate = hook
    }

    /**
     * Asks a connection on which nothing arrives for a sign of life, in the words of the app's own protocol.
     *
     * [Ping.within] must be longer than the largest message takes on the slowest network that counts: what waits ahead of the ping is seen to move
     * message by message.
     *
     * @param ping when it is asked, and how soon it must answer.
     * @param message gives what is sent.
     * @param isAnswer recognises the answer: then nothing else will do. The answer is not delivered.
     */
    @JvmOverloads
    public fun ping(ping: Ping, message: () -> Message, isAnswer: ((Message) -> Boolean)? = null) {
        require(ping.every.isPositive() && ping.within.isPositive()) { "the times of a ping are longer than 0" }
        this.ping = SocketPing(ping, message, isAnswer)
    }

    private companion object {
        const val CODES = 0xFFFF
        const val PING_SECONDS = 20L

        /** How long a server may take to answer a close. */
        const val CLOSE_SECONDS = 2L

        val DEFAULT_SOCKETS: WebSocket.Factory by lazy {
            OkHttpClient.Builder()
                // Each WebSocket takes one of the dispatcher's places for as long as it lives.
                .dispatcher(Dispatcher().apply { maxRequests = Int.MAX_VALUE })
                // A socket never leaves its endpoint's host, nor do its headers.
                .followRedirects(false)
                .pingInterval(PING_SECONDS, TimeUnit.SECONDS)
                .webSocketCloseTimeout(CLOSE_SECONDS, TimeUnit.SECONDS)
                .build()
        }
    }
}

/** How a silent connection is asked. */
internal class SocketPing(val ping: Ping, val message: () -> Message, val isAnswer: ((Message) -> Boolean)?)
