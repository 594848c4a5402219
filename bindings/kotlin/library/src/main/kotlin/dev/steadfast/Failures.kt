package dev.steadfast

import java.io.EOFException
import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.ProtocolException
import java.net.SocketException
import java.net.UnknownHostException
import java.net.UnknownServiceException
import javax.net.ssl.SSLException

/** Of which kind a failed check is. The JDK and Android have types for most; for the rest they put the system's own error name in the message. */
internal fun failureKind(thrown: IOException): FailureKind = when (thrown) {
    is UnknownHostException -> FailureKind.DNS
    is SSLException -> FailureKind.TLS
    is InterruptedIOException -> FailureKind.TIMEOUT
    is NoRouteToHostException -> FailureKind.UNREACHABLE
    is ConnectException -> if (thrown.says(NO_WAY)) FailureKind.UNREACHABLE else FailureKind.REFUSED
    is SocketException -> if (thrown.says(NO_WAY)) FailureKind.UNREACHABLE else FailureKind.RESET
    // Android's network security policy forbids clear text.
    is UnknownServiceException -> FailureKind.MIXED_CONTENT
    is ProtocolException -> if (thrown.says(listOf("Too many follow-up"))) FailureKind.REDIRECT else FailureKind.UNEXPECTED
    is EOFException -> FailureKind.RESET
    else -> if (thrown.says(BROKEN_OFF)) FailureKind.RESET else FailureKind.UNEXPECTED
}

private val NO_WAY = listOf("ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "Network is unreachable", "No route to host", "Network is down")
private val BROKEN_OFF = listOf("unexpected end of stream", "stream was reset", "Connection reset", "Broken pipe")

private fun Throwable.says(words: List<String>): Boolean =
    generateSequence(this) { it.cause }.take(4).any { cause -> words.any { cause.message.orEmpty().contains(it) } }
