package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.QueueFullException
import dev.steadfast.QueueLimits
import dev.steadfast.byteCount
import dev.steadfast.ffi.Offer
import dev.steadfast.ffi.Outbox

/** The messages that wait for a connection, in their order. The core decides which of them may. */
internal class Waiting(limits: QueueLimits) {
    private val outbox = Outbox(limits)
    private val messages = ArrayDeque<Message>()

    /** How many messages wait. */
    val count: Int get() = messages.size

    /** How many bytes they have. */
    var bytes: Long = 0
        private set

    /** The message that has waited longest. */
    val first: Message? get() = messages.firstOrNull()

    /**
     * Lets a message wait, and returns how many were lost by that.
     *
     * @throws QueueFullException if there is no room, and the app wants to know.
     */
    fun add(message: Message): Int =
        when (val offer = outbox.offer(message.byteCount)) {
            is Offer.Queued -> {
                val dropped = offer.dropped.toInt()
                repeat(dropped) { forget() }
                messages += message
                bytes += message.byteCount
                dropped
            }
            Offer.Dropped -> 1
            Offer.Refused -> throw QueueFullException("$count messages ($bytes bytes) wait already")
        }

    /** The message that has waited longest waits no more. */
    fun take() {
        outbox.take()
        forget()
    }

    /** Hands back what waits. */
    fun drain(): List<Message> {
        val all = messages.toList()
        repeat(all.size) { take() }
        return all
    }

    /** Hands back what waits, and takes nothing any more. */
    fun end(): List<Message> {
        val all = drain()
        // What the core holds is let go now, and not when the garbage collector finds it.
        outbox.destroy()
        return all
    }

    private fun forget() {
        bytes -= messages.removeFirst().byteCount
    }
}
