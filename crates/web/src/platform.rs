//! What JavaScript's world offers under the same name in a window, a worker and Node.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn monotonic_now() -> f64;
}

/// The platform's own URL parser: a crate's would be 100 KB.
pub(crate) fn parse_url(text: &str) -> Option<String> {
    web_sys::Url::new(text).ok().map(|url| url.href())
}
