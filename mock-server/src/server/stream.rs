//! The socket of a connection, with TLS or without.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(super) type Stream = Box<dyn Socket>;

pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {
    /// The socket below TLS.
    fn tcp(&self) -> &TcpStream;

    /// The socket below TLS, to read what nobody will decrypt.
    fn tcp_mut(&mut self) -> &mut TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }

    fn tcp_mut(&mut self) -> &mut TcpStream {
        self
    }
}

#[cfg(feature = "tls")]
impl Socket for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }

    fn tcp_mut(&mut self) -> &mut TcpStream {
        self.get_mut().0
    }
}
