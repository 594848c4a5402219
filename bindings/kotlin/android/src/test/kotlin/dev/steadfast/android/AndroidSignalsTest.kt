package dev.steadfast.android

import android.app.Activity
import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import dev.steadfast.Answer
import dev.steadfast.Endpoint
import dev.steadfast.Event
import dev.steadfast.Outcome
import dev.steadfast.State
import dev.steadfast.Steadfast
import dev.steadfast.SystemTransport
import dev.steadfast.endpoint
import dev.steadfast.steadfastConfig
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowNetwork
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Against the framework's own classes. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class AndroidSignalsTest {
    private val application: Application = RuntimeEnvironment.getApplication()
    private val connectivity = application.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    private val scope = CoroutineScope(Dispatchers.Default + Job())
    private val link = Steadfast.start(
        steadfastConfig {
            endpoint("a", "wss://a.example/", "https://a.example/")
            check = check.apply { interval = 100.milliseconds }
        },
        scope,
        // With the JVM's clock: Robolectric's stands still.
        object : SystemTransport() {
            override suspend fun check(endpoint: Endpoint, timeout: Duration) =
                Outcome.Answer(Answer(200, emptyList(), ByteArray(0), 1.milliseconds))
        },
    )

    @After
    fun end() = scope.cancel()

    private fun <T> promptly(work: suspend CoroutineScope.() -> T): T = runBlocking { withTimeout(20.seconds, work) }

    private suspend fun event(wanted: (Event) -> Boolean, cause: () -> Unit) {
        val seen = scope.async(start = CoroutineStart.UNDISPATCHED) { link.events.first(wanted) }
        cause()
        seen.await()
    }

    private fun callbacks() = shadowOf(connectivity).networkCallbacks

    @Test
    fun `a network that is lost and found again is told`() = promptly {
        AndroidSignals(link, application)
        val callback = callbacks().single()
        val (wifi, mobile) = ShadowNetwork.newInstance(1) to ShadowNetwork.newInstance(2)
        callback.onAvailable(wifi)
        callback.onAvailable(mobile)
        // Lost after it was replaced: no news.
        callback.onLost(wifi)
        delay(100.milliseconds)
        assertEquals(State.STEADY, link.snapshot().state)
        event({ it is Event.Offline }) { callback.onLost(mobile) }
        event({ it is Event.Online }) { callback.onAvailable(wifi) }
    }

    @Test
    fun `nothing is checked while no activity is started`() = promptly {
        AndroidSignals(link, application)
        val activity = Robolectric.buildActivity(Activity::class.java).setup()
        event({ it is Event.Check }) {}
        activity.pause().stop()
        delay(300.milliseconds)
        assertNull("a check in the background", withTimeoutOrNull(400.milliseconds) { link.events.first { it is Event.Check } })
        // It comes back with a check at once.
        event({ it is Event.Check }) { activity.restart().start().resume() }
    }

    @Test
    fun `it ends with the link`() = promptly {
        AndroidSignals(link, application)
        assertEquals(1, callbacks().size)
        link.close()
        link.job.join()
        assertEquals(0, callbacks().size)
    }

    @Test
    fun `a check is made in the background on request`() = promptly {
        AndroidSignals(link, application)
        assertNotNull(link.checkNow())
    }
}
