//! What the face of another language can say to an engine and ask it, as objects: defined here once,
//! with how they are read and written and their types in TypeScript.

#[cfg(feature = "reports")]
use crate::base::time::Millis;
use crate::base::url::UrlParser;
use crate::config::read::Read;
use crate::config::reader::Reader;
use crate::config::writer::{Write, table};
use crate::config::{Config, Name, Problems, ValidEndpoints, Value};
use crate::protocol::effect::{ConnectionId, SocketId};
use crate::protocol::input::{Command, Input, Lifecycle, Network};

/// Defines an enum that is read from objects and written to them: each variant's word stands in the
/// object under the enum's tag, and its fields beside it.
macro_rules! messages {
    (
        $(#[$meta:meta])*
        pub enum $name:ident tagged $tag:literal {
            $(
                $(#[doc = $doc:expr])*
                $(#[cfg(feature = $feature:literal)])?
                $variant:ident = $word:literal { $( $(#[doc = $about:expr])* $field:ident: $type:ty, )* },
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "typescript",
            derive(ts_rs::TS),
            ts(tag = $tag, rename_all_fields = "camelCase")
        )]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[doc = $doc])*
                $(#[cfg(feature = $feature)])?
                #[cfg_attr(feature = "typescript", ts(rename = $word))]
                $variant { $( $(#[doc = $about])* $field: $type, )* },
            )*
        }

        impl Read for $name {
            fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
                match value.text($tag).unwrap_or_default() {
                    $(
                        $(#[cfg(feature = $feature)])?
                        $word => {
                            reader.only(value, &[$tag, $( stringify!($field) ),*]);
                            $( let $field = reader.required(value, stringify!($field)); )*
                            Some(Self::$variant { $( $field: $field? ),* })
                        }
                    )*
                    word => {
                        let known = [ $( $(#[cfg(feature = $feature)])? $word ),* ];
                        reader.field($tag, |reader| reader.unknown_word(word, &known));
                        None
                    }
                }
            }
        }

        impl Write for $name {
            fn write(&self) -> Value {
                match self {
                    $(
                        $(#[cfg(feature = $feature)])?
                        Self::$variant { $( $field ),* } => table(&[
                            ($tag, &Value::Text($word.to_owned())),
                            $( (stringify!($field), $field) ),*
                        ]),
                    )*
                }
            }
        }
    };
}

messages! {
    /// What the platform reports and the app wants.
    pub enum Message tagged "message" {
        /// The app is asked for something that a connection needs, or prepares one that is about to
        /// take over: its time is not the server's.
        AwaitsApp = "awaitsApp" {
            /// Which one.
            id: ConnectionId,
        },
        /// The app has answered, and the connection is being opened.
        Begun = "begun" {
            /// Which one.
            id: ConnectionId,
        },
        /// A connection is open, and may take over.
        Opened = "opened" {
            /// Which one.
            id: ConnectionId,
        },
        /// A connection has closed, or could not be opened.
        Closed = "closed" {
            /// Which one.
            id: ConnectionId,
            /// The WebSocket close code, if there was one.
            code: Option<u16>,
        },
        /// Something has arrived on a connection.
        Received = "received" {
            /// Which one.
            id: ConnectionId,
        },
        /// The platform reports the network.
        Network = "network" {
            /// What it says.
            network: Network,
        },
        /// The platform reports the app.
        Lifecycle = "lifecycle" {
            /// What it says.
            lifecycle: Lifecycle,
        },
        /// The app wants the active endpoint checked at once.
        CheckNow = "checkNow" {},
        /// The app prefers an endpoint.
        Prefer = "prefer" {
            /// Which one; `null` takes the wish back.
            endpoint: Option<Name>,
        },
        /// An endpoint is not to be used for a while.
        BeginMaintenance = "beginMaintenance" {
            /// Which one.
            endpoint: Name,
        },
        /// An endpoint may be used again.
        EndMaintenance = "endMaintenance" {
            /// Which one.
            endpoint: Name,
        },
        /// The endpoint's circuit breaker is to refuse every request.
        #[cfg(feature = "breaker")]
        Isolate = "isolate" {
            /// Which one.
            endpoint: Name,
        },
        /// The breaker of an isolated endpoint is to begin anew.
        #[cfg(feature = "breaker")]
        Release = "release" {
            /// Which one.
            endpoint: Name,
        },
        /// A request of the app's own succeeded that no permit was asked for.
        ReportSuccess = "reportSuccess" {
            /// To which endpoint.
            endpoint: Name,
        },
        /// A request of the app's own failed that no permit was asked for.
        ReportFailure = "reportFailure" {
            /// To which endpoint.
            endpoint: Name,
        },
        /// An action of recovery that was left to the app has ended.
        #[cfg(feature = "recovery")]
        RecoveryEnded = "recoveryEnded" {
            /// Number of the action.
            id: u32,
            /// Whether it helped.
            ok: bool,
            /// Why it did not.
            error: Option<String>,
        },
        /// The app replaces the endpoints.
        SetEndpoints = "setEndpoints" {
            /// The new list.
            endpoints: ValidEndpoints,
        },
        /// Something was sent on a connection: told at most every 250 ms. The first that arrives
        /// after it is told in any case.
        Sent = "sent" {
            /// Which one.
            id: ConnectionId,
        },
        /// Something was due on a connection and did not arrive.
        Silent = "silent" {
            /// Which one.
            id: ConnectionId,
        },
        /// The app holds a socket from now on.
        Connect = "connect" {
            /// Its number.
            socket: SocketId,
        },
        /// The app wants another connection to the same endpoint.
        Reconnect = "reconnect" {
            /// For which socket; `null`: for each.
            socket: Option<SocketId>,
        },
        /// The app holds a socket no more.
        Disconnect = "disconnect" {
            /// Its number.
            socket: SocketId,
        },
        /// The app has done with it all.
        Stop = "stop" {},
    }
}

messages! {
    /// What an app can ask.
    pub enum Query tagged "query" {
        /// The state at this moment.
        Snapshot = "snapshot" {},
        /// What has been learnt, for the next start.
        Save = "save" {},
        /// Why the engine thinks what it thinks of an endpoint.
        Explain = "explain" {
            /// Which one; `null` is the active one.
            endpoint: Option<Name>,
        },
        /// What the endpoints have been like.
        #[cfg(feature = "reports")]
        Report = "report" {
            /// For how long, until now.
            period: Millis,
        },
        /// Permission to make a request that is for one endpoint.
        #[cfg(feature = "breaker")]
        Permit = "permit" {
            /// To the best endpoint but this; `null`: to the active one.
            excluding: Option<Name>,
        },
        /// To send a request.
        #[cfg(feature = "breaker")]
        Call = "call" {
            /// Its method.
            method: String,
            /// Whether it can be sent again: its body is no stream.
            replayable: bool,
        },
    }
}

impl Message {
    /// Reads a message for an engine with this config, or reports what is wrong with it.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Message, Preset, config::Value, parse_url};
    /// let config = Config::new(Preset::Default, vec![]);
    /// let read = |json| Message::read(&serde_json::from_str(json).unwrap(), &config, parse_url);
    /// assert!(read(r#"{ "message": "prefer", "endpoint": "a" }"#).is_ok());
    /// let wrong = read(r#"{ "message": "closed" }"#).unwrap_err().to_string();
    /// assert_eq!(wrong, "id: missing");
    /// # }
    /// ```
    pub fn read(value: &Value, config: &Config, parser: UrlParser) -> Result<Self, Problems> {
        config.read_object(value, parser)
    }

    /// The message as an object, as [`read`](Self::read) takes it.
    pub fn to_value(&self) -> Value {
        self.write()
    }
}

impl Query {
    /// Reads a query, or reports what is wrong with it.
    pub fn read(value: &Value, config: &Config, parser: UrlParser) -> Result<Self, Problems> {
        config.read_object(value, parser)
    }
}

impl From<Message> for Input {
    fn from(message: Message) -> Self {
        Self::Command(match message {
            Message::AwaitsApp { id } => return Self::ConnectionAwaitsApp { id },
            Message::Begun { id } => return Self::ConnectionBegun { id },
            Message::Opened { id } => return Self::ConnectionOpened { id },
            Message::Closed { id, code } => return Self::ConnectionClosed { id, code },
            Message::Received { id } => return Self::ConnectionActive { id },
            Message::Sent { id } => return Self::ConnectionSent { id },
            Message::Silent { id } => return Self::ConnectionSilent { id },
            Message::Network { network } => return Self::Network(network),
            Message::Lifecycle { lifecycle } => return Self::Lifecycle(lifecycle),
            Message::ReportSuccess { endpoint } => return Self::Traffic { endpoint, ok: true },
            Message::ReportFailure { endpoint } => return Self::Traffic { endpoint, ok: false },
            #[cfg(feature = "recovery")]
            Message::RecoveryEnded { id, ok, error } => {
                return Self::RecoveryEnded { id, ok, error };
            }
            Message::CheckNow {} => Command::CheckNow,
            Message::Prefer { endpoint } => Command::Prefer(endpoint),
            Message::BeginMaintenance { endpoint } => Command::BeginMaintenance(endpoint),
            Message::EndMaintenance { endpoint } => Command::EndMaintenance(endpoint),
            #[cfg(feature = "breaker")]
            Message::Isolate { endpoint } => Command::Isolate(endpoint),
            #[cfg(feature = "breaker")]
            Message::Release { endpoint } => Command::Release(endpoint),
            Message::SetEndpoints { endpoints } => Command::SetEndpoints(endpoints),
            Message::Connect { socket } => Command::Connect(socket),
            Message::Reconnect { socket } => Command::Reconnect(socket),
            Message::Disconnect { socket } => Command::Disconnect(socket),
            Message::Stop {} => Command::Stop,
        })
    }
}

#[cfg(test)]
#[cfg(all(feature = "full", feature = "json", feature = "url"))]
mod tests;
