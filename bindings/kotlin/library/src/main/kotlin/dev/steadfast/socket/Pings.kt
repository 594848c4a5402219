package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.SocketPing
import dev.steadfast.ffi.PingStep
import dev.steadfast.ffi.Pinger
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration

/** Asks legs on which nothing arrives for a sign of life. The core decides when, and what silence means. */
internal class Pings(private val options: SocketPing, private val engine: Engine) {
    /** Whether this is an answer, which is none of the app's. */
    fun isAnswer(message: Message): Boolean = options.isAnswer?.invoke(message) ?: false

    /** Watches a leg that has just taken over. What the app's function throws is thrown. */
    suspend fun watch(leg: Leg) {
        val began = engine.now()
        val question = Question(leg, began)
        // The core counts from when the leg took over: a platform's clock may begin below zero.
        Pinger(options.ping).use { pinger ->
            while (true) {
                val now = engine.now()
                question.look(now)
                val heard = leg.signs.heardAt - began
                val answered = if (options.isAnswer == null) heard else leg.signs.answeredAt - began
                when (val step = pinger.step(now - began, heard, answered, question.movedAt - began)) {
                    is PingStep.Wait -> wait(step.time, question)
                    is PingStep.Ask -> {
                        question.ask(options.message())
                        wait(step.time, question)
                    }
                    PingStep.Silent -> engine.silent(leg.id)
                }
            }
        }
    }

    private suspend fun wait(time: Duration, question: Question) {
        withTimeoutOrNull(time) {
            // OkHttp does not tell when something has left.
            val pause = Pause(LOOK_EVERY_MILLIS)
            while (!question.hasLeft) {
                pause.wait()
                question.look(engine.now())
            }
            awaitCancellation()
        }
    }

    private companion object {
        /** How soon it is noticed that a ping has left. Looking more often would keep the device awake for as long as a network is slow. */
        const val LOOK_EVERY_MILLIS = 250L
    }
}

/** A ping on its way out of the device, behind what was sent before it. */
private class Question(private val leg: Leg, now: Long) {
    /** What has no room yet. */
    private var unsent: Message? = null

    /** How many bytes have left the device once the ping has. */
    private var end = 0L
    private var left = 0L

    /** When the ping left, or what is to be sent before it last moved on. */
    var movedAt = now
        private set
    val hasLeft get() = unsent == null && left >= end

    /** Sends a ping, as soon as there is room for it: OkHttp breaks a connection for which too much waits. */
    fun ask(ping: Message) {
        unsent = ping
        sendIfRoom()
    }

    /** Notices what has left since. */
    fun look(now: Long) {
        val before = left
        left = maxOf(before, leg.leftBytes)
        if (left == before || (unsent == null && before >= end)) return
        movedAt = now
        sendIfRoom()
    }

    private fun sendIfRoom() {
        val ping = unsent ?: return
        if (!leg.hasRoom(ping)) return
        leg.send(ping)
        unsent = null
        end = leg.handedBytes
    }
}
