//! Values that are read as a whole.

use super::reader::{Measure, Reader, Setting};
use super::value::Value;
use crate::base::keyword::Keyword;
use crate::base::time::Millis;
use crate::base::url::{NOT_A_URL, Url};
use crate::protocol::effect::{ConnectionId, SocketId};

/// A setting that is read as a whole.
pub(crate) trait Read: Sized {
    /// The value, or `None` after reporting the problem.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self>;

    /// The value, if it has a range.
    fn measure(&self) -> Option<Measure> {
        None
    }

    /// What it is where nothing is said of it; `None` where something must be.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Read> Setting for T {
    fn overlay(&mut self, value: &Value, reader: &mut Reader) {
        if let Some(read) = T::read(value, reader) {
            *self = read;
        }
    }

    fn measure(&self) -> Option<Measure> {
        Read::measure(self)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::read(value, reader).map(Some) }
    }

    fn measure(&self) -> Option<Measure> {
        self.as_ref().and_then(Read::measure)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Read for ConnectionId {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        u32::read(value, reader).map(|number| Self::from_number(number.into()))
    }
}

impl Read for SocketId {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        u32::read(value, reader).map(Self)
    }
}

impl Read for u16 {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let read = u16::try_from(u32::read(value, reader)?).ok();
        if read.is_none() {
            reader.problem("out of range, allowed: 0 to 65535");
        }
        read
    }
}

impl Read for bool {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Bool(flag) = value {
            return Some(*flag);
        }
        reader.expected("true or false", value);
        None
    }
}

impl Read for u32 {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::Number(number) = value else {
            let allowed = reader.allowed();
            reader.expected(&format!("a whole number{allowed}"), value);
            return None;
        };
        let read = u32::try_from(*number).ok();
        if read.is_none() {
            let allowed = reader.allowed();
            reader.problem(format!("{number} is out of range{allowed}"));
        }
        read
    }

    fn measure(&self) -> Option<Measure> {
        Some(Measure::Count(*self))
    }
}

impl<T: Keyword> Read for T {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        reader.word(value, T::WORDS).map(|index| T::KEYWORDS[index])
    }
}

impl Read for String {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(text) = value {
            return Some(text.clone());
        }
        reader.expected("a text", value);
        None
    }
}

impl Read for Millis {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let read = match value {
            Value::Text(text) => Millis::parse(text),
            Value::Number(number) => u32::try_from(*number).ok().map(Millis::new),
            _ => None,
        };
        if read.is_none() {
            let allowed = reader.allowed();
            reader
                .problem(format!("expected a duration: a whole number of milliseconds, or a text such as 250ms, 3s, 10m, 1h, 1d{allowed}"));
        }
        read
    }

    fn measure(&self) -> Option<Measure> {
        Some(Measure::Time(*self))
    }
}

impl Read for Url {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let parser = reader.parse_url;
        let read = String::read(value, reader)?;
        let url = Url::parse_with(&read, parser);
        if url.is_none() {
            reader.problem(NOT_A_URL);
        }
        Some(url.unwrap_or_else(|| Url::unparsed(read)))
    }
}
