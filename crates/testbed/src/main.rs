//! Serves endpoints that misbehave on command, until Ctrl-C.

use anyhow::Context;
use clap::Parser;
use std::net::SocketAddr;
use steadfast_testbed::Testbed;

/// Serves endpoints that misbehave on command.
///
/// Each endpoint has /_ping (health) and /live (a WebSocket that greets with the endpoint's name
/// and echoes). The control server lists them at /endpoints; POST a fault to /endpoints/NAME/fault
/// as JSON: "healthy", "kill", "refuse", "hang", "silent", "maintenance", "noCors", {"status":503},
/// {"slow":4000} (milliseconds), {"close":1012} (close code).
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the control server listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7600")]
    control: SocketAddr,
    /// An endpoint and where it listens; may be given several times.
    #[arg(long = "endpoint", value_name = "NAME=ADDRESS", value_parser = endpoint, default_values = ["primary=127.0.0.1:7601", "secondary=127.0.0.1:7602"])]
    endpoints: Vec<(String, SocketAddr)>,
}

fn endpoint(text: &str) -> anyhow::Result<(String, SocketAddr)> {
    let (name, address) =
        text.split_once('=').context("write NAME=ADDRESS, as in primary=127.0.0.1:7601")?;
    Ok((
        name.to_owned(),
        address.parse().with_context(|| format!("{address} is no address and port"))?,
    ))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let testbed = Testbed::start(&arguments.endpoints)
        .context("an endpoint's address is not free; choose another with --endpoint")?;
    let control = testbed
        .control(arguments.control)
        .await
        .context("the control's address is not free; choose another with --control")?;
    for endpoint in testbed.endpoints() {
        println!("{:<12} {} {}", endpoint.name(), endpoint.connect_url(), endpoint.health_url());
    }
    // The last line: whoever started this waits for it.
    println!("control      http://{control}/endpoints");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
