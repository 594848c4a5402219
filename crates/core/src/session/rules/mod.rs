//! What a socket does that an app holds, wherever it runs: what waits for a connection, where it
//! leads, when its silence counts, and which ends are final. The engine decides which connection
//! carries it; a shell opens, sends, closes and reports, and asks here for the rest. Messages
//! themselves never come here: their sizes do.

mod end;
mod outbox;
mod path;
mod ping;

pub use end::{BY_APP, STOP_CODES, drain_limit, is_final};
pub use outbox::{Offer, Outbox, QueueLimits, WhenFull};
pub use path::{PathError, Resolver, socket_url};
pub use ping::{Ping, PingStep, Pinger};
