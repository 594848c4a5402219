//! The moves of nature: what may happen next.

use super::endpoint::Truth;
use super::play::Play;
use super::setup::Setup;
use super::world::{Network, World};

/// Something that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// A check that began before there was doubt ends.
    EarlyCheckEnds(u8),
    CheckEnds(u8),
    CheckBegins(u8),
    RoundBegins,
    ProbeBegins,
    ProbeEnds,
    /// The time comes that a planned move or a spread waits for.
    DecisionIsDue,
    /// An endpoint has had its health for long enough.
    HealthLasts(u8),
    /// The time is over for which an endpoint announced maintenance.
    MaintenanceRunsOut(u8),
    /// The time is over for which no attempt was made to connect to an endpoint.
    BackoffEnds(u8),
    /// The platform's report is no longer new.
    ReportAges,
    /// The last message was a moment ago.
    MomentPasses,
    AttemptBegins(u8),
    SocketDecides,
    SecondDecides,
    SocketLasts,
    SocketCloses,
    MessageArrives,
    SilenceIsNoticed,
    // The truth changes, or somebody says something.
    Turns(u8, Truth),
    NetworkTurns(Network),
    PlatformLoses,
    PlatformFinds,
    PlatformChanges,
    Sleeps,
    /// The device wakes up when the second socket is open, or is not going to be.
    SleepsUntilSecondDecides,
    AppPrefers(Option<u8>),
    MaintenanceBegins(u8),
    MaintenanceEnds(u8),
    RemovalBegins(u8),
    RemovalEnds(u8),
    AppConnects,
    AppDisconnects,
}

/// A move that was made.
pub(super) struct Step {
    pub(super) world: World,
    pub(super) tells: bool,
    pub(super) fault: Option<&'static str>,
}

impl Setup {
    /// What may happen while the truth stays as it is, and in which order a sweep lets it happen:
    /// what is quick twice before the rest, and endpoints are attempted in turn.
    pub(super) fn moves(&self) -> (Vec<Move>, Vec<u8>) {
        let all = || 0..self.endpoints as u8;
        let mut moves = Vec::new();
        if self.has_sockets() {
            moves.extend(all().map(Move::AttemptBegins));
            moves.extend([Move::SocketCloses, Move::SilenceIsNoticed]);
            moves.extend([Move::SocketDecides, Move::SecondDecides]);
            moves.extend([Move::SocketLasts, Move::MomentPasses]);
        }
        if self.messages {
            moves.push(Move::MessageArrives);
        }
        if self.probes {
            moves.extend([Move::ProbeBegins, Move::ProbeEnds]);
        }
        for index in all() {
            moves.extend([Move::EarlyCheckEnds(index), Move::CheckEnds(index)]);
            moves.push(Move::CheckBegins(index));
        }
        let quick = moves.len() as u8;
        moves.push(Move::RoundBegins);
        if self.has_sockets() {
            moves.extend(all().map(Move::BackoffEnds));
        }
        for index in all() {
            moves.extend([Move::HealthLasts(index), Move::MaintenanceRunsOut(index)]);
        }
        moves.extend([Move::ReportAges, Move::DecisionIsDue]);
        let attempts = if self.has_sockets() { self.endpoints as u8 } else { 0 };
        let again = (0..attempts).rev().chain(attempts..moves.len() as u8);
        let order = (0..quick).chain(again).collect();
        (moves, order)
    }

    /// How the truth may change, and what may be said.
    pub(super) fn changes(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        let all = || 0..self.endpoints as u8;
        for truth in self.truths {
            moves.extend(all().map(|index| Move::Turns(index, *truth)));
        }
        moves.extend(self.networks.iter().map(|network| Move::NetworkTurns(*network)));
        if self.platform {
            moves.extend([Move::PlatformLoses, Move::PlatformFinds, Move::PlatformChanges]);
            moves.extend([Move::Sleeps, Move::SleepsUntilSecondDecides]);
        }
        if self.app {
            moves.extend([Move::AppConnects, Move::AppDisconnects, Move::AppPrefers(None)]);
            moves.extend(all().map(|index| Move::AppPrefers(Some(index))));
            moves.extend(all().map(Move::MaintenanceBegins));
            moves.extend(all().map(Move::MaintenanceEnds));
            moves.extend(all().map(Move::RemovalBegins));
            moves.extend(all().map(Move::RemovalEnds));
        }
        moves
    }

    /// What the world becomes by a move, if that can be made.
    pub(super) fn make(&self, world: &World, next: Move) -> Option<Step> {
        let mut play = Play::new(self, world);
        play.make(next)?;
        play.decide();
        play.world.simplify(self);
        Some(Step { world: play.world, tells: play.tells, fault: play.fault })
    }
}

impl Play<'_> {
    fn make(&mut self, next: Move) -> Option<()> {
        match next {
            Move::EarlyCheckEnds(index) => self.early_check_ends(index),
            Move::CheckEnds(index) => self.check_ends(index),
            Move::CheckBegins(index) => self.check_begins(index),
            Move::RoundBegins => self.round_begins(),
            Move::ProbeBegins => self.probe_begins(),
            Move::ProbeEnds => self.probe_ends(),
            Move::DecisionIsDue => self.decision_is_due(),
            Move::HealthLasts(index) => self.health_lasts(index),
            Move::MaintenanceRunsOut(index) => self.maintenance_runs_out(index),
            Move::BackoffEnds(index) => self.backoff_ends(index),
            Move::ReportAges => self.report_ages(),
            Move::MomentPasses => possible(std::mem::take(&mut self.world.just_heard)),
            Move::AttemptBegins(index) => self.attempt_begins(index),
            Move::SocketDecides => self.socket_decides(),
            Move::SecondDecides => self.second_decides(),
            Move::SocketLasts => self.socket_lasts(),
            Move::SocketCloses => self.socket_closes(),
            Move::MessageArrives => self.message_arrives(),
            Move::SilenceIsNoticed => self.silence_is_noticed(),
            _ => self.change(next),
        }
    }
}

/// Goes on only with what can be.
pub(super) fn possible(it: bool) -> Option<()> {
    it.then_some(())
}
