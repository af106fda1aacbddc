//! HTTP of the process: `/health` for whoever starts it, `/metrics` for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::metrics::Metrics;
use super::process::Health;
use super::tap::NetTap;

/// What the pages tell.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) tap: Option<NetTap>,
}

/// Serves the pages until it is dropped.
pub(crate) async fn serve(listener: TcpListener, pages: Pages) {
    let router = Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(pages);
    // It ends with the process; a listener that fails says so by /health not answering.
    let _ = axum::serve(listener, router).await;
}

async fn health(State(pages): State<Pages>) -> impl IntoResponse {
    let troubles = pages.health.troubles();
    let (status, word) =
        if troubles.is_empty() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "trouble") };
    let body = serde_json::json!({ "status": word, "nodes": pages.health.nodes(), "troubles": troubles });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string())
}

async fn metrics(State(pages): State<Pages>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let lost = pages.tap.as_ref().map_or(0, NetTap::lost);
    ([(header::CONTENT_TYPE, kind)], pages.metrics.text(lost))
}
