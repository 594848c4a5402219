//! Real checks against real servers: each kind of failure is told from the others by its type.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up may panic")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use steadfast::config::Check;
use steadfast::{CheckReport, Endpoint, Event, FailureKind, Millis, Outcome, Transport};
use steadfast_native::NativeTransport;
use steadfast_testbed::{Fault, Testbed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn check(url: &str, check: Check) -> Result<Option<u16>, FailureKind> {
    let transport = NativeTransport::new(|_, _| {}).unwrap();
    let mut endpoint = Endpoint::new("e", "ws://unused/".parse().unwrap(), url.parse().unwrap());
    let timeout = check.timeout;
    endpoint.health.as_mut().unwrap().check = Some(check);
    match transport.check(Arc::new(endpoint), timeout).await {
        Outcome::Answer(answer) => Ok(answer.status),
        Outcome::Failure(kind) => Err(kind),
    }
}

/// A check with a short timeout, and what is changed of it.
fn quick_but(change: impl FnOnce(&mut Check)) -> Check {
    let mut check = Check::default();
    check.timeout = Millis::new(500);
    change(&mut check);
    check
}

fn quick() -> Check {
    quick_but(|_| {})
}

fn expecting(text: &str) -> Check {
    quick_but(|check| check.expect_body = Some(text.into()))
}

fn testbed() -> Testbed {
    Testbed::start(&[
        ("a".into(), SocketAddr::from(([127, 0, 0, 1], 0))),
        ("b".into(), SocketAddr::from(([127, 0, 0, 1], 0))),
    ])
    .unwrap()
}

/// A server that does one thing with each connection.
async fn server<F: Future<Output = ()> + Send>(
    serve: impl Fn(tokio::net::TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    address
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    let testbed = testbed();
    let a = testbed.endpoint("a").unwrap();
    let url = a.health_url();
    assert_eq!(check(&url, quick()).await, Ok(Some(200)));
    a.set_fault(Fault::Status(503));
    assert_eq!(check(&url, quick()).await, Ok(Some(503)));
    a.set_fault(Fault::Hang);
    assert_eq!(check(&url, quick()).await, Err(FailureKind::Timeout));
    a.set_fault(Fault::Slow(2_000));
    assert_eq!(check(&url, quick()).await, Err(FailureKind::Timeout));
    a.set_fault(Fault::Kill);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(check(&url, quick()).await, Err(FailureKind::Refused));
    assert_eq!(check("http://no-such-host.invalid/", quick()).await, Err(FailureKind::Dns));
    let reset = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(check(&format!("http://{reset}/"), quick()).await, Err(FailureKind::Reset));
    let not_tls = server(|mut stream| async move {
        let _ = stream.write_all(b"this is not TLS, not at all").await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    assert_eq!(check(&format!("https://{not_tls}/"), quick()).await, Err(FailureKind::Tls));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = certified.signing_key.serialize_der().try_into().unwrap();
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(Arc::new(
        tokio_rustls::rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![certified.cert.der().clone()], key)
    .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let untrusted = server(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        }
    })
    .await;
    let url = format!("https://localhost:{}/", untrusted.port());
    assert_eq!(check(&url, quick()).await, Err(FailureKind::Tls));
}

#[tokio::test]
async fn a_timeout_bounds_the_whole_check_even_if_the_answer_drips() {
    let drip = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if stream.write_all(b"x").await.is_err() {
                return;
            }
        }
    })
    .await;
    let url = format!("http://{drip}/");
    let started = std::time::Instant::now();
    assert_eq!(check(&url, expecting("never")).await, Err(FailureKind::Timeout));
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_endless_body_is_cut() {
    let endless = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let transport = NativeTransport::new(|_, _| {}).unwrap();
    let mut endpoint = Endpoint::new(
        "e",
        "ws://unused/".parse().unwrap(),
        format!("http://{endless}/").parse().unwrap(),
    );
    endpoint.health.as_mut().unwrap().check = Some(expecting("never"));
    let Outcome::Answer(answer) = transport.check(Arc::new(endpoint), Millis::from_secs(5)).await
    else {
        panic!()
    };
    assert_eq!(answer.body.len(), steadfast::MAX_ANSWER_BYTES);
}

#[tokio::test]
async fn tcp_checks_connect_ask_and_listen() {
    let parrot = server(|mut stream| async move {
        let mut asked = [0; 4];
        let _ = stream.read_exact(&mut asked).await;
        for part in [&b"+PO"[..], b"NG\r\n"] {
            let _ = stream.write_all(part).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let url = format!("tcp://{parrot}");
    assert_eq!(check(&url, quick()).await, Ok(None));
    let asking = quick_but(|check| {
        check.expect_body = Some("+PONG".into());
        check.body = Some("PING".into());
    });
    assert_eq!(check(&url, asking.clone()).await, Ok(None));
    assert_eq!(
        check(&url, expecting("+PONG")).await,
        Err(FailureKind::Timeout),
        "it waits to be asked"
    );
    assert_eq!(check("tcp://no-such-host.invalid:1", quick()).await, Err(FailureKind::Dns));
}

/// A server that redirects to this place, and answers there.
async fn redirecting(location: String) -> std::net::SocketAddr {
    server(move |mut stream| {
        let location = location.clone();
        async move {
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let status = match &request[..read] {
                there if there.starts_with(b"GET /there") => "200 OK".to_owned(),
                _ => format!("302 Found\r\nlocation: {location}"),
            };
            let end = "content-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\n{end}").as_bytes()).await;
        }
    })
    .await
}

#[tokio::test]
async fn redirects_are_followed_only_if_asked_for_and_never_to_another_origin() {
    let following = || quick_but(|check| check.follow_redirects = true);
    let within = format!("http://{}/", redirecting("/there".to_owned()).await);
    assert_eq!(check(&within, quick()).await, Ok(Some(302)));
    assert_eq!(check(&within, following()).await, Ok(Some(200)));
    let elsewhere = testbed().endpoint("a").unwrap().health_url();
    let leaving = format!("http://{}/", redirecting(elsewhere).await);
    assert_eq!(check(&leaving, following()).await, Err(FailureKind::Redirect));
}

#[tokio::test]
async fn a_killed_endpoint_is_left_and_a_stop_is_the_end() {
    let testbed = testbed();
    let endpoints = testbed.endpoints().iter().map(|served| {
        Endpoint::new(
            served.name(),
            served.connect_url().parse().unwrap(),
            served.health_url().parse().unwrap(),
        )
    });
    let mut config = steadfast::Config::new(steadfast::Preset::Default, endpoints.collect());
    config.check.interval = Millis::new(100);
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let link = steadfast_native::start(config.validate().unwrap(), move |_, event| {
        let _ = sender.send(event.clone());
    })
    .unwrap();
    let mut next =
        async |wanted: fn(&Event) -> bool| while !wanted(&events.recv().await.unwrap()) {};
    next(|event| matches!(event, Event::Check(CheckReport { failure: None, .. }))).await;
    testbed.endpoint("a").unwrap().set_fault(Fault::Kill);
    next(|event| matches!(event, Event::Switched { .. })).await;
    assert_eq!(link.active().name.as_str(), "b");
    link.stop();
    next(|event| matches!(event, Event::Stopped)).await;
    assert!(events.recv().await.is_none(), "nothing follows a stop");
}
