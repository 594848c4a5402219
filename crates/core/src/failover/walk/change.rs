//! How the truth changes, and what the platform and the app say. `None`: it cannot be.

use super::endpoint::Exclusion;
use super::mind::Mind;
use super::nature::{Move, possible};
use super::play::Play;
use super::world::{Second, Socket};
use crate::failover::transition::Fact;

impl Play<'_> {
    pub(super) fn change(&mut self, next: Move) -> Option<()> {
        match next {
            Move::Turns(index, truth) => {
                possible(self.world.of(index).truth != truth)?;
                self.world.of_mut(index).truth = truth;
            }
            Move::NetworkTurns(network) => {
                possible(self.world.network != network)?;
                self.world.network = network;
            }
            Move::PlatformLoses => {
                possible(!self.world.lost)?;
                self.world.lost = true;
                if !self.world.is_reported() {
                    self.fact(Fact::NetworkLost);
                    self.discard_checks();
                }
            }
            Move::PlatformFinds => {
                possible(self.world.lost)?;
                self.world.lost = false;
                self.fact(Fact::NetworkFound);
            }
            Move::PlatformChanges => {
                self.world.lost = false;
                self.reset_failures();
                if self.world.is_reported() {
                    self.fact(Fact::NetworkFound);
                } else {
                    self.awaken();
                }
            }
            Move::Sleeps => self.awaken(),
            Move::SleepsUntilSecondDecides => {
                self.awaken();
                self.second_decides()?;
            }
            _ => self.app(next)?,
        }
        Some(())
    }

    fn app(&mut self, next: Move) -> Option<()> {
        match next {
            Move::AppPrefers(to) => {
                self.world.prefers = to;
                self.world.pending = to.is_some_and(|to| to != self.world.active);
                if let Mind::Waiting { .. } | Mind::Opening { .. } = self.world.mind {
                    self.world.mind = Mind::Steady;
                }
                if let Some(to) = to.filter(|to| !self.world.of(*to).passes()) {
                    self.world.of_mut(to).asked = true;
                }
            }
            Move::MaintenanceBegins(index) => self.exclude(index, Exclusion::Commanded),
            Move::RemovalBegins(index) => self.exclude(index, Exclusion::Removed),
            Move::MaintenanceEnds(index) => {
                possible(self.world.of(index).exclusion == Exclusion::Commanded)?;
                let change = self.world.of_mut(index).include();
                self.health_changed(index, change);
                self.world.of_mut(index).asked = true;
            }
            Move::RemovalEnds(index) => {
                possible(self.world.of(index).exclusion == Exclusion::Removed)?;
                self.world.of_mut(index).exclusion = Exclusion::RemovedOnce;
            }
            Move::AppConnects => {
                self.world.wanted = true;
                self.connect(self.world.active);
            }
            Move::AppDisconnects => {
                possible(self.world.wanted)?;
                self.world.wanted = false;
                (self.world.socket, self.world.second) = (Socket::None, Second::None);
                (self.world.retry, self.world.postponed) = (false, false);
                self.world.talking = false;
            }
            _ => return None,
        }
        Some(())
    }

    fn exclude(&mut self, index: u8, exclusion: Exclusion) {
        let change = self.world.of_mut(index).exclude(exclusion);
        self.health_changed(index, change);
    }
}
