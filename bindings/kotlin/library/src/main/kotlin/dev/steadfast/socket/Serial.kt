package dev.steadfast.socket

import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * Changes the state of a socket one at a time, and tells others of it afterwards, in the order of the changes.
 *
 * The lock is let go of before others are told. A collector that runs at once may therefore call back.
 */
internal class Serial {
    private val lock = ReentrantLock()
    private val untold = ArrayDeque<() -> Unit>()
    private var isTelling = false

    /** Makes a change. */
    fun <T> change(work: () -> T): T =
        try {
            lock.withLock(work)
        } finally {
            if (!lock.isHeldByCurrentThread) tell()
        }

    /** Runs [tell] after the change that is being made. */
    fun afterwards(tell: () -> Unit) {
        check(lock.isHeldByCurrentThread) { "only within a change" }
        untold += tell
    }

    private fun tell() {
        while (true) {
            // Whoever is telling already goes on with it.
            val next = lock.withLock { if (isTelling) null else untold.removeFirstOrNull()?.also { isTelling = true } } ?: return
            try {
                next()
            } finally {
                lock.withLock { isTelling = false }
            }
        }
    }
}
