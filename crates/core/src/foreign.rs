//! How the types with a shape of their own cross to Swift and Kotlin; records and enums cross as
//! they are. Numbers are signed there; a negative one becomes the largest, which no setting allows.

use crate::Endpoint;
use crate::base::time::{Millis, Timestamp};
use crate::base::url::Url;
use crate::config::{
    Endpoints, Headers, HealthCheck, HealthChecks, Name, StatusPattern, StatusPatterns,
};
use crate::protocol::effect::{ConnectionId, SocketId};
use crate::protocol::outcome::Header;

uniffi::custom_type!(Name, String, { lower: |name| name.to_string(), try_lift: |name| Ok(name.as_str().into()) });
uniffi::custom_type!(Millis, i64, { lower: |millis| millis.get().into(), try_lift: |millis| Ok(Self::new(u32::try_from(millis).unwrap_or(u32::MAX))) });
uniffi::custom_type!(Timestamp, i64, { lower: |at| at.as_millis().cast_signed(), try_lift: |at| Ok(Self::from_millis(at.max(0).cast_unsigned())) });
uniffi::custom_type!(ConnectionId, i64, { lower: |id| id.get().cast_signed(), try_lift: |id| Ok(Self::from_number(id.cast_unsigned())) });
uniffi::custom_type!(SocketId, i64, { lower: |id| id.0.into(), try_lift: |id| Ok(Self(u32::try_from(id).unwrap_or(u32::MAX))) });
uniffi::custom_type!(Endpoints, Vec<Endpoint>, { lower: |endpoints| endpoints.0, try_lift: |endpoints| Ok(Self(endpoints)) });
uniffi::custom_type!(Headers, Vec<Header>, { lower: |headers| headers.0, try_lift: |headers| Ok(Self(headers)) });
uniffi::custom_type!(StatusPatterns, Vec<StatusPattern>, { lower: |patterns| patterns.0, try_lift: |patterns| Ok(Self(patterns)) });
// What is no URL is refused later, with all else that is wrong with the config.
uniffi::custom_type!(Url, String, { lower: |url| url.as_str().to_owned(), try_lift: |text| Ok(Self::unparsed(text)) });
uniffi::custom_type!(HealthChecks, Vec<HealthCheck>, { lower: |checks| checks.0, try_lift: |checks| Ok(Self(checks)) });
