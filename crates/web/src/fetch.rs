//! Checks by `fetch`, and what can be learnt from the little that browsers tell.

use crate::platform::{field, origin, says_offline};
use crate::value::value;
use js_sys::{Promise, Uint8Array};
use steadfast::config::{FetchMode, HealthCheck, Method};
use steadfast::{Answer, BodySearch, FailureKind, Header, HealthDocument, MAX_ANSWER_BYTES};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit, RequestMode, RequestRedirect, Response,
    ResponseType,
};

#[wasm_bindgen]
extern "C" {
    /// The global function: of the window, the worker or Node.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Promise;
}

/// Aborts its request when dropped.
struct Abort(Option<AbortController>);

impl Abort {
    /// Lets the request end by itself.
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Asks, and reads as much of the answer as is needed. Dropping the future aborts the request.
pub(crate) async fn check(health: &HealthCheck) -> Result<Answer, FailureKind> {
    let (url, check) = (health.url.as_str(), health.check());
    let init = RequestInit::new();
    let mut abort = prepare(&init).ok_or(FailureKind::Unexpected)?;
    init.set_method(match check.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
    });
    init.set_mode(if check.mode == FetchMode::NoCors { RequestMode::NoCors } else { RequestMode::Cors });
    init.set_redirect(if check.follow_redirects || check.mode == FetchMode::NoCors {
        RequestRedirect::Follow
    } else {
        RequestRedirect::Manual
    });
    if !check.headers.0.is_empty() {
        let headers = web_sys::Headers::new().map_err(|_| FailureKind::Unexpected)?;
        for Header { name, value } in &check.headers.0 {
            headers.append(name, value).map_err(|_| FailureKind::Unexpected)?;
        }
        init.set_headers(&headers);
    }
    if let Some(body) = &check.body {
        init.set_body(&body.as_str().into());
    }
    let response: Response = match JsFuture::from(global_fetch(url, &init)).await {
        Ok(response) => response.unchecked_into(),
        Err(error) => return Err(reason(url, check.mode, &error).await),
    };
    let mut answer = Answer::default();
    match response.type_() {
        ResponseType::Opaqueredirect => return Err(FailureKind::Redirect),
        ResponseType::Opaque => {}
        _ => answer.status = Some(response.status()),
    }
    let header = |name| response.headers().get(name).ok().flatten();
    // Of the others nothing is made use of.
    answer.headers.extend(header(RETRY_AFTER).map(|value| Header::new(RETRY_AFTER, value)));
    if let Some(body) = BodySearch::wanted(check, header("content-type").as_deref()) {
        answer.body = read(&response, body).await?;
        if check.document {
            let text = String::from_utf8_lossy(&answer.body);
            answer.document = js_sys::JSON::parse(&text).ok().and_then(|json| HealthDocument::read(&value(&json)));
        }
    } else if is_short(&response) {
        // Its rest is on the way: let it arrive, so that the connection serves the next check as well.
        abort.disarm();
    }
    Ok(answer)
}

fn prepare(init: &RequestInit) -> Option<Abort> {
    let controller = AbortController::new().ok()?;
    init.set_signal(Some(&controller.signal()));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    Some(Abort(Some(controller)))
}

fn is_short(response: &Response) -> bool {
    let length = response.headers().get("content-length").ok().flatten();
    length.is_some_and(|length| length.parse().is_ok_and(|length: usize| length <= MAX_ANSWER_BYTES))
}

/// The one header that the engine heeds. A server of another origin must name it in Access-Control-Expose-Headers.
const RETRY_AFTER: &str = "retry-after";

/// As much of the body as is wanted.
async fn read(response: &Response, mut read: BodySearch<'_>) -> Result<Vec<u8>, FailureKind> {
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(|_| FailureKind::Reset)?;
        if field(&chunk, "done") == true || !read.wants_more_after(&Uint8Array::unchecked_from_js(field(&chunk, "value")).to_vec()) {
            return Ok(read.into_bytes());
        }
    }
}

/// Why a request was refused. Node names the cause by a code; a browser says nothing, so the platform and a second, blind request are asked.
async fn reason(url: &str, mode: FetchMode, error: &JsValue) -> FailureKind {
    if let Some(code) = field(&field(error, "cause"), "code").as_string() {
        return reason_in_node(&code);
    }
    if says_offline() {
        return FailureKind::Unreachable;
    }
    let Some(origin) = origin() else { return FailureKind::Unexpected };
    if origin.starts_with("https:") && url.starts_with("http:") && !is_loopback(url) {
        return FailureKind::MixedContent;
    }
    if mode == FetchMode::Cors && !url.starts_with(&origin) && answers_blindly(url).await {
        return FailureKind::Cors;
    }
    FailureKind::Refused
}

fn reason_in_node(code: &str) -> FailureKind {
    match code {
        "ECONNREFUSED" => FailureKind::Refused,
        "ECONNRESET" | "EPIPE" | "ECONNABORTED" | "UND_ERR_SOCKET" => FailureKind::Reset,
        "ENOTFOUND" | "EAI_AGAIN" => FailureKind::Dns,
        "EHOSTUNREACH" | "ENETUNREACH" | "ENETDOWN" | "EADDRNOTAVAIL" => FailureKind::Unreachable,
        "ETIMEDOUT" | "UND_ERR_CONNECT_TIMEOUT" | "UND_ERR_HEADERS_TIMEOUT" => FailureKind::Timeout,
        _ if ["CERT_", "DEPTH_ZERO", "ERR_SSL", "ERR_TLS", "SELF_SIGNED", "UNABLE_TO"].iter().any(|tls| code.starts_with(tls)) => {
            FailureKind::Tls
        }
        _ => FailureKind::Unexpected,
    }
}

/// Hosts that a secure page may ask without TLS (Secure Contexts, section 3.1).
fn is_loopback(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// Whether a request whose answer the page may not see gets one.
async fn answers_blindly(url: &str) -> bool {
    let init = RequestInit::new();
    let Some(_abort) = prepare(&init) else { return false };
    init.set_mode(RequestMode::NoCors);
    JsFuture::from(global_fetch(url, &init)).await.is_ok()
}
