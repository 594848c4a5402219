//! Moves while the old connection lives.

use crate::server::Server;
use crate::{opened, start, until, within};
use std::time::Duration;
use steadfast::{Config, Millis, Preset, ValidConfig};
use steadfast_native::{SocketEvent, SocketOptions};

/// Two servers without a health check, each of which the app can be told to prefer.
pub(crate) fn two() -> (Server, Server, ValidConfig) {
    let (a, b) = (Server::start("a", None), Server::start("b", None));
    let mut config = Config::new(Preset::Default, vec![a.endpoint.clone(), b.endpoint.clone()]);
    config.connect_timeout = Millis::from_secs(2);
    config.spread.voluntary = Millis::ZERO;
    config.retry.initial = Millis::new(100);
    (a, b, config.validate().unwrap())
}

#[tokio::test]
async fn what_the_old_server_still_delivers_comes_before_the_new_ones() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let mut socket = opened(&sockets, SocketOptions::new()).await;
    let mut old = a.next().await;
    old.send("old 1").await;
    until(&mut socket, "old 1").await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    new.send("new 1").await;
    let mut events = socket.events();
    within("the move", async {
        while !matches!(events.recv().await.unwrap(), SocketEvent::Moved { .. }) {}
    })
    .await;
    socket.send("to the new").await.unwrap();
    assert_eq!(new.text().await.as_deref(), Some("to the new"));
    for text in ["old 2", "old 3"] {
        old.send(text).await;
    }
    // It has been asked to close, and does when it has sent all.
    assert_eq!(old.close_frame().await, Some((1000, String::new())));
    new.send("new 2").await;
    for expected in ["old 2", "old 3", "new 1", "new 2"] {
        let message = within(expected, socket.next_message()).await.unwrap();
        assert_eq!(message, expected.into());
    }
}

#[tokio::test]
async fn a_connection_can_be_prepared_before_it_takes_over() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let options = SocketOptions::new().on_migrate(|candidate| async move {
        assert_eq!((candidate.from.as_str(), candidate.to.as_str()), ("a", "b"));
        candidate.send("subscribe".into()).await;
        assert_eq!(candidate.receive().await, Some("subscribed".into()));
        Ok(())
    });
    let mut socket = opened(&sockets, options).await;
    let mut old = a.next().await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    assert_eq!(new.text().await.as_deref(), Some("subscribe"));
    old.send("meanwhile").await;
    until(&mut socket, "meanwhile").await;
    assert_eq!(socket.endpoint().unwrap().name.as_str(), "a");
    new.send("subscribed").await;
    new.send("news").await;
    assert_eq!(old.close_frame().await, Some((1000, String::new())));
    until(&mut socket, "news").await;
    assert_eq!(socket.endpoint().unwrap().name.as_str(), "b");
}

#[tokio::test]
async fn what_a_new_server_said_before_it_ended_is_delivered_after_the_old_ones_last_word() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let mut socket = opened(&sockets, SocketOptions::new()).await;
    let mut events = socket.events();
    let mut old = a.next().await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    within("the move", async {
        while !matches!(events.recv().await.unwrap(), SocketEvent::Moved { .. }) {}
    })
    .await;
    new.send("not here").await;
    new.close(4000).await;
    within("the loss", async {
        while !matches!(events.recv().await.unwrap(), SocketEvent::Lost { .. }) {}
    })
    .await;
    old.send("a last word").await;
    assert_eq!(old.close_frame().await, Some((1000, String::new())));
    for expected in ["a last word", "not here"] {
        let message = within(expected, socket.next_message()).await.unwrap();
        assert_eq!(message, expected.into());
    }
}

#[tokio::test]
async fn another_connection_to_the_same_endpoint_is_a_move_as_well() {
    let (mut a, _b, config) = two();
    let sockets = start(config);
    let socket = opened(&sockets, SocketOptions::new()).await;
    let mut events = socket.events();
    let mut old = a.next().await;
    socket.reconnect();
    let _new = a.next().await;
    let moved = SocketEvent::Moved { from: "a".into(), to: "a".into() };
    assert_eq!(within("the move", events.recv()).await, Ok(moved));
    assert_eq!(old.close_frame().await, Some((1000, String::new())));
}

#[tokio::test]
async fn a_preparation_that_fails_or_is_late_leaves_the_socket_where_it_is() {
    for is_late in [false, true] {
        let (mut a, mut b, config) = two();
        let sockets = start(config);
        let options = SocketOptions::new().on_migrate(move |_| async move {
            if is_late {
                std::future::pending::<()>().await;
            }
            Err("not today".into())
        });
        let mut socket = opened(&sockets, options).await;
        let mut old = a.next().await;
        sockets.link().prefer(Some("b".into()));
        let mut new = b.next().await;
        assert!(new.close_frame().await.is_none_or(|(code, _)| code == 1005));
        old.send("still here").await;
        until(&mut socket, "still here").await;
        assert_eq!(socket.endpoint().unwrap().name.as_str(), "a");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let snapshot = sockets.link().snapshot();
        assert_eq!(snapshot.endpoints[1].failures, 0, "the server is not to blame");
    }
}
