//! Keeps account of what the endpoints are like, for reports and metrics.

#[cfg(feature = "metrics")]
mod metrics;

use super::history::{Attribution, History, Sum, Time};
use super::report::{EndpointReport, Report};
use crate::base::time::{Millis, Timestamp};
use crate::config::{Name, Value};
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange};
use crate::health::Health;
use crate::protocol::event::Event;

/// Keeps account of what the endpoints are like.
#[derive(Debug)]
pub(crate) struct Observers {
    records: Vec<Record>,
    active: Option<Name>,
    /// The engine runs, and our own network is up.
    online: bool,
    /// Checks are made without being asked for.
    watching: bool,
}

/// What is kept of one endpoint.
#[derive(Debug)]
struct Record {
    history: History,
    health: Health,
    #[cfg(feature = "metrics")]
    totals: metrics::Totals,
}

impl Record {
    fn new(cx: &Context) -> Self {
        Self {
            history: History::new(cx.now),
            health: Health::Unknown,
            #[cfg(feature = "metrics")]
            totals: metrics::Totals::default(),
        }
    }
}

impl Observers {
    pub(crate) fn new(cx: &Context) -> Self {
        let mut records = Vec::with_capacity(cx.endpoints.len());
        for _ in &cx.endpoints {
            records.push(Record::new(cx));
        }
        Self { records, active: None, online: false, watching: true }
    }

    /// Sees an event that has just been reported.
    pub(crate) fn see(&mut self, cx: &Context, event: &Event) {
        match event {
            Event::Check(report) => {
                if let Some(index) = cx.index_of(&report.endpoint) {
                    let record = &mut self.records[index];
                    let latency = Millis::new(report.latency_ms);
                    record.history.check(report.failure, latency, cx.config.history, cx.now);
                    #[cfg(feature = "metrics")]
                    record.totals.check(report.failure, report.status, latency);
                }
                return;
            }
            Event::Health { endpoint, to, .. } => {
                if let Some(index) = cx.index_of(endpoint) {
                    self.records[index].health = *to;
                    self.attribute(cx, index);
                }
                return;
            }
            Event::Started { active } => {
                (self.active, self.online) = (Some(active.clone()), true);
            }
            Event::Switched { to, .. } => {
                self.active = Some(to.clone());
                if let Some(index) = cx.index_of(to) {
                    self.records[index].history.arrive(cx.config.history, cx.now);
                }
            }
            Event::Online => self.online = true,
            Event::Offline { .. } | Event::Stopped => self.online = false,
            _ => return,
        }
        self.attribute_all(cx);
    }

    /// Whether checks are made from now on without being asked for: where nobody looks, nobody
    /// knows what an endpoint is like.
    pub(crate) fn watch(&mut self, cx: &Context, watching: bool) {
        self.watching = watching;
        self.attribute_all(cx);
    }

    /// The device has slept since then.
    pub(crate) fn slept(&mut self, cx: &Context, since: Timestamp) {
        for record in &mut self.records {
            record.history.turn(Attribution::default(), cx.config.history, since);
        }
        self.attribute_all(cx);
    }

    fn attribute_all(&mut self, cx: &Context) {
        for index in 0..self.records.len() {
            self.attribute(cx, index);
        }
    }

    /// From now on an endpoint's time counts as it must.
    fn attribute(&mut self, cx: &Context, index: usize) {
        let active = self.active.as_ref() == Some(&cx.endpoints[index].name) && cx.running;
        let record = &mut self.records[index];
        let time = match record.health {
            _ if !self.online || !self.watching => Time::Unknown,
            Health::Healthy | Health::Degraded | Health::Suspect => Time::Up,
            Health::Unhealthy => Time::Down,
            Health::Unknown | Health::Maintenance => Time::Unknown,
        };
        let attribution = Attribution { time, active };
        if attribution != record.history.attribution() {
            record.history.turn(attribution, cx.config.history, cx.now);
        }
    }

    /// What the endpoints have been like in the last `period`.
    pub(crate) fn report(&self, cx: &Context, period: Millis) -> Report {
        let length = cx.config.history;
        let mut switches = 0;
        let mut endpoints = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            let mut history = record.history.clone();
            history.account(length, cx.now);
            let sum = history.sum(period, length);
            switches += sum[Sum::Arrivals];
            let slots = history.within(period, length);
            endpoints.push(EndpointReport::new(cx.name(index), &sum, slots));
        }
        Report { period_ms: period.get(), switches, endpoints }
    }

    /// An endpoint's history as numbers, as far as they fit into so many bytes of JSON.
    pub(crate) fn save(&self, cx: &Context, index: usize, bytes: usize) -> Vec<Vec<i64>> {
        let mut history = self.records[index].history.clone();
        history.account(cx.config.history, cx.now);
        history.save(bytes)
    }

    /// What [`Observers::save`] gave, from `gap` ago.
    pub(crate) fn restore(&mut self, cx: &Context, index: usize, saved: &[Value], gap: Millis) {
        let history = &mut self.records[index].history;
        history.restore(saved, gap, cx.config.history, cx.now);
    }

    /// The endpoints are others; the history stays with the name.
    pub(crate) fn replace(&mut self, cx: &Context, origins: &[Origin]) {
        rearrange(&mut self.records, origins, |_| Record::new(cx));
        for (index, origin) in origins.iter().enumerate() {
            if !origin.same_host {
                self.records[index].health = Health::Unknown;
            }
            self.attribute(cx, index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::url::Url;
    use crate::config::{Config, Endpoint};
    use std::sync::Arc;

    /// Observers of an engine whose only endpoint has been of this health for a minute.
    fn observed(to: Health) -> (Observers, Context) {
        let url = || Url::unparsed(String::new());
        let endpoint = Arc::new(Endpoint::new("a", url(), url()));
        let (config, now) = (Arc::new(Config::default()), Timestamp::default());
        let mut cx = Context::new(config, vec![endpoint], 1, now);
        cx.running = true;
        let mut observers = Observers::new(&cx);
        observers.see(&cx, &Event::Started { active: cx.name(0) });
        observers.see(&cx, &Event::Health { endpoint: cx.name(0), from: Health::Unknown, to });
        minute(&mut cx);
        (observers, cx)
    }

    fn minute(cx: &mut Context) {
        cx.now = cx.now + Millis::from_secs(60);
    }

    fn report(observers: &Observers, cx: &Context) -> EndpointReport {
        observers.report(cx, Millis::from_secs(3_600)).endpoints.remove(0)
    }

    #[test]
    fn a_suspect_is_up_until_the_evidence_suffices() {
        for (health, uptime) in [(Health::Suspect, 100.0), (Health::Unhealthy, 0.0)] {
            let (observers, cx) = observed(health);
            assert_eq!(report(&observers, &cx).uptime_percent, Some(uptime), "{health}");
        }
    }

    #[test]
    fn nothing_is_known_of_another_host_of_the_same_name() {
        for same_host in [true, false] {
            let (mut observers, mut cx) = observed(Health::Unhealthy);
            let origin = Origin { before: Some(0), same_host, same_check: true };
            observers.replace(&cx, &[origin]);
            minute(&mut cx);
            let down = if same_host { 120_000 } else { 60_000 };
            assert_eq!(report(&observers, &cx).down_ms, down, "same host: {same_host}");
        }
    }
}
