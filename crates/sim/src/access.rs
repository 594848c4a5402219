//! The client's own way into the network, which loses what passes over it, whichever endpoint that
//! is for.

use crate::entry::{Happening, NetworkState, Socket};
use crate::patterns::Cuts;
use steadfast::{Millis, Timestamp};

/// How a client's own network loses checks.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// It loses none.
    #[default]
    Clean,
    /// Each with this chance, one independently of the other.
    Lossy(f64),
    /// In bursts.
    Bursty(Bursty),
    /// All of them, at times.
    Cut(Cuts),
    /// As on a train to work and back: see [`Access::commute`].
    Commute,
}

/// Two states with a loss of their own, each of which lasts for a random time (Gilbert, 1960;
/// Elliott, 1963).
#[derive(Clone, Debug)]
pub struct Bursty {
    good: State,
    bad: State,
    is_bad: bool,
    until: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mean: f64,
    loss: f64,
}

/// Rides to work and back begin at half past seven and at half past five, and take 40 minutes.
const RIDES: [u64; 2] = [27_000, 63_000];
const RIDE: u64 = 40 * 60;
/// A tunnel every four minutes: no network for 25 s.
const TUNNEL_EVERY: u64 = 240;
const TUNNEL: u64 = 25;
/// Another cell every minute and a half: no network for 2 s, and then another address.
const CELL_EVERY: u64 = 90;
const CELL: u64 = 2;

impl Access {
    /// 0.5 % loss for 20 s on average, then 60 % for 1 s: what a crowded Wi-Fi does.
    pub fn bursty() -> Self {
        let (good, bad) =
            (State { mean: 20_000.0, loss: 0.005 }, State { mean: 1_000.0, loss: 0.6 });
        Self::Bursty(Bursty { good, bad, is_bad: false, until: Timestamp::default() })
    }

    /// A day's changes of cell, which break the connection and are told by the platform. Tunnels
    /// are not told of.
    pub fn commute(endpoints: &[&str]) -> Vec<(Timestamp, Happening)> {
        let at = |second: u64| Timestamp::from_millis(second * 1_000);
        let mut happenings = Vec::new();
        for ride in RIDES {
            for change in (ride..ride + RIDE).step_by(CELL_EVERY as usize).skip(1) {
                for endpoint in endpoints {
                    happenings.push((
                        at(change),
                        Happening::Socket((*endpoint).to_owned(), Socket::Closes(1006)),
                    ));
                }
                happenings
                    .push((at(change + CELL), Happening::Network(NetworkState::Changed, false)));
            }
        }
        happenings
    }

    /// Whether a check that begins now is lost on the way.
    pub(crate) fn loses(&mut self, now: Timestamp, chance: &mut fastrand::Rng) -> bool {
        match self {
            Self::Clean => false,
            Self::Lossy(loss) => chance.f64() < *loss,
            Self::Bursty(bursty) => bursty.loses(now, chance),
            Self::Cut(cuts) => cuts.cuts(now),
            Self::Commute => {
                let second = now.as_millis() / 1_000 % 86_400;
                let Some(ride) =
                    RIDES.into_iter().find(|ride| (*ride..ride + RIDE).contains(&second))
                else {
                    return chance.f64() < 0.002;
                };
                let ridden = second - ride;
                let cut = ridden % TUNNEL_EVERY >= TUNNEL_EVERY - TUNNEL
                    || (ridden >= CELL_EVERY && ridden % CELL_EVERY < CELL);
                cut || chance.f64() < 0.03
            }
        }
    }
}

impl Bursty {
    fn loses(&mut self, now: Timestamp, chance: &mut fastrand::Rng) -> bool {
        while self.until <= now {
            self.is_bad = !self.is_bad;
            let mean = if self.is_bad { self.bad.mean } else { self.good.mean };
            self.until =
                self.until + Millis::new((-mean * chance.f64().max(1e-12).ln()) as u32 + 1);
        }
        chance.f64() < if self.is_bad { self.bad.loss } else { self.good.loss }
    }
}
