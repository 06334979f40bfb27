//! Finds the end of a response by its `content-length`.

use std::io;

/// A response that is not complete.
pub(crate) enum Unfinished {
    /// The received part of its head. A head usually arrives in one piece, and then nothing is stored.
    Head(Vec<u8>),
    /// The number of missing bytes of its body.
    Body(usize),
}

impl Default for Unfinished {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Unfinished {
    /// Returns true if the response is complete with this piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> io::Result<bool> {
        let (whole, received) = match self {
            Self::Body(rest) => (*rest, piece.len()),
            Self::Head(head) => {
                let received = if head.is_empty() {
                    piece
                } else {
                    head.extend_from_slice(piece);
                    head
                };
                let Some(length) = length(received)? else {
                    *self = Self::Head(received.to_vec());
                    return Ok(false);
                };
                (length, received.len())
            }
        };
        let rest = whole.checked_sub(received);
        let rest =
            rest.ok_or_else(|| io::Error::other("received more bytes than the response has"))?;
        *self = Self::Body(rest);
        Ok(rest == 0)
    }
}

/// The length of head and body, if the head is complete.
fn length(response: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = head.parse(response).map_err(io::Error::other)? else {
        return Ok(None);
    };
    if head.code != Some(200) {
        return Err(io::Error::other(format!("status {:?}", head.code)));
    }
    let length =
        head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|length| str::from_utf8(length.value).ok()?.parse::<usize>().ok());
    let length = length.ok_or_else(|| io::Error::other("no content-length"))?;
    Ok(Some(end + length))
}
