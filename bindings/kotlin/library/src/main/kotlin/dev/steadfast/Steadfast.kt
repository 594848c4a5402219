package dev.steadfast

import dev.steadfast.ffi.Attempt
import dev.steadfast.ffi.AttemptEnd
import dev.steadfast.ffi.Begun
import dev.steadfast.ffi.Core
import dev.steadfast.ffi.Requested
import dev.steadfast.socket.Fixed
import dev.steadfast.socket.HeldOptions
import dev.steadfast.socket.LinkEngine
import dev.steadfast.socket.whileRunning
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.launch
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days

/**
 * Keeps an app connected to an endpoint that works.
 *
 * It watches the endpoints of its config, and [active] is at any time the one that the app should be connected to. It runs in the
 * scope that it was started in, on that scope's dispatcher, and ends with it or with [close].
 *
 * ```kotlin
 * val link = Steadfast.start(
 *     steadfastConfig {
 *         endpoint("primary", connect = "wss://a.example/live", health = "https://a.example/_ping")
 *         endpoint("secondary", connect = "wss://b.example/live", health = "https://b.example/_ping")
 *     },
 *     scope,
 * )
 * link.socket().messages.collect { message -> show(message) }
 * ```
 *
 * All members may be called from any thread, and do nothing once it has ended.
 */
public class Steadfast private constructor(
    config: Config,
    private val scope: CoroutineScope,
    private val transport: Transport,
    seed: Long?,
    private val store: StateStore?,
) : AutoCloseable {
    private val relay = Relay()
    private val core: Core = refusing { Core(config, GuardedTransport(transport, scope.coroutineContext), relay, seed, recall()) }
    private var lastSnapshot: Snapshot = core.snapshot()
    private val engine = LinkEngine(core, transport, relay::forgetLeg, relay::forget)
    private val mutableActive = MutableStateFlow(core.active())
    private val mutableEvents = MutableSharedFlow<Event>(extraBufferCapacity = EVENTS_KEPT, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /** The endpoint that the app should be connected to. */
    public val active: StateFlow<Endpoint> = mutableActive.asStateFlow()

    /** What happens, as it happens. A collector that falls behind by more than 256 events misses the oldest. */
    public val events: SharedFlow<Event> = mutableEvents.asSharedFlow()

    /** The running of the engine: it completes when watching has ended. */
    public val job: Job

    /** Why watching has ended by itself, if it has: the transport's `sleep` threw. */
    @Volatile
    public var failure: Exception? = null
        private set

    init {
        relay.target = this
        job = scope.launch { run() }
        job.invokeOnCompletion {
            relay.end()
            // What the engine held is let go now, and not when the garbage collector finds it.
            core.destroy()
        }
    }

    private suspend fun run() {
        try {
            core.run()
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (failed: Exception) {
            // The scope and what else runs in it have done nothing wrong.
            failure = failed
        }
    }

    /**
     * Checks the active endpoint at once, even while the app is in the background: for a push message or a background task.
     *
     * @return what came of it, or `null` if the engine has been stopped before.
     */
    public suspend fun checkNow(): CheckReport? = whileRunning { core.checkNow() }

    /** As [checkNow], for callers that cannot suspend. [done] is called on the scope's dispatcher. */
    public fun checkNow(done: CheckCallback) {
        scope.launch { done.onChecked(checkNow()) }
    }

    /**
     * Ranks the endpoint of this [name] first from now on, and moves to it as soon as it is healthy; `null` takes that back.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun prefer(name: String?) {
        whileRunning { core.prefer(name?.let(::known)) }
    }

    /**
     * Why the engine thinks what it thinks of an endpoint, by default of the active one: the evidence that led to its last verdict, and what
     * each piece weighed. `null` once it has ended.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    @JvmOverloads
    public fun explain(name: String? = null): Explanation? = whileRunning { core.explain(name?.let(::known)) }

    /** What the endpoints have been like in the last [period]; `null` once it has ended. */
    public fun report(period: Duration = 1.days): Report? = whileRunning { core.report(period) }

    /** What is and was done about failures, oldest first: the last 32 actions. It is on with `config.recovery.enabled`. */
    public fun recoveries(): List<RecoveryAction> = whileRunning { core.recoveries() } ?: emptyList()

    /**
     * Calls [recover] with every action about a failure that is not for a client to do (a restart, one more instance), until the returned
     * object is closed. Whether it helped is what [recover] returns; what it throws is why not.
     */
    public fun onRecovery(recover: suspend (RecoveryAction) -> Boolean): AutoCloseable {
        val collecting = scope.launch {
            events.collect { event ->
                if (event is Event.Recovery && event.action.ok == null) launch {
                    val helped = runCatching { recover(event.action) }
                    whileRunning { core.recoveryEnded(event.action.id.toUInt(), helped.getOrDefault(false), helped.exceptionOrNull()?.toString()) }
                }
            }
        }
        return AutoCloseable { collecting.cancel() }
    }

    /**
     * Says that an endpoint is not to be used for a while. The app moves away from it gently.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun beginMaintenance(name: String) {
        whileRunning { core.beginMaintenance(known(name)) }
    }

    /**
     * Says that an endpoint may be used again. The app goes back as after a failure.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun endMaintenance(name: String) {
        whileRunning { core.endMaintenance(known(name)) }
    }

    /**
     * Lets an endpoint's circuit breaker refuse every request, until [release].
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun isolate(name: String) {
        whileRunning { core.isolate(known(name), true) }
    }

    /**
     * Lets the circuit breaker of an isolated endpoint begin anew.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun release(name: String) {
        whileRunning { core.isolate(known(name), false) }
    }

    /**
     * Asks an endpoint's circuit breaker for permission to make a request of the app's own; [SteadfastInterceptor] does it for OkHttp.
     *
     * @param excluding not to this endpoint but to the best other one. By default the request is to go to the active one.
     * @throws CircuitOpenException if the circuit breaker refuses.
     * @throws IllegalArgumentException if no endpoint has the name [excluding].
     * @throws IllegalStateException once the link has ended.
     */
    @JvmOverloads
    public fun tryAcquire(excluding: String? = null): Permit {
        val attempt = begin(Requested.ByApp(excluding?.let(::known)))
        return Permit(checkNotNull(attempt) { "the link has ended" }) { made, outcome -> ended(made, AttemptEnd.Other(outcome)) }
    }

    /** Where to send a request; `null` once the link has ended. */
    internal fun begin(requested: Requested): Attempt? =
        when (val begun = whileRunning { core.beginCall(requested) }) {
            is Begun.Permitted -> begun.attempt
            is Begun.Refused -> throw CircuitOpenException(begun.refusal)
            null -> null
        }

    /** Where to send the request again; `null` if what came of it is the app's. */
    internal fun ended(attempt: Attempt, end: AttemptEnd): Attempt? = whileRunning { core.attemptEnded(attempt.number, end) }

    /**
     * Reports that a request succeeded that was made without [SteadfastInterceptor] or [tryAcquire]: the server did its part.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun reportSuccess(endpoint: String) {
        whileRunning { core.reportCall(known(endpoint), CallOutcome.SUCCEEDED) }
    }

    /**
     * Reports that a request failed that was made without [SteadfastInterceptor] or [tryAcquire]. That is evidence against the endpoint.
     *
     * @throws IllegalArgumentException if no endpoint has that name.
     */
    public fun reportFailure(endpoint: String) {
        whileRunning { core.reportCall(known(endpoint), CallOutcome.FAILED) }
    }

    private fun known(name: String): String {
        val names = snapshot().endpoints.map { it.name }
        require(name in names) { "no endpoint is called \"$name\"; there are: ${names.joinToString()}" }
        return name
    }

    // A store that fails costs no more than a better start.
    private fun recall(): String? = runCatching { store?.load() }.getOrNull()

    internal fun persist() {
        whileRunning { store?.let { runCatching { it.save(core.save()) } } }
    }

    /**
     * Replaces the endpoints. Those that stay the same keep what is known of them.
     *
     * @throws ConfigException with everything that is wrong with them; nothing changes then.
     */
    public fun setEndpoints(endpoints: List<Endpoint>) {
        refusing { whileRunning { core.setEndpoints(endpoints) } }
    }

    /** Says what the platform says of the network. On Android, `AndroidSignals` does it. */
    public fun setNetwork(network: Network) {
        whileRunning { core.setNetwork(network) }
    }

    /** Says what the platform says of the app. On Android, `AndroidSignals` does it. */
    public fun setLifecycle(lifecycle: Lifecycle) {
        whileRunning { core.setLifecycle(lifecycle) }
    }

    /** What is known at this moment. */
    public fun snapshot(): Snapshot {
        whileRunning { lastSnapshot = core.snapshot() }
        return lastSnapshot
    }

    /** Calls [listener] with every event, for callers that do not collect flows, until the returned object is closed. */
    public fun addListener(listener: EventListener): AutoCloseable {
        val collecting = scope.launch { events.collect { listener.onEvent(it) } }
        return AutoCloseable { collecting.cancel() }
    }

    /**
     * Holds a WebSocket that follows the active endpoint: any number of them, each with its path. Once the link has ended, it is closed from the start.
     *
     * @param path relative to the active endpoint's `connect` URL, such as `/chat?room=1`; by default that URL itself.
     * @throws IllegalArgumentException if the path leads to another host, or cannot be read.
     */
    @JvmOverloads
    public fun socket(path: String = "", options: SocketOptions = SocketOptions()): SteadfastSocket {
        engine.url(active.value, path)
        return hold(Fixed(path), options)
    }

    /**
     * As [socket], with a [path] that is asked for each connection, as for a token in the query. A path that leads to another host or cannot be read is
     * as what a [Provider] throws.
     */
    @JvmOverloads
    public fun socket(path: Provider<String>, options: SocketOptions = SocketOptions()): SteadfastSocket = hold(path, options)

    private fun hold(path: Provider<String>, options: SocketOptions): SteadfastSocket {
        val socket = SteadfastSocket(relay.nextNumber(), engine, scope, HeldOptions(path, options))
        if (relay.hold(socket)) whileRunning { core.connect(socket.number) } else socket.close()
        return socket
    }

    /** Ends everything: checks are cancelled, sockets are closed, and [active] stays as it was. */
    override fun close() {
        whileRunning { core.stop() }
    }

    internal fun tell(event: Event) {
        if (event is Event.Switched) whileRunning { mutableActive.value = core.active() }
        if (event is Event.Stopped) whileRunning { lastSnapshot = core.snapshot() }
        mutableEvents.tryEmit(event)
    }

    public companion object {
        private const val EVENTS_KEPT = 256

        /**
         * Starts watching.
         *
         * @param config what to watch, and how; see [steadfastConfig] and [Configs].
         * @param scope where it runs and what it ends with. Without one it runs on [Dispatchers.Default] until [close].
         * @param transport how endpoints are asked; by default OkHttp.
         * @param store where what has been learnt is kept for the next start, which then begins with the last good endpoint. By default nowhere.
         * @param seed makes every random decision repeatable, for tests.
         * @throws ConfigException with everything that is wrong with the config.
         */
        @JvmStatic
        @JvmOverloads
        public fun start(
            config: Config,
            scope: CoroutineScope = CoroutineScope(SupervisorJob() + Dispatchers.Default),
            transport: Transport = OkHttpTransport(),
            seed: Long? = null,
            store: StateStore? = null,
        ): Steadfast = Steadfast(config, scope, transport, seed, store)
    }
}

/** Where what has been learnt is kept from one start to the next: a file, Android's preferences. It holds no URLs. It is called on the scope's dispatcher. */
public interface StateStore {
    /** What was saved last, if anything. */
    public fun load(): String?

    /** Saves it in place of what was saved before. */
    public fun save(state: String)
}

/** Is told events; see [Steadfast.addListener]. */
public fun interface EventListener {
    /** Something has happened. */
    public fun onEvent(event: Event)
}

/** Is told what came of a check; see [Steadfast.checkNow]. */
public fun interface CheckCallback {
    /** The check has ended; `null` if the engine was stopped before. */
    public fun onChecked(report: CheckReport?)
}
