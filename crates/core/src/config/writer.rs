//! Writes settings as the tree that they are read from.

use super::value::Value;
use crate::keyword::Keyword;
use crate::time::Millis;
use crate::url::Url;

/// Something that can be written as it would stand in a config.
pub(crate) trait Write {
    /// What reads back as the same.
    fn write(&self) -> Value;
}

impl<T: Write> Write for Option<T> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, Write::write)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self) -> Value {
        Value::List(self.iter().map(Write::write).collect())
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
