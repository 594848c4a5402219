package dev.steadfast.sample

import dev.steadfast.ConfigException
import dev.steadfast.Event
import dev.steadfast.Steadfast
import dev.steadfast.endpoint
import dev.steadfast.steadfastConfig
import dev.steadfast.toJson
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlin.system.exitProcess

/** Watches endpoints until Ctrl-C, and says which one to connect to: `java -jar steadfast-sample.jar HEALTH_URL...` */
fun main(healthUrls: Array<String>): Unit = runBlocking {
    if (healthUrls.isEmpty()) {
        System.err.println("usage: java -jar steadfast-sample.jar HEALTH_URL...")
        exitProcess(2)
    }
    val config = steadfastConfig {
        healthUrls.forEachIndexed { index, health -> endpoint("server-${index + 1}", connect = health.replaceFirst("http", "ws"), health) }
    }
    val link = try {
        Steadfast.start(config, this)
    } catch (wrong: ConfigException) {
        System.err.println(wrong.message)
        exitProcess(1)
    }
    launch { link.active.collect { println("connect to ${it.connect}") } }
    link.events.collect { event ->
        println(event.toJson())
        if (event is Event.Stopped) exitProcess(0)
    }
}
