//! Judges what an engine does at the moment at which it does it: leaves an endpoint, tells of an
//! outage, checks.

use super::grade::is_blind;
use super::law::Rule;
use super::watch::Watch;
use std::collections::HashSet;
use steadfast::config::Strategy;
use steadfast::{
    ConnectionId, Endpoint, Lifecycle, Millis, OfflineReason, SocketId, SwitchReason, Timestamp,
};

/// An endpoint that has been well for so long is not left without a reason.
const SETTLED: Millis = Millis::from_secs(120);
/// Network and servers must have been there for so long for a word to the contrary to be wrong.
const PLAIN: Millis = Millis::from_secs(60);
/// What arrived so recently shows that something can be reached.
const JUST_NOW: Millis = Millis::from_secs(5);
/// The longest that a phase lasts.
pub(super) const A_PHASE: Millis = Millis::from_secs(600);
/// Outages of which an app may be told in ten minutes in which nothing changes.
const MOST_OUTAGES: usize = 4;
/// Checks that an app's own command may cause in the background.
pub(super) const FOR_A_COMMAND: Millis = Millis::from_secs(60);

impl Watch {
    /// S1.
    pub(super) fn judge_leaving(
        &mut self,
        at: Timestamp,
        from: &str,
        to: &str,
        reason: SwitchReason,
    ) {
        let truth = &self.truth;
        let Some(left) = truth.endpoint(from) else {
            return;
        };
        let well = truth.well_for(left, at).unwrap_or(Millis::ZERO);
        let wished = matches!(reason, SwitchReason::Preferred | SwitchReason::Replaced);
        // In an outage, that it accepts sockets again is seen as rarely as sockets are tried.
        let has_socket = !self.in_use.is_empty() && reason != SwitchReason::Recovered;
        if well < SETTLED.max(self.fair().settled(left, has_socket)) || wished {
            return;
        }
        let free = match reason {
            SwitchReason::Failback | SwitchReason::Degraded => true,
            SwitchReason::Faster => truth.config.strategy == Strategy::Latency,
            _ => false,
        };
        let better = truth.endpoint(to).is_some_and(|taken| self.is_better(taken, left));
        if !(free && better) {
            self.broken(
                Rule::S1,
                at,
                format!(
                    "`{from}` was left for `{to}` ({reason}), though it had been well for {well}"
                ),
            );
        }
    }

    /// S4, in any ten minutes of a phase. What the app has asked for is no swinging.
    pub(super) fn judge_swinging(&mut self, at: Timestamp, reason: SwitchReason) {
        if matches!(reason, SwitchReason::Preferred | SwitchReason::Replaced) {
            return;
        }
        self.switches.push(at);
        let lately = self.switches.iter().filter(|switch| at - **switch < A_PHASE).count();
        if let Some(most) = self.fair().switches().filter(|most| lately > *most) {
            self.broken(
                Rule::S4,
                at,
                format!("{lately} switches within ten minutes; fair: {most}"),
            );
        }
    }

    /// S6, where nothing fails at random. The published script tells of one at each row of failures.
    pub(super) fn judge_outages(&mut self, at: Timestamp) {
        self.outages.push(at);
        let lately = self.outages.iter().filter(|outage| at - **outage < A_PHASE).count();
        if !is_blind(&self.truth.config) && !self.fair().at_random() && lately > MOST_OUTAGES {
            let what = format!("{lately} outages told within ten minutes; fair: {MOST_OUTAGES}");
            self.broken(Rule::S6, at, what);
        }
    }

    /// Whether one endpoint may be better than the other. What its lot or its speed makes of it is
    /// not known here.
    fn is_better(&self, one: &Endpoint, other: &Endpoint) -> bool {
        let truth = &self.truth;
        let rank = |endpoint: &Endpoint| {
            let preferred = truth.preferred.as_deref() == Some(endpoint.name.as_str());
            let abroad = truth.config.region.is_some() && truth.config.region != endpoint.region;
            (!preferred, abroad, endpoint.priority)
        };
        let place = |endpoint: &Endpoint| {
            truth.endpoints.iter().position(|known| known.name == endpoint.name)
        };
        match rank(one).cmp(&rank(other)) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => {
                matches!(truth.config.strategy, Strategy::Weighted | Strategy::Latency)
                    || place(one) < place(other)
            }
            std::cmp::Ordering::Greater => false,
        }
    }

    /// S2.
    pub(super) fn judge_offline(&mut self, at: Timestamp, reason: OfflineReason) {
        let truth = &self.truth;
        if reason == OfflineReason::Told {
            if !truth.told_offline {
                self.broken(
                    Rule::S2,
                    at,
                    "told offline, though the platform has not said so".to_owned(),
                );
            }
            return;
        }
        let plain = |name: &str| truth.unchanged(name, at) >= PLAIN;
        let neutrals: Vec<_> = (0..truth.config.connectivity.len())
            .map(|index| format!("connectivity-{index}"))
            .collect();
        let neutral =
            neutrals.iter().find(|name| plain(name) && truth.neutral_passes(name)).cloned();
        let answers = |endpoint: &&Endpoint| {
            let name = endpoint.name.as_str();
            plain(name) && truth.answers(endpoint)
        };
        // Behind a portal every answer may be the portal's.
        let server = truth.endpoints.iter().find(answers).map(|endpoint| endpoint.name.to_string());
        let server = server.filter(|_| reason != OfflineReason::CaptivePortal);
        let talks = at - self.heard < JUST_NOW && plain(&self.heard_from);
        if let Some(who) = neutral.or(server).or(talks.then(|| "the open connection".to_owned())) {
            self.broken(Rule::S2, at, format!("offline ({reason}), though `{who}` can be reached"));
        }
    }

    /// S3. The published script asks one other endpoint, and calls it an outage if that fails: it
    /// is not judged.
    pub(super) fn judge_all_down(&mut self, at: Timestamp) {
        let truth = &self.truth;
        if is_blind(&truth.config) {
            return;
        }
        let well = truth.endpoints.iter().find(|endpoint| {
            let well = truth.well_for(endpoint, at);
            well.is_some_and(|well| u64::from(well.get()) >= self.fair().noticed(endpoint))
        });
        if let Some(endpoint) = well {
            let well = truth.available(endpoint.name.as_str(), at);
            self.broken(
                Rule::S3,
                at,
                format!("allDown, though `{}` has been well for {well}", endpoint.name),
            );
        }
    }

    /// S5.
    pub(super) fn judge_check(&mut self, at: Timestamp, name: &str) {
        let truth = &self.truth;
        let unseen = match truth.presence {
            Lifecycle::Background => !truth.config.background_checks,
            Lifecycle::Frozen => true,
            _ => false,
        };
        let unwatched = unseen && !truth.wants_socket();
        let asked = self.asked.is_some_and(|asked| at - asked < FOR_A_COMMAND);
        if unwatched && !asked {
            self.broken(
                Rule::S5,
                at,
                format!("`{name}` was checked though nobody is there ({:?})", truth.presence),
            );
        }
    }

    /// Once all effects of an input are known: connections are few, and wanted.
    pub(super) fn judge_connections(&mut self, at: Timestamp) {
        let carries = |id: &ConnectionId| self.carries.get(id).copied().unwrap_or_default();
        let sockets: HashSet<_> = self.connections.iter().map(carries).collect();
        let count = |ids: &HashSet<ConnectionId>, socket: SocketId| {
            ids.iter().filter(|id| carries(id) == socket).count()
        };
        let found = sockets.into_iter().find_map(|socket| {
            let open = count(&self.connections, socket);
            let used = count(&self.in_use, socket);
            if open > 2 || used > 1 {
                Some(format!("{open} connections for socket {}, {used} of them in use", socket.0))
            } else if self.wanted.contains(&socket) {
                None
            } else {
                Some(format!("{open} connections for socket {}, which is not held", socket.0))
            }
        });
        if let Some(what) = found {
            self.broken(Rule::One, at, what);
        }
        self.wanted.clear();
        if !self.truth.stopped {
            self.wanted.extend(&self.truth.held);
        }
    }
}
