package dev.steadfast

import kotlinx.validation.api.dump
import kotlinx.validation.api.filterOutNonPublic
import kotlinx.validation.api.loadApiFromJvmClasses
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.inputStream
import kotlin.io.path.invariantSeparatorsPathString
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** The public API is as it is written down, so that a change of it shows in a diff. */
class ApiTest {
    @Test
    fun `the public API is as it is written down`() {
        val written = Path.of("../../../docs/api/kotlin.api")
        val now = api()
        if (System.getProperty("steadfast.api") == "write") written.writeText(now)
        assertEquals(written.readText(), now, "if it is meant so, run `cargo xtask api`")
    }

    private fun api(): String = Files.walk(Path.of("target/classes")).use { files ->
        val classes = files.filter { it.extension == "class" && !CROSSING.containsMatchIn(it.invariantSeparatorsPathString) }
        val seen = classes.sorted().iterator().asSequence().map { it.inputStream() }
        seen.loadApiFromJvmClasses().filterOutNonPublic().dump(StringBuilder()).toString()
    }

    private companion object {
        /** What UniFFI makes public that types cross by. */
        val CROSSING = Regex("/ffi/(?!ClockReading)|/(FfiConverter|Uniffi|RustBuffer|NoHandle|Disposable|InternalException)")
    }
}
