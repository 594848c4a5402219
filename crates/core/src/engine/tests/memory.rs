//! What is saved, and what is made of it at the next start.

use super::world::{Server, World};
use super::*;
use crate::config::{Strategy as Choice, Value};

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
                let outcome =
                    Outcome::Answer(Answer { latency, ..answer(if down { 503 } else { 200 }) });
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

/// What an engine has saved that has run for an hour, in which one endpoint was down.
fn saved(wall: u64) -> (World, Value) {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.run(3_600_000);
    let saved = world.engine.save(wall);
    (world, saved)
}

/// The round trips and the checks of the last day that an engine knows of that is restored then.
fn restored(saved: &Value, wall: u64) -> (Option<u32>, u32) {
    let mut engine = engine(Preset::Default, 2);
    engine.restore(saved, wall).unwrap();
    let report = engine.report(Millis::from_secs(86_400));
    (engine.snapshot().endpoints[1].rtt_ms, report.endpoints[1].checks)
}

#[test]
fn what_was_saved_counts_by_its_age_and_in_the_future_it_has_none() {
    const DAY: u64 = 86_400_000;
    let (_, saved) = saved(20 * DAY);
    let (rtt, checks) = restored(&saved, 20 * DAY + 60_000);
    assert!(rtt.is_some() && checks > 0, "a minute ago");
    assert_eq!(restored(&saved, 50 * DAY), (None, 0), "a month ago");
    assert_eq!(restored(&saved, 3_600_000), (None, 0), "in the future: the clock was set");
    assert_eq!(restored(&saved, 20 * DAY - 1), (None, 0), "a millisecond is enough");
}

/// How many of 100 clients are at the first of two endpoints, ten minutes after they began with
/// what they had saved under another strategy. Its `weight` was 1 before.
fn on_the_first(before: Choice, after: Choice, weight: u32) -> usize {
    let prototype = |strategy, weight| {
        let mut config = Config::new(Preset::Default, endpoints(2));
        config.strategy = strategy;
        config.endpoints.0[0].weight = weight;
        Engine::new(config.validate().unwrap(), 0, at(0))
    };
    let (before, after) = (prototype(before, 1), prototype(after, weight));
    let ends_on_the_first = |seed: &u64| {
        let mut world = World::with(before.sibling(*seed, at(0)));
        world.tell(Input::Started);
        world.run(5_000);
        let saved = world.engine.save(1_000_000);
        let mut next = after.sibling(seed + 1_000, at(0));
        next.restore(&saved, 1_060_000).unwrap();
        let mut world = World::with(next);
        world.tell(Input::Started);
        world.run(300_000);
        world.engine.active().name.as_str() == "e0"
    };
    (0..100_u64).filter(ends_on_the_first).count()
}

#[test]
fn clients_that_remember_obey_the_strategy_and_the_weights_of_today() {
    use Choice::{Priority, Weighted};
    let halves = 35..=65;
    let turned_on = on_the_first(Priority, Weighted, 1);
    assert!(halves.contains(&turned_on), "{turned_on}: half of them each");
    let kept = on_the_first(Weighted, Weighted, 1);
    assert!(halves.contains(&kept), "{kept}: half of them each, as before");
    assert_eq!(on_the_first(Weighted, Weighted, 0), 0, "a server that is drained");
    let more = on_the_first(Weighted, Weighted, 9);
    assert!((80..=98).contains(&more), "{more}: nine in ten");
    assert_eq!(on_the_first(Weighted, Priority, 1), 100, "draws do not count any more");
}

#[test]
fn a_history_is_as_old_as_it_is_wherever_the_clock_starts() {
    const HOUR: u64 = 3_600_000;
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.run(600_000);
    let saved = world.engine.save(1_000_000_000);
    for start in [0, 100 * HOUR] {
        let mut engine = Engine::new(
            Config::new(Preset::Default, endpoints(2)).validate().unwrap(),
            1,
            at(start),
        );
        engine.restore(&saved, 1_000_000_000 + 12 * HOUR).unwrap();
        let checks =
            |hours: u32| engine.report(Millis::from_secs(3_600 * hours)).endpoints[0].checks;
        assert_eq!(checks(1), 0, "they were 12 hours ago, on a clock at {start}");
        assert!(checks(24) > 0);
    }
}

#[test]
fn a_history_of_another_length_is_not_taken_for_one_of_this() {
    let config = |secs| {
        let mut config = Config::new(Preset::Default, endpoints(1));
        config.history = Millis::from_secs(secs);
        config
    };
    let mut world = World::settled_with(config(30 * 86_400));
    world.run(3_600_000 * 10);
    let saved = world.engine.save(1_000_000_000);
    let restored = |secs| {
        let mut engine = Engine::new(config(secs).validate().unwrap(), 1, at(0));
        engine.restore(&saved, 1_000_000_000).unwrap();
        engine.report(Millis::from_secs(secs)).endpoints[0].checks
    };
    assert!(restored(30 * 86_400) > 0);
    assert_eq!(restored(3_600), 0);
}

#[test]
fn time_in_which_nobody_looks_counts_for_nothing() {
    let looked_away: [&dyn Fn(&mut World); 2] = [
        &|world| {
            world.now = world.now + Millis::from_secs(36_000);
            world.tell(Input::Wake);
        },
        &|world| {
            world.tell(Input::Lifecycle(crate::Lifecycle::Background));
            world.run(36_000_000);
            world.tell(Input::Lifecycle(crate::Lifecycle::Foreground));
        },
    ];
    for look_away in looked_away {
        let mut world = World::settled();
        world.serve("e1", Server::Refuses);
        world.run(240_000);
        look_away(&mut world);
        world.run(1_000);
        let down = world.engine.report(Millis::from_secs(86_400)).endpoints[1].down_ms;
        assert!((60_000..400_000).contains(&down), "{down} ms");
    }
}
