//! What can go wrong with the endpoint that a client is connected to.

use steadfast::Millis;
use steadfast_sim::{Answers, Fault as Failing, Happening, Health, Socket};

/// A failure of an endpoint.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    health: Health,
    /// What becomes of the endpoint's connections; none: they stay and talk.
    socket: Option<Socket>,
}

/// How a healthy endpoint answers.
pub(crate) fn passing() -> Answers {
    Answers::passing(Millis::new(50), Millis::new(350))
}

impl Fault {
    pub(crate) fn kill() -> Self {
        let health = Health::Fails(Failing::Refused);
        Self { name: "kill", health, socket: Some(Socket::Dies) }
    }

    pub(crate) fn hang() -> Self {
        let health = Health::Fails(Failing::Hang);
        Self { name: "hang", health, socket: Some(Socket::GoesSilent) }
    }

    /// The way from this client to this endpoint is cut: nobody else notices, and no packet says
    /// so.
    pub(crate) fn partition() -> Self {
        Self { name: "partition", ..Self::hang() }
    }

    pub(crate) fn unavailable() -> Self {
        Self::of_answers("503", Answers { status: 503, ..passing() })
    }

    pub(crate) fn slow() -> Self {
        Self::of_answers("slow (4 s)", Answers { latency: Millis::from_secs(4), ..passing() })
    }

    pub(crate) fn half_errors() -> Self {
        Self::of_answers("half errors", Answers { errors: 0.5, ..passing() })
    }

    /// This share of checks is never answered.
    pub(crate) fn unanswered(share: f64) -> Self {
        Self::of_answers("unanswered", Answers { loss: share, ..passing() })
    }

    fn of_answers(name: &'static str, answers: Answers) -> Self {
        Self { name, health: Health::Answers(answers), socket: None }
    }

    /// What happens when an endpoint fails.
    pub(crate) fn begin(&self, endpoint: String) -> Vec<Happening> {
        let socket = self.socket.map(|socket| Happening::Socket(endpoint.clone(), socket));
        let health = Happening::Health(endpoint, self.health.clone());
        std::iter::once(health).chain(socket).collect()
    }

    /// What happens when it answers in this way again.
    pub(crate) fn end(&self, endpoint: String, health: Health) -> Vec<Happening> {
        let accepts = Happening::Socket(endpoint.clone(), Socket::Accepts);
        let socket = self.socket.map(|_| accepts);
        std::iter::once(Happening::Health(endpoint, health)).chain(socket).collect()
    }
}
