package dev.steadfast.socket

import dev.steadfast.Endpoint
import kotlin.time.Duration

/** What a socket tells the engine of its link, and asks it. After the end of the link, nothing happens. */
internal interface Engine {
    /** Milliseconds on the engine's own clock. */
    fun now(): Long

    /** The app is asked for what a connection needs, or prepares it. The engine limits how long that may take, and blames no server for it. */
    fun awaitsApp(id: Long)

    /** The app has given what a connection needs, and the server is asked to open it. */
    fun begun(id: Long)

    /** A connection is open, and ready to take over. */
    fun opened(id: Long)

    /** A connection has closed, with this close code if there was one, or did not open. */
    fun closed(id: Long, code: Int?)

    /** Something has arrived on a connection. */
    fun active(id: Long)

    /** Something is about to be sent over a connection. */
    fun sent(id: Long)

    /** An answer was due on a connection, and nothing has arrived. */
    fun silent(id: Long)

    /**
     * Where a path leads at an endpoint; `null` after the end of the link.
     *
     * @throws IllegalArgumentException if it leads elsewhere, or cannot be read.
     */
    fun url(endpoint: Endpoint, path: String): String?

    /** How long a connection may go on delivering that was replaced. [heardAt] is when something last arrived on it, if anything did. */
    fun drainLimit(endpoint: Endpoint, heardAt: Long?): Duration

    /** The socket wants another connection to the same endpoint. */
    fun reconnect(socket: Long)

    /** The socket wants no connection any more. */
    fun disconnect(socket: Long)
}
