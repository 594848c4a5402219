package dev.steadfast.android

import android.app.Activity
import android.app.ActivityManager
import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import android.net.Network as AndroidNetwork
import android.net.NetworkCapabilities
import android.net.NetworkRequest
import android.os.Build
import android.os.Bundle
import dev.steadfast.Lifecycle
import dev.steadfast.Network
import dev.steadfast.Steadfast

/**
 * Tells a link what Android says of the network and of the app, from its creation until it is closed or the link has ended.
 *
 * ```kotlin
 * val link = Steadfast.start(config, scope, AndroidTransport())
 * AndroidSignals(link, application)
 * ```
 *
 * With this, nothing is checked while the app is in the background (unless the config's `backgroundChecks` says otherwise), a change
 * from Wi-Fi to mobile is noticed at once, and no server is blamed for a missing network. It needs the permission
 * `ACCESS_NETWORK_STATE`, which the library's manifest asks for and nobody has to grant.
 */
public class AndroidSignals(private val link: Steadfast, private val application: Application) : AutoCloseable {
    private val connectivity = application.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    private val networks = Networks()
    private val activities = Activities()

    init {
        if (connectivity.activeNetwork == null) link.setNetwork(Network.OFFLINE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.N) {
            connectivity.registerDefaultNetworkCallback(networks)
        } else {
            val internet = NetworkRequest.Builder().addCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET).build()
            connectivity.registerNetworkCallback(internet, networks)
        }
        link.setLifecycle(if (isSeen()) Lifecycle.FOREGROUND else Lifecycle.BACKGROUND)
        application.registerActivityLifecycleCallbacks(activities)
        link.job.invokeOnCompletion { close() }
    }

    /** Ends the telling; the link goes on. */
    @Synchronized
    override fun close() {
        if (networks.ended) return
        networks.ended = true
        connectivity.unregisterNetworkCallback(networks)
        application.unregisterActivityLifecycleCallbacks(activities)
    }

    private fun isSeen(): Boolean {
        val state = ActivityManager.RunningAppProcessInfo()
        ActivityManager.getMyMemoryState(state)
        return state.importance <= ActivityManager.RunningAppProcessInfo.IMPORTANCE_VISIBLE
    }

    private inner class Networks : ConnectivityManager.NetworkCallback() {
        var ended = false
        private var current: AndroidNetwork? = null

        override fun onAvailable(network: AndroidNetwork) {
            val changed = current != null && current != network
            current = network
            link.setNetwork(if (changed) Network.CHANGED else Network.ONLINE)
        }

        override fun onLost(network: AndroidNetwork) {
            // One that has been replaced is lost later; that is no news.
            if (network != current) return
            current = null
            link.setNetwork(Network.OFFLINE)
        }
    }

    /** The app is in the foreground while at least one of its activities is started. */
    private inner class Activities : Application.ActivityLifecycleCallbacks {
        private val started = mutableSetOf<Activity>()

        override fun onActivityStarted(activity: Activity) {
            if (started.isEmpty()) link.setLifecycle(Lifecycle.FOREGROUND)
            started += activity
        }

        override fun onActivityStopped(activity: Activity) {
            started -= activity
            // One that is turned on its side is stopped, and started anew at once.
            if (started.isEmpty() && !activity.isChangingConfigurations) link.setLifecycle(Lifecycle.BACKGROUND)
        }

        override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit

        override fun onActivityResumed(activity: Activity) = Unit

        override fun onActivityPaused(activity: Activity) = Unit

        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit

        override fun onActivityDestroyed(activity: Activity) = Unit
    }
}
