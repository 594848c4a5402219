package dev.steadfast.android

import android.os.SystemClock
import dev.steadfast.OkHttpTransport
import dev.steadfast.Transport
import dev.steadfast.ffi.ClockReading
import okhttp3.OkHttpClient

/**
 * Checks by OkHttp, with Android's own clock, which goes on while the device sleeps.
 *
 * @param client whose connections, proxy, DNS and certificates are used. By default one of its own.
 */
public class AndroidTransport @JvmOverloads constructor(client: OkHttpClient = OkHttpClient()) : Transport by OkHttpTransport(client) {
    override fun now(): ClockReading {
        val now = SystemClock.elapsedRealtime()
        return ClockReading(monotonic = now, wall = now, date = System.currentTimeMillis())
    }
}
