package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.text
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.util.Collections
import kotlin.random.Random
import kotlin.time.Duration.Companion.seconds

/** Collectors that end while messages wait. */
class InboxTest {
    private val inbox = Inbox()
    private val arrivals = inbox.Arrivals().apply { takeTurn() }

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(20.seconds, work) }

    private fun arrive(numbers: IntRange) = numbers.forEach { arrivals.put(Message.Text("$it")) {} }

    private fun end() {
        arrivals.end()
        inbox.end()
    }

    private suspend fun rest() = inbox.messages.toList().map { it.text }

    @Test
    fun `a collector that is cancelled takes no other message with it`() = promptly {
        arrive(1..3)
        val came = mutableListOf<String>()
        coroutineScope {
            launch {
                inbox.messages.collect { message ->
                    came += message.text
                    cancel()
                }
            }
        }
        end()
        assertEquals(listOf("1"), came)
        assertEquals(listOf("2", "3"), rest())
    }

    @Test
    fun `a message that a collector has begun with is not delivered again`() = promptly {
        arrive(1..6)
        val failed = runCatching { inbox.messages.collect { error(it.text) } }
        assertEquals("1", failed.exceptionOrNull()?.message)
        val came = mutableListOf<String>()
        val waiting = launch(start = CoroutineStart.UNDISPATCHED) {
            inbox.messages.collect { message ->
                came += message.text
                awaitCancellation()
            }
        }
        waiting.cancelAndJoin()
        assertEquals(listOf("2"), came)
        assertEquals("3", inbox.messages.first().text)
        assertEquals(listOf("4", "5"), inbox.messages.take(2).toList().map { it.text })
        end()
        assertEquals(listOf("6"), rest())
    }

    @Test
    fun `each message is delivered once, whenever collectors are cancelled`() = promptly {
        val came = Collections.synchronizedList(mutableListOf<String>())
        val random = Random(1)
        val arriving = launch(Dispatchers.IO) {
            arrive(1..MANY)
            end()
        }
        var isAll = false
        while (!isAll) {
            val collecting = List(2) {
                launch(Dispatchers.Default) {
                    inbox.messages.collect { came += it.text }
                    isAll = true
                }
            }
            val until = System.nanoTime() + random.nextInt(200_000)
            while (System.nanoTime() < until) Thread.onSpinWait()
            collecting.forEach { it.cancel() }
            collecting.forEach { it.join() }
        }
        arriving.join()
        val numbers = came.map { it.toInt() }
        assertEquals(emptyList<Int>(), (1..MANY) - numbers.toSet(), "lost")
        assertEquals(MANY, numbers.size, "once")
    }

    private companion object {
        const val MANY = 20_000
    }
}
