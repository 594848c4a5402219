package dev.steadfast

import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import java.io.File
import java.net.Socket
import java.net.URI
import java.util.concurrent.TimeUnit

/** Real servers that misbehave on command, in a process of their own. */
internal class Testbed : AutoCloseable {
    private val process: Process
    private val control: String
    private val client = OkHttpClient()

    /** Endpoints by name: where to connect, and the health check's URL. */
    val endpoints: Map<String, Pair<String, String>>

    init {
        val binary = File("../../../target/debug/steadfast-testbed")
        check(binary.exists()) { "$binary is missing: `cargo build --package steadfast-testbed` builds it" }
        process = ProcessBuilder(
            binary.path, "--control", "127.0.0.1:0", "--endpoint", "primary=127.0.0.1:0", "--endpoint", "secondary=127.0.0.1:0",
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val lines = process.inputStream.bufferedReader().lineSequence().map { it.split(Regex(" +")) }
        val found = mutableMapOf<String, Pair<String, String>>()
        var printed = ""
        for (words in lines) {
            if (words[0] == "control") {
                printed = words[1]
                break
            }
            found[words[0]] = words[1] to words[2]
        }
        control = printed
        endpoints = found
    }

    fun config() = Configs.of(endpoints.toSortedMap().map { (name, urls) -> Configs.endpoint(name, urls.first, urls.second) })

    /** Puts a fault, as JSON, on an endpoint. */
    fun fault(endpoint: String, fault: String) {
        val request = Request.Builder().url("$control/$endpoint/fault").header("content-type", "application/json").post(fault.toRequestBody())
        client.newCall(request.build()).execute().use { check(it.isSuccessful) { "the testbed says ${it.code}: ${it.body.string()}" } }
    }

    /** Ends a server, and waits until nobody listens any more. */
    fun end(endpoint: String) {
        fault(endpoint, "\"kill\"")
        val url = URI(endpoints.getValue(endpoint).first)
        while (runCatching { Socket(url.host, url.port).close() }.isSuccess) Thread.sleep(5)
    }

    override fun close() {
        process.destroy()
        check(process.waitFor(10, TimeUnit.SECONDS)) { "the testbed does not end" }
    }
}
