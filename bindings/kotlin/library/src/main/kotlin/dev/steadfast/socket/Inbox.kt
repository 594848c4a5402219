package dev.steadfast.socket

import dev.steadfast.Message
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.mapNotNull
import kotlinx.coroutines.flow.update
import java.util.concurrent.TimeUnit.MILLISECONDS
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * What has arrived over a socket's connections and was not collected, one connection after the other.
 *
 * Whoever reads a connection waits here while too much is kept: then TCP holds the server back. A collector may run within each function, which is
 * therefore called without a lock.
 */
internal class Inbox {
    private val lock = ReentrantLock()
    private val room = lock.newCondition()

    /** Whose messages are delivered: those of the first until it has ended, then those of the next. */
    private val turns = MutableStateFlow(Turns(emptyList(), isLast = false))

    /** How many messages are kept of the connections that have a turn. */
    private var kept = 0

    /** Of whom a message waits, again and again; it completes after [end]. */
    private val filled: Flow<Arrivals> = flow {
        while (true) {
            val now = turns.value
            val arrivals = (if (now.isDecided) now else turns.first { it.isDecided }).order.firstOrNull() ?: break
            if (arrivals.hasNext()) emit(arrivals) else leave(arrivals)
        }
    }

    /**
     * What arrives. One collector gets each message; it completes after [end].
     *
     * A collector that was cancelled is refused by `emit`. Therefore a message is removed only behind that, just before the collector begins with it.
     */
    val messages: Flow<Message> = filled.mapNotNull { it.takeIfAny() }

    /** No connection follows. What is kept is delivered. */
    fun end() {
        turns.update { Turns(it.order, isLast = true) }
    }

    private fun leave(arrivals: Arrivals) {
        turns.update { Turns(it.order - arrivals, it.isLast) }
    }

    private class Turns(val order: List<Arrivals>, val isLast: Boolean) {
        /** Whether a collector need not wait to know whom to ask. */
        val isDecided get() = isLast || order.isNotEmpty()
    }

    /** What has arrived over one connection. */
    inner class Arrivals {
        private val messages = ArrayDeque<Message>()
        private val signal = Channel<Unit>(Channel.CONFLATED)
        private var hasTurn = false
        private var isOver = false
        private val fullness get() = if (hasTurn) kept else messages.size

        /** When a message last waited for room, by the system's nanoseconds. */
        @Volatile
        private var heldAt: Long? = null

        /** Whether a message had to wait for room lately: what came after it, as pongs, is read late. */
        val wasHeldBack: Boolean get() = heldAt?.let { System.nanoTime() - it < LATELY_NANOS } ?: false

        /** Has the messages delivered after those of the connections before. */
        fun takeTurn() {
            lock.withLock {
                hasTurn = true
                kept += messages.size
            }
            turns.update { Turns(it.order + this, it.isLast) }
        }

        /** Keeps a message, as soon as there is room. Calls [whileHeld] now and then until there is. */
        fun put(message: Message, whileHeld: () -> Unit) {
            var most = MOST
            while (true) {
                val isKept = lock.withLock {
                    if (isOver) return
                    if (fullness < most) {
                        messages += message
                        if (hasTurn) kept++
                        true
                    } else {
                        most = RESUME_BELOW
                        heldAt = System.nanoTime()
                        room.await(LOOK_EVERY_MILLIS, MILLISECONDS)
                        heldAt = System.nanoTime()
                        false
                    }
                }
                if (isKept) {
                    // A collector may run at once, without the lock.
                    signal.trySend(Unit)
                    return
                }
                whileHeld()
            }
        }

        /** The next message, as soon as there is one; `null` if none will come. */
        suspend fun take(): Message? {
            while (hasNext()) takeIfAny()?.let { return it }
            return null
        }

        /** The next message; `null` if there is none, for another collector was quicker. */
        fun takeIfAny(): Message? = lock.withLock {
            val message = messages.removeFirstOrNull() ?: return null
            if (hasTurn) kept--
            if (fullness < RESUME_BELOW) room.signalAll()
            message
        }

        /** `true` as soon as a message waits; `false` if none will come. */
        suspend fun hasNext(): Boolean {
            while (true) {
                currentCoroutineContext().ensureActive()
                val isAny = lock.withLock { if (messages.isEmpty() && !isOver) null else messages.isNotEmpty() }
                if (isAny != null) {
                    // Others may wait as well, and whoever asks here may be cancelled before it takes anything.
                    signal.trySend(Unit)
                    return isAny
                }
                try {
                    signal.receive()
                } catch (cancelled: CancellationException) {
                    // It may have been given the signal all the same.
                    signal.trySend(Unit)
                    throw cancelled
                }
            }
        }

        /** Nothing follows. What is kept is delivered, if it has its turn. */
        fun end() {
            val isDelivered = lock.withLock {
                isOver = true
                room.signalAll()
                messages.isEmpty()
            }
            signal.trySend(Unit)
            if (isDelivered) leave(this)
        }
    }

    private companion object {
        /** How many messages are kept. */
        const val MOST = 256

        /** Reading goes on when so few are left, and not for each that is taken: a thread would be woken for each. */
        const val RESUME_BELOW = MOST / 2
        const val LOOK_EVERY_MILLIS = 250L
        const val LATELY_NANOS = 5_000_000_000L
    }
}
