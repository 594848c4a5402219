//! A connection that takes no more for the moment: its server, or the way to it, is slow.

use crate::moves::two;
use crate::server::{Accepted, Server};
use crate::{config_of, opened, start, within};
use std::time::Duration;
use steadfast::Millis;
use steadfast::socket::Ping;
use steadfast_native::{Message, SocketEvent, SocketOptions, SteadfastSocket};
use tokio::time::{sleep, timeout};

const LARGE: usize = 1 << 20;

fn large(number: usize) -> Message {
    let mut bytes = vec![0; LARGE];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Message::Binary(bytes)
}

/// Sends until nothing more is taken. Returns how many messages were.
async fn fill(socket: &SteadfastSocket) -> usize {
    let mut sent = 0;
    while timeout(Duration::from_millis(300), socket.send(large(sent))).await.is_ok() {
        sent += 1;
    }
    assert!(sent > 1);
    sent
}

/// The numbers of the large messages that a server gets until it gets nothing for a second.
async fn numbers(server: &mut Accepted) -> Vec<usize> {
    let mut numbers = Vec::new();
    while let Ok(Some(bytes)) = timeout(Duration::from_secs(1), server.binary()).await {
        numbers.push(usize::from_be_bytes(bytes[..8].try_into().unwrap()));
    }
    numbers
}

#[tokio::test]
async fn a_move_loses_nothing_that_has_not_left() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let socket = opened(&sockets, SocketOptions::new()).await;
    let mut old = a.next().await;
    let sent = fill(&socket).await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    let (first, rest) = tokio::join!(numbers(&mut old), numbers(&mut new));
    let all: Vec<_> = first.iter().chain(&rest).copied().collect();
    assert_eq!(all, (0..sent).collect::<Vec<_>>(), "{} over the old one", first.len());
}

#[tokio::test]
async fn a_close_does_not_wait_for_a_server_that_takes_nothing() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, SocketOptions::new()).await;
    let mut accepted = server.next().await;
    let sent = fill(&socket).await;
    let unsent = within("the close", socket.close(1000, "")).await.unwrap();
    assert!(!unsent.is_empty());
    let got = numbers(&mut accepted).await;
    assert!(got.iter().copied().eq(0..got.len()));
    // The one that was on its way is cut off.
    assert!(got.len() + unsent.len() >= sent - 1, "{} and {} of {sent}", got.len(), unsent.len());
}

#[tokio::test]
async fn whoever_waits_sends_in_the_order_of_coming() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, SocketOptions::new()).await;
    let mut accepted = server.next().await;
    let sent = fill(&socket).await;
    for number in 0..20 {
        let sender = socket.sender();
        tokio::spawn(async move { sender.send(large(sent + number)).await });
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(numbers(&mut accepted).await, (0..sent + 20).collect::<Vec<_>>());
}

fn asking() -> SocketOptions {
    let ping = Ping { every: Millis::new(300), within: Millis::new(4_000) };
    SocketOptions::new().ping(ping, || "ping".into())
}

#[tokio::test]
async fn a_connection_that_takes_nothing_and_says_nothing_is_replaced() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, asking()).await;
    let mut events = socket.events();
    let _mute = server.next().await;
    let sender = socket.sender();
    tokio::spawn(async move { while sender.send(large(0)).await.is_ok() {} });
    let replaced = async { while !matches!(events.recv().await, Ok(SocketEvent::Moved { .. })) {} };
    tokio::join!(within("another one", replaced), server.next());
}

#[tokio::test]
async fn a_slow_way_is_not_taken_for_a_dead_one() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, asking()).await;
    let mut accepted = server.next().await;
    let sender = socket.sender();
    // One message that takes some seconds on its way.
    sender.send(Message::Binary(vec![0; 15 << 20])).await.unwrap();
    accepted.read_slowly(15 << 20, 200_000).await;
    assert!(server.try_next().is_none(), "it was not replaced");
}

#[tokio::test]
async fn a_ping_that_waits_its_turn_is_sent_in_the_end() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let ping = Ping { every: Millis::new(300), within: Millis::new(3_000) };
    let options = SocketOptions::new()
        .ping(ping, || "ping".into())
        .ping_answer(|message| *message == "pong".into());
    let socket = opened(&sockets, options).await;
    let mut accepted = server.next().await;
    let sender = socket.sender();
    let sending = async {
        for number in 0..40 {
            sender.send(large(number)).await.unwrap();
        }
    };
    let answering = async {
        let mut large = 0;
        while large < 40 {
            if accepted.answer().await {
                large += 1;
                sleep(Duration::from_millis(100)).await;
            }
        }
    };
    tokio::join!(sending, answering);
    assert!(server.try_next().is_none(), "it was not replaced");
}
