//! Random worlds: scenarios made by chance, and what must hold in every one of them, whatever the
//! engine decides.
//!
//! No oracle says what the engine should do. [`judge()`] knows the truth about the world and asks
//! only what a person would ask: is the app where it works, was it told of what does not work, was
//! it left alone where nothing is wrong. The rules are [`RULES`].
//!
//! ```
//! let scenario = steadfast_sim::worlds::generate(1).to_string();
//! let scenario = steadfast_sim::Scenario::from_json(&scenario).unwrap();
//! for broken in steadfast_sim::worlds::judge(&scenario).unwrap() {
//!     println!("{broken}");
//! }
//! ```

mod app;
mod bounds;
mod chance;
mod changes;
mod fairness;
mod faults;
mod generate;
mod grade;
mod judge;
mod law;
mod lists;
mod never;
mod settings;
mod shrink;
#[cfg(test)]
mod tests;
mod truth;
mod watch;

pub use generate::generate;
pub use judge::judge;
pub use law::{Broken, RULES, Rule};
pub use shrink::shrink;
