package dev.steadfast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a Java developer writes. */
class JavaTest {
    @Test
    void aLinkIsStartedWatchedAndClosed() throws Exception {
        Config config = Configs.of(List.of(Configs.endpoint("only", "ws://127.0.0.1:9/", "http://127.0.0.1:9/")));
        config.getEndpoints().get(0).setPriority(1);
        config.setFailureThreshold(3);
        config.getCheck().setInterval(Configs.duration(java.time.Duration.ofSeconds(5)));
        CompletableFuture<CheckReport> checked = new CompletableFuture<>();
        try (Steadfast link = Steadfast.start(config);
                AutoCloseable listening = link.addListener(event -> System.out.println(ConfigsKt.toJson(event)))) {
            link.checkNow(checked::complete);
            assertEquals(FailureKind.REFUSED, checked.get(10, TimeUnit.SECONDS).getFailure());
            assertEquals(1, link.getActive().getValue().getPriority());
            assertEquals("only", link.getActive().getValue().getName());
        }
    }

    @Test
    void aSocketIsHeldListenedToAndClosed() throws Exception {
        Config config = Configs.of(List.of(Configs.endpoint("only", "ws://127.0.0.1:9/")));
        SocketOptions options = new SocketOptions();
        options.setQueue(new QueueLimits(1, 1_000, WhenFull.REFUSE));
        options.headers(Map.of("X-App", "1"));
        CompletableFuture<SocketEvent> lost = new CompletableFuture<>();
        CompletableFuture<Boolean> sent = new CompletableFuture<>();
        CompletableFuture<Exception> refused = new CompletableFuture<>();
        try (Steadfast link = Steadfast.start(config);
                SteadfastSocket socket = link.socket("/chat", options);
                AutoCloseable listening = socket.addListener(new SocketListener() {
                    @Override
                    public void onEvent(SocketEvent event) {
                        if (event instanceof SocketEvent.Lost) lost.complete(event);
                    }
                })) {
            socket.send(new Message.Text("hello"), (wasSent, failure) -> sent.complete(wasSent));
            socket.send(new Message.Text("again"), (wasSent, failure) -> refused.complete(failure));
            assertFalse(sent.get(10, TimeUnit.SECONDS));
            assertInstanceOf(QueueFullException.class, refused.get(10, TimeUnit.SECONDS));
            assertInstanceOf(SocketEvent.Lost.class, lost.get(10, TimeUnit.SECONDS));
            socket.close(1000);
            assertEquals(SocketState.CLOSED, socket.getState().getValue());
            assertEquals(List.of(new Message.Text("hello")), socket.takeUnsent());
        }
    }

    @Test
    void whatIsWrongIsThrown() {
        ConfigException refused = assertThrows(ConfigException.class, () -> Configs.fromJson("{}"));
        assertEquals("endpoints", refused.getProblems().get(0).getPath());
    }
}
