package dev.steadfast

import dev.steadfast.socket.Leg
import dev.steadfast.socket.hand
import java.io.IOException

/**
 * A connection that is open and about to take over from another one; see [SocketOptions.onMigrate]. It is of use until the hook returns.
 *
 * @property from the endpoint that messages go to so far.
 * @property to the endpoint of the new connection.
 */
public class Migration internal constructor(private val leg: Leg, public val from: Endpoint) {
    public val to: Endpoint get() = leg.endpoint

    @Volatile
    private var isOver = false

    /**
     * Sends a message over the new connection.
     *
     * @throws IOException if that has broken.
     */
    public suspend fun send(message: Message) {
        check(!isOver) { "the hook has returned" }
        if (!leg.hand(message)) throw broken()
    }

    /** Sends a text over the new connection. */
    public suspend fun send(text: String): Unit = send(Message.Text(text))

    /**
     * The next message that the server of the new connection has sent. It is not delivered to the app again; what the hook leaves is delivered after
     * the take-over.
     *
     * @throws IOException if the connection has broken.
     */
    public suspend fun receive(): Message {
        check(!isOver) { "the hook has returned" }
        return leg.arrivals.take() ?: throw broken()
    }

    internal fun end() {
        isOver = true
    }

    private fun broken() = IOException("the connection to ${leg.endpoint.name} has broken")
}
