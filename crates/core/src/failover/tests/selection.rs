//! Which endpoint is the best.

use super::scene::{Scene, degraded, down, rank, well};
use crate::base::random::Random;
use crate::base::time::Millis;
use crate::base::url::Url;
use crate::config::{Config, Endpoint, Strategy};
use crate::failover::rank::Ranking;
use crate::failover::selection::{best, is_better};
use crate::failover::view::EndpointView;
use crate::health::Health;
use crate::protocol::outcome::FailureKind::Refused;

fn best_of(scene: &Scene) -> Option<usize> {
    best(&scene.view(), scene.strategy(), &|_, endpoint| endpoint.is_usable())
}

fn ranked(priority: u32) -> EndpointView {
    EndpointView { rank: rank(priority, Health::Healthy, false), ..well() }
}

fn answering_in(rtt: u32, deviation: u32) -> EndpointView {
    EndpointView { rtt: Some(Millis::new(rtt)), deviation: Millis::new(deviation), ..well() }
}

#[test]
fn the_first_of_equals_is_the_best() {
    assert_eq!(best_of(&Scene::of([well(), well(), well()])), Some(0));
}

#[test]
fn only_those_that_are_allowed_count() {
    assert_eq!(best_of(&Scene::of([down(Refused), well()])), Some(1));
    assert_eq!(best_of(&Scene::of([down(Refused), down(Refused)])), None);
}

#[test]
fn a_better_priority_beats_a_better_place() {
    assert_eq!(best_of(&Scene::of([ranked(2), ranked(1), ranked(1)])), Some(1));
}

#[test]
fn a_degraded_endpoint_comes_last_whatever_its_priority() {
    assert_eq!(best_of(&Scene::of([degraded(), ranked(9)])), Some(1));
    assert_eq!(
        best_of(&Scene::of([degraded(), down(Refused)])),
        Some(0),
        "if it is not the only one"
    );
}

#[test]
fn the_preferred_endpoint_comes_first_unless_it_is_degraded() {
    let preferred = |health| EndpointView { health, rank: rank(9, health, true), ..well() };
    assert_eq!(best_of(&Scene::of([ranked(0), preferred(Health::Healthy)])), Some(1));
    assert_eq!(best_of(&Scene::of([ranked(0), preferred(Health::Degraded)])), Some(0));
}

#[test]
fn among_equals_the_strategy_latency_takes_the_fastest_and_an_unknown_speed_comes_last() {
    let scene = Scene::of([well(), answering_in(80, 0), answering_in(20, 0)]);
    assert_eq!(best_of(&scene.clone().by(Strategy::Latency)), Some(2));
    assert_eq!(best_of(&scene.by(Strategy::Priority)), Some(0));
    let ranks = Scene::of([ranked(1), answering_in(20, 0)]);
    let slow_but_better =
        ranks.but(|scene| scene.endpoints[1].rank = rank(2, Health::Healthy, false));
    assert_eq!(best_of(&slow_but_better.by(Strategy::Latency)), Some(0));
}

#[test]
fn an_earlier_place_is_better_only_where_places_count() {
    let scene = Scene::of([well(), well(), well()]).but(|scene| scene.active = 1);
    let better = |scene: &Scene| {
        let of = |index| is_better(&scene.view(), scene.strategy(), index);
        [of(0), of(1), of(2)]
    };
    assert_eq!(better(&scene), [true, false, false]);
    assert_eq!(better(&scene.clone().by(Strategy::Latency)), [false, false, false]);
    let ranked = scene.but(|scene| scene.endpoints[1].rank = rank(1, Health::Healthy, false));
    assert_eq!(better(&ranked.by(Strategy::Latency)), [true, false, true]);
}

#[test]
fn faster_is_one_that_is_faster_by_a_fifth_and_50_ms_and_by_more_than_the_uncertainty() {
    let scene = Scene::of([well()]).by(Strategy::Latency);
    let faster = |ours: [u32; 2], theirs: [u32; 2]| {
        let view = |[rtt, deviation]: [u32; 2]| answering_in(rtt, deviation);
        scene.strategy().is_faster(&view(ours), &view(theirs))
    };
    assert!(faster([250, 0], [200, 0]));
    assert!(!faster([250, 0], [201, 0]), "less than 50 ms");
    assert!(!faster([1_000, 0], [801, 0]), "less than a fifth");
    assert!(faster([300, 50], [200, 50]));
    assert!(!faster([300, 50], [200, 51]), "within what both are uncertain by");
    assert!(!scene.strategy().is_faster(&well(), &answering_in(1, 0)), "our own speed is unknown");
    let priority = Scene::of([well()]);
    assert!(!priority.strategy().is_faster(&answering_in(900, 0), &answering_in(1, 0)));
}

#[test]
fn a_renewed_ranking_has_the_new_priority_and_the_old_draw() {
    let url = || Url::unparsed(String::new());
    let endpoint = Endpoint::new("a", url(), url());
    let config = Config { strategy: Strategy::Weighted, ..Config::default() };
    let before = Ranking::new(&endpoint, &config, &mut Random::new(1));
    let after = before.renewed(&Endpoint { priority: 3, ..endpoint }, &config);
    assert_eq!(after.draw(), before.draw());
    let rank = |ranking: Ranking| ranking.rank(Health::Healthy, false);
    assert!(rank(before) < rank(after));
}
