//! axum with ready bytes.

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use harness::{Address, Outcome, Running, WALLET, companies, serve};
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;

fn main() -> Outcome {
    serve(async |count| {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        let list = Bytes::from(companies(count));
        let json = [(CONTENT_TYPE, "application/json")];
        let router =
            Router::new().route("/api/v1/wallet", get(async move || (json.clone(), WALLET))).route(
                "/api/v1/companies",
                get(async move || ([(CONTENT_TYPE, "application/json")], list.clone())),
            );
        let server = tokio::spawn(async { axum::serve(listener, router).await });
        Ok((Running(server), Address { host, key: "none".to_owned() }))
    })
}
