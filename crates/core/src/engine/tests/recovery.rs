//! Recovery as an app meets it: what a client does by itself, and what is left to others.

use super::world::{Server, World};
use super::*;
use crate::config::Name;
use crate::{Command, RecoveryAction, RecoveryStrategy as Recovery};

/// A world with so many endpoints, whose failures are recovered from, after two minutes.
fn recovering(count: usize) -> World {
    let mut config = Config::new(Preset::Default, endpoints(count));
    config.jitter_percent = 0;
    config.failure_events.enabled = true;
    config.recovery.enabled = true;
    World::settled_with(config)
}

/// Everything that was told of recovery, in order.
fn told(world: &World) -> Vec<&RecoveryAction> {
    let mut told = Vec::new();
    for (_, event) in &world.events {
        if let Event::Recovery(action) = event {
            told.push(action);
        }
    }
    told
}

#[test]
fn recovery_moves_at_once_and_leaves_the_rest_to_others() {
    let mut config = Config::new(Preset::Orchestrator, endpoints(2));
    config.recovery.enabled = true;
    let mut engine = Engine::new(config.validate().unwrap(), 7, at(0));
    engine.handle(at(0), Input::Started);
    let (mut now, mut told, mut switched) = (0, Vec::new(), None);
    while now < 400_000 {
        while let Some(effect) = engine.poll_effect() {
            match effect {
                Effect::StartCheck { id, endpoint, .. } => {
                    let fails = endpoint.name.as_str() == "e0" && now > 60_000;
                    let outcome = if fails { refused() } else { passed() };
                    engine.handle(at(now), Input::CheckFinished { id, outcome });
                }
                Effect::Emit { event: Event::Recovery(action), .. } => {
                    if action.ok.is_none() {
                        let (id, error) = (action.id, Some("no".into()));
                        engine.handle(at(now), Input::RecoveryEnded { id, ok: false, error });
                    }
                    told.push((action.strategy, action.ok));
                }
                Effect::Emit { at, event: Event::Switched { .. } } => {
                    switched = switched.or(Some(at));
                }
                _ => {}
            }
        }
        now = engine.next_wakeup().unwrap().as_millis();
        engine.handle(at(now), Input::Wake);
    }
    let removed = |ok| (Recovery::RemoveFromLoadBalancer, Some(ok));
    assert_eq!(told[..2], [removed(true), removed(false)]);
    let restarts = told.iter().filter(|said| **said == (Recovery::Restart, None)).count();
    assert_eq!(restarts, 3, "three in five minutes: {told:?}");
    let third_failure = 60_000 + 3 * 33_000;
    assert!(switched.unwrap().as_millis() <= third_failure, "{switched:?}");
    assert_eq!(engine.active().name.as_str(), "e1");
    assert!(engine.recoveries().len() > 5);
}

#[test]
fn no_action_is_asked_for_while_another_one_is_under_way_for_the_endpoint() {
    let mut world = recovering(40);
    for index in 1..40 {
        world.serve(&format!("e{index}"), Server::Refuses);
    }
    world.run(900_000);
    let mut pending = Vec::<&Name>::new();
    let mut asked = 0;
    for action in told(&world) {
        if action.ok.is_some() {
            pending.retain(|endpoint| **endpoint != action.endpoint);
            continue;
        }
        assert!(!pending.contains(&&action.endpoint), "twice at once: {action:?}");
        pending.push(&action.endpoint);
        asked += 1;
    }
    assert!(asked > 39, "{asked} for 39 endpoints that nobody repairs");
    let listed = world.engine.recoveries();
    let listed = listed.iter().filter(|action| action.ok.is_none()).count();
    assert_eq!(listed, pending.len(), "what is under way is never forgotten");
}

#[test]
fn a_report_on_what_is_under_way_is_heard_however_much_else_is_done() {
    let mut world = recovering(40);
    for index in 1..40 {
        world.serve(&format!("e{index}"), Server::Refuses);
    }
    let first = loop {
        world.run(100);
        if let Some(action) = told(&world).iter().find(|action| action.ok.is_none()) {
            break (*action).clone();
        }
    };
    world.run(50_000);
    world.tell(Input::RecoveryEnded { id: first.id, ok: true, error: None });
    let last = told(&world).pop().unwrap();
    assert_eq!((last.id, last.ok), (first.id, Some(true)));
    let before = told(&world).len();
    world.tell(Input::RecoveryEnded { id: first.id, ok: false, error: None });
    assert_eq!(told(&world).len(), before, "it is reported once");
}

#[test]
fn reconnecting_opens_another_connection_and_closes_the_old_one() {
    let mut world = recovering(1);
    world.command(Command::Connect(SOCKET));
    world.run(1_000);
    let before = world.open.clone();
    assert_eq!(before.len(), 1);
    world.serve("e0", Server::UnknownName);
    let reconnected = |world: &World| {
        told(world).iter().any(|it| it.strategy == Recovery::Reconnect && it.ok == Some(true))
    };
    while !reconnected(&world) {
        world.run(100);
    }
    world.run(1_000);
    assert_eq!(world.open.len(), 1);
    assert_ne!(world.open, before);
}

#[test]
fn nothing_is_recovered_that_is_in_maintenance() {
    for commanded in [false, true] {
        let mut world = recovering(2);
        if commanded {
            world.command(Command::BeginMaintenance("e0".into()));
            world.serve("e0", Server::Refuses);
        } else {
            world.serve("e0", Server::Rests(10));
        }
        world.run(900_000);
        assert_eq!(told(&world), Vec::<&RecoveryAction>::new(), "commanded: {commanded}");
        assert!(world.told("failure").is_empty());
    }
}

#[test]
fn the_last_endpoint_that_works_is_never_taken_out() {
    let mut world = recovering(2);
    world.serve("e0", Server::Says(500));
    world.serve("e1", Server::Refuses);
    world.run(900_000);
    for action in told(&world) {
        let removed = action.strategy == Recovery::RemoveFromLoadBalancer;
        assert!(!removed || action.ok == Some(false), "{action:?}");
    }
    assert!(!told(&world).is_empty());
}

#[test]
fn one_that_was_taken_out_is_put_back_when_no_other_one_is_left() {
    let mut world = recovering(2);
    world.serve("e0", Server::Says(500));
    let removed = |world: &World| {
        told(world)
            .iter()
            .any(|it| it.strategy == Recovery::RemoveFromLoadBalancer && it.ok == Some(true))
    };
    while !removed(&world) {
        world.run(100);
    }
    world.serve("e0", Server::Says(200));
    world.run(20_000);
    world.serve("e1", Server::Says(500));
    while world.health("e1") != crate::Health::Suspect {
        world.run(10);
    }
    world.serve("e1", Server::Says(200));
    world.run(20_000);
    assert_eq!(world.health("e0"), crate::Health::Unhealthy, "one failure of the other is no need");
    assert_eq!(world.engine.active().name.as_str(), "e1", "it is out of rotation");
    world.serve("e1", Server::Hangs);
    world.run(10_000);
    assert_eq!(world.engine.active().name.as_str(), "e0");
    assert!(world.told("allDown").is_empty(), "{:?}", world.told("allDown"));
}
