//! What waits for a connection.

use crate::server::{Accepted, Server};
use crate::{config_of, opened, start, until_state};
use std::time::Duration;
use steadfast::socket::{QueueLimits, WhenFull};
use steadfast_native::{
    CloseError, Message, SendError, Sent, SocketEvent, SocketOptions, SocketState,
};
use tokio::time::timeout;

fn limited(messages: u32, when_full: WhenFull) -> SocketOptions {
    let limits = QueueLimits {
        messages: Some(messages),
        when_full: Some(when_full),
        ..QueueLimits::default()
    };
    SocketOptions::new().queue(limits)
}

#[tokio::test]
async fn it_is_bounded_and_says_what_it_loses() {
    let mut server = Server::start("only", Some(503));
    let sockets = start(config_of([server.endpoint.clone()]));
    let text = Message::from;

    let newest = sockets.socket("", limited(1, WhenFull::DropNewest)).unwrap();
    let mut events = newest.events();
    assert_eq!(newest.send("one").await, Ok(Sent::Queued));
    assert_eq!(newest.send("two").await, Ok(Sent::Dropped));
    let queue = |dropped| SocketEvent::Queue { messages: 1, bytes: 3, dropped };
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if matches!(event, SocketEvent::Queue { .. }) {
            told.push(event);
        }
    }
    assert_eq!(told, [queue(0), queue(1)]);
    assert_eq!(newest.close(1000, "").await, Ok(vec![text("one")]));

    let oldest = sockets.socket("", limited(1, WhenFull::DropOldest)).unwrap();
    assert_eq!(oldest.send("one").await, Ok(Sent::Queued));
    assert_eq!(oldest.send("two").await, Ok(Sent::Queued));
    assert_eq!(oldest.take_unsent(), [text("two")]);
    assert_eq!(oldest.take_unsent(), []);

    let refuses = sockets.socket("", limited(1, WhenFull::Refuse)).unwrap();
    assert_eq!(refuses.send("one").await, Ok(Sent::Queued));
    assert_eq!(refuses.send("two").await, Err(SendError::Full(text("two"))));
    assert!(server_is_idle(&mut server));
}

/// Nobody was let in.
fn server_is_idle(server: &mut Server) -> bool {
    server.try_next().is_none()
}

#[tokio::test]
async fn what_waits_goes_first_and_in_order() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = sockets.socket("", SocketOptions::new()).unwrap();
    for number in 0..100 {
        assert_eq!(socket.send(&*number.to_string()).await, Ok(Sent::Queued));
    }
    let mut events = socket.events();
    let mut accepted = server.next().await;
    until_state(&socket, SocketState::Open).await;
    let queue = SocketEvent::Queue { messages: 0, bytes: 0, dropped: 0 };
    let opened = SocketEvent::Opened { endpoint: "only".into() };
    assert_eq!([events.recv().await, events.recv().await], [Ok(queue), Ok(opened)]);
    assert_eq!(socket.send("after").await, Ok(Sent::Now));
    for number in 0..100 {
        assert_eq!(accepted.text().await, Some(number.to_string()));
    }
    assert_eq!(accepted.text().await.as_deref(), Some("after"));
}

#[tokio::test]
async fn a_close_sends_first_what_was_accepted() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, SocketOptions::new()).await;
    let mut accepted = server.next().await;
    for number in 0..50 {
        assert_eq!(socket.send(&*number.to_string()).await, Ok(Sent::Now));
    }
    let (unsent, ()) = tokio::join!(socket.close(4000, "bye"), async {
        for number in 0..50 {
            assert_eq!(accepted.text().await, Some(number.to_string()));
        }
        assert_eq!(accepted.close_frame().await, Some((4000, "bye".into())));
    });
    assert_eq!(unsent, Ok(vec![]));
}

#[tokio::test]
async fn what_no_socket_may_be_closed_with_is_refused() {
    let server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = opened(&sockets, SocketOptions::new()).await;
    assert_eq!(socket.close(1001, "").await, Err(CloseError::Code(1001)));
    assert_eq!(socket.close(1000, &"é".repeat(62)).await, Err(CloseError::Reason(124)));
    assert_eq!(*socket.state().borrow(), SocketState::Open);
}

/// Whatever becomes of connections: what the servers get is in order and once, and what they did not
/// get was not sent or was under way when a connection broke.
#[tokio::test]
async fn through_losses_the_order_is_kept_and_nothing_comes_twice() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = sockets.socket("", SocketOptions::new()).unwrap();
    let sender = socket.sender();
    let sending = tokio::spawn(async move {
        for number in 0..2_000_u32 {
            sender.send(&*number.to_string()).await.unwrap();
            if number % 7 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let mut got: Vec<u32> = Vec::new();
    let mut accepted: Accepted = server.next().await;
    let mut round = 0;
    while !sending.is_finished() {
        round += 1;
        let reading = async {
            for _ in 0..50 + round * 10 {
                got.push(accepted.text().await.unwrap().parse().unwrap());
            }
        };
        // What was under way when it broke may never come.
        let _ = timeout(Duration::from_millis(100), reading).await;
        accepted.kill();
        accepted = server.next().await;
    }
    sending.await.unwrap();
    socket.send("2000").await.unwrap();
    while got.last() != Some(&2_000) {
        got.push(accepted.text().await.unwrap().parse().unwrap());
    }
    assert!(round > 1 && got.len() > 200, "{round} rounds, {} messages", got.len());
    assert!(got.is_sorted_by(|earlier, later| earlier < later), "{got:?}");
    assert!(socket.take_unsent().is_empty());
}
