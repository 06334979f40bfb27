//! The list in its envelope, `{ "data": [ … ] }`, decoded element by element as the bytes come.
//!
//! An element that lies whole in the bytes at hand is read at once. For one that does not, a scan
//! waits for its end, so that no byte is looked at again and again however it is cut up.

use std::marker::PhantomData;
use std::{mem, str};

use http::HeaderMap;
use serde_core::de::{DeserializeOwned, IgnoredAny};
use serde_json::Deserializer;

use crate::decode::json::{
    BYTE_ORDER_MARK, BodyError, BodyErrorKind, EMPTY, MARKUP, MARKUP_WORDS, MISSING, parse,
};
use crate::decode::list_completeness::more_pages;
use crate::decode::value_scanner::ValueScanner;
use crate::error::DecodeError;
use crate::models::object::UnknownFields;

/// The field of the envelope that holds the list. Source: the reference, "List companies".
pub(crate) const LIST_FIELD: &str = "data";

/// What JSON takes for white space, which is less than ASCII does (RFC 8259, section 2).
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

fn without_blanks(text: &str) -> &str {
    text.trim_start_matches(BLANKS)
}

/// An element that is JSON but not what was asked for. The others are not touched by it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidItem {
    pub(crate) error: DecodeError,
    /// The element as it was sent.
    pub(crate) raw: String,
}

/// What a list gives, in its order.
pub(crate) type Item<T> = Result<T, InvalidItem>;

/// Takes a body in pieces and gives the elements of its list.
#[derive(Debug)]
pub(crate) struct ListDecoder<T> {
    expects: State,
    /// What came and is not used up: the start of a value, at most.
    pending: Vec<u8>,
    /// Looks for the end of the value that is pending, and how far it has looked.
    scan: Option<(ValueScanner, usize)>,
    has_list: bool,
    /// The name of the field whose value is expected.
    field: String,
    unknown_fields: UnknownFields,
    unknown_bytes: usize,
    index: usize,
    element: PhantomData<fn() -> T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Envelope,
    FirstKeyOrEnd,
    Key,
    Colon { of_list: bool },
    Value,
    List,
    CommaOrEnd,
    FirstElementOrEnd,
    Element,
    ElementCommaOrEnd,
    Nothing,
}

/// How many bytes a step has used up; none if it needs more than there are.
type Consumed = Result<Option<usize>, BodyError>;

impl<T: DeserializeOwned> ListDecoder<T> {
    pub(crate) fn new() -> Self {
        Self {
            expects: State::Start,
            pending: Vec::new(),
            scan: None,
            has_list: false,
            field: String::new(),
            unknown_fields: UnknownFields::default(),
            unknown_bytes: 0,
            index: 0,
            element: PhantomData,
        }
    }

    /// Takes the bytes that come next and gives each element that is whole by now.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(Item<T>),
    ) -> Result<(), BodyError> {
        let mut pending = mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut rest = pending.as_slice();
        let ended = loop {
            match self.step(rest, each) {
                Ok(Some(used)) => rest = rest.get(used..).unwrap_or_default(),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let used = pending.len() - rest.len();
        pending.drain(..used);
        self.pending = pending;
        ended
    }

    /// What is held because its value has not ended, or because it is wrong.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// How many bytes are held: a value that has not ended, and the fields beside the list.
    pub(crate) fn held_bytes(&self) -> usize {
        self.pending.len() + self.unknown_bytes
    }

    /// The fields beside the list that came so far.
    pub(crate) fn unknown_fields(&self) -> &UnknownFields {
        &self.unknown_fields
    }

    /// Ends the body: the list is complete, or it is an error.
    pub(crate) fn finish(&self, headers: &HeaderMap) -> Result<(), BodyError> {
        match self.expects {
            State::Nothing => match more_pages(headers, &self.unknown_fields) {
                None => Ok(()),
                Some(field) => Err(BodyError {
                    kind: BodyErrorKind::Incomplete,
                    ..BodyError::at(field, "it announces more pages")
                }),
            },
            State::Start | State::Envelope => {
                Err(BodyError { kind: BodyErrorKind::Truncated, ..self.invalid(EMPTY) })
            }
            _ => Err(BodyError {
                kind: BodyErrorKind::Truncated,
                ..self.invalid("the body ends before its JSON does")
            }),
        }
    }

    fn step(&mut self, bytes: &[u8], each: &mut impl FnMut(Item<T>)) -> Consumed {
        if self.expects == State::Start {
            return match bytes {
                [0xef, 0xbb, 0xbf, ..] => {
                    self.transition(State::Envelope, BYTE_ORDER_MARK.len_utf8())
                }
                [] | [0xef] | [0xef, 0xbb] => Ok(None),
                _ => self.transition(State::Envelope, 0),
            };
        }
        let blanks = bytes.iter().take_while(|byte| BLANKS.contains(&char::from(**byte))).count();
        let Some((first, _)) = bytes.get(blanks..).and_then(<[u8]>::split_first) else {
            return Ok((blanks > 0).then_some(blanks));
        };
        if blanks > 0 {
            return Ok(Some(blanks));
        }
        match self.expects {
            State::Start | State::Envelope if char::from(*first) == MARKUP => {
                Err(BodyError { kind: BodyErrorKind::Markup, ..self.invalid(MARKUP_WORDS) })
            }
            State::Start | State::Envelope => {
                let next = [(b'{', State::FirstKeyOrEnd)];
                self.punctuation(*first, &next, "an object with the list in its field data")
            }
            State::FirstKeyOrEnd | State::CommaOrEnd if *first == b'}' => self.end_of_envelope(),
            State::FirstKeyOrEnd | State::Key if *first == b'"' => self.key(bytes),
            State::FirstKeyOrEnd | State::Key => Err(self.invalid("expected the name of a field")),
            State::Colon { of_list } => {
                let next = if of_list { State::List } else { State::Value };
                self.punctuation(*first, &[(b':', next)], "`:`")
            }
            State::Value => self.unknown_value(bytes),
            State::List if *first == b'[' => self.transition(State::FirstElementOrEnd, 1),
            State::List => self.no_list(bytes),
            State::CommaOrEnd => self.punctuation(*first, &[(b',', State::Key)], "`,` or `}`"),
            State::FirstElementOrEnd if *first == b']' => self.transition(State::CommaOrEnd, 1),
            State::FirstElementOrEnd | State::Element => self.elements(bytes, each),
            State::ElementCommaOrEnd => {
                let next = [(b',', State::Element), (b']', State::CommaOrEnd)];
                self.punctuation(*first, &next, "`,` or `]`")
            }
            State::Nothing => Err(self.invalid("trailing characters")),
        }
    }

    /// Has used up so many bytes, and expects something else from there.
    #[expect(clippy::unnecessary_wraps, reason = "it is what every step ends with")]
    fn transition(&mut self, expects: State, used: usize) -> Consumed {
        self.expects = expects;
        Ok(Some(used))
    }

    fn punctuation(&mut self, found: u8, allowed: &[(u8, State)], expected: &str) -> Consumed {
        match allowed.iter().find(|(byte, _)| *byte == found) {
            Some((_, next)) => self.transition(*next, 1),
            None => Err(self.invalid(format!("expected {expected}"))),
        }
    }

    fn end_of_envelope(&mut self) -> Consumed {
        if self.has_list {
            self.transition(State::Nothing, 1)
        } else {
            Err(BodyError::at(LIST_FIELD, MISSING))
        }
    }

    fn key(&mut self, bytes: &[u8]) -> Consumed {
        let Some(text) = self.whole_value(bytes)? else {
            return Ok(None);
        };
        let name: String = parse(text)?;
        let of_list = name == LIST_FIELD;
        if of_list && mem::replace(&mut self.has_list, true) {
            return Err(BodyError::at(LIST_FIELD, "it is there twice"));
        }
        if !of_list {
            self.field = name;
        }
        self.transition(State::Colon { of_list }, text.len())
    }

    fn unknown_value(&mut self, bytes: &[u8]) -> Consumed {
        let Some(text) = self.whole_value(bytes)? else {
            return Ok(None);
        };
        parse::<IgnoredAny>(text).map_err(|error| error.below(&self.field))?;
        self.unknown_bytes += self.field.len() + text.len();
        let json = text.trim_ascii();
        self.unknown_fields.push(&mem::take(&mut self.field), json);
        self.transition(State::CommaOrEnd, text.len())
    }

    /// Lets the parser say what stands in the place of the list.
    fn no_list(&mut self, bytes: &[u8]) -> Consumed {
        let Some(text) = self.whole_value(bytes)? else {
            return Ok(None);
        };
        let error = match parse::<Vec<IgnoredAny>>(text) {
            Ok(_) => self.invalid("expected a sequence"),
            Err(error) => error,
        };
        Err(error.below(LIST_FIELD))
    }

    /// Reads as many elements as lie whole in the bytes.
    fn elements(&mut self, bytes: &[u8], each: &mut impl FnMut(Item<T>)) -> Consumed {
        if self.scan.is_some() {
            let Some(text) = self.whole_value(bytes)? else {
                return Ok(None);
            };
            each(self.element(text)?);
            return self.transition(State::ElementCommaOrEnd, text.len());
        }
        // Checked once for all elements at hand; what follows is checked when it is whole.
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(cause) => str::from_utf8(bytes.get(..cause.valid_up_to()).unwrap_or_default())
                .unwrap_or_default(),
        };
        let mut used = 0;
        loop {
            let rest = without_blanks(text.get(used..).unwrap_or_default());
            used = text.len() - rest.len();
            let mut values = Deserializer::from_str(rest).into_iter::<T>();
            match values.next() {
                // A number at the very end may go on in what comes next.
                Some(Ok(value))
                    if values.byte_offset() < rest.len() || rest.ends_with(['}', ']', '"']) =>
                {
                    used += values.byte_offset();
                    self.index += 1;
                    each(Ok(value));
                }
                // It is invalid_item, or there is more of it to come.
                _ => {
                    let mut scan = ValueScanner::default();
                    let Some(end) = scan.end(rest.as_bytes()) else {
                        self.scan = Some((scan, rest.len()));
                        break;
                    };
                    match self.element(rest.get(..end).unwrap_or_default()) {
                        Ok(element) => each(element),
                        // Once more with nothing before it, so that it is what is held.
                        Err(_) if used > 0 => return self.transition(State::Element, used),
                        Err(error) => return Err(error),
                    }
                    used += end;
                }
            }
            let rest = without_blanks(text.get(used..).unwrap_or_default());
            if !rest.starts_with(',') {
                return self.transition(State::ElementCommaOrEnd, used);
            }
            used = text.len() - rest.len() + 1;
        }
        // What comes behind the text that is good so far decides, and then the scan goes on.
        if used > 0 { self.transition(State::Element, used) } else { self.elements(bytes, each) }
    }

    /// Reads one element, whose text is whole.
    fn element(&mut self, text: &str) -> Result<Item<T>, BodyError> {
        let path = format!("{LIST_FIELD}[{}]", self.index);
        let element = match parse(text) {
            Ok(value) => Ok(value),
            Err(error) => {
                // What is no JSON at all leaves nothing to go on with.
                parse::<IgnoredAny>(text).map_err(|error| error.below(&path))?;
                Err(InvalidItem { error: error.below(&path).error, raw: text.to_owned() })
            }
        };
        self.index += 1;
        Ok(element)
    }

    /// The value that the bytes begin with, if its end is among them.
    fn whole_value<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b str>, BodyError> {
        let (mut scan, looked_at) = self.scan.take().unwrap_or_default();
        let Some(end) = scan.end(bytes.get(looked_at..).unwrap_or_default()) else {
            self.scan = Some((scan, bytes.len()));
            return Ok(None);
        };
        let value = bytes.get(..looked_at + end).unwrap_or_default();
        str::from_utf8(value).map(Some).map_err(|_| self.invalid("it is not UTF-8"))
    }

    fn invalid(&self, message: impl Into<String>) -> BodyError {
        let in_list = matches!(
            self.expects,
            State::FirstElementOrEnd | State::Element | State::ElementCommaOrEnd
        );
        if in_list {
            BodyError::at(format!("{LIST_FIELD}[{}]", self.index), message)
        } else {
            BodyError::whole(message)
        }
    }
}

#[cfg(test)]
#[path = "list_decoder_tests.rs"]
mod tests;
