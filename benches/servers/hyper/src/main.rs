//! hyper with ready bytes: no limit of time, no check of a key.

use std::convert::Infallible;

use bytes::Bytes;
use harness::{Address, Outcome, Running, WALLET, companies, serve};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() -> Outcome {
    serve(async |count| {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        let list = Bytes::from(companies(count));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let list = list.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| respond(&request, &list));
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
                });
            }
        });
        Ok((Running(server), Address { host, key: "none".to_owned() }))
    })
}

fn respond(
    request: &Request<Incoming>,
    list: &Bytes,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + use<> {
    let is_list = request.uri().path() == "/api/v1/companies";
    let body = if is_list { list.clone() } else { Bytes::from_static(WALLET.as_bytes()) };
    let mut response = Response::new(Full::new(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    std::future::ready(Ok(response))
}
