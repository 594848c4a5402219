//! The control: `GET /endpoints` lists them, `POST /endpoints/NAME/fault` sets a fault.

use crate::{Fault, Testbed};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Serialize;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(crate) async fn serve(testbed: Testbed, address: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/endpoints", get(list))
        .route("/endpoints/{name}/fault", any(fault))
        .layer(middleware::map_response(allow_origins))
        .with_state(testbed);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    connect: String,
    health: String,
    fault: Fault,
}

async fn list(State(testbed): State<Testbed>) -> Response {
    let listed = |endpoint| {
        let endpoint: &crate::Served = endpoint;
        Listed {
            name: endpoint.name(),
            connect: endpoint.connect_url(),
            health: endpoint.health_url(),
            fault: endpoint.fault(),
        }
    };
    Json(testbed.endpoints().iter().map(listed).collect::<Vec<_>>()).into_response()
}

async fn fault(
    State(testbed): State<Testbed>,
    Path(name): Path<String>,
    method: Method,
    fault: Result<Json<Fault>, JsonRejection>,
) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(endpoint) = testbed.endpoint(&name) else {
        return (StatusCode::NOT_FOUND, format!("no endpoint is called {name}")).into_response();
    };
    match fault {
        Ok(Json(fault)) => {
            endpoint.set_fault(fault);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn allow_origins(mut response: Response) -> Response {
    for name in [
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        header::ACCESS_CONTROL_ALLOW_METHODS,
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static("*"));
    }
    response
}
