//! One kept-alive connection, with one request in progress.

use std::io::{self, Read as _, Write as _};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::response::Unfinished;

pub(crate) struct Connection<'a> {
    stream: TcpStream,
    request: &'a [u8],
    request_in_progress: Option<(Instant, Unfinished)>,
}

impl<'a> Connection<'a> {
    pub(crate) fn open(
        host: &str,
        request: &'a [u8],
        registry: &Registry,
        number: usize,
    ) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        Ok(Self { stream, request, request_in_progress: None })
    }

    pub(crate) fn send(&mut self, now: Instant) -> io::Result<()> {
        self.request_in_progress = Some((now, Unfinished::default()));
        if self.stream.write(self.request)? == self.request.len() {
            Ok(())
        } else {
            Err(io::Error::other("a request was not sent in one call"))
        }
    }

    /// Reads what has arrived. When the response is complete, returns the time of its request.
    ///
    /// An event reports further bytes only if all available bytes were read: until a read is not full.
    pub(crate) fn read_response(
        &mut self,
        piece: &mut [u8],
        is_closed: bool,
    ) -> io::Result<Option<Instant>> {
        loop {
            let read = match self.stream.read(piece) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                read => read?,
            };
            let Some((at, response)) = &mut self.request_in_progress else {
                return Err(io::Error::other("received bytes without a request"));
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if response.take(&piece[..read])? {
                let at = *at;
                self.request_in_progress = None;
                return Ok(Some(at));
            }
            if read < piece.len() && !is_closed {
                return Ok(None);
            }
        }
    }
}
