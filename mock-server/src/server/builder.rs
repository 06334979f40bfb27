//! How a mock on a port is configured and started.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::MockServer;
use super::exchange::App;
use super::limits::{Limits, bounded};
use super::listener::Listener;
#[cfg(feature = "tls")]
use super::tls::{Identity, Tls, TlsError};
use crate::api::BASE_PATH;
use crate::api::host::RequestSource;
use crate::control::{Control, ControlApi, ControlError};
use crate::mock::Mock;
use crate::mock::log;
use crate::mock::pipeline::Pipeline;
use crate::mock::request_body::{BodyLimits, DEFAULT_MAX_REQUEST_BODY};
use crate::seed::Seed;

/// A mock that has not started yet.
#[derive(Debug, Clone)]
#[must_use]
pub struct MockServerBuilder {
    address: SocketAddr,
    seed: Seed,
    control: Option<Control>,
    limits: Limits,
    max_request_body: usize,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "gzip")]
    gzip: bool,
}

impl MockServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: Seed::sample(),
            control: None,
            limits: Limits::default(),
            max_request_body: DEFAULT_MAX_REQUEST_BODY,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "gzip")]
            gzip: false,
        }
    }

    /// Where to listen; port 0 is any free one. Otherwise it is a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// What to start with. Otherwise it is [`Seed::sample`].
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Serves the control API under `/_mock/` as well. By default it is not served.
    pub fn control(mut self, control: Control) -> Self {
        self.control = Some(control);
        self
    }

    /// Serves https only, the control API also. Otherwise it is http.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use partner_api_mock::{MockServer, Tls};
    ///
    /// let mock = MockServer::builder().tls(Tls::new().name("partner-api-mock")).start().await?;
    /// assert!(mock.url().starts_with("https://127.0.0.1:"));
    /// let ca = mock.ca_pem().expect("there is one with TLS"); // the client's trusted root
    /// # assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Compresses responses of the service with gzip for clients that accept it. Otherwise no response
    /// is compressed, since the reference says nothing of it.
    ///
    /// Responses of fewer than 32 bytes, of the control API, and those whose framing a fault changes
    /// (`truncate`, `contentLength`, `slowHeaders`, `connection`) are never compressed.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = gzip;
        self
    }

    /// How many bytes the head of a request may have. A larger one gets 431. With a limit above 64 KiB,
    /// a target of more than 65,534 bytes gets 414. Otherwise it is [`DEFAULT_MAX_HEAD_BYTES`](crate::DEFAULT_MAX_HEAD_BYTES).
    pub fn max_head_bytes(mut self, limit: usize) -> Self {
        self.limits.head_bytes = limit;
        self
    }

    /// How many header lines a request may have. One with more gets 431. Otherwise it is
    /// [`DEFAULT_MAX_HEADERS`](crate::DEFAULT_MAX_HEADERS); any other number costs each request some memory on the heap.
    pub fn max_headers(mut self, limit: usize) -> Self {
        self.limits.headers = limit;
        self
    }

    /// How many bytes the body of a request to a stub may have. One with more gets 413. Otherwise it
    /// is [`DEFAULT_MAX_REQUEST_BODY`](crate::DEFAULT_MAX_REQUEST_BODY).
    pub fn max_request_body(mut self, limit: usize) -> Self {
        self.max_request_body = limit;
        self
    }

    /// How many connections may be open at the same time. A request on one more gets 503, and the
    /// others go on. Otherwise it is [`DEFAULT_MAX_CONNECTIONS`](crate::DEFAULT_MAX_CONNECTIONS).
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.limits.connections = limit;
        self
    }

    /// How long a client may take to send the head of a request, from the start of the connection or
    /// from the response before it, a day at most. Then the connection is closed. Otherwise it is
    /// [`DEFAULT_HEADER_READ_TIMEOUT`](crate::DEFAULT_HEADER_READ_TIMEOUT).
    pub fn header_read_timeout(mut self, limit: Duration) -> Self {
        self.limits.head = bounded(limit);
        self
    }

    /// How long a client may take to send a body that a stub wants, a day at most. Then it gets 408.
    /// Otherwise it is [`DEFAULT_BODY_READ_TIMEOUT`](crate::DEFAULT_BODY_READ_TIMEOUT).
    pub fn body_read_timeout(mut self, limit: Duration) -> Self {
        self.limits.body = bounded(limit);
        self
    }

    /// How long a client may read nothing while there is something for it to read, a day at most.
    /// Then the connection is reset. Otherwise it is [`DEFAULT_WRITE_TIMEOUT`](crate::DEFAULT_WRITE_TIMEOUT).
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.limits.write = bounded(limit);
        self
    }

    /// How long [`MockServer::shutdown`] waits, a day at most. Otherwise it is [`DEFAULT_DRAIN_TIMEOUT`](crate::DEFAULT_DRAIN_TIMEOUT).
    pub fn drain_timeout(mut self, limit: Duration) -> Self {
        self.limits.drain = bounded(limit);
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or there is no tokio runtime to run in; if the control
    /// API is set wrongly, or would be open beyond loopback without a token.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let failed = |source| StartError(Cause::Listen { address: self.address, source });
        if let Some(control) = &self.control {
            control.check(self.address)?;
        }
        Handle::try_current().map_err(|error| failed(io::Error::other(error)))?;
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        log::listening(address);
        let mock = Mock::limited(self.seed, self.max_request_body);
        #[cfg(feature = "tls")]
        let identity =
            self.tls.map(|tls| Identity::generate(tls, address)).transpose().map_err(Cause::Tls)?;
        #[cfg(feature = "tls")]
        let (tls, ca_pem) = identity.map(|one| (one.acceptor, one.ca_pem)).unzip();
        #[cfg(feature = "tls")]
        let scheme = if tls.is_some() { "https" } else { "http" };
        #[cfg(not(feature = "tls"))]
        let scheme = "http";
        let base_url = format!("{scheme}://{}{BASE_PATH}", reachable(address));
        let control =
            self.control.map(|control| ControlApi::new(&control, mock.clone(), &base_url));
        let control = control.transpose()?.map(Arc::new);
        let (handler, limits) = (mock.handler(), self.limits);
        let body_limits = BodyLimits { time: Some(limits.body), ..handler.body_limits.clone() };
        let pipeline = Pipeline::new(&handler, RequestSource::Socket, body_limits);
        let app = App {
            handler,
            pipeline,
            control: control.clone(),
            limits,
            #[cfg(feature = "tls")]
            tls,
            #[cfg(feature = "gzip")]
            gzip: self.gzip,
        };
        Ok(MockServer {
            socket: Listener::open(listener, address, app),
            control,
            mock,
            address,
            base_url,
            _thread: None,
            #[cfg(feature = "tls")]
            ca_pem,
        })
    }
}

/// A mock that listens on all addresses is reached by the loopback one.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

/// The mock could not start. Where an [`io::Error`] says why, it is its source.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(Cause);

#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start a thread for the mock server")]
    Thread(#[source] io::Error),
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(TlsError),
    #[error(transparent)]
    Control(ControlError),
}

impl StartError {
    /// Whether it would start with a [token](crate::Control::token) for its control API, which it
    /// needs beyond loopback.
    pub fn needs_token(&self) -> bool {
        matches!(self.0, Cause::Control(ControlError::NoToken(_)))
    }

    /// Whether the [token](crate::Control::token) that it was given is invalid, such as an empty one.
    pub fn refuses_token(&self) -> bool {
        matches!(self.0, Cause::Control(ControlError::Token))
    }
}

impl From<Cause> for StartError {
    fn from(cause: Cause) -> Self {
        Self(cause)
    }
}

impl From<ControlError> for StartError {
    fn from(error: ControlError) -> Self {
        Self(Cause::Control(error))
    }
}
