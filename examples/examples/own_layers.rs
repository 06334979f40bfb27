//! The client over another HTTP client, hyper-util's, with a custom layer that adds a header to
//! each request.
//!
//! ```sh
//! cargo run --example own_layers
//! ```
//!
//! Authorization, timeouts, retries, size limit and decoding stay with the client. A layer sees
//! each attempt, with the key in its headers (marked as sensitive, so that `Debug` hides it). A
//! custom service replaces reqwest's connections, so connect timeouts, proxies and TLS are its
//! task.

use std::error::Error;
use std::io::{self, Write as _};
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderValue, Request};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use partner_api::{Client, POOL_IDLE_TIMEOUT};
use partner_api_mock::{Fault, MockServer};
use tower::{Layer, Service, ServiceBuilder};

const TEAM: &str = "x-team";

/// Adds the header to each request.
///
/// `ServiceBuilder::map_request` with a closure could do this. A layer can also wait, inspect the
/// response, or respond by itself.
#[derive(Clone)]
struct TeamLayer(HeaderValue);

#[derive(Clone)]
struct Team<S> {
    name: HeaderValue,
    inner: S,
}

impl<S> Layer<S> for TeamLayer {
    type Service = Team<S>;

    fn layer(&self, inner: S) -> Team<S> {
        Team { name: self.0.clone(), inner }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Team<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.headers_mut().insert(TEAM, self.name.clone());
        self.inner.call(request)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    let hyper = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE_TIMEOUT) // less than the idle timeout of servers
        .retry_canceled_requests(false) // the client retries
        .build_http();
    mock.fail_next(Fault::status(503))?;
    let service =
        ServiceBuilder::new().layer(TeamLayer(HeaderValue::from_static("north"))).service(hyper);
    let builder = || {
        Client::builder().base_url(mock.url()).api_key(mock.api_key()).http_service(service.clone())
    };

    let mut out = io::stdout();
    writeln!(out, "The client over hyper-util, with a layer that adds {TEAM}\n")?;

    let response = builder().build()?.wallet().with_response().await?;
    writeln!(
        out,
        "retries      {} credits, after {} failed attempt",
        response.value.balance,
        response.failed_attempts.len(),
    )?;

    let narrow = builder().max_response_bytes(16).build()?;
    if let Err(error) = narrow.companies().await {
        writeln!(out, "size limit   {error}")?;
    }

    writeln!(out, "\nWhat arrived, by the journal of the mock:")?;
    for request in mock.requests() {
        writeln!(out, "{} {}", request.method, request.path)?;
        for name in [TEAM, "authorization"] {
            writeln!(out, "  {name}: {}", shown(&request.headers, name))?;
        }
        writeln!(
            out,
            "  {} for the partner {}",
            request.status,
            request.partner.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn shown<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or("(none)")
}
