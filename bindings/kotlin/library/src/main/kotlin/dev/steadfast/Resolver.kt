package dev.steadfast

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
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
         * Asks [dns], which blocks, on threads of its own: whoever is cancelled waits no longer. Checks of one host wait for the same answer, until one of
         * them has run out of time; later ones ask anew, as the network may be another one by then.
         *
         * A host whose look-ups hang keeps two threads, however often it is checked, and all links of a process share 16. While all of these are
         * busy, look-ups wait for the first that is free, and a check that waits too long is one that timed out.
         */
        @JvmStatic
        public fun of(dns: Dns): Resolver = BlockingResolver(dns)
    }
}

private class BlockingResolver(private val dns: Dns) : Resolver {
    private val scope = CoroutineScope(SupervisorJob() + THREADS)
    private val hosts = HashMap<String, Host>()

    override suspend fun resolve(host: String): List<InetAddress> {
        val shared = synchronized(hosts) { hosts.getOrPut(host, ::Host).run { current ?: begin(host) } }
        try {
            return shared.await()
        } catch (cancelled: CancellationException) {
            // It has outlasted a check, or is one of another network.
            synchronized(hosts) { hosts[host]?.forget(shared) }
            throw cancelled
        }
    }

    /** The look-ups of one host. */
    private inner class Host {
        /** What later checks wait for. */
        var current: Deferred<List<InetAddress>>? = null
            private set
        private val underWay = HashSet<Deferred<List<InetAddress>>>()

        fun begin(name: String): Deferred<List<InetAddress>> {
            val lookUp = scope.async(start = CoroutineStart.LAZY) { dns.lookup(name) }
            underWay += lookUp
            current = lookUp
            lookUp.invokeOnCompletion { synchronized(hosts) { ended(name, lookUp) } }
            lookUp.start()
            return lookUp
        }

        fun forget(lookUp: Deferred<List<InetAddress>>) {
            if (current === lookUp && underWay.size < MAX_PER_HOST) current = null
        }

        private fun ended(name: String, lookUp: Deferred<List<InetAddress>>) {
            underWay -= lookUp
            if (current === lookUp) current = null
            if (underWay.isEmpty()) hosts.remove(name)
        }
    }

    private companion object {
        /** One that hangs, and one that asks again. */
        const val MAX_PER_HOST = 2

        /** So many look-ups may hang before others wait. */
        const val MAX_THREADS = 16
        const val IDLE_SECONDS = 5L

        val THREADS = ThreadPoolExecutor(MAX_THREADS, MAX_THREADS, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue()) { work ->
            Thread(work, "steadfast-dns").apply { isDaemon = true }
        }.apply { allowCoreThreadTimeOut(true) }.asCoroutineDispatcher()
    }
}
