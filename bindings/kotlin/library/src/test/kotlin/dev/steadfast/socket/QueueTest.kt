package dev.steadfast.socket

import dev.steadfast.Message
import dev.steadfast.QueueFullException
import dev.steadfast.QueueLimits
import dev.steadfast.WhenFull
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.util.IdentityHashMap

/** The queue does what all languages agree on. */
class QueueTest {
    @TestFactory
    fun `the queue does what the vectors of all languages say`(): List<DynamicTest> {
        val cases = Json.parseToJsonElement(File("../../../tests/vectors/queue.json").readText()).jsonObject.getValue("cases").jsonArray
        check(cases.size >= 15) { "only ${cases.size} cases" }
        return cases.map { it.jsonObject }.map { case -> dynamicTest(case.getValue("name").jsonPrimitive.content) { QueueCase(case).run() } }
    }
}

private class QueueCase(private val case: JsonObject) {
    private val waiting = Waiting(limits())

    /** By identity: messages of the same length are equal. */
    private val numbers = IdentityHashMap<Message, Int>()

    private fun limits(): QueueLimits {
        val written = case.getValue("limits").jsonObject
        val whenFull = when (val word = written.getValue("whenFull").jsonPrimitive.content) {
            "dropNewest" -> WhenFull.DROP_NEWEST
            "dropOldest" -> WhenFull.DROP_OLDEST
            "throw" -> WhenFull.REFUSE
            else -> error("unknown policy $word")
        }
        val limits = QueueLimits(messages = written["messages"]?.jsonPrimitive?.int, whenFull = whenFull)
        return written["bytes"]?.let { limits.copy(bytes = it.jsonPrimitive.int) } ?: limits
    }

    fun run() {
        val steps = case.getValue("steps").jsonArray.map { it.jsonObject }
        for ((step, expected) in steps zip case.getValue("expect").jsonArray.map { it.jsonObject }) {
            val did = Did().apply { make(step) }
            val what = "after $step"
            assertEquals(expected["refused"]?.jsonPrimitive?.boolean ?: false, did.refused, what)
            assertEquals(expected["dropped"]?.jsonArray.orEmpty().size, did.dropped, what)
            assertEquals(expected["handed"]?.jsonArray.orEmpty().map { it.jsonPrimitive.int }, did.handed, what)
            assertEquals(expected.getValue("messages").jsonPrimitive.int, waiting.count, what)
            assertEquals(expected.getValue("bytes").jsonPrimitive.int.toLong(), waiting.bytes, what)
        }
    }

    /** What a step did. */
    private inner class Did {
        var refused = false
        var dropped = 0
        var handed = emptyList<Int>()

        fun make(step: JsonObject) {
            when (val word = step.getValue("do").jsonPrimitive.content) {
                "add" -> add(Message.Binary(ByteArray(step.getValue("bytes").jsonPrimitive.int)))
                "flush" -> handed = List(minOf(step.getValue("takes").jsonPrimitive.int, waiting.count)) {
                    numbers.getValue(waiting.first).also { waiting.take() }
                }
                "drain" -> handed = waiting.drain().map(numbers::getValue)
                else -> error("unknown step $word")
            }
        }

        private fun add(message: Message) {
            numbers[message] = numbers.size
            try {
                dropped = waiting.add(message)
            } catch (_: QueueFullException) {
                refused = true
            }
        }
    }
}
