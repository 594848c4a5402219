//! Which endpoint is the best, and what becomes of the failover state.

use super::rank::Standing;
use crate::base::random::Random;
use crate::config::{Config, Endpoint, Strategy};
use crate::health::Health;

#[test]
#[cfg(feature = "url")]
fn a_renewed_standing_has_the_new_priority_and_the_old_draw() {
    let url = |scheme: &str| format!("{scheme}://a.example/").parse().unwrap();
    let endpoint = Endpoint::new("a", url("wss"), url("https"));
    let config = Config { strategy: Strategy::Weighted, ..Config::default() };
    let before = Standing::new(&endpoint, &config, &mut Random::new(1));
    let after = before.renewed(&Endpoint { priority: 3, ..endpoint }, &config);
    assert_eq!(after.draw(), before.draw());
    let rank = |standing: Standing| standing.rank(Health::Healthy, false);
    assert!(rank(before) < rank(after));
}
