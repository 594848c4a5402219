package dev.steadfast.socket

import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * Changes the state of a socket one at a time, and tells others of it afterwards, in the order of the changes.
 *
 * The lock is let go of before others are told. Collectors and other functions of the app may run at once then, and may therefore call back.
 */
internal class Serial {
    private val lock = ReentrantLock()
    private val untold = ArrayDeque<() -> Unit>()
    private var isTelling = false

    /** Makes a change. */
    fun <T> change(work: () -> T): T =
        try {
            changeUntold(work)
        } finally {
            tell()
        }

    /** Makes a change that others are told of by [tell], for a caller that holds something that they may want. */
    fun <T> changeUntold(work: () -> T): T = lock.withLock(work)

    /** Runs [tell] after the change that is being made. */
    fun afterwards(tell: () -> Unit) {
        check(lock.isHeldByCurrentThread) { "only within a change" }
        untold += tell
    }

    /** Tells others of what has changed. Within a change, that is left to its end. */
    fun tell() {
        if (lock.isHeldByCurrentThread) return
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
