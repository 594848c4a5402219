//! An app that is slow, and a server that is mute.

use crate::server::Server;
use crate::{config, config_of, opened, start, testbed, within};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use steadfast::socket::Ping;
use steadfast::{Event, Health, Millis};
use steadfast_native::{Message, SocketOptions, Sockets};

#[tokio::test]
async fn a_slow_app_holds_the_server_back_and_blames_nobody() {
    let testbed = testbed();
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = events.clone();
    let sockets = Sockets::start(config(&testbed), move |_, event: &Event| {
        told.lock().unwrap().push(event.name().to_owned());
    })
    .unwrap();
    let ping = Ping { every: Millis::new(300), within: Millis::new(300) };
    let mut socket = opened(&sockets, SocketOptions::new().ping(ping, || "ping".into())).await;
    // Echoed, each of them.
    for number in 0..1_000 {
        within("sending", socket.send(Message::Binary(vec![0; 1_000 + number]))).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut next = 0;
    while next < 1_000 {
        if let Message::Binary(bytes) = within("an echo", socket.next_message()).await.unwrap() {
            assert_eq!(bytes.len(), 1_000 + next);
            next += 1;
        }
    }
    assert_eq!(sockets.link().snapshot().endpoints[0].health, Health::Healthy);
    let events = events.lock().unwrap();
    let blames = |name: &String| ["switched", "disconnected", "allDown"].contains(&name.as_str());
    assert!(!events.iter().any(blames), "{events:?}");
}

#[tokio::test]
async fn a_ping_that_goes_unanswered_replaces_the_connection() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let ping = Ping { every: Millis::new(200), within: Millis::new(200) };
    let options = SocketOptions::new()
        .ping(ping, || "ping".into())
        .ping_answer(|message| *message == "pong".into());
    let mut socket = opened(&sockets, options).await;
    let mut first = server.next().await;
    for _ in 0..3 {
        assert_eq!(first.text().await.as_deref(), Some("ping"));
        first.send("pong").await;
    }
    first.send("a message").await;
    assert_eq!(within("it", socket.next_message()).await, Some("a message".into()));
    // From now on it says nothing.
    let mut second = server.next().await;
    second.send("from the second").await;
    assert_eq!(within("it", socket.next_message()).await, Some("from the second".into()));
}
