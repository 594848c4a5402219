package dev.steadfast.sample

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.widget.TextView
import dev.steadfast.Message
import dev.steadfast.Steadfast
import dev.steadfast.SteadfastSocket
import dev.steadfast.android.AndroidSignals
import dev.steadfast.android.AndroidTransport
import dev.steadfast.endpoint
import dev.steadfast.steadfastConfig
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch

/** Holds one link for as long as the process lives. */
class SampleApplication : Application() {
    lateinit var socket: SteadfastSocket

    override fun onCreate() {
        super.onCreate()
        val config = steadfastConfig {
            endpoint("primary", connect = "wss://a.example/live", health = "https://a.example/_ping")
            endpoint("secondary", connect = "wss://b.example/live", health = "https://b.example/_ping")
        }
        val link = Steadfast.start(config, CoroutineScope(SupervisorJob() + Dispatchers.Default), AndroidTransport())
        AndroidSignals(link, this)
        socket = link.socket()
    }
}

/** Shows the last message, from whichever server it came. */
class MainActivity : Activity() {
    private val scope = MainScope()
    private var showing: Job? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val view = TextView(this).also(::setContentView)
        val socket = (application as SampleApplication).socket
        showing = scope.launch {
            socket.messages.collect { message -> if (message is Message.Text) view.text = message.text }
        }
    }

    override fun onDestroy() {
        showing?.cancel()
        super.onDestroy()
    }
}
