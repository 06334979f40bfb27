//! Where an answer ends: by its `content-length`.

use std::io;

/// An answer of which not all has come.
pub(crate) enum Unfinished {
    /// This of its head. It comes in one piece as a rule, and then nothing is kept.
    Head(Vec<u8>),
    /// So many bytes of its body are missing.
    Body(usize),
}

impl Default for Unfinished {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Unfinished {
    /// Whether that was the rest of it.
    pub(crate) fn take(&mut self, piece: &[u8]) -> io::Result<bool> {
        let (whole, came) = match self {
            Self::Body(rest) => (*rest, piece.len()),
            Self::Head(head) => {
                let came = if head.is_empty() {
                    piece
                } else {
                    head.extend_from_slice(piece);
                    head
                };
                let Some(length) = length(came)? else {
                    *self = Self::Head(came.to_vec());
                    return Ok(false);
                };
                (length, came.len())
            }
        };
        let rest = whole.checked_sub(came);
        let rest = rest.ok_or_else(|| io::Error::other("more came than the answer has"))?;
        *self = Self::Body(rest);
        Ok(rest == 0)
    }
}

/// How long the whole answer is, head and body, if its head is there.
fn length(answer: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = head.parse(answer).map_err(io::Error::other)? else {
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
