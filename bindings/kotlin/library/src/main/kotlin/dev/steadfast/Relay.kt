package dev.steadfast

import dev.steadfast.ffi.Listener
import java.util.concurrent.atomic.AtomicReference

/** Passes on what the engine says. The native side holds it, so it lets go of the link as soon as that has ended. */
internal class Relay : Listener {
    @Volatile
    var target: Steadfast? = null
    val connection = AtomicReference<Connection?>()

    override fun onEvent(at: Long, event: Event) {
        target?.tell(event)
    }

    override fun onPersist() {
        target?.persist()
    }

    override fun onConnect(id: Long, endpoint: Endpoint) {
        connection.get()?.open(id, endpoint)
    }

    override fun onPromote(id: Long) {
        connection.get()?.promote(id)
    }

    override fun onDisconnect(id: Long, reason: DisconnectReason) {
        connection.get()?.release(id)
    }
}
