//! What the messages of the faces are read as.

use super::*;
use crate::{Preset, parse_url};

fn object(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn message(json: &str) -> Result<Message, String> {
    let config = Config::new(Preset::Default, vec![]);
    Message::read(&object(json), &config, parse_url).map_err(|problems| problems.to_string())
}

#[test]
fn each_message_is_an_input() {
    let a = || Name::from("a");
    let id = ConnectionId::from_number(7);
    let command = Input::Command;
    for (json, input) in [
        (r#""awaitsApp", "id": 7"#, Input::ConnectionAwaitsApp { id }),
        (r#""begun", "id": 7"#, Input::ConnectionBegun { id }),
        (r#""opened", "id": 7"#, Input::ConnectionOpened { id }),
        (r#""closed", "id": 7"#, Input::ConnectionClosed { id, code: None }),
        (r#""closed", "id": 7, "code": 1006"#, Input::ConnectionClosed { id, code: Some(1006) }),
        (r#""received", "id": 7"#, Input::ConnectionActive { id }),
        (r#""network", "network": "changed""#, Input::Network(Network::Changed)),
        (r#""lifecycle", "lifecycle": "frozen""#, Input::Lifecycle(Lifecycle::Frozen)),
        (r#""checkNow""#, command(Command::CheckNow)),
        (r#""prefer", "endpoint": "a""#, command(Command::Prefer(Some(a())))),
        (r#""prefer", "endpoint": null"#, command(Command::Prefer(None))),
        (r#""beginMaintenance", "endpoint": "a""#, command(Command::BeginMaintenance(a()))),
        (r#""endMaintenance", "endpoint": "a""#, command(Command::EndMaintenance(a()))),
        (r#""isolate", "endpoint": "a""#, command(Command::Isolate(a()))),
        (r#""release", "endpoint": "a""#, command(Command::Release(a()))),
        (r#""reportSuccess", "endpoint": "a""#, Input::Traffic { endpoint: a(), ok: true }),
        (r#""reportFailure", "endpoint": "a""#, Input::Traffic { endpoint: a(), ok: false }),
        (
            r#""recoveryEnded", "id": 1, "ok": false, "error": "why""#,
            Input::RecoveryEnded { id: 1, ok: false, error: Some("why".to_owned()) },
        ),
        (r#""sent", "id": 7"#, Input::ConnectionSent { id }),
        (r#""silent", "id": 7"#, Input::ConnectionSilent { id }),
        (r#""connect", "socket": 3"#, command(Command::Connect(SocketId(3)))),
        (r#""reconnect", "socket": 3"#, command(Command::Reconnect(Some(SocketId(3))))),
        (r#""reconnect""#, command(Command::Reconnect(None))),
        (r#""disconnect", "socket": 3"#, command(Command::Disconnect(SocketId(3)))),
        (r#""stop""#, command(Command::Stop)),
    ] {
        let read = message(&format!(r#"{{ "message": {json} }}"#)).unwrap();
        let written = serde_json::to_string(&read.to_value()).unwrap();
        assert_eq!(message(&written).as_ref(), Ok(&read), "{written}");
        assert_eq!(Input::from(read), input, "{json}");
    }
    let list = r#"{ "message": "setEndpoints", "endpoints": [{ "name": "a", "connect": "ws://a.example/", "health": "http://a.example/" }] }"#;
    let written = serde_json::to_string(&message(list).unwrap().to_value()).unwrap();
    assert_eq!(message(&written), message(list));
    let Input::Command(Command::SetEndpoints(endpoints)) = message(list).unwrap().into() else {
        panic!("another input");
    };
    assert_eq!(endpoints[0].name, a());
}

#[test]
fn what_is_wrong_is_reported_with_its_path() {
    for (json, problem) in [
        ("{}", "message: unknown value; known: awaitsApp, begun, opened, "),
        (r#"{ "message": "preffer" }"#, "message: unknown value; did you mean `prefer`?"),
        (r#"{ "message": "opened" }"#, "id: missing"),
        (r#"{ "message": "opened", "id": -1 }"#, "id: -1 is out of range"),
        (r#"{ "message": "closed", "id": 1, "code": 65536 }"#, "code: out of range"),
        (r#"{ "message": "prefer", "name": "a" }"#, "name: unknown key; "),
        (r#"{ "message": "isolate", "endpoint": null }"#, "endpoint: expected a text"),
        (r#"{ "message": "network", "network": "up" }"#, "network: unknown value"),
        (r#"{ "message": "setEndpoints", "endpoints": [] }"#, "endpoints: allowed: 1 to 64"),
        (r#"{ "message": "setEndpoints", "endpoints": [{}] }"#, "endpoints[0].name: missing"),
        ("[]", "message: unknown value"),
    ] {
        let problems = message(json).unwrap_err();
        assert!(problems.starts_with(problem), "{json}: {problems}");
    }
}

#[test]
fn each_query_is_read() {
    let config = Config::new(Preset::Default, vec![]);
    let query = |json| Query::read(&object(json), &config, parse_url);
    assert_eq!(query(r#"{ "query": "snapshot" }"#), Ok(Query::Snapshot {}));
    assert_eq!(query(r#"{ "query": "save" }"#), Ok(Query::Save {}));
    let a = Some(Name::from("a"));
    let explain = Query::Explain { endpoint: a.clone() };
    assert_eq!(query(r#"{ "query": "explain", "endpoint": "a" }"#), Ok(explain));
    let permit = Query::Permit { excluding: a };
    assert_eq!(query(r#"{ "query": "permit", "excluding": "a" }"#), Ok(permit));
    assert_eq!(query(r#"{ "query": "permit" }"#), Ok(Query::Permit { excluding: None }));
    let call = Query::Call { method: "PUT".to_owned(), replayable: false };
    assert_eq!(query(r#"{ "query": "call", "method": "PUT", "replayable": false }"#), Ok(call));
    let report = Query::Report { period: Millis::from_secs(60) };
    assert_eq!(query(r#"{ "query": "report", "period": 60000 }"#), Ok(report));
    assert_eq!(query(r#"{ "query": "report" }"#).unwrap_err().to_string(), "period: missing");
}
