//! What becomes of a socket when its server fails.

use crate::{config, config_of, opened, start, testbed, until, until_state, within};
use std::time::Instant;
use steadfast_native::{Message, SendError, SocketEvent, SocketOptions, SocketState};
use steadfast_testbed::Fault;

#[tokio::test]
async fn it_greets_echoes_and_moves_when_its_server_is_killed_or_hangs() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let mut socket = sockets.socket("", SocketOptions::new()).unwrap();
    let mut events = socket.events();
    socket.send("early").await.unwrap();
    until(&mut socket, "early").await;
    assert_eq!(socket.endpoint().unwrap().name.as_str(), "a");

    testbed.endpoint("a").unwrap().set_fault(Fault::Kill);
    let killed = Instant::now();
    until(&mut socket, "b").await;
    println!("killed: the other server's message after {:?}", killed.elapsed());
    assert_eq!(socket.endpoint().unwrap().name.as_str(), "b");
    socket.send("ping").await.unwrap();
    until(&mut socket, "ping").await;

    testbed.endpoint("a").unwrap().set_fault(Fault::Healthy);
    testbed.endpoint("b").unwrap().set_fault(Fault::Hang);
    let hung = Instant::now();
    until(&mut socket, "a").await;
    println!("hung: the other server's message after {:?}", hung.elapsed());

    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(match event {
            SocketEvent::Opened { endpoint } => format!("opened {endpoint}"),
            SocketEvent::Lost { endpoint, .. } => format!("lost {endpoint}"),
            SocketEvent::Moved { from, to } => format!("moved {from} {to}"),
            _ => continue,
        });
    }
    assert_eq!(told[..2], ["opened a", "lost a"]);
    assert_eq!(told[told.len() - 2..], ["opened b", "moved b a"]);
}

#[tokio::test]
async fn any_number_of_sockets_follow_one_link() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let mut both = [
        opened(&sockets, SocketOptions::new()).await,
        sockets.socket("?second=1", SocketOptions::new()).unwrap(),
    ];
    for socket in &mut both {
        until(socket, "a").await;
    }
    testbed.endpoint("a").unwrap().set_fault(Fault::Kill);
    for socket in &mut both {
        until(socket, "b").await;
    }
    let [first, mut second] = both;
    first.close(1000, "").await.unwrap();
    second.send("still here").await.unwrap();
    until(&mut second, "still here").await;
}

#[tokio::test]
async fn reconnecting_opens_another_connection_to_the_same_endpoint() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let mut socket = opened(&sockets, SocketOptions::new()).await;
    until(&mut socket, "a").await;
    socket.reconnect();
    until(&mut socket, "a").await;
    socket.send("after").await.unwrap();
    until(&mut socket, "after").await;
}

#[tokio::test]
async fn the_links_end_is_its_end_and_what_is_sent_comes_back() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let mut socket = opened(&sockets, SocketOptions::new()).await;
    sockets.link().stop();
    within("the end", async { while socket.next_message().await.is_some() {} }).await;
    assert_eq!((*socket.state().borrow(), socket.endpoint()), (SocketState::Closed, None));
    let unsent = socket.send("late").await.unwrap_err();
    assert_eq!(unsent, SendError::Closed("late".into()));
    assert_eq!(unsent.to_string(), "the socket is closed; open another one");
    let after = sockets.socket("", SocketOptions::new()).unwrap();
    assert_eq!(*after.state().borrow(), SocketState::Closed);
}

#[tokio::test]
async fn dropping_all_of_it_stops_the_engine() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let socket = opened(&sockets, SocketOptions::new()).await;
    let link = sockets.link().clone();
    drop(sockets);
    assert!(!link.with_engine(steadfast::Engine::is_stopped));
    drop(socket);
    let stopped = async {
        while !link.with_engine(steadfast::Engine::is_stopped) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    within("the stop", stopped).await;
}

#[tokio::test]
async fn a_thousand_sockets_leave_nothing() {
    let testbed = testbed();
    let sockets = start(config(&testbed));
    let kept = opened(&sockets, SocketOptions::new()).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..1_000 {
        let socket = opened(&sockets, SocketOptions::new()).await;
        socket.close(1000, "").await.unwrap();
    }
    // The server has a task for each connection as well, until it has seen the close, and so has the
    // HTTP client for those that it keeps for the next checks.
    within("the tasks", async {
        while tasks() > before + 4 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    let left = format!("{sockets:?} {kept:?}");
    let expected =
        r#"Sockets { held: 1, .. } SteadfastSocket { state: Open, endpoint: Some("a"), .. }"#;
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_is_refused() {
    let sockets = start(config(&testbed()));
    let refused = sockets.socket("//elsewhere.example/", SocketOptions::new()).unwrap_err();
    assert!(refused.to_string().contains("none of the endpoints'"), "{refused}");
}

#[tokio::test]
async fn a_servers_close_is_answered_and_followed_by_another_connection() {
    let mut server = crate::server::Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let socket = sockets.socket("", SocketOptions::new()).unwrap();
    let mut first = server.next().await;
    first.close(1012).await;
    assert_eq!(first.text().await, None, "the answer");
    server.next().await;
    until_state(&socket, SocketState::Open).await;
}

#[test]
fn a_messages_content_is_in_no_log() {
    assert_eq!(format!("{:?}", Message::from("s3cr3t")), "Text(6 bytes)");
}
