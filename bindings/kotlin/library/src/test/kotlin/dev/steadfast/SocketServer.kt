package dev.steadfast

import kotlinx.coroutines.channels.Channel
import mockwebserver3.Dispatcher
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import mockwebserver3.RecordedRequest
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okio.ByteString
import java.util.concurrent.LinkedBlockingQueue
import kotlin.time.Duration

/** A WebSocket server in this process, for what the testbed cannot do. It greets with its name. */
internal class SocketServer(val name: String) : AutoCloseable {
    private val server = MockWebServer()

    /** The requests for WebSockets that have come. */
    val requests = LinkedBlockingQueue<RecordedRequest>()

    /** The WebSockets that were opened, each once. */
    val opened = Channel<WebSocket>(Channel.UNLIMITED)

    /** With which codes clients closed them. */
    val closed = LinkedBlockingQueue<Int>()

    /** With which status a request for a WebSocket is answered; 101 opens one. */
    @Volatile
    var status = 101

    /** What is done about a message. By default it is sent back. */
    @Volatile
    var heed: (WebSocket, String) -> Unit = { socket, text -> socket.send(text) }

    /** What is done before a close is answered. */
    @Volatile
    var partWith: (WebSocket) -> Unit = {}

    init {
        server.dispatcher = object : Dispatcher() {
            override fun dispatch(request: RecordedRequest): MockResponse {
                requests += request
                val response = MockResponse.Builder()
                return (if (status == 101) response.webSocketUpgrade(Talk()) else response.code(status)).build()
            }
        }
        server.start()
    }

    val endpoint get() = Configs.endpoint(name, server.url("/live").toString().replace("http", "ws"), "https://$name.example/_ping")

    /** The same, where nothing but its connection says how it is. */
    val uncheckedEndpoint get() = Configs.endpoint(name, endpoint.connect)

    override fun close() = server.close()

    private inner class Talk : WebSocketListener() {
        override fun onOpen(webSocket: WebSocket, response: Response) {
            webSocket.send(name)
            opened.trySend(webSocket)
        }

        override fun onMessage(webSocket: WebSocket, text: String) = heed(webSocket, text)

        override fun onMessage(webSocket: WebSocket, bytes: ByteString) {
            webSocket.send(bytes)
        }

        override fun onClosing(webSocket: WebSocket, code: Int, reason: String) {
            closed += code
            partWith(webSocket)
            webSocket.close(code, reason)
        }
    }
}

/** Finds every endpoint well at once. */
internal object AllIsWell : SystemTransport() {
    override suspend fun check(endpoint: Endpoint, timeout: Duration): Outcome =
        Outcome.Answer(Answer(200, emptyList(), ByteArray(0), kotlin.time.Duration.ZERO))
}

internal val Message.text get() = (this as Message.Text).text
