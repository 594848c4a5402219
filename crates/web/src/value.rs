//! Turns a JavaScript value into the tree that a config is read from. Serde's way would cost a page
//! 8 KB, most of it for printing floats.

use js_sys::Array;
use steadfast::config::Value;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// As `js_sys` has it, but for what a getter or a proxy of the app's throws.
    #[wasm_bindgen(catch, js_namespace = Object, js_name = entries)]
    fn entries(object: &JsValue) -> Result<Array, JsValue>;
}

/// Deeper than any config goes; an object that contains itself ends here.
const MAX_DEPTH: u32 = 8;

/// The tree of a value. What no config can hold, as a function, reads as nothing. Members that are
/// undefined are left out. The error is what a getter threw.
pub(crate) fn value(js: &JsValue) -> Result<Value, JsValue> {
    read(js, MAX_DEPTH)
}

fn read(js: &JsValue, depth: u32) -> Result<Value, JsValue> {
    Ok(if let Some(flag) = js.as_bool() {
        Value::Bool(flag)
    } else if let Some(number) = js.as_f64() {
        Value::from(number)
    } else if let Some(text) = js.as_string() {
        Value::Text(text)
    } else if depth == 0 || !js.is_object() {
        Value::Null
    } else {
        let (mut items, mut table) = (Vec::new(), Vec::new());
        let is_list = Array::is_array(js);
        for pair in entries(js)?.iter() {
            let pair = pair.unchecked_into::<Array>();
            let given = pair.get(1);
            let item = read(&given, depth - 1)?;
            if is_list {
                items.push(item);
            } else if !given.is_undefined() {
                table.push((pair.get(0).as_string().unwrap_or_default(), item));
            }
        }
        if is_list { Value::List(items) } else { Value::Table(table) }
    })
}
