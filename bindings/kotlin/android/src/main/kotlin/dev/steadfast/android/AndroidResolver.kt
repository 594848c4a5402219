package dev.steadfast.android

import android.annotation.TargetApi
import android.net.DnsResolver
import android.net.InetAddresses
import android.os.Build
import android.os.CancellationSignal
import dev.steadfast.Resolver
import kotlinx.coroutines.suspendCancellableCoroutine
import java.net.InetAddress
import java.net.UnknownHostException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/** Asks Android's own resolver, whose look-ups can be cancelled. What no name server knows, `localhost` for instance, is left to [others]. */
@TargetApi(Build.VERSION_CODES.Q)
internal class AndroidResolver(private val others: Resolver) : Resolver {
    override suspend fun resolve(host: String): List<InetAddress> {
        if (isLocal(host)) return others.resolve(host)
        return suspendCancellableCoroutine { waiting ->
            val cancellation = CancellationSignal()
            waiting.invokeOnCancellation { cancellation.cancel() }
            val told = object : DnsResolver.Callback<List<InetAddress>> {
                override fun onAnswer(answer: List<InetAddress>, rcode: Int) {
                    if (answer.isEmpty()) waiting.resumeWithException(UnknownHostException(host)) else waiting.resume(answer)
                }

                override fun onError(error: DnsResolver.DnsException) = waiting.resumeWithException(UnknownHostException(host).apply { initCause(error) })
            }
            DnsResolver.getInstance().query(null, host, DnsResolver.FLAG_EMPTY, Runnable::run, cancellation, told)
        }
    }

    private fun isLocal(host: String) = '.' !in host || host.endsWith(".local") || InetAddresses.isNumericAddress(host)
}
