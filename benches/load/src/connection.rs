//! One kept-alive connection, with one request under way.

use std::io::{self, Read as _, Write as _};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::answer::Unfinished;

pub(crate) struct Connection<'a> {
    stream: TcpStream,
    request: &'a [u8],
    asked: Option<(Instant, Unfinished)>,
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
        Ok(Self { stream, request, asked: None })
    }

    pub(crate) fn ask(&mut self, now: Instant) -> io::Result<()> {
        self.asked = Some((now, Unfinished::default()));
        if self.stream.write(self.request)? == self.request.len() {
            Ok(())
        } else {
            Err(io::Error::other("a request did not go out at once"))
        }
    }

    /// Reads what has come. Once the answer is whole, it says when it was asked for.
    ///
    /// One is told of what comes next only if all was read that is there: a piece that is not full says so.
    pub(crate) fn answered(
        &mut self,
        piece: &mut [u8],
        is_closed: bool,
    ) -> io::Result<Option<Instant>> {
        loop {
            let read = match self.stream.read(piece) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                read => read?,
            };
            let Some((at, answer)) = &mut self.asked else {
                return Err(io::Error::other("something came that nobody asked for"));
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if answer.take(&piece[..read])? {
                let at = *at;
                self.asked = None;
                return Ok(Some(at));
            }
            if read < piece.len() && !is_closed {
                return Ok(None);
            }
        }
    }
}
