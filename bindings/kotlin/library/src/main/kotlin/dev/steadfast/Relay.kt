package dev.steadfast

import dev.steadfast.ffi.Listener

/** Passes on what the engine says. The native side holds it, so it lets go of the link as soon as that has ended. */
internal class Relay : Listener {
    @Volatile
    var target: Steadfast? = null

    @Volatile
    var connection: Connection? = null
        private set
    private var ended = false

    /**
     * Makes [next] the connection that follows the active endpoint, and lets [tell] the engine; `false` if there is one already. After the end there
     * is nothing to follow: [next] is closed.
     *
     * The engine is told under the same lock: the end of one connection could otherwise reach it after the next has begun, and end that.
     */
    @Synchronized
    fun hold(next: Connection, tell: () -> Unit): Boolean {
        if (connection != null) return false
        if (ended) {
            next.close()
        } else {
            connection = next
            tell()
        }
        return true
    }

    /** Lets go of [last], if it is the connection, and lets [tell] the engine. */
    @Synchronized
    fun release(last: Connection, tell: () -> Unit) {
        if (connection !== last) return
        connection = null
        tell()
    }

    /** The link has ended, and its connection with it. */
    fun end() {
        val last = synchronized(this) {
            ended = true
            connection
        }
        last?.close()
        target = null
    }

    override fun onEvent(at: Long, event: Event) {
        target?.tell(event)
    }

    override fun onPersist() {
        target?.persist()
    }

    override fun onConnect(id: Long, endpoint: Endpoint) {
        connection?.open(id, endpoint)
    }

    override fun onPromote(id: Long) {
        connection?.promote(id)
    }

    override fun onDisconnect(id: Long, reason: DisconnectReason) {
        connection?.release(id)
    }
}
