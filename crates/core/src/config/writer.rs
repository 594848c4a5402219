//! Writes settings as the tree that they are read from, and what the engine tells as the tree that
//! other languages see. Going by a tree costs a browser a third of what serde's code for each type
//! does.

use super::Name;
use super::reader::camel;
use super::value::Value;
use crate::base::keyword::Keyword;
use crate::base::time::Millis;
use crate::base::url::Url;
use crate::protocol::effect::{ConnectionId, SocketId};

/// Something that can be written as it would stand in a config.
pub(crate) trait Write {
    /// What reads back as the same.
    fn write(&self) -> Value;
}

impl Write for Value {
    fn write(&self) -> Value {
        self.clone()
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, Write::write)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self) -> Value {
        list(self.len(), &|at| self[at].write())
    }
}

impl<T: Write, const N: usize> Write for [T; N] {
    fn write(&self) -> Value {
        list(N, &|at| self[at].write())
    }
}

/// A list of so many items.
fn list(length: usize, item: &dyn Fn(usize) -> Value) -> Value {
    let mut items = Vec::new();
    for at in 0..length {
        items.push(item(at));
    }
    Value::List(items)
}

/// A table of these fields, whose names are written as in a config.
pub(crate) fn table(fields: &[(&str, &dyn Write)]) -> Value {
    let mut entries = Vec::new();
    for (name, value) in fields {
        entries.push((camel(name), value.write()));
    }
    Value::Table(entries)
}

impl Write for &[(&str, &dyn Write)] {
    fn write(&self) -> Value {
        table(self)
    }
}

/// Defines a record that the engine hands out, and how it is written.
macro_rules! records {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[doc = $doc:expr])* $(#[cfg(feature = $feature:literal)])? pub $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename_all = "camelCase"))]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[doc = $doc])* $(#[cfg(feature = $feature)])? pub $field: $type, )*
        }

        impl $crate::config::writer::Write for $name {
            fn write(&self) -> $crate::config::Value {
                $crate::config::writer::table(&[
                    $( $(#[cfg(feature = $feature)])? (stringify!($field), &self.$field) ),*
                ])
            }
        }

        $crate::config::writer::serialize_as_written!($name);
    };
}

/// Shows what is written to other crates, as a tree and to serde.
macro_rules! serialize_as_written {
    ($name:ident) => {
        impl $name {
            /// The tree that it is serialized as.
            pub fn to_value(&self) -> $crate::config::Value {
                $crate::config::writer::Write::write(self)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&$crate::config::writer::Write::write(self), serializer)
            }
        }
    };
}

pub(crate) use {records, serialize_as_written};

impl Write for f64 {
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Write for i64 {
    fn write(&self) -> Value {
        Value::Number(*self)
    }
}

impl Write for u16 {
    fn write(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl Write for Name {
    fn write(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl Write for bool {
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Write for u32 {
    fn write(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl Write for String {
    fn write(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Write for ConnectionId {
    fn write(&self) -> Value {
        Value::from(self.get() as f64)
    }
}

impl Write for SocketId {
    fn write(&self) -> Value {
        Value::from(f64::from(self.0))
    }
}

impl Write for Millis {
    fn write(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl Write for Url {
    fn write(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl<T: Keyword> Write for T {
    fn write(&self) -> Value {
        Value::Text(self.word().to_owned())
    }
}
