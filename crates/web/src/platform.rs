//! What JavaScript's world offers under the same name in a window, a worker and Node.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn monotonic_now() -> f64;

    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<JsValue>;

    #[wasm_bindgen(thread_local_v2, js_name = location)]
    static LOCATION: Option<JsValue>;
}

/// The platform's own URL parser: a crate's would be 100 KB.
pub(crate) fn parse_url(text: &str) -> Option<String> {
    web_sys::Url::new(text).ok().map(|url| url.href())
}

/// A field of an object; undefined if there is none.
pub(crate) fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Whether the platform says that there is no network.
pub(crate) fn says_offline() -> bool {
    NAVIGATOR.with(|navigator| navigator.as_ref().is_some_and(|navigator| field(navigator, "onLine") == false))
}

/// The page's origin, as `https://a.example`; none in Node.
pub(crate) fn origin() -> Option<String> {
    LOCATION.with(|location| field(location.as_ref()?, "origin").as_string())
}
