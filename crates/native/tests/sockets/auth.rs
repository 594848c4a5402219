//! Who we are: asked anew for each connection, and not asked again for ever.

use crate::server::Server;
use crate::{config_of, start, until_state, within};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use steadfast::{Config, Endpoint, Health, Millis, Preset};
use steadfast_native::{Handshake, SocketEvent, SocketOptions, SocketState, StopReason};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_refusal_of_who_we_are_stops_it() {
    for (status, code, expected) in [
        (Some(401), None, StopReason::Unauthorized(401)),
        (Some(403), None, StopReason::Unauthorized(403)),
        (None, Some(4401), StopReason::CloseCode(4401)),
        (None, Some(4999), StopReason::CloseCode(4999)),
    ] {
        let mut server = Server::start("only", status);
        let sockets = start(config_of([server.endpoint.clone()]));
        let options = SocketOptions::new().stop_codes(vec![4401, 4999]);
        let socket = sockets.socket("", options).unwrap();
        let mut events = socket.events();
        if let Some(code) = code {
            let mut accepted = server.next().await;
            accepted.close(code).await;
        }
        let stopped = async {
            loop {
                if let SocketEvent::Stopped { reason } = events.recv().await.unwrap() {
                    break reason;
                }
            }
        };
        assert_eq!(within("the stop", stopped).await, expected);
        assert_eq!(*socket.state().borrow(), SocketState::Closed);
    }
}

#[tokio::test]
async fn path_and_headers_are_asked_for_each_connection() {
    let mut server = Server::start("only", None);
    let sockets = start(config_of([server.endpoint.clone()]));
    let asked = Arc::new(AtomicUsize::new(0));
    let options = SocketOptions::new().handshake(move || {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        async move {
            // The second time, the app's own token service fails.
            if number == 1 {
                return Err("no token".into());
            }
            let headers = vec![("authorization".into(), format!("token {number}"))];
            Ok(Handshake { path: format!("/chat?n={number}"), headers, ..Handshake::default() })
        }
    });
    let socket = sockets.socket("", options).unwrap();
    let mut events = socket.events();
    let first = server.next().await;
    assert_eq!((&*first.path, &*first.authorization), ("/chat?n=0", "token 0"));
    until_state(&socket, SocketState::Open).await;
    first.kill();
    let third = server.next().await;
    assert_eq!((&*third.path, &*third.authorization), ("/chat?n=2", "token 2"));
    until_state(&socket, SocketState::Open).await;
    let mut lost = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let SocketEvent::Lost { reason, .. } = event {
            lost.push(reason);
        }
    }
    assert_eq!(lost[1], "no token");
    assert_eq!(sockets.link().snapshot().endpoints[0].failures, 0, "none is to blame");
}

#[tokio::test]
async fn an_app_that_never_answers_blames_no_server_and_is_asked_again() {
    let mut server = Server::start("only", None);
    let mut config = Config::new(Preset::Default, vec![server.endpoint.clone()]);
    config.connect_timeout = Millis::new(300);
    config.retry.initial = Millis::new(100);
    let sockets = start(config.validate().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let options = SocketOptions::new().protocols(vec!["chat".into()]).handshake(move || {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < 3 {
                std::future::pending::<()>().await;
            }
            Ok(Handshake::default())
        }
    });
    let socket = sockets.socket("/chat", options).unwrap();
    let mut events = socket.events();
    let SocketEvent::Lost { reason, .. } = within("a loss", events.recv()).await.unwrap() else {
        panic!("another event");
    };
    assert_eq!(reason, "the app's function for the handshake took too long");
    // What it leaves open is as the socket was made.
    let accepted = server.next().await;
    assert_eq!((&*accepted.path, &*accepted.protocols), ("/chat", "chat"));
    assert_eq!(sockets.link().snapshot().endpoints[0].health, Health::Unknown);
}

#[tokio::test]
async fn a_server_that_does_not_open_in_time_is_told_of() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let endpoint = Endpoint::without_check("mute", url.parse().unwrap());
    let mut config = Config::new(Preset::Default, vec![endpoint]);
    config.connect_timeout = Millis::new(200);
    let sockets = start(config.validate().unwrap());
    let socket = sockets.socket("", SocketOptions::new()).unwrap();
    let lost = within("a loss", socket.events().recv()).await.unwrap();
    let SocketEvent::Lost { endpoint, code: None, reason } = lost else { panic!("{lost:?}") };
    assert_eq!((endpoint.as_str(), &*reason), ("mute", "the connection took too long"));
}

#[tokio::test]
async fn what_no_handshake_may_hold_is_the_apps_own_mistake() {
    let headers = |name: &str| Handshake {
        headers: vec![(name.to_owned(), "s3cret".to_owned())],
        ..Handshake::default()
    };
    let protocols = |protocols: &[&str]| Handshake {
        protocols: protocols.iter().map(|it| (*it).to_owned()).collect(),
        ..Handshake::default()
    };
    for wrong in [
        headers("Connection"),
        headers("upgrade"),
        headers("Sec-WebSocket-Key"),
        headers("a b"),
        protocols(&["s3cret value"]),
        protocols(&["chat", "CHAT"]),
        protocols(&["chat", ""]),
    ] {
        let mut server = Server::start("only", None);
        let sockets = start(config_of([server.endpoint.clone()]));
        let given = wrong.clone();
        let options = SocketOptions::new().handshake(move || {
            let given = given.clone();
            async move { Ok(given) }
        });
        let socket = sockets.socket("", options).unwrap();
        let lost = within("a loss", socket.events().recv()).await.unwrap();
        let SocketEvent::Lost { reason, .. } = lost else { panic!("{lost:?}") };
        assert!(!reason.contains("s3cret") && !reason.is_empty(), "{reason}");
        assert_eq!(sockets.link().snapshot().endpoints[0].health, Health::Unknown);
        assert!(server.try_next().is_none(), "nothing is sent");
    }
}
