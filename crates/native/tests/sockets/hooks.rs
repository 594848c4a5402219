//! Connections that the app prepares, and those that never come to carry it.

use crate::moves::two;
use crate::server::Server;
use crate::{config_of, opened, start, until, within};
use std::time::Duration;
use steadfast::Millis;
use steadfast::socket::Ping;
use steadfast_native::{Candidate, Message, SocketEvent, SocketOptions, SocketState};
use tokio::time::sleep;

#[tokio::test]
async fn what_a_hook_leaves_is_delivered_however_much_it_is() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let options = SocketOptions::new().on_migrate(|candidate: Candidate| async move {
        assert_eq!(candidate.receive().await, Some("0".into()));
        // More than is kept for it arrives meanwhile.
        sleep(Duration::from_millis(200)).await;
        Ok(())
    });
    let mut socket = opened(&sockets, options).await;
    let _old = a.next().await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    for number in 0..100 {
        new.send(&number.to_string()).await;
    }
    for number in 1..100 {
        let message = within("each", socket.next_message()).await;
        assert_eq!(message, Some(Message::from(&*number.to_string())));
    }
}

#[tokio::test]
async fn what_greets_and_breaks_off_before_it_takes_over_leaves_no_trace() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let mut socket = opened(&sockets, SocketOptions::new()).await;
    let mut old = a.next().await;
    b.answer(Some(503));
    sockets.link().prefer(Some("b".into()));
    within("refusals", b.has_refused(3)).await;
    // After three that failed, the next has to show first that it lasts.
    b.answer(None);
    let mut trial = b.next().await;
    trial.send("a greeting of the trial").await;
    trial.close(1011).await;
    sleep(Duration::from_millis(300)).await;
    old.send("still here").await;
    let mut arrived = Vec::new();
    while arrived.last() != Some(&Message::from("still here")) {
        arrived.push(within("a message", socket.next_message()).await.unwrap());
    }
    assert!(!arrived.contains(&"a greeting of the trial".into()), "{} messages", arrived.len());
    assert_eq!(socket.endpoint().unwrap().name.as_str(), "a");
}

#[tokio::test]
async fn a_hook_that_hangs_leaves_the_socket_where_it_is() {
    let (mut a, mut b, config) = two();
    let sockets = start(config);
    let options = SocketOptions::new().on_migrate(|_| std::future::pending());
    let mut socket = opened(&sockets, options).await;
    let mut events = socket.events();
    let mut old = a.next().await;
    sockets.link().prefer(Some("b".into()));
    let mut new = b.next().await;
    // The app has two seconds, as a server has.
    assert_eq!(new.close_frame().await, None, "closed without a code");
    old.send("still here").await;
    until(&mut socket, "still here").await;
    let failed = SocketEvent::MoveFailed {
        to: "b".into(),
        reason: "the app's function on_migrate took too long".into(),
    };
    assert_eq!(events.try_recv(), Ok(failed));
}

#[tokio::test]
async fn a_function_that_panics_costs_the_connection_and_not_the_socket() {
    let panics = || -> Message { panic!("no ping today") };
    let matcher = |message: &Message| -> bool {
        assert_ne!(*message, "mine".into(), "no such message");
        false
    };
    let ping = Ping { every: Millis::new(200), within: Millis::new(2_000) };
    for options in
        [SocketOptions::new().ping(ping, panics), SocketOptions::new().ping_answer(matcher)]
    {
        let mut server = Server::start("only", None);
        let sockets = start(config_of([server.endpoint.clone()]));
        let socket = sockets.socket("", options).unwrap();
        let mut events = socket.events();
        let mut first = server.next().await;
        let _ = first.try_send("mine").await;
        let lost = async {
            loop {
                if let Ok(SocketEvent::Lost { reason, .. }) = events.recv().await {
                    break reason;
                }
            }
        };
        assert_eq!(within("the loss", lost).await, "a function of the app's panicked");
        assert_ne!(*socket.state().borrow(), SocketState::Closed);
        server.next().await;
    }
}
