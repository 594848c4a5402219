package dev.steadfast.socket

import dev.steadfast.DisconnectReason
import dev.steadfast.Endpoint
import dev.steadfast.Message
import dev.steadfast.MigrateHook
import dev.steadfast.Migration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import okhttp3.Headers
import okhttp3.Request
import kotlin.time.Duration

/** The connections of one socket. The engine says when one is opened, which one takes over, and which one is closed. */
internal class Legs(
    private val serial: Serial,
    private val engine: Engine,
    private val scope: CoroutineScope,
    private val options: HeldOptions,
    private val inbox: Inbox,
    private val owner: Owner,
) : Leg.Owner {
    /** Who is told what becomes of them. All of it is a change of [serial]. */
    interface Owner {
        /** Messages go over this leg from now on. */
        fun promoted(leg: Leg)

        /** No leg carries messages: the one that did has ended, or another one could not be opened. */
        fun lost(leg: Leg, end: LegEnd)

        /** Another leg carries messages still: this one was to take over, and the app failed at it. */
        fun failedToMove(leg: Leg, error: Throwable)
    }

    /** Those that the engine knows of. */
    private val known = HashMap<Long, Leg>()

    /** Those that were replaced, and still deliver. */
    private val draining = HashSet<Leg>()
    private var current: Leg? = null
    private var isClosed = false
    private val pings = options.ping?.let { Pings(it, engine) }

    /** The engine has a leg opened. */
    fun open(id: Long, endpoint: Endpoint) {
        val leg = serial.change {
            // The engine may have asked for it just before.
            if (isClosed) null else Leg(id, endpoint, inbox.Arrivals(), Signs(id, engine), scope, this).also { known[id] = it }
        }
        if (leg == null) return
        // What needs no waiting is opened at once. What asks the app does not keep the engine waiting.
        if (!options.isFixed) awaitApp(leg, Stage.ASKING)
        val start = if (options.isFixed) CoroutineStart.UNDISPATCHED else CoroutineStart.DEFAULT
        leg.scope.launch(start = start) { begin(leg) }
    }

    /** From now on, the time that a leg takes is the app's. */
    private fun awaitApp(leg: Leg, stage: Stage) {
        leg.stage = stage
        engine.awaitsApp(leg.id)
    }

    private suspend fun begin(leg: Leg) {
        val url: String
        val headers: Headers
        try {
            url = engine.url(leg.endpoint, options.path.get()) ?: return
            headers = options.headersNow()
        } catch (thrown: Throwable) {
            leg.scope.ensureActive()
            return ended(leg, LegEnd.byApp(thrown))
        }
        if (!options.isFixed) {
            leg.stage = Stage.OPENING
            engine.begun(leg.id)
        }
        try {
            leg.open(options.sockets, Request.Builder().url(url).headers(headers).build())
        } catch (refused: IllegalArgumentException) {
            // A URL that OkHttp refuses: to the engine, one that did not open.
            ended(leg, LegEnd(error = refused))
        }
    }

    override fun opened(leg: Leg): Unit = serial.change {
        if (known[leg.id] !== leg) return@change
        val from = current
        val hook = options.migrate
        serial.afterwards {
            if (from == null || hook == null) {
                engine.opened(leg.id)
            } else {
                awaitApp(leg, Stage.PREPARING)
                leg.scope.launch { prepare(leg, Migration(leg, from.endpoint), hook) }
            }
        }
    }

    private suspend fun prepare(leg: Leg, migration: Migration, hook: MigrateHook) {
        try {
            hook.migrate(migration)
        } catch (thrown: Throwable) {
            leg.scope.ensureActive()
            return ended(leg, LegEnd.byApp(thrown))
        } finally {
            migration.end()
        }
        engine.opened(leg.id)
    }

    /** The engine lets a leg take over. */
    fun promote(id: Long): Unit = serial.change {
        val leg = known[id] ?: return@change
        leg.hasTakenOver = true
        current = leg
        leg.signs.begin()
        owner.promoted(leg)
        pings?.let { serial.afterwards { leg.scope.launch { watch(leg, it) } } }
        serial.afterwards { leg.arrivals.takeTurn() }
    }

    private suspend fun watch(leg: Leg, pings: Pings) {
        try {
            pings.watch(leg)
        } catch (thrown: Throwable) {
            leg.scope.ensureActive()
            ended(leg, LegEnd.byApp(thrown))
        }
    }

    /** The engine has a leg closed. */
    fun release(id: Long, reason: DisconnectReason): Unit = serial.change {
        val leg = known.remove(id) ?: return@change
        if (leg.hasTakenOver && reason == DisconnectReason.REPLACED) drain(leg) else end(leg)
        if (current === leg) current = null
        if (reason == DisconnectReason.TIMEOUT) tell(leg, LegEnd.late(leg.stage, leg.endpoint))
    }

    /** Closes a leg that was replaced. What its server has sent is delivered, before anything of the next one. */
    private fun drain(leg: Leg) {
        val limit = engine.drainLimit(leg.endpoint, leg.signs.heardAt.takeIf { leg.signs.isHeard })
        if (limit <= Duration.ZERO) return end(leg)
        draining += leg
        leg.close()
        serial.afterwards {
            leg.scope.launch {
                delay(limit)
                leg.cancel()
                ended(leg, LegEnd())
            }
        }
    }

    override fun isForApp(message: Message, leg: Leg): Boolean {
        val isAnswer = pings?.isAnswer(message) ?: false
        if (isAnswer) leg.signs.answered()
        return !isAnswer
    }

    override fun ended(leg: Leg, end: LegEnd): Unit = serial.change {
        draining -= leg
        val wasKnown = known.remove(leg.id, leg)
        end(leg)
        if (!wasKnown) return@change
        serial.afterwards { engine.closed(leg.id, end.reported) }
        if (current === leg) current = null
        tell(leg, end)
    }

    private fun tell(leg: Leg, end: LegEnd) {
        if (current == null) owner.lost(leg, end) else if (end.isByApp && end.error != null) owner.failedToMove(leg, end.error)
    }

    /** Closes every leg, and opens no other. */
    fun close(code: Int, reason: String) {
        isClosed = true
        current = null
        val all = known.values + draining
        known.clear()
        draining.clear()
        all.forEach { end(it, code, reason) }
    }

    /** Ends a leg, once no lock is held: who collects its messages, and what the app does for it, may run at once. */
    private fun end(leg: Leg, code: Int = NORMAL, reason: String = "") = serial.afterwards { leg.end(code, reason) }
}
