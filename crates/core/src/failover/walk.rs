//! Walks through every state that the transition function reaches in a small world.
//!
//! The world has one to three endpoints. Nature moves: a check begins or ends, a timer fires, a
//! connection opens, a message arrives, and a bounded number of times the truth changes, the
//! platform reports something, or the app asks for something. After each move the real transition
//! function decides. All orders of moves are tried. What is left out, so that there are few worlds:
//!
//! - **Truth.** An endpoint is well, slow, ailing (its checks fail, its sockets work), shut (its
//!   checks pass, it refuses sockets), dead, silent or in maintenance. The network is up, gone, a
//!   hole in which everything is lost, or a portal.
//! - **Evidence.** Two failures suffice for a verdict. What everybody loses counts only after
//!   three. Endpoints that fail now and then, flap damping and rest that servers ask for are left
//!   out.
//! - **Knowledge.** Of counts it is known whether they are none, some or enough: failures up to
//!   three, successes up to two, attempts to check a standby none, one or six. One failed attempt
//!   to connect makes an endpoint unreachable.
//! - **Checks.** At most two of an endpoint are in flight: one from before there was doubt, and one
//!   since. One begins at some time if its `Pace` says so or somebody asked for it.
//! - **Time.** Of moments only the order is known that decisions compare: what came before the
//!   doubt, and what has come since in which order. What waits is due or not, and becomes due by a
//!   move of its own, if the engine would wake up for it. Whatever waits, waits at least once.
//! - **Sockets.** One carries the app's messages, and a second one may be opening. That an open one
//!   is replaced because it may be dead is left out: it closes in the end.
//!
//! Then the truth stays as it is, and the worlds settle: sets of worlds that lead only to each
//! other. Whoever lets everything happen that is due ends up in such a set, from every world,
//! within a few sweeps. There, nothing is told and nobody moves any more; no usable endpoint stays
//! unused while the active one is not usable; if nobody is usable, the app has been told; if all is
//! well, the state is `Steady` and the best endpoint is active.

mod change;
mod endpoint;
mod goals;
mod graph;
mod happen;
mod learn;
mod mind;
mod nature;
mod play;
mod settled;
mod setup;
mod simplify;
mod time;
mod world;

use crate::base::time::Millis;
use crate::config::Strategy::{Cyclic, Priority, Sticky};
use endpoint::Truth::{self, Ailing, Dead, Maintenance, Shut, Silent, Slow, Well};
use graph::Graph;
use settled::Settled;
use setup::Setup;
use std::sync::Arc;
use world::Network::{self, Gone, Hole, Portal, Up};

/// All truths that differ where no connection is wanted.
const CHECKED: &[Truth] = &[Well, Slow, Dead, Silent, Maintenance];
const LIFE: &[Truth] = &[Well, Dead];
const NETWORKS: &[Network] = &[Up, Gone, Hole];

fn explore(setup: &Setup) {
    let graph = Graph::walk(setup);
    let settled = Settled::of(&graph);
    println!("{}: {} worlds, {} settled sets", setup.name, graph.worlds.len(), settled.sets.len());
    goals::check(&graph, &settled);
}

#[test]
fn two_endpoints_find_a_way_out_of_everything() {
    explore(&Setup { truths: CHECKED, ..Setup::new("priority", Priority, 2, 3) });
    explore(&Setup { truths: CHECKED, ..Setup::new("sticky", Sticky, 2, 2) });
}

#[test]
fn three_endpoints_find_a_way_out_of_everything() {
    explore(&Setup { truths: LIFE, ..Setup::new("three", Priority, 3, 2) });
    explore(&Setup { truths: LIFE, ..Setup::new("three, sticky", Sticky, 3, 2) });
}

#[test]
fn the_published_script_finds_a_way_out_of_everything() {
    explore(&Setup { truths: CHECKED, networks: NETWORKS, ..Setup::new("cyclic", Cyclic, 2, 3) });
    explore(&Setup { truths: LIFE, ..Setup::new("three, cyclic", Cyclic, 3, 3) });
    explore(&Setup { truths: LIFE, app: true, ..Setup::new("app, cyclic", Cyclic, 2, 2) });
}

#[test]
fn networks_that_come_and_go_are_told_from_servers_that_do() {
    let truths = &[Well, Dead, Silent];
    explore(&Setup { truths, networks: NETWORKS, ..Setup::new("networks", Priority, 2, 2) });
    explore(&Setup { truths, networks: NETWORKS, ..Setup::new("alone", Priority, 1, 4) });
}

#[test]
fn connectivity_urls_and_portals_are_no_trap() {
    let networks = &[Up, Gone, Hole, Portal];
    let setup = |endpoints, changes| Setup {
        truths: LIFE,
        networks,
        probes: true,
        ..Setup::new("probes", Priority, endpoints, changes)
    };
    explore(&setup(1, 3));
    explore(&setup(2, 1));
}

#[test]
fn what_the_platform_reports_is_no_trap() {
    let new = |name, changes| Setup {
        platform: true,
        truths: LIFE,
        ..Setup::new(name, Priority, 2, changes)
    };
    explore(&Setup { networks: NETWORKS, ..new("platform", 2) });
    explore(&Setup { wanted: true, ..new("platform, connected", 2) });
}

#[test]
fn what_the_app_asks_for_is_no_trap() {
    let new = |name, strategy, changes| Setup {
        app: true,
        truths: LIFE,
        ..Setup::new(name, strategy, 2, changes)
    };
    explore(&new("app", Priority, 2));
    explore(&new("app, sticky", Sticky, 2));
    explore(&Setup { wanted: true, ..new("app, connected", Priority, 2) });
}

#[test]
fn connections_that_fail_find_a_way_out() {
    let truths = &[Well, Dead, Shut, Ailing];
    explore(&Setup { truths, wanted: true, ..Setup::new("connected", Priority, 2, 2) });
    let truths = &[Well, Maintenance, Shut];
    explore(&Setup { truths, wanted: true, ..Setup::new("connected, sticky", Sticky, 2, 3) });
}

#[test]
fn messages_are_heeded() {
    let truths = &[Well, Ailing, Dead];
    let setup =
        Setup { truths, wanted: true, messages: true, ..Setup::new("messages", Priority, 2, 2) };
    explore(&setup);
}

#[test]
fn the_background_gets_its_connection_back() {
    let new = |name| Setup { truths: LIFE, wanted: true, ..Setup::new(name, Priority, 2, 2) };
    explore(&Setup { background: true, ..new("background") });
}

#[test]
fn outages_that_follow_each_other_end() {
    let new = |name, changes| Setup {
        truths: LIFE,
        relapses: true,
        ..Setup::new(name, Priority, 2, changes)
    };
    explore(&new("relapses", 4));
    explore(&Setup { wanted: true, ..new("relapses, connected", 2) });
}

#[test]
fn what_is_waited_for_is_due_whatever_the_config_says() {
    for strategy in [Priority, Sticky, Cyclic] {
        let new = |name| Setup {
            truths: &[Well, Dead, Silent],
            networks: NETWORKS,
            ..Setup::new(name, strategy, 2, 2)
        };
        let mut unwatched =
            Setup { app: true, truths: LIFE, ..Setup::new("unwatched", strategy, 2, 3) };
        Arc::make_mut(&mut unwatched.config).standby_interval = None;
        explore(&unwatched);
        let mut unhurried = new("without haste");
        Arc::make_mut(&mut unhurried.config).suspect_interval = None;
        explore(&unhurried);
        let mut strict = new("two successes");
        Arc::make_mut(&mut strict.config).success_threshold = 2;
        explore(&strict);
        let mut at_once = new("without spread");
        Arc::make_mut(&mut at_once.config).spread.voluntary = Millis::ZERO;
        explore(&at_once);
    }
}
