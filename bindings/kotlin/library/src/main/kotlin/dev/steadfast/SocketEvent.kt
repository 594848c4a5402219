package dev.steadfast

/** Whether a [SteadfastSocket] has a connection. */
public enum class SocketState {
    /** It has none for the moment: what is sent waits. */
    CONNECTING,

    /** Messages go out, and what had waited for the connection has gone out. */
    OPEN,

    /** It has ended for good: closed by the app, by the end of its link, or because another attempt would be refused as well. */
    CLOSED,
}

/** What happens to a [SteadfastSocket]. */
public sealed interface SocketEvent {
    /** A connection to this endpoint is open, after there was none. */
    public class Opened internal constructor(public val endpoint: Endpoint) : SocketEvent {
        override fun toString(): String = describe("Opened", "endpoint" to endpoint.name)
    }

    /**
     * The connection has ended, or could not be opened, and there is no other one. Another attempt follows, unless [Stopped] does.
     *
     * @property endpoint which endpoint it went to.
     * @property code the close code, if the server closed it with one.
     * @property reason what the server gave as the reason, or `timeout` if the connection was not ready in time.
     * @property error what went wrong, unless the server closed it. After a `timeout`, it says whether the server or a function of the app's own took
     * too long.
     */
    public class Lost internal constructor(
        public val endpoint: Endpoint,
        public val code: Int?,
        public val reason: String,
        public val error: Throwable?,
    ) : SocketEvent {
        override fun toString(): String = describe("Lost", "endpoint" to endpoint.name, "code" to code, "reason" to reason, "error" to error)
    }

    /**
     * Messages go over another connection, which was opened before the last one was closed.
     *
     * @property from which endpoint they went to.
     * @property to which endpoint they go to: the same one after [SteadfastSocket.reconnect].
     */
    public class Moved internal constructor(public val from: Endpoint, public val to: Endpoint) : SocketEvent {
        override fun toString(): String = describe("Moved", "from" to from.name, "to" to to.name)
    }

    /**
     * A connection that was to take over did not come about, by the app's own doing: a function of its own failed or took too long. The socket stays
     * where it is, and tries again later.
     *
     * @property to which endpoint the connection went to.
     * @property error what the function threw, or which one took too long.
     */
    public class MoveFailed internal constructor(public val to: Endpoint, public val error: Throwable) : SocketEvent {
        override fun toString(): String = describe("MoveFailed", "to" to to.name, "error" to error)
    }

    /**
     * What waits for a connection has changed. Changes that follow each other closely are one event.
     *
     * @property messages how many messages wait.
     * @property bytes how many bytes they have.
     * @property dropped how many were lost since the last event of this kind, because there was no room.
     */
    public data class Queue internal constructor(public val messages: Int, public val bytes: Long, public val dropped: Int) : SocketEvent

    /** The socket is closed, because another attempt would be refused as the last one was. */
    public data class Stopped internal constructor(public val reason: StopReason) : SocketEvent
}

/** Why a [SteadfastSocket] connects no more. */
public enum class StopReason {
    /** The server closed the connection with one of [SocketOptions.stopCodes]. */
    CLOSE_CODE,

    /** The server answered 401 or 403 instead of opening a WebSocket. */
    UNAUTHORIZED,
}

/** Is told messages and events, for callers that do not collect flows; see [SteadfastSocket.addListener]. */
public interface SocketListener {
    /** A message has arrived. */
    public fun onMessage(message: Message) {}

    /** Something has happened. */
    public fun onEvent(event: SocketEvent) {}
}

/** Is told what became of a message; see [SteadfastSocket.send]. */
public fun interface SendCallback {
    /**
     * The message was handed over or not, as [SteadfastSocket.send] would return it.
     *
     * @param failure what [SteadfastSocket.send] would have thrown.
     */
    public fun onSent(sent: Boolean, failure: Exception?)
}

/** There is no room for a message, and [QueueLimits.whenFull] is [WhenFull.REFUSE]. */
public class QueueFullException internal constructor(message: String) : RuntimeException(message)
