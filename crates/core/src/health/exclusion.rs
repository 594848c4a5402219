//! Who has said that an endpoint is not to be used, and until when.

use super::Health;
use crate::base::time::Timestamp;

/// Why an endpoint is not to be used, whatever its checks show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// The server announced maintenance until this time; it ends as soon as a check passes.
    Announced(Timestamp),
    /// The app announced maintenance, and ends it.
    Commanded,
    /// Its connections are to end until this time, however its checks go.
    Drained(Timestamp),
    /// Taken out of rotation until this time, however its checks go.
    Removed(Timestamp),
}

impl Exclusion {
    /// What an endpoint's health is by it.
    pub(super) const fn health(self) -> Health {
        if matches!(self, Self::Removed(_)) { Health::Unhealthy } else { Health::Maintenance }
    }
}

/// All that has been said. The end of one thing does not end the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exclusions {
    announced: Option<Timestamp>,
    commanded: bool,
    drained: Option<Timestamp>,
    removed: Option<Timestamp>,
}

impl Exclusions {
    /// Takes in what is said. The last word of its kind holds.
    pub(super) fn add(&mut self, exclusion: Exclusion) {
        match exclusion {
            Exclusion::Announced(end) => self.announced = Some(end),
            Exclusion::Commanded => self.commanded = true,
            Exclusion::Drained(end) => self.drained = Some(end),
            Exclusion::Removed(end) => self.removed = Some(end),
        }
    }

    /// What counts most of that which holds now: announced by the app, out of rotation, drained,
    /// announced by the server.
    pub(super) fn at(&self, now: Timestamp) -> Option<Exclusion> {
        let holds = |end: Option<Timestamp>| end.filter(|end| now < *end);
        if self.commanded {
            return Some(Exclusion::Commanded);
        }
        let removed = holds(self.removed).map(Exclusion::Removed);
        let drained = || holds(self.drained).map(Exclusion::Drained);
        removed.or_else(drained).or_else(|| holds(self.announced).map(Exclusion::Announced))
    }

    /// When all that was said is over, if that is known.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let end = self.announced.max(self.drained).max(self.removed);
        end.filter(|_| !self.commanded)
    }

    /// Whether it is out of rotation, whatever else has been said.
    #[cfg(any(test, feature = "recovery"))]
    pub(super) fn is_removed(&self, now: Timestamp) -> bool {
        self.removed.is_some_and(|end| now < end)
    }

    /// Forgets what is over.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for end in [&mut self.announced, &mut self.drained, &mut self.removed] {
            *end = end.filter(|end| now < *end);
        }
    }

    /// A check has passed: what the server announced is over.
    pub(super) fn passed(&mut self) {
        self.announced = None;
    }

    /// The app ends maintenance, and what a server announced or the app drained with it. True if
    /// there was any.
    pub(super) fn end_maintenance(&mut self) -> bool {
        let before = std::mem::take(self);
        self.removed = before.removed;
        before.commanded || before.drained.is_some() || before.announced.is_some()
    }

    /// What holds for the name, whichever host it stands for: all but what a server announced.
    pub(super) fn of_name(self) -> Self {
        Self { announced: None, ..self }
    }
}
