//! Responds to each request with the wallet, over HTTP/2 and TLS.
//!
//! `tls-service FILE` writes the certificate of its authority to that file, prints its origin, and serves until its
//! standard input ends.

use std::convert::Infallible;
use std::sync::Arc;
use std::{fs, io, thread};

use bytes::Bytes;
use harness::{Outcome, WALLET, runtime};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

fn main() -> Outcome {
    let file = std::env::args().nth(1).ok_or("expected: tls-service FILE")?;
    let (acceptor, authority) = acceptor()?;
    fs::write(file, authority)?;
    let runtime = runtime()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("https://{}", listener.local_addr()?);
    thread::spawn(move || runtime.block_on(serve(listener, acceptor)));
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = connection.serve_connection(TokioIo::new(stream), service_fn(respond)).await;
        });
    }
}

async fn respond(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(WALLET.as_bytes())));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

/// The acceptor for `127.0.0.1`, and the authority that signed its certificate.
fn acceptor() -> Result<(TlsAcceptor, String), Box<dyn std::error::Error>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(
        vec![certificate.der().clone()],
        PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    )?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), authority.pem()))
}
