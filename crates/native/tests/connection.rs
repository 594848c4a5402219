//! A connection over real sockets: it follows the active endpoint, and says what it cannot do.

#![cfg(feature = "websocket")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up may panic")]

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use steadfast::{Config, Endpoint, Millis, Preset, ValidConfig};
use steadfast_native::{Connection, Message, connect};
use steadfast_testbed::{Fault, Testbed};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

fn testbed() -> Testbed {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    Testbed::start(&[("a".into(), address), ("b".into(), address)]).unwrap()
}

fn config(testbed: &Testbed) -> ValidConfig {
    let endpoints = testbed.endpoints().iter().map(|served| {
        let connect = served.connect_url().parse().unwrap();
        Endpoint::new(served.name(), connect, served.health_url().parse().unwrap())
    });
    let mut config = Config::new(Preset::Default, endpoints.collect());
    config.spread.forced = Millis::ZERO;
    config.validate().unwrap()
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// The next message that holds `wanted`.
async fn until(connection: &mut Connection, wanted: &str) -> String {
    let waiting = async {
        loop {
            match connection.next_message().await {
                Some(Message::Text(text)) if text.contains(wanted) => return text,
                Some(_) => {}
                None => panic!("the connection ended before `{wanted}`"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect(wanted)
}

#[tokio::test]
async fn it_greets_echoes_and_moves_when_its_server_is_killed_or_hangs() {
    let testbed = testbed();
    let mut connection = connect(config(&testbed), |_, _| {}).unwrap();
    assert_eq!(connection.send(text("early")).await.unwrap_err().0, text("early"));
    until(&mut connection, "a").await;
    assert_eq!(connection.endpoint().unwrap().name.as_str(), "a");
    connection.send(text("ping 1")).await.unwrap();
    until(&mut connection, "ping 1").await;

    testbed.endpoint("a").unwrap().set_fault(Fault::Kill);
    until(&mut connection, "b").await;
    assert_eq!(connection.endpoint().unwrap().name.as_str(), "b");
    connection.send(text("ping 2")).await.unwrap();
    until(&mut connection, "ping 2").await;

    testbed.endpoint("a").unwrap().set_fault(Fault::Healthy);
    testbed.endpoint("b").unwrap().set_fault(Fault::Hang);
    until(&mut connection, "a").await;
    assert_eq!(connection.dropped(), 0);
}

#[tokio::test]
async fn reconnecting_opens_another_socket_to_the_same_endpoint() {
    let testbed = testbed();
    let mut connection = connect(config(&testbed), |_, _| {}).unwrap();
    until(&mut connection, "a").await;
    connection.reconnect();
    until(&mut connection, "a").await;
    connection.send(text("after")).await.unwrap();
    until(&mut connection, "after").await;
}

#[tokio::test]
async fn a_stop_ends_it_and_what_is_sent_comes_back() {
    let testbed = testbed();
    let mut connection = connect(config(&testbed), |_, _| {}).unwrap();
    until(&mut connection, "a").await;
    connection.link().stop();
    let ended = async { while connection.next_message().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), ended).await.expect("the messages end");
    assert_eq!(connection.endpoint(), None);
    let unsent = connection.send(text("late")).await.unwrap_err();
    assert_eq!(unsent.to_string(), "no socket is open; wait for `connected`, or keep the message");
}

#[tokio::test]
async fn a_servers_close_is_answered() {
    let testbed = testbed();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect_url = format!("ws://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let health = testbed.endpoints()[0].health_url().parse().unwrap();
    let endpoints = vec![Endpoint::new("closing", connect_url, health)];
    let config = Config::new(Preset::Default, endpoints).validate().unwrap();
    let _connection = connect(config, |_, _| {}).unwrap();

    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    let close = CloseFrame { code: CloseCode::Restart, reason: "".into() };
    socket.send(Frame::Close(Some(close))).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap();
    assert!(matches!(answer, Some(Ok(Frame::Close(_)))), "{answer:?}");
}

#[test]
fn a_messages_content_is_in_no_log() {
    assert_eq!(format!("{:?}", text("s3cr3t")), "Text(6 bytes)");
}
