//! What is done about a failure: for each kind a list of strategies, tried in order until one
//! helps, within limits.

use crate::base::keyword::keywords;
use crate::base::time::{Millis, Timestamp};
use crate::config::Name;
use crate::config::settings::settings;
use crate::config::writer::records;
use crate::observe::failures::{FailureEvent, FailureEventKind};
use std::collections::VecDeque;

settings! {
    /// When something is done about a failure event.
    pub struct Recovery of preset {
        /// Whether anything is. Failure events must be on as well.
        enabled: bool = false;
        /// Failures of one kind in a row from which something is done.
        after: u32 = 3, "1" ..= "1000";
        /// Maximum number of restarts of an endpoint within `window`, and of new connections to it.
        restarts: u32 = 3, "0" ..= "100";
        /// Maximum number of times that an endpoint is scaled out within `window`, and only from
        /// the second failure in a row.
        scale_outs: u32 = 1, "0" ..= "100";
        /// How far back restarts and the like are counted.
        window: Millis = Millis::from_secs(300), "1s" ..= "1d";
        /// How long an action that is left to others may take before it counts as failed.
        timeout: Millis = Millis::from_secs(60), "1s" ..= "1h";
        /// How long an endpoint is left out that was taken out of rotation.
        out_of_rotation: Millis = Millis::from_secs(300), "1s" ..= "1d";
    }
}

keywords! {
    /// What can be done about a failure.
    pub enum RecoveryStrategy {
        /// Restart what runs.
        Restart = "restart",
        /// Make it anew from the same image.
        Recreate = "recreate",
        /// Put another one in its place.
        Replace = "replace",
        /// Start one more.
        ScaleOut = "scaleOut",
        /// Let its connections end, and give it no new ones.
        Drain = "drain",
        /// Restart all, one after the other.
        RollingRestart = "rollingRestart",
        /// Take it out of rotation.
        RemoveFromLoadBalancer = "removeFromLoadBalancer",
        /// Send its clients elsewhere.
        RedirectTraffic = "redirectTraffic",
        /// Empty its caches.
        ClearCache = "clearCache",
        /// Restart what it depends on.
        RestartDependencies = "restartDependencies",
        /// Use the backup.
        FailOver = "failOver",
        /// Open the connection anew.
        Reconnect = "reconnect",
    }
}

impl RecoveryStrategy {
    /// Whether a client can do it by itself. The others are left to whoever listens for them.
    pub const fn is_client_side(self) -> bool {
        matches!(
            self,
            Self::Drain
                | Self::RemoveFromLoadBalancer
                | Self::RedirectTraffic
                | Self::FailOver
                | Self::Reconnect
        )
    }
}

/// What is done about each kind of failure, in this order. Every kind has something.
pub const fn recovery_strategies(kind: FailureEventKind) -> &'static [RecoveryStrategy] {
    use RecoveryStrategy::{
        FailOver, Reconnect, Recreate, RemoveFromLoadBalancer, Replace, Restart,
        RestartDependencies, ScaleOut,
    };
    match kind {
        FailureEventKind::HealthCheckFailed | FailureEventKind::PortNotListening => {
            &[RemoveFromLoadBalancer, Restart, Recreate]
        }
        FailureEventKind::HealthCheckTimeout | FailureEventKind::HealthCheckError => {
            &[RemoveFromLoadBalancer, Restart]
        }
        FailureEventKind::HighResponseTime => &[RemoveFromLoadBalancer, ScaleOut, Restart],
        FailureEventKind::HighErrorRate => &[RemoveFromLoadBalancer, RestartDependencies, Restart],
        FailureEventKind::HighResourceUsage => &[ScaleOut, Restart, Replace],
        FailureEventKind::ContainerStopped
        | FailureEventKind::ContainerRestartLoop
        | FailureEventKind::ApplicationStartupFailed => &[Recreate, Replace],
        FailureEventKind::ContainerOutOfMemory => &[Replace, ScaleOut],
        FailureEventKind::NetworkUnreachable => &[RemoveFromLoadBalancer, Recreate],
        FailureEventKind::DnsFailed => &[FailOver, Reconnect],
        FailureEventKind::ApplicationDeadlock => &[Restart, Recreate],
        FailureEventKind::ApplicationMemoryLeak => &[Restart, Replace],
    }
}

records! {
    /// Something that is or was done about a failure.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecoveryAction {
        /// Its number, to report under.
        pub id: u32,
        /// What is done.
        pub strategy: RecoveryStrategy,
        /// About what.
        pub kind: FailureEventKind,
        /// For which endpoint.
        pub endpoint: Name,
        /// Whether it helped; none while it is not known.
        pub ok: Option<bool>,
        /// When it began, in milliseconds before now.
        pub began_ms_ago: u32,
        /// How long it took, in milliseconds; so far, if it is not over.
        pub took_ms: u32,
        /// Why it did not help, or was not tried.
        pub error: Option<String>,
    }
}

/// Maximum number of actions that are remembered.
const KEPT: usize = 32;

/// What is and was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recoveries {
    actions: VecDeque<Action>,
    /// Those that are limited, within the window: no more than the limits allow.
    limited: Vec<(Name, RecoveryStrategy, Timestamp)>,
    last_id: u32,
}

/// What is to be done next, and with which number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) id: u32,
    pub(crate) strategy: RecoveryStrategy,
    pub(crate) endpoint: Name,
}

#[derive(Clone, Debug)]
struct Action {
    id: u32,
    strategy: RecoveryStrategy,
    kind: FailureEventKind,
    endpoint: Name,
    began: Timestamp,
    ended: Option<(Timestamp, Result<(), String>)>,
    /// Which of the kind's strategies it is, and how often the failure had occurred in a row.
    place: usize,
    consecutive: u32,
}

impl Recoveries {
    /// What to do first about a failure; `None` if something is being done for the endpoint
    /// already, or nothing may be done.
    pub(crate) fn begin(
        &mut self,
        rules: &Recovery,
        event: &FailureEvent,
        now: Timestamp,
    ) -> Option<Step> {
        let busy = self
            .actions
            .iter()
            .any(|action| action.endpoint == event.endpoint && action.ended.is_none());
        if busy || event.consecutive < rules.after {
            return None;
        }
        self.step(rules, event.kind, &event.endpoint, event.consecutive, 0, now)
    }

    /// An action has ended. False if it had before, or is unknown.
    pub(crate) fn end(&mut self, id: u32, result: Result<(), String>, now: Timestamp) -> bool {
        let under_way = |action: &&mut Action| action.id == id && action.ended.is_none();
        let action = self.actions.iter_mut().find(under_way);
        action.map(|action| action.ended = Some((now, result))).is_some()
    }

    /// What to do after an action that has just ended, if it did not help.
    pub(crate) fn after(&mut self, rules: &Recovery, id: u32, now: Timestamp) -> Option<Step> {
        let failed =
            |action: &&Action| action.id == id && matches!(action.ended, Some((_, Err(_))));
        let Action { kind, endpoint, consecutive, place, .. } =
            self.actions.iter().find(failed)?.clone();
        self.step(rules, kind, &endpoint, consecutive, place + 1, now)
    }

    /// An action that nobody has reported in time.
    pub(crate) fn overdue(&self, rules: &Recovery, now: Timestamp) -> Option<u32> {
        let late = |action: &&Action| action.ended.is_none() && action.began + rules.timeout <= now;
        self.actions.iter().find(late).map(|action| action.id)
    }

    /// When the next action will be overdue.
    pub(crate) fn due(&self, rules: &Recovery) -> Option<Timestamp> {
        self.actions
            .iter()
            .filter(|action| action.ended.is_none())
            .map(|action| action.began + rules.timeout)
            .min()
    }

    /// All that are remembered, oldest first.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<RecoveryAction> {
        let list = self.actions.iter().map(|action| RecoveryAction {
            id: action.id,
            strategy: action.strategy,
            kind: action.kind,
            endpoint: action.endpoint.clone(),
            ok: action.ended.as_ref().map(|(_, result)| result.is_ok()),
            began_ms_ago: (now - action.began).get(),
            took_ms: (action.ended.as_ref().map_or(now, |(at, _)| *at) - action.began).get(),
            error: action.ended.as_ref().and_then(|(_, result)| result.clone().err()),
        });
        list.collect()
    }

    /// Makes room for one more. What is under way is kept, of which there is one for each endpoint.
    fn forget_the_oldest(&mut self) {
        let ended = |action: &Action| action.ended.is_some();
        if self.actions.iter().filter(|action| ended(action)).count() >= KEPT
            && let Some(oldest) = self.actions.iter().position(ended)
        {
            self.actions.remove(oldest);
        }
    }

    /// The first strategy from `place` on that may be tried; those before it that may not are
    /// recorded as such.
    fn step(
        &mut self,
        rules: &Recovery,
        kind: FailureEventKind,
        endpoint: &Name,
        consecutive: u32,
        place: usize,
        now: Timestamp,
    ) -> Option<Step> {
        for (place, &strategy) in recovery_strategies(kind).iter().enumerate().skip(place) {
            let refused = self.refuses(rules, strategy, kind, endpoint, consecutive, now);
            self.last_id = self.last_id.wrapping_add(1);
            let id = self.last_id;
            self.forget_the_oldest();
            let ended = refused.map(|reason| (now, Err(reason.to_owned())));
            let may = ended.is_none();
            self.actions.push_back(Action {
                id,
                strategy,
                kind,
                endpoint: endpoint.clone(),
                began: now,
                ended,
                place,
                consecutive,
            });
            if may {
                self.limited.retain(|(_, _, at)| now - *at < rules.window);
                if matches!(
                    strategy,
                    RecoveryStrategy::Restart
                        | RecoveryStrategy::RollingRestart
                        | RecoveryStrategy::ScaleOut
                        | RecoveryStrategy::Reconnect
                ) {
                    self.limited.push((endpoint.clone(), strategy, now));
                }
                return Some(Step { id, strategy, endpoint: endpoint.clone() });
            }
        }
        None
    }

    fn refuses(
        &self,
        rules: &Recovery,
        strategy: RecoveryStrategy,
        kind: FailureEventKind,
        endpoint: &Name,
        consecutive: u32,
        now: Timestamp,
    ) -> Option<&'static str> {
        // Those that were tried, whatever came of them: one that fails counts like one that helps.
        let tried = |wanted: RecoveryStrategy| {
            self.limited
                .iter()
                .filter(|(name, strategy, at)| {
                    name == endpoint && *strategy == wanted && now - *at < rules.window
                })
                .count() as u32
        };
        match strategy {
            RecoveryStrategy::Restart | RecoveryStrategy::RollingRestart
                if tried(strategy) >= rules.restarts =>
            {
                Some("restarted too often")
            }
            RecoveryStrategy::Reconnect if tried(strategy) >= rules.restarts => {
                Some("reconnected too often")
            }
            RecoveryStrategy::ScaleOut if consecutive < 2 => {
                Some("the first failure in a row is no reason to scale out")
            }
            RecoveryStrategy::ScaleOut if tried(strategy) >= rules.scale_outs => {
                Some("scaled out too often")
            }
            RecoveryStrategy::Recreate
                if kind != FailureEventKind::ContainerStopped
                    && tried(RecoveryStrategy::Restart) == 0 =>
            {
                Some("a restart comes first")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
