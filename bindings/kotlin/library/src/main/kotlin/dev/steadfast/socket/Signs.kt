package dev.steadfast.socket

/** When something arrived on a leg, on the engine's clock. The engine need not know how much is sent and arrives, only that something is and does. */
internal class Signs(private val id: Long, private val engine: Engine) {
    /** When a message last arrived; before the first one, when the leg began or took over. */
    @Volatile
    var heardAt = engine.now()
        private set

    /** The same of answers to pings. */
    @Volatile
    var answeredAt = heardAt
        private set

    /** Whether a message has arrived. */
    @Volatile
    var isHeard = false
        private set
    private var heardReportedAt: Long? = null
    private var sentReportedAt: Long? = null

    /** Something was sent, and was reported: so is the next arrival, from which the engine learns how soon answers come. */
    @Volatile
    private var isAwaited = false

    /** The leg has taken over. */
    fun begin() {
        heardAt = engine.now()
        answeredAt = heardAt
    }

    /** A message has arrived. */
    fun arrived() {
        val now = engine.now()
        heardAt = now
        isHeard = true
        if (!isAwaited && !isDue(heardReportedAt, now)) return
        isAwaited = false
        heardReportedAt = now
        engine.active(id)
    }

    /** A message is about to be handed over. */
    fun sending() {
        val now = engine.now()
        if (!isDue(sentReportedAt, now)) return
        sentReportedAt = now
        engine.sent(id)
        // Only now: an arrival that is reported as the answer is reported after what it answers.
        isAwaited = true
    }

    /** A message waits because the app is slow, and neither the server nor the network is. */
    fun held() {
        arrived()
        answered()
    }

    /** The message that has just arrived is an answer to a ping. */
    fun answered() {
        answeredAt = heardAt
    }

    private fun isDue(reportedAt: Long?, now: Long) = reportedAt == null || now - reportedAt >= REPORT_EVERY_MILLIS

    private companion object {
        const val REPORT_EVERY_MILLIS = 250L
    }
}
