//! What people run today, modelled from the documented defaults. Each is given what it needs: a
//! second endpoint to go to, and a client of its own (the proxies usually stand before the
//! servers).

use crate::policy::{Life, Lived, Policy};
use crate::setting::name;
use steadfast::{Millis, Outcome, Timestamp};
use steadfast_sim::{Happening, NetworkState, Socket, World};

/// Checks all endpoints at fixed intervals and uses the first that is up.
///
/// - `HAProxy`: `inter 2s fall 3 rise 2`; a check may take as long as the interval.
/// - Kubernetes' readiness probe: `periodSeconds: 10`, `timeoutSeconds: 1`, `failureThreshold: 3`,
///   `successThreshold: 1`.
/// - Envoy: `unhealthy_threshold: 3`, `healthy_threshold: 2`, `timeout: 1s`, `interval: 5s`. Five
///   errors in a row eject a host by its outlier detection as well, but the requests of a client
///   with a WebSocket are these checks, of which three suffice.
pub(crate) struct Prober {
    pub(crate) name: &'static str,
    pub(crate) interval: Millis,
    pub(crate) timeout: Millis,
    pub(crate) fall: u32,
    pub(crate) rise: u32,
}

struct Probed {
    name: String,
    next: Timestamp,
    up: bool,
    /// Results in a row that speak against the present state.
    against: u32,
}

impl Policy for Prober {
    fn name(&self) -> &'static str {
        self.name
    }

    fn live(&self, life: Life) -> Lived {
        let (end, mut player) = (life.end, Player::new(life.world, &life.happenings));
        let mut chance = fastrand::Rng::with_seed(life.seed);
        let mut first = || Timestamp::from_millis(chance.u64(0..u64::from(self.interval.get())));
        let mut probed: Vec<_> = (0..life.endpoints)
            .map(|index| Probed { name: name(index), next: first(), up: true, against: 0 })
            .collect();
        let (mut active, mut lived) = (0, Lived::default());
        // Results in the order in which they arrive: at most one check of each is under way.
        let mut arriving: Vec<(Timestamp, usize, bool)> = Vec::new();
        loop {
            let due = probed.iter().enumerate().min_by_key(|(_, probed)| probed.next);
            let (index, start) = due.map_or((0, end), |(index, probed)| (index, probed.next));
            let arrival = arriving.iter().enumerate().min_by_key(|(_, (at, ..))| *at);
            match arrival.map(|(place, (at, ..))| (place, *at)) {
                Some((place, at)) if at <= start => {
                    let (_, index, passed) = arriving.remove(place);
                    if at > end {
                        return lived;
                    }
                    lived.checks += u64::from(index == 0);
                    self.take(&mut probed[index], passed);
                    // With none up, the client stays where it is.
                    let best = probed.iter().position(|probed| probed.up).unwrap_or(active);
                    if best != active {
                        active = best;
                        lived.moves.push((at, active));
                    }
                }
                _ if start > end => return lived,
                _ => {
                    player.play_until(start);
                    let probed = &mut probed[index];
                    let (after, outcome) = player.world.check(&probed.name, start, self.timeout);
                    arriving.push((start + after, index, is_good(&outcome)));
                    probed.next = start + self.interval.max(after);
                }
            }
        }
    }
}

impl Prober {
    fn take(&self, probed: &mut Probed, passed: bool) {
        probed.against = if passed == probed.up { 0 } else { probed.against + 1 };
        if probed.against >= if probed.up { self.fall } else { self.rise } {
            (probed.up, probed.against) = (passed, 0);
        }
    }
}

/// A WebSocket that reconnects by itself to the next of a list of URLs: after 1 to 5 s, 1.3 times
/// as long after each failure, at most 10 s; a connection that has not opened within 4 s has failed
/// (reconnecting-websocket, partysocket). It sees what its socket sees.
pub(crate) struct ReconnectingSocket;

impl Policy for ReconnectingSocket {
    fn name(&self) -> &'static str {
        "reconnecting socket"
    }

    fn live(&self, life: Life) -> Lived {
        let mut chance = fastrand::Rng::with_seed(life.seed);
        let (end, mut player) = (life.end, Player::new(life.world, &life.happenings));
        let (mut active, mut moves) = (0, Vec::new());
        while let Some((at, Broken::Closed)) =
            player.next_break(active, None).filter(|(at, _)| *at <= end)
        {
            let (mut now, mut delay) = (at, 1_000.0 + chance.f64() * 4_000.0);
            loop {
                now = now + Millis::new(delay as u32);
                if now > end {
                    return Lived::without_checks(moves);
                }
                player.play_until(now);
                active = 1 - active;
                let (after, opened) = player.connect(active, now, Millis::from_secs(4));
                now = now + after;
                if opened {
                    moves.push((now, active));
                    break;
                }
                delay = (delay * 1.3).min(10_000.0);
            }
        }
        Lived::without_checks(moves)
    }
}

/// A client library of a service with its own fallback hosts: the server sends something at least
/// every 15 s, and 10 s more are allowed (`realtimeRequestTimeout`); after a break it reconnects at
/// once, to the main host first, and to a fallback host if that fails and a neutral URL answers;
/// then again every 15 s (`disconnectedRetryTimeout`).
pub(crate) struct Ably;

impl Policy for Ably {
    fn name(&self) -> &'static str {
        "Ably's client"
    }

    fn live(&self, life: Life) -> Lived {
        let patience = Millis::from_secs(10);
        let (end, mut player) = (life.end, Player::new(life.world, &life.happenings));
        let (mut active, mut moves) = (0, Vec::new());
        while let Some((at, broken)) =
            player.next_break(active, Some(Millis::from_secs(25))).filter(|(at, _)| *at <= end)
        {
            let mut now = if broken == Broken::Closed { at } else { at + Millis::from_secs(25) };
            loop {
                player.play_until(now);
                let (after, opened) = player.connect(0, now, patience);
                now = now + after;
                if opened {
                    if std::mem::replace(&mut active, 0) != 0 {
                        moves.push((now, 0));
                    }
                    break;
                }
                player.play_until(now);
                let (after, network) = player.connect(2, now, patience);
                now = now + after;
                if network {
                    let (after, opened) = player.connect(1, now, patience);
                    now = now + after;
                    if opened {
                        active = 1;
                        moves.push((now, active));
                        break;
                    }
                }
                now = now + Millis::from_secs(15);
                if now > end {
                    return Lived::without_checks(moves);
                }
            }
        }
        Lived::without_checks(moves)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Broken {
    Closed,
    Silent,
}

/// A world in which things happen as time passes.
struct Player<'a> {
    world: World,
    happenings: &'a [(Timestamp, Happening)],
}

impl<'a> Player<'a> {
    fn new(world: World, happenings: &'a [(Timestamp, Happening)]) -> Self {
        Self { world, happenings }
    }

    fn play_until(&mut self, now: Timestamp) {
        while let Some(((_, happening), rest)) =
            self.happenings.split_first().filter(|((at, _), _)| *at <= now)
        {
            self.happenings = rest;
            self.play(happening);
        }
    }

    fn play(&mut self, happening: &Happening) {
        match happening {
            Happening::Health(endpoint, health) => self.world.set_health(endpoint, health.clone()),
            Happening::Socket(endpoint, socket) => self.world.set_socket(endpoint, *socket),
            Happening::Network(NetworkState::Changed, _) => {}
            other => unreachable!("no peer is asked to live through {other:?}"),
        }
    }

    /// When the connection to an endpoint breaks next; a silent one counts if there is someone who
    /// `listens`.
    fn next_break(
        &mut self,
        active: usize,
        listens: Option<Millis>,
    ) -> Option<(Timestamp, Broken)> {
        while let Some(((at, happening), rest)) = self.happenings.split_first() {
            self.happenings = rest;
            self.play(happening);
            if let Happening::Socket(endpoint, socket) = happening
                && endpoint == ["e0", "e1"][active]
            {
                match socket {
                    Socket::Dies | Socket::Closes(_) => return Some((*at, Broken::Closed)),
                    Socket::GoesSilent if listens.is_some() => return Some((*at, Broken::Silent)),
                    _ => {}
                }
            }
        }
        None
    }

    /// After which time a connection is open, or has failed. The third endpoint is somebody else's.
    fn connect(&mut self, endpoint: usize, now: Timestamp, patience: Millis) -> (Millis, bool) {
        let name = ["e0", "e1", "neutral"][endpoint];
        let (after, outcome) = self.world.check(name, now, patience);
        // A connection outlives lost packets, which are sent again; what hangs does not answer then
        // either.
        let (after, outcome) = if after >= patience {
            self.world.check(name, now + Millis::from_secs(1), patience)
        } else {
            (after, outcome)
        };
        (
            after,
            !matches!(outcome, Outcome::Failure(_)) && (endpoint == 2 || self.world.accepts(name)),
        )
    }
}

fn is_good(outcome: &Outcome) -> bool {
    let good = |status| (200..400).contains(&status);
    matches!(outcome, Outcome::Answer(answer) if answer.status.is_some_and(good))
}
