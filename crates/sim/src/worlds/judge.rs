//! Runs a scenario and says which rules did not hold. At the end of each phase it asks whether the
//! app is served as it could be; what must never happen at all is watched for by [`Watch`].

use super::fairness::Fair;
use super::grade::{Grade, is_blind};
use super::law::{Broken, Rule};
use super::watch::Watch;
use crate::scenario::{Invalid, Prepared, Scenario};
use crate::simulation::{Exchanges, Open, Simulation};
use steadfast::{Endpoint, Lifecycle, Millis, SocketId, Timestamp};

/// Messages that a connection must have carried before another one can be overdue.
const TALKED: u32 = 10;

/// The rules that did not hold when the scenario ran, each once, in the order in which they were
/// found broken.
pub fn judge(scenario: &Scenario) -> Result<Vec<Broken>, Invalid> {
    let Prepared { config, mut simulation, happenings, end } = scenario.prepare()?;
    let answers = scenario.exchanges.as_ref().and_then(Exchanges::rhythm);
    let rhythm = scenario.messages.into_iter().chain(answers).min();
    let mut watch = Watch::new(config, rhythm, scenario.timers);
    watch.requests = scenario.requests;
    let mut begun = false;
    let mut rest = happenings.as_slice();
    loop {
        // What happens at the same moment is one turn of the world.
        let now = if begun { rest.first().map(|(at, _)| *at) } else { Some(Timestamp::default()) };
        let Some(now) = now else { break };
        let turn = rest.iter().take_while(|(at, _)| *at == now).count();
        let until =
            rest.get(turn).map_or(end, |(at, _)| Timestamp::from_millis(at.as_millis() - 1));
        if begun {
            simulation.go_on(until, &rest[..turn], &mut watch);
        } else {
            simulation.run(until, &rest[..turn], &mut watch);
            begun = true;
        }
        rest = &rest[turn..];
        if simulation.spins() {
            watch.broken(
                Rule::Busy,
                until,
                "it wants to be woken at one moment again and again".to_owned(),
            );
            break;
        }
        Phase { watch: &mut watch, simulation: &simulation, now: until }.end();
        watch.begin_phase(until);
    }
    Ok(watch.found)
}

/// A phase at its end.
struct Phase<'a> {
    watch: &'a mut Watch,
    simulation: &'a Simulation,
    now: Timestamp,
}

impl Phase<'_> {
    fn end(&mut self) {
        self.watch.truth.now = self.now;
        self.watch.end_phase(self.now);
        if self.watch.truth.stopped {
            return;
        }
        self.is_not_stuck();
        if self.watch.truth.is_watched() {
            self.app_is_where_it_works();
            self.app_is_connected();
            self.app_has_been_told();
            self.dead_connection_is_replaced();
            self.wish_for_another_is_met();
        }
    }

    fn fair(&self) -> Fair<'_> {
        self.watch.fair()
    }

    fn break_rule(&mut self, rule: Rule, what: String) {
        self.watch.broken(rule, self.now, what);
    }

    /// Whether a connection to the endpoint is open, as far as the app can know. One that talked and
    /// is dead does not count.
    fn has_socket(&self, name: &str) -> bool {
        let talked = |open: &Open| self.watch.messages.is_some() && open.messages >= TALKED;
        let serves = |open: &Open| open.dead.is_none() || !talked(open);
        self.simulation.open().iter().any(|open| open.endpoint == name && serves(open))
    }

    /// The connections to the endpoint that the app was given, dead or not.
    fn in_use(&self, name: &str) -> impl Iterator<Item = &Open> {
        let used =
            move |open: &&Open| open.endpoint == name && self.watch.in_use.contains(&open.id);
        self.simulation.open().iter().filter(used)
    }

    /// A socket of the app that no connection to the endpoint carries.
    fn unconnected(&self, name: &str) -> Option<SocketId> {
        let carried: Vec<_> = self.in_use(name).map(|open| self.watch.carries[&open.id]).collect();
        self.watch.truth.held.iter().find(|socket| !carried.contains(socket)).copied()
    }

    /// In the background a client that nobody waits for may sleep for good, and frozen it must.
    fn is_not_stuck(&mut self) {
        let truth = &self.watch.truth;
        let waits = truth.presence == Lifecycle::Background
            && truth.wants_socket()
            && self.simulation.open().is_empty();
        // Where there is nothing to check, and every socket has its connection, nothing is due.
        let active = self.simulation.active();
        let watches =
            |it: &Endpoint| it.name.as_str() == active || truth.config.standby_interval.is_some();
        let checks = truth.endpoints.iter().any(|it| it.is_checked() && watches(it));
        let idle = !checks && truth.held.len() <= self.watch.in_use.len();
        let may_rest = (!truth.is_watched() && !waits) || idle;
        if !may_rest && self.simulation.next_wakeup().is_none() {
            self.break_rule(Rule::Stuck, "nothing is ahead".to_owned());
        }
    }

    /// L1. The published script asks one endpoint, once, at its tenth failure, and neither sockets,
    /// latency nor announcements move it: it is not judged.
    fn app_is_where_it_works(&mut self) {
        let truth = &self.watch.truth;
        let name = self.simulation.active();
        let Some(active) = truth
            .endpoint(name)
            .filter(|active| !is_blind(&truth.config) && !truth.is_well(active))
        else {
            return;
        };
        let has_socket = self.has_socket(name);
        let late = truth.endpoints.iter().find_map(|other| {
            let well = truth.well_for(other, self.now)?;
            let was_left = self.watch.left.contains(other.name.as_str());
            let fair = self.fair().left_for(active, has_socket, other, was_left)?;
            let unchanged = truth.unchanged(name, self.now);
            // What it is like to be there is seen there: going to and fro is a matter of S4.
            let there = self.now - self.watch.switched;
            let waited = well.min(unchanged).min(there);
            (u64::from(waited.get()) >= fair).then_some((other, waited, fair))
        });
        if let Some((other, waited, fair)) = late {
            let is = self.describe(name);
            let well = format!("`{}` has been well for {waited}; fair: {fair} ms", other.name);
            let what = format!("`{name}` is active and {is}, though {well}");
            self.break_rule(Rule::L1, what);
        }
    }

    fn describe(&self, name: &str) -> String {
        let truth = &self.watch.truth;
        let grade = truth.endpoint(name).map_or(Grade::Mixed, |endpoint| truth.grade(endpoint));
        let socket = if truth.accepts(name) { "accepts" } else { "does not accept" };
        let maintenance = if truth.in_maintenance(name) { ", in maintenance" } else { "" };
        format!("{grade:?}, {socket}{maintenance}")
    }

    /// L2, for every strategy: the way to an endpoint that is active and well is always worth
    /// another attempt.
    fn app_is_connected(&mut self) {
        let truth = &self.watch.truth;
        let name = self.simulation.active();
        let Some(active) =
            truth.endpoint(name).filter(|active| truth.wants_socket() && truth.is_well(active))
        else {
            return;
        };
        let well = truth.available(name, self.now).min(self.now - self.watch.switched);
        let fair = self.fair().connected();
        let missing = self.unconnected(name).filter(|_| u64::from(well.get()) >= fair);
        if let Some(SocketId(socket)) = missing {
            let what = format!(
                "no connection of socket {socket} to `{}`, which has been active and well for {well}; \
                 fair: {fair} ms",
                active.name
            );
            self.break_rule(Rule::L2, what);
        }
    }

    /// L3. Nobody can be used: every check fails or, if the app wants a socket and has none, its
    /// connections do not open. The published script knows neither sockets nor maintenance. Whoever
    /// gets answers to requests is served.
    fn app_has_been_told(&mut self) {
        let truth = &self.watch.truth;
        let Some(active) = truth.endpoint(self.simulation.active()) else {
            return;
        };
        let has_socket = !self.simulation.open().is_empty();
        let fails =
            |endpoint: &Endpoint| endpoint.is_checked() && truth.grade(endpoint) == Grade::Fails;
        let blind = is_blind(&truth.config);
        let cannot =
            |name: &str| truth.wants_socket() && !has_socket && !truth.may_open(name) && !blind;
        let is_served = self.watch.requests.is_some() && truth.serves(active.name.as_str());
        if is_served || (blind && truth.in_maintenance(active.name.as_str())) {
            return;
        }
        let nobody = truth
            .endpoints
            .iter()
            .all(|endpoint| fails(endpoint) || cannot(endpoint.name.as_str()));
        let waited = truth
            .endpoints
            .iter()
            .map(|endpoint| truth.unchanged(endpoint.name.as_str(), self.now))
            .min();
        let waited = waited.unwrap_or(Millis::ZERO).min(self.now - self.watch.heard);
        let fair = self.fair().told(active);
        if nobody && !self.watch.outage && u64::from(waited.get()) >= fair {
            let which = if truth.endpoints.iter().all(fails) {
                "every check fails"
            } else {
                "nobody can be connected to"
            };
            let what =
                format!("{which} for {waited}, and the app has not been told; fair: {fair} ms");
            self.break_rule(Rule::L3, what);
        }
    }

    /// L5, where an attempt can be made at all.
    fn wish_for_another_is_met(&mut self) {
        let truth = &self.watch.truth;
        let Some(asked) = self.watch.reconnects.filter(|asked| *asked >= truth.disturbed) else {
            return;
        };
        let waited = self.now - asked;
        let fair = self.fair().connected();
        let may = truth.wants_socket() && truth.is_reachable() && !truth.told_offline;
        if may && u64::from(waited.get()) >= fair {
            let what = format!("no attempt within {waited} of `reconnect`; fair: {fair} ms");
            self.break_rule(Rule::L5, what);
        }
    }

    /// L4.
    fn dead_connection_is_replaced(&mut self) {
        let truth = &self.watch.truth;
        let name = self.simulation.active();
        let Some(endpoint) =
            truth.endpoint(name).filter(|endpoint| truth.wants_socket() && truth.is_well(endpoint))
        else {
            return;
        };
        let dead = self.in_use(name).filter(|open| open.messages >= TALKED);
        let dead = dead.filter_map(|open| open.dead).min();
        let Some((rhythm, dead)) = self.watch.messages.zip(dead) else {
            return;
        };
        let waited = (self.now - dead).min(truth.available(name, self.now));
        let fair = self.fair().replaced(endpoint, rhythm);
        if u64::from(waited.get()) >= fair {
            let what =
                format!("the connection to `{name}` has been dead for {waited}; fair: {fair} ms");
            self.break_rule(Rule::L4, what);
        }
    }
}
