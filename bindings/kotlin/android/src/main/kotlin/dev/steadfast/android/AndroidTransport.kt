package dev.steadfast.android

import android.os.Build
import android.os.SystemClock
import dev.steadfast.OkHttpTransport
import dev.steadfast.Resolver
import dev.steadfast.Transport
import dev.steadfast.ffi.ClockReading
import okhttp3.Dns
import okhttp3.OkHttpClient

/**
 * Checks by OkHttp, with Android's own clock, which goes on while the device sleeps. From Android 10 on, a check over bare TCP finds its host by
 * Android's `DnsResolver`, which gives a look-up up when its check ends.
 *
 * @param client whose connections, proxy, DNS and certificates are used. By default one of its own.
 */
public class AndroidTransport @JvmOverloads constructor(client: OkHttpClient = OkHttpClient()) : Transport by OkHttpTransport(client, resolver(client.dns)) {
    override fun now(): ClockReading {
        val now = SystemClock.elapsedRealtime()
        return ClockReading(monotonic = now, wall = now, date = System.currentTimeMillis())
    }
}

/** A client's own `Dns` is kept. */
private fun resolver(dns: Dns): Resolver {
    val blocking = Resolver.of(dns)
    return if (dns === Dns.SYSTEM && Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) AndroidResolver(blocking) else blocking
}
