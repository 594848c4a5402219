//! What has happened: each input goes to its owner, and its facts to the failover.

use super::Engine;
#[cfg(feature = "breaker")]
use crate::base::time::Millis;
#[cfg(feature = "breaker")]
use crate::breaker::{
    CallEnd,
    permit::{CallOutcome, Permit},
};
use crate::checks::{Ended, MAINTENANCE};
use crate::config::Name;
use crate::failover::{Fact, Watch};
use crate::health::detector::Witnesses;
use crate::health::evidence::Evidence;
use crate::health::{Exclusion, Health, HealthChange};
use crate::protocol::effect::ConnectionId;
use crate::protocol::event::Event;
#[cfg(feature = "recovery")]
use crate::protocol::input::Command;
use crate::protocol::input::Input;
use crate::session::close_code::{announces_maintenance, blames_server, is_about_client};
use crate::session::rules::BY_APP;
use crate::session::{End, Late, SessionFact};

impl Engine {
    pub(super) fn take(&mut self, input: Input) {
        match input {
            Input::Started => {}
            Input::Wake => self.expire(),
            Input::CheckFinished { id, outcome } => {
                if let Some(ended) = self.checks.finished(&mut self.cx, id, outcome) {
                    self.check_ended(ended);
                }
            }
            Input::ConnectionAwaitsApp { id } => self.session.await_app(&self.cx, id),
            Input::ConnectionBegun { id } => self.session.begin(self.cx.now, id),
            Input::ConnectionOpened { id } => {
                let fact = self.session.opened(&mut self.cx, id);
                self.session_facts(fact);
            }
            Input::ConnectionClosed { id, code } => self.connection_closed(id, code),
            Input::ConnectionActive { id } => {
                if let Some(index) = self.session.heard(&mut self.cx, id) {
                    self.traffic(index, Fact::Message);
                }
            }
            Input::ConnectionSent { id } => self.session.sent(self.cx.now, id),
            Input::ConnectionSilent { id } => {
                if let Some(index) = self.session.missed(&mut self.cx, id) {
                    self.passive_failure(index, Evidence::Silent);
                }
            }
            Input::Traffic { endpoint, ok } => self.app_traffic(&endpoint, ok),
            #[cfg(feature = "recovery")]
            Input::RecoveryEnded { id, ok, error } => {
                let result = if ok { Ok(()) } else { Err(error.unwrap_or_default()) };
                self.operator.ended(&mut self.cx, id, result);
            }
            #[cfg(feature = "breaker")]
            Input::CallEnded { permit, outcome, latency } => {
                self.call_ended(&permit, outcome, latency);
            }
            Input::Network(network) => self.network(network),
            Input::Lifecycle(lifecycle) => self.lifecycle(lifecycle),
            Input::Command(command) => {
                #[cfg(feature = "recovery")]
                if let Command::Remove(name, _) = &command {
                    self.operator.leave_to_app(name);
                }
                self.command(command);
            }
        }
    }

    /// Ends what has taken too long, and does what is due.
    fn expire(&mut self) {
        while let Some(ended) = self.checks.expired(&mut self.cx) {
            self.check_ended(ended);
        }
        while let Some((index, change)) = self.checks.include_unchecked(&self.cx) {
            self.health_changed(index, Some(change));
        }
        if self.listens() {
            let facts = self.session.notice_silence(&mut self.cx);
            self.session_facts(facts);
        }
        #[cfg(feature = "recovery")]
        self.operator.expire(&mut self.cx);
        while let Some((id, late)) = self.session.overdue(&mut self.cx) {
            self.connection_closed(id, (late == Late::App).then_some(BY_APP));
        }
        let facts = self.session.lasted(&mut self.cx);
        self.session_facts(facts);
        if self.session.retry_is_due(self.cx.now) && self.attempts() {
            self.attempt();
        }
    }

    /// Makes the attempts to connect that are due.
    fn attempt(&mut self) {
        let target = self.failover.attempt_target(self.world(), &self.cx);
        let checked = self.checks.of(target);
        let excluded = checked.health().health() == Health::Maintenance;
        let rests_until = checked.schedule().rests_until();
        let rests_until = rests_until.filter(|at| excluded && *at > self.cx.now);
        self.session.attempt(&mut self.cx, target, rests_until);
    }

    /// Takes in a check that has ended. The app hears of it once it has been counted.
    fn check_ended(&mut self, mut ended: Ended) {
        let (index, passed) = (ended.index, ended.passed());
        // Without a network a failure says nothing.
        let counts = !ended.is_repeated() && (passed || !self.failover.is_reported_offline());
        let change = if counts {
            let witnesses = self.witnesses(index);
            self.checks.weigh(&mut self.cx, &ended, witnesses)
        } else {
            None
        };
        let failures = self.checks.of(index).health().detector().failures();
        let report = ended.report(self.cx.name(index), failures);
        self.cx.emit(Event::Check(report));
        if ended.is_repeated() {
            // Meanwhile the app may have gone to the background.
            let wanted = matches!(self.watch(), Watch::Full | Watch::Mending);
            if wanted || ended.is_asked_for() {
                self.checks.repeat(&mut self.cx, &ended);
            }
            return;
        }
        if passed {
            self.fact(Fact::Passed);
        }
        self.health_changed(index, change);
        self.fact(Fact::Tried { target: index, passed });
    }

    /// The other endpoints and URLs, as witnesses of the network, for evidence against the suspect.
    fn witnesses(&self, index: usize) -> Witnesses {
        match self.failover.suspected_since() {
            Some(since) if index == self.failover.active() => self.checks.witnesses(index, since),
            _ => Witnesses::default(),
        }
    }

    /// Reports a change of an endpoint's health, and lets those follow that it concerns.
    pub(super) fn health_changed(&mut self, index: usize, change: Option<HealthChange>) {
        let Some(change) = change else { return };
        let HealthChange { from, to } = change;
        self.report_health(index, change);
        self.breakers.follow(&mut self.cx, index, change);
        // Attempts to connect that failed while the endpoint was down say nothing of it now.
        if matches!(from, Health::Unhealthy | Health::Maintenance) && to != Health::Maintenance {
            self.session.recovered(index);
            if from == Health::Maintenance && index == self.failover.active() {
                // The attempt may wait for the end of the rest that the server asked for.
                let spread = self.cx.config.spread.forced;
                self.session.hurry(&mut self.cx, spread);
            }
        }
    }

    /// Reports a change of an endpoint's health.
    pub(super) fn report_health(&mut self, index: usize, HealthChange { from, to }: HealthChange) {
        self.cx.emit(Event::Health { endpoint: self.cx.name(index), from, to });
    }

    /// Leads the app's sockets to an endpoint.
    pub(super) fn lead_to(&mut self, index: usize) {
        let facts = self.session.follow(&mut self.cx, index);
        self.session_facts(facts);
    }

    /// Leads the app's sockets back to an endpoint that stays the active one.
    pub(super) fn lead_back_to(&mut self, index: usize) {
        let facts = self.session.come_back(&mut self.cx, index);
        self.session_facts(facts);
    }

    pub(super) fn session_facts(&mut self, facts: impl IntoIterator<Item = SessionFact>) {
        facts.into_iter().for_each(|fact| self.session_fact(fact));
    }

    fn session_fact(&mut self, fact: SessionFact) {
        match fact {
            SessionFact::Opened(index) => {
                self.traffic(index, Fact::Opened);
                self.cx.emit(Event::Connected { endpoint: self.cx.name(index) });
            }
            SessionFact::TrialOpened(index) => {
                self.fact(Fact::TrialOpened(index));
                self.traffic(index, Fact::Opened);
                self.cx.emit(Event::Connected { endpoint: self.cx.name(index) });
            }
            SessionFact::TrialFailed { endpoint, code } if is_about_client(code) => {
                self.fact(Fact::TrialExcused(endpoint));
            }
            SessionFact::TrialFailed { endpoint, .. } => self.fact(Fact::TrialFailed(endpoint)),
            SessionFact::Closed { endpoint, code, end } => {
                self.blame(endpoint, code, end);
                self.cx.emit(Event::Disconnected { endpoint: self.cx.name(endpoint), code });
            }
            SessionFact::RenewalFailed { endpoint, code } => {
                self.blame(endpoint, code, End::Refused);
            }
            SessionFact::Silent(index) => self.passive_failure(index, Evidence::Silent),
        }
    }

    pub(super) fn connection_closed(&mut self, id: ConnectionId, code: Option<u16>) {
        let retry = self.retry();
        let fact = self.session.closed(&mut self.cx, id, code, &retry);
        self.session_facts(fact);
    }

    /// What the end of a connection says of its endpoint.
    fn blame(&mut self, index: usize, code: Option<u16>, end: End) {
        if !self.cx.endpoints[index].is_checked() {
            // Whether it works is seen by the next attempt to connect.
            return;
        }
        let was_open = end != End::Refused;
        if announces_maintenance(code) && was_open && self.cx.strategy().heeds_servers() {
            let until = Exclusion::Announced(self.cx.now + MAINTENANCE);
            self.exclude(index, until);
        } else if end == End::Broken {
            if blames_server(code) {
                self.passive_failure(index, Evidence::Closed(code));
            }
        } else if !is_about_client(code) {
            // Whether an endpoint can be connected to is kept apart from its health. That the app
            // does not want it says nothing of its checks.
            let checked = self.checks.of(index);
            let unwanted = checked.health().is_unwanted(self.cx.now);
            if checked.health().is_usable() || (unwanted && checked.failure().is_none()) {
                self.session.failed_despite_checks(index);
            }
            // In an outage all are checked in rounds anyway.
            if !self.failover.is_in_outage() {
                self.checks.ask(&self.cx, index);
            }
        }
    }

    /// Something has shown that an endpoint answers.
    fn traffic(&mut self, index: usize, fact: Fact) {
        self.checks.traffic(&self.cx, index);
        self.fact(fact);
    }

    /// A request of the app's own has succeeded.
    fn served(&mut self, index: usize) {
        self.checks.served(&self.cx, index);
        self.fact(Fact::Message);
    }

    fn app_traffic(&mut self, endpoint: &Name, ok: bool) {
        match self.cx.index_of(endpoint) {
            Some(index) if ok => self.served(index),
            Some(index) => {
                self.checks.not_served(index);
                self.passive_failure(index, Evidence::Reported);
            }
            None => {}
        }
    }

    /// Takes in evidence against an endpoint that is no check, and asks for one.
    fn passive_failure(&mut self, index: usize, evidence: Evidence) {
        // Evidence against an endpoint is refuted by its next check, if it has any.
        let checked = self.cx.endpoints[index].is_checked();
        if checked && self.cx.strategy().heeds_servers() && !self.failover.is_reported_offline() {
            let witnesses = self.witnesses(index);
            let change = self.checks.add_evidence(&self.cx, index, evidence, witnesses);
            self.health_changed(index, change);
            self.checks.ask(&self.cx, index);
        }
    }

    #[cfg(feature = "breaker")]
    fn call_ended(&mut self, permit: &Permit, outcome: CallOutcome, latency: Millis) {
        let Some(index) = self.cx.index_of(&permit.endpoint) else { return };
        let outcome = match outcome {
            // Not the server's fault.
            outcome if outcome.is_failure() && self.failover.is_offline() => CallOutcome::Released,
            outcome => outcome,
        };
        let ended = self.breakers.ended(&mut self.cx, index, permit, outcome, latency);
        if ended == CallEnd::Ignored {
            return;
        }
        if outcome == CallOutcome::Succeeded {
            self.served(index);
        } else if outcome.is_failure() {
            self.checks.not_served(index);
        }
        if ended == CallEnd::Opening {
            self.passive_failure(index, Evidence::BreakerOpened);
        }
    }

    /// An endpoint is not to be used until the time that is said; if that is now, it may be again.
    pub(super) fn exclude(&mut self, index: usize, exclusion: Exclusion) {
        let change = self.checks.exclude(&self.cx, index, exclusion);
        self.exclusion_changed(index, change);
    }

    /// What speaks against the use of an endpoint is another thing than before, or over: then it is
    /// checked.
    pub(super) fn exclusion_changed(&mut self, index: usize, change: Option<HealthChange>) {
        self.health_changed(index, change);
        if change.is_some_and(|change| change.to == Health::Unknown) {
            self.checks.ask(&self.cx, index);
        }
    }
}
