//! What must hold in every world, and what must hold where the worlds have settled.

use super::endpoint::{Exclusion, Truth};
use super::graph::Graph;
use super::mind::Mind;
use super::settled::Settled;
use super::setup::Setup;
use super::world::{Network, Second, Socket, Told, World};

/// Sweeps within which everything must have settled.
const PATIENCE: usize = 20;

/// # Panics
///
/// At the first world in which something does not hold, with the way that leads there.
pub(super) fn check(graph: &Graph<'_>, settled: &Settled) {
    let setup = graph.setup;
    for (index, world) in graph.worlds.iter().enumerate() {
        hold(graph, index as u32, always(setup, world));
    }
    for index in settled.sets.iter().flatten() {
        let tells = graph.edges_of(*index).iter().any(|edge| edge.tells);
        // Under the published script, attempts and moves repeat while nobody answers.
        let restless = (tells && !setup.is_cyclic()).then_some("goes on telling, or moving");
        hold(graph, *index, restless.or_else(|| in_the_end(setup, &graph.worlds[*index as usize])));
    }
    let sweeps: Vec<u32> = (0..graph.worlds.len() as u32).map(|at| graph.sweep(at)).collect();
    for index in 0..graph.worlds.len() as u32 {
        let mut path = std::iter::successors(Some(index), |at| Some(sweeps[*at as usize]));
        let arrives = path.by_ref().take(PATIENCE).any(|at| settled.contains(at));
        hold(graph, index, (!arrives).then_some("does not settle"));
    }
}

fn hold(graph: &Graph<'_>, index: u32, complaint: Option<&str>) {
    if let Some(complaint) = complaint {
        let (name, trace) = (graph.setup.name, graph.trace(index));
        let world = &graph.worlds[index as usize];
        panic!("{name}: {complaint}\n{trace}{world:#?}");
    }
}

/// What must not be in any world.
fn always(setup: &Setup, world: &World) -> Option<&'static str> {
    let told = match world.mind {
        Mind::AllDown(_) => Told::AllDown,
        Mind::Presumed(_) | Mind::Reported { .. } => Told::Offline,
        _ => Told::Served,
    };
    if world.told != told && !setup.is_cyclic() {
        return Some("the app was told something else");
    }
    let trying = matches!(world.second, Second::Trial(_));
    match world.mind {
        Mind::Opening { .. } if !trying => {
            return Some("waits for a connection that is not opening");
        }
        Mind::Opening { .. } | Mind::Suspecting { .. } => {}
        _ if trying => return Some("opens a connection that nobody waits for"),
        _ => {}
    }
    let stays = world.second == Second::None && !world.retry && world.mind.outage().is_none();
    match world.socket {
        Socket::Open(to) if to != world.active && stays => {
            Some("the socket leads elsewhere for good")
        }
        Socket::None if world.wanted && stays => Some("there is no socket, and none to come"),
        _ => None,
    }
}

/// What must not be where the worlds have settled.
fn in_the_end(setup: &Setup, world: &World) -> Option<&'static str> {
    let all = || 0..setup.endpoints as u8;
    let active = world.of(world.active);
    if setup.is_cyclic() && active.exclusion == Exclusion::Commanded {
        // The published script knows of no maintenance.
        return None;
    }
    // It asks nobody but the next in the list.
    let next = (world.active + 1) % setup.endpoints as u8;
    let asked = |index: &u8| !setup.is_cyclic() || [world.active, next].contains(index);
    if all().filter(asked).any(|index| serves(world, index)) {
        return served(setup, world);
    }
    // A connection that works is served, whatever the checks say.
    let works = matches!(world.socket, Socket::Open(to) if world.carries(to));
    if world.told == Told::Served && !works {
        return Some("the app is not told that nobody is usable");
    }
    let answers = |index: u8| world.of(index).truth != Truth::Silent;
    let network = world.network == Network::Up && !world.lost;
    if world.told == Told::Offline && network && all().any(answers) {
        return Some("the app was told to be offline, though there are answers");
    }
    None
}

/// What must not be where somebody is usable.
fn served(setup: &Setup, world: &World) -> Option<&'static str> {
    if !serves(world, world.active) && !is_content(setup, world) {
        return Some("a usable endpoint stays unused");
    }
    if world.told != Told::Served {
        return Some("the app was told of an outage that is over");
    }
    if world.wanted && world.socket != Socket::Open(world.active) {
        return Some("the app is not connected");
    }
    if setup.background {
        return None;
    }
    if world.pending && world.prefers.is_some_and(|wish| serves(world, wish)) {
        return Some("a wish stays unfulfilled");
    }
    let all = || 0..setup.endpoints as u8;
    if !all().all(|index| world.of(index).truth == Truth::Well && serves(world, index)) {
        return None;
    }
    if world.mind != Mind::Steady {
        return Some("all is well, but not steady");
    }
    let best = world.prefers.unwrap_or(0);
    let stays = !setup.strategy().fails_back() || world.active == best;
    (!stays).then_some("all is well, but the best is not active")
}

/// Whether an endpoint is usable in truth.
fn serves(world: &World, index: u8) -> bool {
    let it = world.of(index);
    let excluded = matches!(it.exclusion, Exclusion::Commanded | Exclusion::Removed);
    let open = world.socket == Socket::Open(index);
    let connects = !world.wanted || it.truth.accepts() || (it.truth == Truth::Shut && open);
    world.network == Network::Up && it.truth.passes() && connects && !excluded
}

/// Whether nothing is looked into: in the background, as long as the connection works.
fn is_content(setup: &Setup, world: &World) -> bool {
    setup.background && !world.is_broken() && world.carries(world.active)
}
