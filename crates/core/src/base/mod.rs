//! What everything else stands on: time, chance, URLs, words, counts.

#[cfg(test)]
pub(crate) mod cases;
pub(crate) mod keyword;
pub(crate) mod random;
#[cfg(any(feature = "breaker", feature = "recovery"))]
pub(crate) mod sliding;
pub(crate) mod time;
pub(crate) mod url;
