//! What the config's types that hold a list have in common: they are read as slices, and made of
//! vectors.

use super::{
    Endpoint, Endpoints, HealthCheck, HealthChecks, StatusPattern, StatusPatterns, check::Headers,
};
use crate::protocol::outcome::Header;
use std::ops::Deref;

macro_rules! lists {
    ($($name:ident of $item:ty;)*) => { $(
        impl Deref for $name {
            type Target = [$item];

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl From<Vec<$item>> for $name {
            fn from(items: Vec<$item>) -> Self {
                Self(items)
            }
        }
    )* };
}

lists! {
    Endpoints of Endpoint;
    Headers of Header;
    HealthChecks of HealthCheck;
    StatusPatterns of StatusPattern;
}
