//! Turns a JavaScript value into the tree that a config is read from. Serde's way would cost a page
//! 8 KB, most of it for printing floats.

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
        let mut items = Vec::new();
        for item in js.unchecked_ref::<Array>().iter() {
            items.push(read(&item, depth - 1));
        }
        Value::List(items)
    } else {
        let mut entries = Vec::new();
        for pair in Object::entries(js.unchecked_ref()).iter() {
            let pair = pair.unchecked_into::<Array>();
            entries
                .push((pair.get(0).as_string().unwrap_or_default(), read(&pair.get(1), depth - 1)));
        }
        Value::Table(entries)
    }
}
