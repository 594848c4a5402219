//! The world of the walk: what is true, and what is known.

use super::endpoint::Endpoint;
use super::mind::Mind;
use super::time::Moment;

/// Maximum number of endpoints.
pub(super) const MAX: usize = 3;

/// The way to the endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    Up,
    /// There is none, and whoever asks is told so.
    Gone,
    /// Nothing gets through.
    Hole,
    /// A portal answers in the place of others.
    Portal,
}

/// The app's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Socket {
    None,
    Opening(u8),
    Open(u8),
}

/// A second socket that is being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    None,
    /// To the active endpoint.
    Follow(u8),
    /// To one that becomes the active one if it opens.
    Trial(u8),
}

/// What the last connectivity probe showed, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    None,
    Lost(Moment),
    Foreign(Moment),
    Passed(Moment),
}

/// What the app was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Served,
    AllDown,
    Offline,
}

/// The world at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct World {
    pub(super) mind: Mind,
    pub(super) active: u8,
    pub(super) endpoints: [Endpoint; MAX],
    pub(super) network: Network,
    /// The platform has said that there is no network.
    pub(super) lost: bool,
    pub(super) wanted: bool,
    pub(super) socket: Socket,
    pub(super) second: Second,
    /// An attempt to connect is going to be made.
    pub(super) retry: bool,
    /// The second socket stands in the way of an attempt.
    pub(super) postponed: bool,
    /// When a check was last answered, in whatever way.
    pub(super) answered: Moment,
    /// When the last message arrived or a socket opened, and whether that was a moment ago.
    pub(super) heard: Moment,
    pub(super) just_heard: bool,
    /// Messages arrive, or it has not been noticed that they do not any more.
    pub(super) talking: bool,
    pub(super) probe: Probe,
    pub(super) probing: Option<Moment>,
    pub(super) prefers: Option<u8>,
    /// The app is not on the endpoint that it prefers.
    pub(super) pending: bool,
    pub(super) relapsed: bool,
    /// Moves in need that have followed each other.
    pub(super) forced: u8,
    pub(super) told: Told,
}

impl Probe {
    pub(super) const fn moment(self) -> Option<Moment> {
        match self {
            Self::None => None,
            Self::Lost(at) | Self::Foreign(at) | Self::Passed(at) => Some(at),
        }
    }

    pub(super) const fn at(self, moment: Moment) -> Self {
        match self {
            Self::None => Self::None,
            Self::Lost(_) => Self::Lost(moment),
            Self::Foreign(_) => Self::Foreign(moment),
            Self::Passed(_) => Self::Passed(moment),
        }
    }
}

impl World {
    pub(super) const fn of(&self, index: u8) -> &Endpoint {
        &self.endpoints[index as usize]
    }

    pub(super) const fn of_mut(&mut self, index: u8) -> &mut Endpoint {
        &mut self.endpoints[index as usize]
    }

    /// Whether a socket to an endpoint carries what is sent on it.
    pub(super) fn carries(&self, index: u8) -> bool {
        self.network == Network::Up && self.of(index).truth.keeps()
    }

    /// Whether a socket to an endpoint opens.
    pub(super) fn accepts(&self, index: u8) -> bool {
        self.network == Network::Up && self.of(index).truth.accepts()
    }

    /// Whether the app wants a connection and has none.
    pub(super) const fn is_broken(&self) -> bool {
        self.wanted && !matches!(self.socket, Socket::Open(_))
    }

    pub(super) fn is_talking(&self) -> bool {
        self.talking && self.socket == Socket::Open(self.active)
    }

    pub(super) const fn is_reported(&self) -> bool {
        matches!(self.mind, Mind::Reported { .. })
    }
}
