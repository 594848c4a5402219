package dev.steadfast

import kotlinx.coroutines.awaitCancellation
import okio.ByteString.Companion.encodeUtf8
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** What comes into a log when an app prints what it has. */
class DescribeTest {
    private fun config(preset: Preset = Preset.DEFAULT) = steadfastConfig(preset) {
        endpoint("a", connect = "wss://me:secret@a.example/live?token=secret", health = "https://me:secret@a.example/_ping?key=secret#secret") {
            health!!.check = steadfastConfig {}.check.apply { headers = listOf(Header("cookie", "secret")) }
        }
        connectivity = listOf(HealthCheck("https://c.example/?secret"))
        check { headers = listOf(Header("authorization", "Bearer secret")) }
    }

    private fun assertNoSecrets(shown: String) {
        assertFalse("secret" in shown, shown)
        assertFalse(shown.any { it.isISOControl() }, shown)
    }

    @Test
    fun `values of headers, bodies and the secrets of URLs are not shown`() {
        val config = config().apply { check { body = "secret"; expectBody = "secret" } }
        assertNoSecrets(config.toString())
        for (shown in listOf("wss://a.example/live", "https://a.example/_ping", "https://c.example/", "authorization", "cookie", "priority=0")) {
            assertTrue(shown in config.toString(), "$shown in $config")
        }
        val answer = Answer(200, listOf(Header("set-cookie", "secret")), "secret".toByteArray(), 1.milliseconds)
        assertNoSecrets("${Outcome.Answer(answer)} ${Message.Text("secret")} ${Message.Binary("secret".encodeUtf8())}")
        assertEquals("Header(name=cookie, value=..)", Header("cookie", "secret").toString())
    }

    @Test
    fun `what a link hands out shows no secrets`() {
        val waiting = object : SystemTransport() {
            override suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome = awaitCancellation()
        }
        Steadfast.start(config(), transport = waiting).use { link ->
            assertNoSecrets("${link.snapshot()} ${link.active.value} ${link.explain()} ${link.report()}")
            assertTrue("wss://a.example/live" in link.snapshot().toString())
        }
    }

    @Test
    fun `an event of a socket shows no secrets`() {
        val failed = SocketEvent.MoveFailed(Configs.endpoint("a", "wss://me:secret@a.example/?token=secret"), IllegalStateException("not\nnow"))
        assertNoSecrets("$failed")
        assertEquals("MoveFailed(to=a, error=java.lang.IllegalStateException: not\uFFFDnow)", "$failed")
    }

    @Test
    fun `a line stays a line`() {
        assertNoSecrets(Endpoint("a\nERROR b", "wss://a.example/\r\n", HealthCheck("https://a.example/\u001b[2J")).toString())
        val refused = assertThrows(ConfigException::class.java) { Configs.fromJson("""{ "a\\nERROR b": 1, "endpoints": [] }""") }
        assertTrue(refused.problems.none { problem -> "${problem.path}${problem.message}".any { it.isISOControl() } }, refused.message)
    }
}
