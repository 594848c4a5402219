package dev.steadfast

import dev.steadfast.ffi.configFromJson
import dev.steadfast.ffi.configToJson
import dev.steadfast.ffi.eventToJson
import dev.steadfast.ffi.presetConfig
import kotlin.time.toKotlinDuration

/** Keeps the settings of an outer block out of an inner one, where they would look like its own. */
@DslMarker
@Target(AnnotationTarget.CLASS, AnnotationTarget.TYPE)
public annotation class SteadfastDsl

/**
 * A config that starts from [preset] and that [build] changes.
 *
 * ```kotlin
 * val config = steadfastConfig {
 *     endpoint("primary", connect = "wss://a.example/live", health = "https://a.example/_ping")
 *     endpoint("secondary", connect = "wss://b.example/live", health = "https://b.example/_ping") { priority = 1 }
 *     check { interval = 5.seconds }
 *     failback { after = 10.minutes }
 * }
 * ```
 *
 * Nothing is refused here: [Steadfast.start] tells everything that is wrong at once.
 */
public fun steadfastConfig(preset: Preset = Preset.DEFAULT, build: (@SteadfastDsl Config).() -> Unit): Config = presetConfig(preset, emptyList()).apply(build)

/**
 * Adds an endpoint.
 *
 * @param name what it is called in events: 1 to 64 characters, unique.
 * @param connect where to connect: `ws`, `wss`, `http` or `https`.
 * @param health what a health check asks: `http`, `https`, or `tcp://host:port`. If left out, its connection is its health.
 */
public fun Config.endpoint(name: String, connect: String, health: String? = null, build: (@SteadfastDsl Endpoint).() -> Unit = {}) {
    endpoints = endpoints + Endpoint(name, connect, health?.let { HealthCheck(it) }).apply(build)
}

/** Says how endpoints are checked, unless their own `health` says otherwise. */
public fun Config.check(build: (@SteadfastDsl Check).() -> Unit) {
    check = check.apply(build)
}

/** Says when a better endpoint that has recovered becomes active again. */
public fun Config.failback(build: (@SteadfastDsl Failback).() -> Unit) {
    failback = failback.apply(build)
}

/** Says how retries wait for each other. */
public fun Config.retry(build: (@SteadfastDsl Retry).() -> Unit) {
    retry = retry.apply(build)
}

/** Says how long moves are put off at random, so that a crowd of clients does not arrive together. */
public fun Config.spread(build: (@SteadfastDsl Spread).() -> Unit) {
    spread = spread.apply(build)
}

/** Says when an endpoint's circuit breaker refuses the app's own requests. */
public fun Config.breaker(build: (@SteadfastDsl Breaker).() -> Unit) {
    breaker = breaker.apply(build)
}

/** Says when a failure is an event of its own, for those who run the endpoints. */
public fun Config.failureEvents(build: (@SteadfastDsl FailureEvents).() -> Unit) {
    failureEvents = failureEvents.apply(build)
}

/** Says when something is done about failures. */
public fun Config.recovery(build: (@SteadfastDsl Recovery).() -> Unit) {
    recovery = recovery.apply(build)
}

/** Configs from and as JSON, and from Java. */
public object Configs {
    /**
     * Reads a config in the JSON that every platform reads.
     *
     * @throws ConfigException with everything that is wrong with it.
     */
    @JvmStatic
    public fun fromJson(json: String): Config = refusing { configFromJson(json) }

    /** Writes a config as JSON, with everything spelt out. */
    @JvmStatic
    public fun toJson(config: Config): String = configToJson(config)

    /** The config that [preset] stands for, to be changed by its setters. */
    @JvmStatic
    @JvmOverloads
    public fun of(endpoints: List<Endpoint>, preset: Preset = Preset.DEFAULT): Config = presetConfig(preset, endpoints)

    /** A duration of `java.time` as one of Kotlin's, which configs are made of. */
    @JvmStatic
    public fun duration(duration: java.time.Duration): kotlin.time.Duration = duration.toKotlinDuration()

    /** An endpoint, checked as the config's `check` says; without [health], its connection is its health. */
    @JvmStatic
    @JvmOverloads
    public fun endpoint(name: String, connect: String, health: String? = null): Endpoint = Endpoint(name, connect, health?.let { HealthCheck(it) })
}

/** The event as one line of JSON, for a log: without headers and URLs, which may hold secrets. */
public fun Event.toJson(): String = eventToJson(this)

/** What came of the check. */
public val Event.Check.report: CheckReport get() = v1

/** What is wrong. */
public val Event.Failure.failure: FailureEvent get() = v1

/** What is or was done. */
public val Event.Recovery.action: RecoveryAction get() = v1
