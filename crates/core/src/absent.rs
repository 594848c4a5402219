//! What stands in the place of parts that are left out: it takes notice of nothing.
#![expect(clippy::unused_self, reason = "called as the parts are for which they stand")]

#[cfg(not(feature = "breaker"))]
pub(crate) use unguarded::Breakers;
#[cfg(not(feature = "reports"))]
pub(crate) use unobserved::Observers;

#[cfg(not(feature = "breaker"))]
mod unguarded {
    use crate::base::time::Millis;
    use crate::engine::context::Context;
    use crate::engine::roster::Origin;
    use crate::health::HealthChange;

    /// No circuit breakers.
    #[derive(Debug)]
    pub(crate) struct Breakers;

    impl Breakers {
        pub(crate) const fn new(_: usize) -> Self {
            Self
        }

        pub(crate) const fn follow(&self, _: &mut Context, _: usize, _: HealthChange) {}

        pub(crate) const fn close(&self, _: &mut Context, _: usize) {}

        pub(crate) const fn renew(&self) {}

        pub(crate) const fn slept(&self, _: Millis) {}

        pub(crate) const fn replace(&self, _: &mut Context, _: &[Origin]) {}
    }
}

#[cfg(not(feature = "reports"))]
mod unobserved {
    use crate::base::time::Timestamp;
    use crate::engine::context::Context;
    use crate::engine::roster::Origin;
    use crate::protocol::event::Event;

    /// No account of the endpoints is kept.
    #[derive(Debug)]
    pub(crate) struct Observers;

    impl Observers {
        pub(crate) const fn new(_: &Context) -> Self {
            Self
        }

        pub(crate) const fn see(&self, _: &Context, _: &Event) {}

        pub(crate) const fn watch(&self, _: &Context, _: bool) {}

        pub(crate) const fn slept(&self, _: &Context, _: Timestamp) {}

        pub(crate) const fn replace(&self, _: &Context, _: &[Origin]) {}
    }
}
