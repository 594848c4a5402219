package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.QueueLimits
import dev.steadfast.byteCount
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** What the app sends: in its order, over the leg that carries messages, or into the queue until there is one. */
internal class Outgoing(private val serial: Serial, limits: QueueLimits, private val told: Told) {
    private val waiting = Waiting(limits)

    /** One sender at a time: those that wait for room keep their order. */
    private val turn = Mutex()
    private var way: Way = Way.Queue

    /** Which way the next message goes. */
    private sealed interface Way {
        /** No leg takes messages: it waits. */
        data object Queue : Way

        /** What has waited longer goes out first: it waits. */
        class Flush(val leg: Leg) : Way

        class Open(val leg: Leg) : Way

        class Closed(val unsent: List<Message>) : Way
    }

    /** Sends a message; `false` if it waits or was lost. */
    suspend fun send(message: Message): Boolean {
        require(message.byteCount <= Leg.MOST_BYTES) { "a message has at most ${Leg.MOST_BYTES} bytes" }
        try {
            return turn.withLock { sendInTurn(message) }
        } finally {
            // Whoever is told may send as well.
            serial.tell()
        }
    }

    private suspend fun sendInTurn(message: Message): Boolean {
        val pause = Pause()
        while (true) {
            val wasSent = serial.changeUntold { tryToSend(message) }
            if (wasSent != null) return wasSent
            pause.wait()
        }
    }

    /** `null` if the leg has no room. */
    private fun tryToSend(message: Message): Boolean? {
        when (val way = way) {
            is Way.Open -> {
                if (!way.leg.hasRoom(message)) return null
                if (way.leg.send(message)) return true
                // It is closing; what follows must not overtake.
                this.way = Way.Queue
            }
            is Way.Closed -> error("the socket is closed")
            is Way.Flush, Way.Queue -> Unit
        }
        told.queued(waiting, dropped = waiting.add(message))
        return false
    }

    /** Hands what waits to this leg, and from then on what is sent. Calls [opened] in between. */
    fun follow(leg: Leg, opened: () -> Unit) {
        way = Way.Flush(leg)
        if (flush(leg, opened)) return
        serial.afterwards {
            leg.scope.launch {
                val pause = Pause()
                do pause.wait() while (!serial.change { flush(leg, opened) })
            }
        }
    }

    /** `false` if the leg has no room for what still waits. */
    private fun flush(leg: Leg, opened: () -> Unit): Boolean {
        // Another one may have taken over.
        if ((way as? Way.Flush)?.leg !== leg) return true
        var flushed = 0
        try {
            while (true) {
                val next = waiting.first ?: break
                if (!leg.hasRoom(next)) return false
                if (!leg.send(next)) {
                    // It is closing; the next one gets the rest.
                    way = Way.Queue
                    return true
                }
                waiting.take()
                flushed++
            }
        } finally {
            if (flushed > 0) told.queued(waiting, dropped = 0)
        }
        way = Way.Open(leg)
        opened()
        return true
    }

    /** No leg takes messages. */
    fun lost() {
        if (way !is Way.Closed) way = Way.Queue
    }

    /** Nothing is sent any more. What waits can be taken back. */
    fun close() {
        if (waiting.count > 0) told.queued(waiting, dropped = 0)
        way = Way.Closed(waiting.end())
    }

    /** What was to be sent and was not. */
    fun takeUnsent(): List<Message> = serial.change {
        when (val way = way) {
            is Way.Closed -> way.unsent.also { this.way = Way.Closed(emptyList()) }
            else -> waiting.drain().also { if (it.isNotEmpty()) told.queued(waiting, dropped = 0) }
        }
    }
}
