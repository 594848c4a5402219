//! Turns a JavaScript value into the tree that a config is read from. Serde's way would cost a page 8 KB, most of it for printing floats.

use js_sys::{Array, Object};
use steadfast::config::Value;
use wasm_bindgen::prelude::*;

/// Deeper than any config goes; an object that contains itself ends here.
const MAX_DEPTH: u32 = 8;

/// The tree of a value. What no config can hold, as a function, reads as nothing.
pub(crate) fn value(js: &JsValue) -> Value {
    read(js, MAX_DEPTH)
}

fn read(js: &JsValue, depth: u32) -> Value {
    if let Some(flag) = js.as_bool() {
        Value::Bool(flag)
    } else if let Some(number) = js.as_f64() {
        Value::from(number)
    } else if let Some(text) = js.as_string() {
        Value::Text(text)
    } else if depth == 0 || !js.is_object() {
        Value::Null
    } else if Array::is_array(js) {
        Value::List(Array::from(js).to_vec().iter().map(|item| read(item, depth - 1)).collect())
    } else {
        let entry = |pair: JsValue| {
            let pair: Array = pair.unchecked_into();
            (pair.get(0).as_string().unwrap_or_default(), read(&pair.get(1), depth - 1))
        };
        Value::Table(Object::entries(js.unchecked_ref()).to_vec().into_iter().map(entry).collect())
    }
}
