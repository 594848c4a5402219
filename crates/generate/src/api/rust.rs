//! Rust, from rustdoc's JSON.

use anyhow::{Result, bail};
use public_api::Builder;

pub(crate) fn print(path: &str) -> Result<String> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let format = json["format_version"].as_u64().unwrap_or_default();
    if format != u64::from(rustdoc_types::FORMAT_VERSION) {
        bail!(
            "rustdoc wrote format {format}, and public-api reads {}: take the release of public-api that reads what this Rust writes",
            rustdoc_types::FORMAT_VERSION
        );
    }
    let api = Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(api.to_string())
}
