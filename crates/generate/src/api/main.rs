//! Prints the public API of a face, an item a line, from what its compiler says of it.

mod npm;
mod rust;
mod swift;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [face, built] = &arguments[..] else { bail!("usage: api rust|npm|swift PATH") };
    let printed = match face.as_str() {
        "rust" => rust::print(built)?,
        "npm" => npm::print(built)?,
        "swift" => swift::print(built)?,
        other => bail!("unknown face {other}; known: rust, npm, swift"),
    };
    print!("{printed}");
    Ok(())
}
