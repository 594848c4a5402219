package dev.steadfast

import dev.steadfast.ffi.ClockReading
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.lang.ref.WeakReference
import kotlin.coroutines.resume
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

private val CONFIG get() = steadfastConfig {
    endpoint("a", "wss://a.example/", "https://a.example/")
    endpoint("b", "wss://b.example/", "https://b.example/")
}

private val OK = Outcome.Answer(Answer(200, emptyList(), ByteArray(0), 1.milliseconds))

/** Answers as it is told to. */
private open class Scripted(private val answer: suspend (Endpoint) -> Outcome) : SystemTransport() {
    override suspend fun check(endpoint: Endpoint, timeout: Duration) = answer(endpoint)
}

class SteadfastTest {
    private val scope = CoroutineScope(Dispatchers.Default + Job())

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(20.seconds, work) }

    @Test
    fun `everything wrong with a config is told at once`() {
        val wrong = steadfastConfig {
            endpoint("b", "no url", "ws://b.example/")
            endpoint("", "wss://a.example/", "https://a.example/") { priority = -1; weight = 5_000 }
            check { timeout = 1.milliseconds; expectStatus = listOf(StatusPattern.Code(70_000)) }
            failureThreshold = 0
        }
        val refused = assertThrows(ConfigException::class.java) { Steadfast.start(wrong, scope) }
        val paths = refused.problems.map { it.path }
        assertEquals(
            listOf(
                "endpoints[0].connect",
                "endpoints[0].health.url",
                "endpoints[1].priority",
                "endpoints[1].name",
                "endpoints[1].weight",
                "check.expectStatus[0]",
                "check.timeout",
                "failureThreshold",
            ),
            paths,
            refused.message,
        )
        assertTrue("endpoints[1].priority: -1 is out of range, allowed: 0 to 1000" in refused.message!!, refused.message)
        assertTrue("failureThreshold: 0 is out of range, allowed: 1 to 100" in refused.message!!, refused.message)
    }

    @Test
    fun `JSON that is none, and JSON that is wrong, are told`() {
        val broken = assertThrows(ConfigException::class.java) { Configs.fromJson("{") }
        assertTrue("not JSON" in broken.message!!, broken.message)
        val misspelt = assertThrows(ConfigException::class.java) { Configs.fromJson("""{ "endpoints": [], "chekc": {} }""") }
        assertEquals(2, misspelt.problems.size, misspelt.message)
        assertTrue("did you mean `check`?" in misspelt.message!!, misspelt.message)
    }

    @Test
    fun `a config written as JSON reads back as the same`() {
        val config = CONFIG.apply {
            check { interval = 5.seconds; expectStatus = listOf(StatusPattern.Code(204)) }
            suspectInterval = null
        }
        val read = Configs.fromJson(Configs.toJson(config))
        assertEquals(read, Configs.fromJson(Configs.toJson(read)))
        assertEquals(5.seconds, read.check.interval)
        assertEquals(listOf(StatusPattern.Code(204)), read.check.expectStatus)
        assertNull(read.suspectInterval)
    }

    @Test
    fun `a transport that throws makes failed checks, whatever it throws`() = promptly {
        for (thrown in listOf(IllegalStateException("mine"), StackOverflowError("mine"), java.util.concurrent.CancellationException("mine"))) {
            val link = Steadfast.start(CONFIG, scope, Scripted { throw thrown })
            val report = link.checkNow()
            assertEquals(FailureKind.UNEXPECTED, report?.failure, "$thrown")
            link.close()
            link.job.join()
        }
    }

    @Test
    fun `a transport that never returns times out`() = promptly {
        val config = CONFIG.apply { check { timeout = 50.milliseconds; minTimeout = 50.milliseconds } }
        val cancelled = CompletableDeferred<Unit>()
        val link = Steadfast.start(config, scope, Scripted {
            try {
                awaitCancellation()
            } finally {
                cancelled.complete(Unit)
            }
        })
        assertEquals(FailureKind.TIMEOUT, link.checkNow()?.failure)
        cancelled.await()
        link.close()
    }

    @Test
    fun `who waits for a check can be cancelled`() = promptly {
        val link = Steadfast.start(CONFIG, scope, Scripted { awaitCancellation() })
        var wentOn = false
        val waiting = launch {
            link.checkNow()
            wentOn = true
        }
        kotlinx.coroutines.delay(50.milliseconds)
        waiting.cancelAndJoin()
        assertFalse(wentOn)
        link.close()
    }

    @Test
    fun `a failure that the app reports is looked into at once`() = promptly {
        val link = Steadfast.start(CONFIG.apply { check { interval = 600.seconds } }, scope, Scripted { OK })
        link.checkNow()
        // The event of this check may come a moment after its answer.
        kotlinx.coroutines.delay(100.milliseconds)
        val checked = async(start = CoroutineStart.UNDISPATCHED) { link.events.first { it is Event.Check && it.report.endpoint == "a" } }
        link.reportSuccess("a")
        kotlinx.coroutines.delay(100.milliseconds)
        assertFalse(checked.isCompleted)
        link.reportFailure("a")
        checked.await()
        assertThrows(IllegalArgumentException::class.java) { link.reportSuccess("c") }
        link.close()
    }

    @Test
    fun `a transport that returns twice is heard once`() = promptly {
        var refusals = 0
        val link = Steadfast.start(CONFIG, scope, Scripted {
            suspendCancellableCoroutine { answer ->
                answer.resume(OK)
                runCatching { answer.resume(Outcome.Failure(FailureKind.RESET)) }.onFailure { refusals++ }
            }
        })
        assertNull(link.checkNow()?.failure)
        assertTrue(refusals > 0)
        link.close()
    }

    @Test
    fun `a transport that returns after the stop does no harm`() = promptly {
        val asked = CompletableDeferred<Unit>()
        val link = Steadfast.start(CONFIG, scope, Scripted {
            asked.complete(Unit)
            // It does not care that it is cancelled.
            runBlocking { kotlinx.coroutines.delay(200.milliseconds) }
            OK
        })
        asked.await()
        link.close()
        link.job.join()
        assertEquals(State.STOPPED, link.snapshot().state)
        kotlinx.coroutines.delay(400.milliseconds)
    }

    @Test
    fun `a transport without a timer ends the watching and nothing else`() = promptly {
        val broken = object : Scripted({ OK }) {
            override suspend fun sleep(duration: Duration): Unit = error("no timers left")
        }
        val link = Steadfast.start(CONFIG, scope, broken)
        link.job.join()
        assertTrue("no timers left" in "${link.failure}")
        assertTrue(scope.isActive)
    }

    @Test
    fun `a clock that throws stands still`() = promptly {
        val broken = object : Scripted({ OK }) {
            override fun now(): ClockReading = error("no clock")
        }
        val link = Steadfast.start(CONFIG, scope, broken)
        assertNull(link.checkNow()?.failure)
        link.close()
    }

    @Test
    fun `it ends with its scope, and then nothing does harm`() = promptly {
        val link = Steadfast.start(CONFIG, scope, Scripted { OK })
        link.events.first { it is Event.Check }
        scope.cancel()
        link.job.join()
        assertEquals(State.STOPPED, link.snapshot().state)
        assertEquals("a", link.active.value.name)
        assertNull(link.checkNow())
        link.prefer("b")
        link.setNetwork(Network.OFFLINE)
        link.setLifecycle(Lifecycle.BACKGROUND)
        link.setEndpoints(emptyList())
        link.close()
        link.close()
    }

    @Test
    fun `endpoints can be replaced, and nonsense changes nothing`() = promptly {
        val link = Steadfast.start(CONFIG, scope, Scripted { OK })
        assertThrows(ConfigException::class.java) { link.setEndpoints(emptyList()) }
        assertThrows(IllegalArgumentException::class.java) { link.prefer("c") }
        link.setEndpoints(listOf(Configs.endpoint("c", "wss://c.example/", "https://c.example/")))
        assertEquals("c", link.active.first { it.name == "c" }.name)
        link.close()
    }

    @Test
    fun `a thousand starts and stops leave nothing behind`() = promptly {
        fun handles() = dev.steadfast.ffi.uniffiForeignFutureHandleCount()
        val handlesBefore = handles()
        val links = List(1_000) {
            val link = Steadfast.start(CONFIG, scope, Scripted { OK })
            link.checkNow()
            link.close()
            link.job.join()
            WeakReference(link)
        }
        fun alive() = links.count { it.get() != null }
        // The last one may still be on a stack.
        for (attempt in 1..50) if (alive() <= 1) break else { System.gc(); kotlinx.coroutines.delay(50.milliseconds) }
        println("Kotlin: 1,000 starts and stops: ${handles() - handlesBefore} handles of the native side and ${alive()} links left after GC")
        assertEquals(handlesBefore, handles())
        assertTrue(alive() <= 1, "${alive()} links are still alive")
    }
}
