//! How the tests of properties draw their cases.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// So many cases, the same in every run. `PROPTEST_RNG_SEED=2` and `PROPTEST_CASES=50000` look for
/// others.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let defaults = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let is_set = |name| std::env::var_os(name).is_some();
    ProptestConfig {
        cases: if is_set("PROPTEST_CASES") { defaults.cases } else { cases },
        rng_seed: if is_set("PROPTEST_RNG_SEED") { defaults.rng_seed } else { RngSeed::Fixed(1) },
        ..defaults
    }
}
