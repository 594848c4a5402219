package dev.steadfast

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.intOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File
import kotlin.time.Duration.Companion.milliseconds

/** Every scenario goes here as it goes in Rust: the same events at the same milliseconds, through the public interface. */
class ScenariosTest {
    @TestFactory
    fun `every scenario goes as in Rust`(): List<DynamicTest> {
        val scripts = SCENARIOS.listFiles { file -> file.extension == "json" }.orEmpty().sorted()
        check(scripts.size >= 20) { "only ${scripts.size} scripts in $SCENARIOS; `cargo xtask kotlin` writes them" }
        return scripts.map { file ->
            dynamicTest(file.nameWithoutExtension) {
                results[file.nameWithoutExtension] = JsonPrimitive("it failed; the test's message says why")
                val events = Replay(Json.parseToJsonElement(file.readText()).jsonObject).run()
                results[file.nameWithoutExtension] = JsonPrimitive(events)
            }
        }
    }

    private companion object {
        val SCENARIOS = File("../../../target/scenarios")
        val results = sortedMapOf<String, JsonElement>()

        @AfterAll
        @JvmStatic
        fun writeResults() {
            File(SCENARIOS, "results").mkdirs()
            File(SCENARIOS, "results/kotlin.json").writeText(JsonObject(results).toString())
        }
    }
}

/** Plays the world of a script, and compares. */
private class Replay(private val script: JsonObject) {
    private val world = VirtualWorld()
    private val scope = CoroutineScope(world + Job())
    private val link = Steadfast.start(Configs.fromJson(script.getValue("config").toString()), scope, world, script.number("seed"))
    private val sockets = FakeSockets(world)
    private val events = mutableListOf<JsonElement>()
    private var connection: Connection? = null

    /** Returns how many events were the same. */
    fun run(): Int {
        scope.launch(start = CoroutineStart.UNDISPATCHED) {
            link.events.collect { events += told(world.now, it) }
        }
        val inputs = ArrayDeque(script.getValue("inputs").jsonArray.map { it.jsonObject })
        // What holds from the start on is told before the engine runs.
        while (inputs.firstOrNull()?.let { it.number("atMs") == 0L && !it.isArrival } == true) tell(inputs.removeFirst())
        world.settle()
        val end = script.number("durationMs")
        var asleepUntil = 0L
        val grid = script["timersMs"]?.jsonPrimitive?.long ?: 1
        while (true) {
            val input = inputs.firstOrNull()
            val timer = world.nextTimer?.coerceAtLeast(asleepUntil)?.let { (it + grid - 1) / grid * grid }
            val inputIsNext = input != null && (timer == null || input.number("atMs") < timer || (input.number("atMs") == timer && input.isPossible))
            val next = (if (inputIsNext) input.number("atMs") else timer) ?: break
            if (next > end) break
            world.advanceTo(next)
            when {
                !inputIsNext -> world.fireTimer()
                input.word == "sleeps" -> asleepUntil = next + inputs.removeFirst().number("durationMs")
                else -> tell(inputs.removeFirst())
            }
        }
        compare()
        val same = events.size
        link.close()
        world.settle()
        return same
    }

    /** The word of a message to an engine, or of what happens in the world. */
    private val JsonObject.word get() = (get("message") ?: getValue("world")).jsonPrimitive.content

    private val JsonObject.isArrival get() = word in setOf("failure", "answer", "opened", "closed", "received")

    private val JsonObject.isPossible get() = word !in setOf("failure", "answer") || world.isChecking(text("endpoint"), number("number").toInt())

    private fun tell(input: JsonObject) {
        when (input.word) {
            "failure" -> world.answer(input.text("endpoint"), input.number("number").toInt(), Outcome.Failure(FailureKind.entries.first { it.word == input.text("kind") }))
            "answer" -> world.answer(input.text("endpoint"), input.number("number").toInt(), answer(input))
            "opened" -> sockets.listener(input.number("id")).run { onOpen(sockets, RESPONSE) }
            "closed" -> sockets.close(input.number("id"), input.getValue("code").jsonPrimitive.intOrNull)
            "received" -> sockets.listener(input.number("id")).onMessage(sockets, "a message")
            "sent" -> connection?.send("a request")
            "network" -> link.setNetwork(Network.valueOf(input.text("network").uppercase()))
            "lifecycle" -> link.setLifecycle(Lifecycle.valueOf(input.text("lifecycle").uppercase()))
            "checkNow" -> link.checkNow {}
            "beginMaintenance" -> link.beginMaintenance(input.text("endpoint"))
            "endMaintenance" -> link.endMaintenance(input.text("endpoint"))
            "isolate" -> link.isolate(input.text("endpoint"))
            "release" -> link.release(input.text("endpoint"))
            "reportSuccess" -> link.reportSuccess(input.text("endpoint"))
            "reportFailure" -> link.reportFailure(input.text("endpoint"))
            "prefer" -> link.prefer(input.getValue("endpoint").jsonPrimitive.contentOrNull)
            "setEndpoints" -> link.setEndpoints(Configs.fromJson("""{"endpoints":${input.getValue("endpoints")}}""").endpoints)
            "connect" -> connection = link.connect(sockets).also { scope.launch { it.messages.collect {} } }
            "disconnect" -> connection?.close()
            "reconnect" -> connection?.reconnect()
            "stop" -> link.close()
            else -> error("unknown input $input")
        }
        world.settle()
    }

    private fun answer(input: JsonObject): Outcome {
        val headers = input.getValue("headers").jsonObject.map { (name, value) -> Header(name, value.jsonPrimitive.content) }
        val status = input.getValue("status").jsonPrimitive.int
        return Outcome.Answer(Answer(status, headers, input.text("body").toByteArray(), input.number("latencyMs").milliseconds))
    }

    private fun compare() {
        val checks = script.getValue("checks").jsonArray.map { it.jsonObject }
            .map { VirtualWorld.BegunCheck(it.number("atMs"), it.text("endpoint"), it.number("timeoutMs")) }
        assertSame("event", script.getValue("events").jsonArray, events)
        // Those that begin in the same millisecond begin on threads of their own, in any order.
        val order = compareBy(VirtualWorld.BegunCheck::atMs, VirtualWorld.BegunCheck::endpoint)
        assertSame("check", checks.sortedWith(order), world.begun.sortedWith(order))
        val connections = script.getValue("connections").jsonArray.map { it.jsonObject }.map { it.number("atMs") to it.text("endpoint") }
        assertSame("connection", connections, sockets.opened)
    }

    /** Says the first difference; the lists are long. */
    private fun assertSame(what: String, expected: List<Any>, came: List<Any>) {
        for (index in 0 until maxOf(expected.size, came.size)) {
            assertEquals(expected.getOrNull(index), came.getOrNull(index), "$what number $index")
        }
    }

    private fun told(at: Long, event: Event) = buildJsonObject {
        put("at_ms", JsonPrimitive(at))
        Json.parseToJsonElement(event.toJson()).jsonObject.forEach { (name, value) -> put(name, value) }
    }
}

/** Opens nothing: each socket does what the script says. */
private class FakeSockets(private val world: VirtualWorld) : WebSocket.Factory, WebSocket {
    private val listeners = mutableListOf<WebSocketListener>()
    val opened = mutableListOf<Pair<Long, String>>()

    override fun newWebSocket(request: Request, listener: WebSocketListener): WebSocket {
        listeners += listener
        opened += world.now to request.url.host.removeSuffix(".example")
        return this
    }

    /** The engine counts connections from one. */
    fun listener(id: Long) = listeners[id.toInt() - 1]

    fun close(id: Long, code: Int?) {
        if (code == null) listener(id).onFailure(this, java.io.IOException("reset"), null) else listener(id).onClosing(this, code, "")
    }

    override fun request() = RESPONSE.request
    override fun queueSize() = 0L
    override fun send(text: String) = true
    override fun send(bytes: ByteString) = true
    override fun close(code: Int, reason: String?) = true
    override fun cancel() = Unit
}

private val RESPONSE = Response.Builder()
    .request(Request.Builder().url("http://fake.invalid/").build())
    .protocol(okhttp3.Protocol.HTTP_1_1)
    .code(101)
    .message("Switching Protocols")
    .build()

private val FailureKind.word get() = name.lowercase().replace(Regex("_(.)")) { it.groupValues[1].uppercase() }

private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.content

private fun JsonObject.number(name: String) = getValue(name).jsonPrimitive.long

