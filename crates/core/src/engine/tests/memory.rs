//! What is saved, and what is made of it at the next start.

use super::*;

#[test]
fn what_was_learnt_survives_a_restart_and_stays_small() {
    let mut learnt = engine(Preset::Default, 2);
    let mut now = 0;
    learnt.handle(at(0), Input::Started);
    for round in 0..200_000_u32 {
        for effect in drain(&mut learnt) {
            if let Effect::StartCheck { id, endpoint, .. } = effect {
                let down = endpoint.name.as_str() == "e0" && round > 190_000;
                let latency = Millis::new(20 + round % 4_000);
                let outcome = Outcome::Answer(Answer {
                    latency,
                    ..answer(if down { 503 } else { 200 })
                });
                learnt.handle(at(now), Input::CheckFinished { id, outcome });
            }
        }
        now = learnt.next_wakeup().unwrap().as_millis();
        learnt.handle(at(now), Input::Wake);
    }
    assert_eq!(learnt.active().name.as_str(), "e1");
    let saved = learnt.save(5_000_000);
    let json = serde_json::to_string(&saved).unwrap();
    assert!(json.len() < 2 * 4_096, "{} bytes", json.len());
    assert!(json.len() > 2_000, "a day's history is in it");

    let read = serde_json::from_str(&json).unwrap();
    let mut restarted = engine(Preset::Default, 2);
    restarted.restore(&read, 5_060_000).unwrap();
    assert_eq!(restarted.active().name.as_str(), "e1", "begins with the last good endpoint");
    let rtt = |engine: &Engine| engine.snapshot().endpoints[1].rtt_ms;
    assert_eq!(rtt(&restarted), rtt(&learnt));
    let checks = |engine: &Engine| engine.report(Millis::from_secs(86_400)).endpoints[1].checks;
    let (before, after) = (checks(&learnt), checks(&restarted));
    assert!(after > 0 && after <= before);
    restarted.handle(at(0), Input::Started);
    let refusal = restarted.restore(&read, 0).unwrap_err().to_string();
    assert_eq!(refusal, "nothing was restored: the engine has started already");
}

#[test]
fn foreign_or_damaged_memories_are_refused_and_do_no_harm() {
    let is_refused = |json: &str| {
        let mut engine = engine(Preset::Default, 2);
        let refused = engine.restore(&serde_json::from_str(json).unwrap(), 0).is_err();
        assert_eq!(engine.active().name.as_str(), "e0");
        refused
    };
    let other_version = r#"{"steadfast":2,"at":0,"endpoints":[]}"#;
    for json in ["null", "[]", "{}", other_version, r#"{"steadfast":1,"at":0}"#] {
        assert!(is_refused(json), "{json}");
    }
    let odd = r#"{"name":"e0","rtt":["x",4000000000,9],"loss":[1,2,3,-4],"flaps":99,"draw":-1}"#;
    let odd = format!(r#"{{"steadfast":1,"at":-5,"active":"gone","endpoints":[7,{odd}]}}"#);
    assert!(!is_refused(&odd));
    let history = r#"{"name":"e0","history":[[-9],3,[99999999999999999]]}"#;
    assert!(!is_refused(&format!(r#"{{"steadfast":1,"at":0,"endpoints":[{history}]}}"#)));
}
