package dev.steadfast

import dev.steadfast.ffi.Listener

/**
 * Passes on what the engine says: events to the link, and what is to be done about a connection to the socket that it is of.
 *
 * The native side holds it for as long as there is a listener. So that it does not hold the link as well, it forgets that at the end.
 */
internal class Relay : Listener {
    @Volatile
    var target: Steadfast? = null

    /** The sockets that the app holds, by their numbers; `null` after the end of the link. */
    private var sockets: HashMap<Long, SteadfastSocket>? = HashMap()

    /** Whose each connection is. */
    private val owners = HashMap<Long, SteadfastSocket>()
    private var numbers = 0L

    /** A number for another socket. */
    @Synchronized
    fun nextNumber(): Long = numbers++

    /** Passes on to this socket what is said of it, until [forget]; `false` if the link has ended. */
    @Synchronized
    fun hold(socket: SteadfastSocket): Boolean {
        val held = sockets ?: return false
        held[socket.number] = socket
        return true
    }

    /** The socket of this number is closed. */
    @Synchronized
    fun forget(number: Long) {
        sockets?.remove(number) ?: return
        owners.values.removeIf { it.number == number }
    }

    /** The connection of this number has ended. */
    @Synchronized
    fun forgetLeg(id: Long): SteadfastSocket? = owners.remove(id)

    /** The link has ended, and its sockets with it. */
    fun end() {
        val last = synchronized(this) {
            owners.clear()
            sockets.also { sockets = null }
        }
        last?.values?.forEach { it.close() }
        target = null
    }

    override fun onEvent(at: Long, event: Event) {
        target?.tell(event)
    }

    override fun onPersist() {
        target?.persist()
    }

    override fun onConnect(id: Long, socket: Long, endpoint: Endpoint) {
        // The app may have closed the socket since.
        val owner = synchronized(this) { sockets?.get(socket)?.also { owners[id] = it } }
        owner?.open(id, endpoint)
    }

    override fun onPromote(id: Long) {
        synchronized(this) { owners[id] }?.promote(id)
    }

    override fun onDisconnect(id: Long, reason: DisconnectReason) {
        forgetLeg(id)?.release(id, reason)
    }
}
