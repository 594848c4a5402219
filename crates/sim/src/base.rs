//! What most scenarios start from: endpoints, and no chance in time. A scenario names its base and
//! writes only what differs.

use steadfast::config::Value;

/// The seed of a scenario that has a base and names no seed of its own.
pub(crate) const SEED: u64 = 7;

/// Each base and its number of endpoints.
const BASES: [(&str, usize); 4] =
    [("one-endpoint", 1), ("two-endpoints", 2), ("three-endpoints", 3), ("five-endpoints", 5)];

/// The names of the endpoints, in the order of the list.
const ENDPOINTS: [&str; 5] = ["primary", "secondary", "tertiary", "fourth", "fifth"];

/// The config of the base called `name`, or what to write instead.
///
/// Every endpoint is reached at its own name under `.example`. Without jitter and spread, a reader
/// can work out the time of each event by hand.
pub(crate) fn config(name: &str) -> Result<Value, String> {
    let Some((_, count)) = BASES.iter().find(|(base, _)| *base == name) else {
        let known: Vec<_> = BASES.iter().map(|(base, _)| *base).collect();
        return Err(format!("unknown base `{name}`; known: {}", known.join(", ")));
    };
    let endpoints = ENDPOINTS[..*count].iter().map(|name| endpoint(name)).collect();
    let spread = table(vec![("forced", Value::Number(0)), ("voluntary", Value::Number(0))]);
    Ok(table(vec![
        ("endpoints", Value::List(endpoints)),
        ("jitterPercent", Value::Number(0)),
        ("spread", spread),
    ]))
}

/// `base` with what `own` says otherwise: tables are merged at every depth, anything else replaces
/// what stood there, `null` included.
pub(crate) fn merged(base: Value, own: Value) -> Value {
    match (base, own) {
        (Value::Table(mut entries), Value::Table(own)) => {
            for (key, value) in own {
                if let Some((_, known)) = entries.iter_mut().find(|(name, _)| *name == key) {
                    *known = merged(std::mem::replace(known, Value::Null), value);
                } else {
                    entries.push((key, value));
                }
            }
            Value::Table(entries)
        }
        (_, own) => own,
    }
}

fn endpoint(name: &str) -> Value {
    let text = |text: String| Value::Text(text);
    table(vec![
        ("name", text(name.to_owned())),
        ("connect", text(format!("wss://{name}.example/live"))),
        ("health", text(format!("https://{name}.example/_ping"))),
    ])
}

fn table(entries: Vec<(&str, Value)>) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn tables_are_merged_and_all_else_is_replaced() {
        let base = json(r#"{ "a": { "b": 1, "c": 2 }, "list": [1, 2], "gone": 1 }"#);
        let own = json(r#"{ "a": { "c": 3 }, "list": [4], "gone": null, "new": true }"#);
        let expected =
            json(r#"{ "a": { "b": 1, "c": 3 }, "list": [4], "gone": null, "new": true }"#);
        assert_eq!(merged(base, own), expected);
    }

    #[test]
    fn an_unknown_base_is_told_with_the_known_ones() {
        assert_eq!(config("two-endpoints").unwrap().list("endpoints").len(), 2);
        assert_eq!(
            config("two").unwrap_err(),
            "unknown base `two`; known: one-endpoint, two-endpoints, three-endpoints, five-endpoints"
        );
    }
}
