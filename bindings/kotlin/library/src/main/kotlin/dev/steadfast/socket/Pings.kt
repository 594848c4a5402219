package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.SocketPing
import dev.steadfast.ffi.PingStep
import dev.steadfast.ffi.Pinger
import kotlinx.coroutines.delay

/** Asks legs on which nothing arrives for a sign of life. The core decides when, and what silence means. */
internal class Pings(private val options: SocketPing, private val engine: Engine) {
    /** Whether this is an answer, which is none of the app's. */
    fun isAnswer(message: Message): Boolean = options.isAnswer?.invoke(message) ?: false

    /** Watches a leg that has just taken over. What the app's function throws is thrown. */
    suspend fun watch(leg: Leg) {
        val began = engine.now()
        // The core counts from when the leg took over: a platform's clock may begin below zero.
        Pinger(options.ping).use { pinger ->
            while (true) {
                val heard = leg.signs.heardAt - began
                val answered = if (options.isAnswer == null) heard else leg.signs.answeredAt - began
                when (val step = pinger.step(engine.now() - began, heard, answered)) {
                    is PingStep.Wait -> delay(step.time)
                    is PingStep.Ask -> {
                        leg.send(options.message())
                        delay(step.time)
                    }
                    PingStep.Silent -> engine.silent(leg.id)
                }
            }
        }
    }
}
