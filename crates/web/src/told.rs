//! What the face says, as inputs of the engine.

use steadfast::config::{Endpoints, Value};
#[cfg(feature = "full")]
use steadfast::{CallOutcome, Millis, Permit};
use steadfast::{Command, ConnectionId, Input, Lifecycle, Name, Network, Problems};

/// The input that the face's object `told` stands for. Endpoints in it are read by `read`. What the
/// face never says stands for nothing new.
pub(crate) fn input(
    told: &Value,
    read: impl FnOnce(&Value) -> Result<Endpoints, Problems>,
) -> Result<Input, Problems> {
    let number = |key| told.number(key).unwrap_or_default() as u32;
    let id = ConnectionId::from_number(number("id").into());
    let endpoint = || Name::from(told.text("endpoint").unwrap_or_default());
    let yes = matches!(told.get("yes"), Some(Value::Bool(true)));
    let word = told.text("told").unwrap_or_default();
    Ok(match word {
        "opened" => Input::ConnectionOpened { id },
        "closed" => {
            Input::ConnectionClosed { id, code: told.number("code").map(|code| code as u16) }
        }
        "received" => Input::ConnectionActive { id },
        "silent" => Input::ConnectionSilent { id },
        "traffic" => Input::Traffic { endpoint: endpoint(), ok: yes },
        #[cfg(feature = "full")]
        "ended" => Input::CallEnded {
            permit: Permit::new(endpoint(), number("generation"), number("number")),
            // What is no outcome says nothing of the server.
            outcome: told
                .text("outcome")
                .and_then(CallOutcome::from_word)
                .unwrap_or(CallOutcome::Released),
            latency: Millis::new(number("took")),
        },
        #[cfg(feature = "full")]
        "recovered" => Input::RecoveryEnded {
            id: number("id"),
            ok: yes,
            error: told.text("error").map(ToOwned::to_owned),
        },
        "connect" => Input::Command(Command::Connect),
        "reconnect" => Input::Command(Command::Reconnect),
        "checkNow" => Input::Command(Command::CheckNow),
        "prefer" => Input::Command(Command::Prefer(told.text("endpoint").map(Name::from))),
        "maintenance" if yes => Input::Command(Command::BeginMaintenance(endpoint())),
        "maintenance" => Input::Command(Command::EndMaintenance(endpoint())),
        #[cfg(feature = "full")]
        "isolate" if yes => Input::Command(Command::Isolate(endpoint())),
        #[cfg(feature = "full")]
        "isolate" => Input::Command(Command::Release(endpoint())),
        "endpoints" => Input::Command(Command::SetEndpoints(read(
            told.get("endpoints").unwrap_or(&Value::Null),
        )?)),
        "stop" => Input::Command(Command::Stop),
        _ => {
            let network = Network::from_word(word).map(Input::Network);
            network
                .or_else(|| Lifecycle::from_word(word).map(Input::Lifecycle))
                .unwrap_or(Input::Wake)
        }
    })
}
