//! How long an app may prepare a connection before it takes over.

use crate::base::time::Millis;
use crate::session::reach::SHORTEST_PATIENCE;

/// How long the app's hook may take with a connection that took so long to open: three quarters of
/// what the engine gives the attempt, so that a slow hook is never held against a server.
///
/// Where no check shows whether a server hangs, the engine may give an attempt a second only; where
/// opening takes long, it has learnt more patience.
pub fn prepare_limit(connect_timeout: Millis, is_checked: bool, took: Millis) -> Millis {
    let given = if is_checked { connect_timeout } else { connect_timeout.min(SHORTEST_PATIENCE) };
    let left = given.scaled(3, 4).get().saturating_sub(took.get());
    Millis::new(left).max(took.scaled(1, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_before_the_engine_gives_up() {
        let limit =
            |checked, took| prepare_limit(Millis::from_secs(10), checked, Millis::new(took)).get();
        assert_eq!(limit(true, 100), 7_400);
        assert_eq!(limit(true, 8_000), 2_000);
        assert_eq!(limit(false, 50), 700);
        assert_eq!(limit(false, 4_000), 1_000, "opening takes long here");
        assert_eq!(prepare_limit(Millis::new(400), false, Millis::new(20)).get(), 280);
    }
}
