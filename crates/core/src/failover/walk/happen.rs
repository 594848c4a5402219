//! What happens while the truth stays as it is: checks, time and connections. `None`: it cannot.

use super::endpoint::Exclusion;
use super::mind::{Mind, Round};
use super::nature::possible;
use super::play::Play;
use super::time::Moment;
use super::world::{Network, Probe, Second, Socket};
use crate::checks::Pace;
use crate::failover::transition::Fact;

impl Play<'_> {
    // ----- checks -----

    pub(super) fn early_check_ends(&mut self, index: u8) -> Option<()> {
        possible(std::mem::take(&mut self.world.of_mut(index).early))?;
        self.check_ended(index, Moment::BEFORE);
        Some(())
    }

    pub(super) fn check_ends(&mut self, index: u8) -> Option<()> {
        let started = self.world.of_mut(index).started.take()?;
        self.check_ended(index, started);
        Some(())
    }

    pub(super) fn check_begins(&mut self, index: u8) -> Option<()> {
        let endpoint = self.world.of(index);
        possible(endpoint.started.is_none())?;
        let begins = match self.setup.pace(&self.world, index.into()) {
            Pace::Never | Pace::Off => false,
            Pace::OnRequest | Pace::Wait | Pace::Round(_) => endpoint.asked && !endpoint.early,
            // In haste, checks are made side by side.
            Pace::Haste(..) => true,
            Pace::Active if endpoint.failures > 0 => {
                self.setup.config.suspect_interval.is_some() || !endpoint.early
            }
            Pace::Active | Pace::Leaving | Pace::Every(_) | Pace::InVain(_) => !endpoint.early,
        };
        possible(begins)?;
        self.world.of_mut(index).begin(self.now);
        Some(())
    }

    pub(super) fn round_begins(&mut self) -> Option<()> {
        possible(self.world.mind.outage()?.round == Round::Waiting)?;
        self.world.mind = self.world.mind.with_round(Round::Due);
        Some(())
    }

    pub(super) fn probe_begins(&mut self) -> Option<()> {
        let works = matches!(self.world.probe, Probe::Passed(at) if at >= Moment::DOUBT);
        let asks = match self.world.mind {
            Mind::Presumed(_) => true,
            Mind::Suspecting { .. } => !works,
            _ => false,
        };
        possible(asks && self.world.probing.is_none())?;
        self.world.probing = Some(self.now);
        Some(())
    }

    pub(super) fn probe_ends(&mut self) -> Option<()> {
        let started = self.world.probing.take()?;
        self.world.probe = match self.world.network {
            Network::Up => Probe::Passed(started),
            Network::Gone | Network::Hole => Probe::Lost(started),
            Network::Portal => Probe::Foreign(started),
        };
        Some(())
    }

    // ----- time -----

    pub(super) fn decision_is_due(&mut self) -> Option<()> {
        let due = self.world.mind.due();
        possible(due != self.world.mind && self.setup.is_awaited(&self.world))?;
        self.world.mind = due;
        Some(())
    }

    pub(super) fn health_lasts(&mut self, index: u8) -> Option<()> {
        let endpoint = self.world.of(index);
        possible(self.world.mind.outage()?.hold && endpoint.passes() && !endpoint.long)?;
        possible(self.setup.is_awaited(&self.world))?;
        self.world.of_mut(index).long = true;
        Some(())
    }

    pub(super) fn maintenance_runs_out(&mut self, index: u8) -> Option<()> {
        let exclusion = &mut self.world.of_mut(index).exclusion;
        possible(*exclusion == Exclusion::Announced)?;
        *exclusion = Exclusion::AnnouncedOnce;
        Some(())
    }

    pub(super) fn backoff_ends(&mut self, index: u8) -> Option<()> {
        let active = index == self.world.active;
        let now = self.now;
        let endpoint = self.world.of_mut(index);
        possible(endpoint.refuses && endpoint.passes() && !active && endpoint.rested.is_none())?;
        endpoint.rested = Some(now);
        Some(())
    }

    pub(super) fn report_ages(&mut self) -> Option<()> {
        possible(self.world.mind == Mind::Reported { long: false })?;
        self.world.mind = Mind::Reported { long: true };
        Some(())
    }

    // ----- connections -----

    pub(super) fn attempt_begins(&mut self, index: u8) -> Option<()> {
        possible(self.world.retry && !self.world.is_reported() && self.is_attempted(index))?;
        self.world.retry = false;
        self.attempt(index);
        Some(())
    }

    pub(super) fn socket_decides(&mut self) -> Option<()> {
        let Socket::Opening(to) = self.world.socket else { return None };
        if self.world.accepts(to) {
            self.opened(to);
            self.fact(Fact::Opened);
        } else {
            self.world.of_mut(to).refused();
            self.closed();
            self.blame(to, false);
        }
        Some(())
    }

    pub(super) fn second_decides(&mut self) -> Option<()> {
        let second = std::mem::replace(&mut self.world.second, Second::None);
        match second {
            Second::None => return None,
            Second::Follow(to) | Second::Trial(to) if self.world.accepts(to) => {
                self.opened(to);
                if second == Second::Trial(to) {
                    // It has to last before it is used.
                    self.world.of_mut(to).reset_failures();
                    self.fact(Fact::TrialOpened(to.into()));
                }
                self.fact(Fact::Opened);
            }
            Second::Follow(to) => {
                self.world.of_mut(to).refused();
                self.world.retry = true;
                self.blame(to, false);
            }
            Second::Trial(to) => {
                self.world.of_mut(to).refused();
                self.make_up_for_trial();
                self.fact(Fact::TrialFailed(to.into()));
            }
        }
        Some(())
    }

    pub(super) fn socket_lasts(&mut self) -> Option<()> {
        let Socket::Open(to) = self.world.socket else { return None };
        possible(self.world.of(to).refuses && self.world.carries(to))?;
        self.world.of_mut(to).reset_failures();
        Some(())
    }

    pub(super) fn socket_closes(&mut self) -> Option<()> {
        let Socket::Open(to) = self.world.socket else { return None };
        possible(!self.world.carries(to))?;
        self.world.talking = false;
        self.closed();
        self.blame(to, true);
        if self.world.of(to).refuses {
            self.world.of_mut(to).refused();
        }
        Some(())
    }

    pub(super) fn message_arrives(&mut self) -> Option<()> {
        let Socket::Open(to) = self.world.socket else { return None };
        possible(self.world.carries(to))?;
        (self.world.heard, self.world.just_heard) = (self.now, true);
        self.world.talking = true;
        self.fact(Fact::Message);
        Some(())
    }

    pub(super) fn silence_is_noticed(&mut self) -> Option<()> {
        let Socket::Open(to) = self.world.socket else { return None };
        possible(self.world.talking && !self.world.carries(to))?;
        self.world.talking = false;
        Some(())
    }
}
