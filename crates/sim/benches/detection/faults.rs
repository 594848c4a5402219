//! What can go wrong with the endpoint that a client is connected to.

use steadfast::Millis;
use steadfast_sim::{Answers, Fault as Failing, Happening, Health, Socket};

/// A failure of the first endpoint.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The longest that Steadfast may take at the median: on a clean network, and with 10 % loss.
    pub(crate) mark: Option<u32>,
    pub(crate) lossy_mark: Option<u32>,
    health: fn() -> Health,
    socket: Option<Socket>,
}

/// How a healthy endpoint answers.
pub(crate) fn passing() -> Answers {
    Answers::passing(Millis::new(50), Millis::new(350))
}

pub(crate) const FAULTS: [Fault; 6] = [
    Fault { name: "kill", mark: Some(1_000), lossy_mark: None, health: || Health::Fails(Failing::Refused), socket: Some(Socket::Dies) },
    Fault {
        name: "hang",
        mark: Some(4_000),
        lossy_mark: Some(6_000),
        health: || Health::Fails(Failing::Hang),
        socket: Some(Socket::GoesSilent),
    },
    Fault {
        name: "503",
        mark: Some(2_500),
        lossy_mark: None,
        health: || Health::Answers(Answers { status: 503, ..passing() }),
        socket: None,
    },
    Fault {
        name: "slow (4 s)",
        mark: Some(15_000),
        lossy_mark: None,
        health: || Health::Answers(Answers { latency: Millis::from_secs(4), ..passing() }),
        socket: None,
    },
    Fault {
        name: "half errors",
        mark: None,
        lossy_mark: None,
        health: || Health::Answers(Answers { errors: 0.5, ..passing() }),
        socket: None,
    },
    // The way from this client to this endpoint is cut: nobody else notices, and no packet says so.
    Fault { name: "partition", mark: None, lossy_mark: None, health: || Health::Fails(Failing::Hang), socket: Some(Socket::GoesSilent) },
];

impl Fault {
    pub(crate) fn happenings(&self) -> Vec<Happening> {
        let socket = self.socket.map(|socket| Happening::Socket("e0".to_owned(), socket));
        [Happening::Health("e0".to_owned(), (self.health)())].into_iter().chain(socket).collect()
    }
}
