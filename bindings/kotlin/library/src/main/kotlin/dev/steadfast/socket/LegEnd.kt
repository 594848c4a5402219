package dev.steadfast.socket

import dev.steadfast.Endpoint
import dev.steadfast.ffi.byAppCode
import java.net.SocketTimeoutException
import java.util.concurrent.TimeoutException

/** How a leg has ended. */
internal class LegEnd(
    /** The close code, if the server closed it with one. */
    val code: Int? = null,
    val reason: String = "",
    val error: Throwable? = null,
    /** The HTTP status by which the server refused the upgrade. */
    val status: Int? = null,
    /** Whether it is the doing of the app, and not of the server. */
    val isByApp: Boolean = false,
) {
    /** With which close code the end is reported to the engine. */
    val reported: Int? get() = if (isByApp) BY_APP else code ?: status?.let(::asCode)

    companion object {
        private val BY_APP = byAppCode().toInt()
        private val UNAUTHORIZED = listOf(401, 403)

        /** Who we are is refused, by a server that works: as a close code, by custom. */
        private fun asCode(status: Int) = if (status in UNAUTHORIZED) 4000 + status else null

        /** The end is the doing of the app, and not of the server. */
        fun byApp(error: Throwable) = LegEnd(error = error, isByApp = true)

        /** What it waited for has taken too long. The engine knows, and says whose doing that is. */
        fun late(stage: Stage, endpoint: Endpoint): LegEnd {
            val text = "no connection to ${endpoint.name}: ${stage.lateness}"
            val isByApp = stage != Stage.OPENING
            return LegEnd(reason = "timeout", error = if (isByApp) TimeoutException(text) else SocketTimeoutException(text), isByApp = isByApp)
        }
    }
}

/** What a leg that has not taken over waits for. */
internal enum class Stage(
    /** What went wrong if the time for it was not enough. */
    val lateness: String,
) {
    /** The app is asked what it is opened with. */
    ASKING("the app's own function for the path, the headers or the subprotocols was not done in time"),

    /** The server is to open it. */
    OPENING("the server did not open it in time"),

    /** The app prepares it. */
    PREPARING("the app's own function of onMigrate was not done in time"),
}
