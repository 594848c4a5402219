package dev.steadfast

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import okhttp3.Dns
import java.net.InetAddress
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit

/** Finds the addresses of a host for checks over bare TCP. For those over HTTP, OkHttp does it by the client's `Dns`. */
public fun interface Resolver {
    /**
     * The addresses of [host], which may be an IP address: at least one. The call is cancelled when its check is.
     *
     * @throws java.net.UnknownHostException if there is none.
     */
    public suspend fun resolve(host: String): List<InetAddress>

    public companion object {
        /**
         * Asks [dns], which blocks, on threads of its own: whoever is cancelled waits no longer. A look-up that hangs keeps one thread, however often its
         * host is checked; other checks of it wait for the same answer.
         */
        @JvmStatic
        public fun of(dns: Dns): Resolver = BlockingResolver(dns)
    }
}

private class BlockingResolver(private val dns: Dns) : Resolver {
    private val scope = CoroutineScope(SupervisorJob() + THREADS)
    private val underWay = HashMap<String, Deferred<List<InetAddress>>>()

    override suspend fun resolve(host: String): List<InetAddress> = synchronized(underWay) { underWay.getOrPut(host) { begin(host) } }.await()

    private fun begin(host: String): Deferred<List<InetAddress>> = scope.async {
        try {
            dns.lookup(host)
        } finally {
            synchronized(underWay) { underWay.remove(host) }
        }
    }

    private companion object {
        /** So many hosts may hang before others wait. */
        const val MAX_THREADS = 16
        const val IDLE_SECONDS = 5L

        val THREADS = ThreadPoolExecutor(MAX_THREADS, MAX_THREADS, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue()) { work ->
            Thread(work, "steadfast-dns").apply { isDaemon = true }
        }.apply { allowCoreThreadTimeOut(true) }.asCoroutineDispatcher()
    }
}
