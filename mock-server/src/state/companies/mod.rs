//! The companies of a partner. They are kept as they are sent and in no other form, so that a long
//! list takes no more memory than its bytes, and a change writes one company anew.

#[cfg(test)]
mod tests;

use std::iter;
use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use crate::state::body::{
    AFTER_COMPANIES, BEFORE_COMPANIES, IN_EACH_COMPANY, IN_EACH_CONNECTION, beginning_of_company,
    beginning_of_connection, length_of_company, read_company, write_company,
};
use crate::state::model::{Company, Connection};
use crate::state::payload::Payload;

/// A block takes no more companies once it has so many bytes. A change moves those of one block, and
/// each block is sent as a piece. In unit tests few companies shall fill one.
const BLOCK: usize = if cfg!(test) { 64 * 1024 } else { 1024 * 1024 };

/// In the order they are sent. Cheap to clone: the clones share the blocks that neither changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Companies {
    /// In each, one company behind the other, each behind a comma. None is empty.
    blocks: Vec<Bytes>,
}

/// Where a company stands: in which block, and which bytes of it are the company.
struct Place {
    block: usize,
    bytes: Range<usize>,
}

impl Companies {
    pub(crate) fn len(&self) -> usize {
        self.count(IN_EACH_COMPANY)
    }

    /// How many connections all of them have.
    pub(crate) fn connections(&self) -> usize {
        self.count(IN_EACH_CONNECTION)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Company> {
        self.blocks.iter().flat_map(|block| {
            places_in(block).filter_map(|place| block.get(place)).map(read_company)
        })
    }

    /// The body of `GET /companies`.
    pub(crate) fn content(&self) -> Payload {
        let mut blocks = self.blocks.iter().cloned();
        let first = blocks.next().map(|block| block.slice(1..)); // without its comma
        let [before, after] = [BEFORE_COMPANIES, AFTER_COMPANIES].map(Bytes::from_static);
        let pieces = [before].into_iter().chain(first).chain(blocks).chain([after]);
        let content = Payload::Chunks(pieces.collect());
        // What is made once and sent often is worth a copy, as long as that is small.
        if content.len() <= BLOCK { content.into_bytes().into() } else { content }
    }

    /// The first company with this id.
    pub(crate) fn get(&self, id: &str) -> Option<Company> {
        self.read(&self.find(id)?)
    }

    /// Changes the first company with this id. Nothing changes if `change` panics.
    pub(crate) fn change<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Option<R> {
        self.change_at(&self.find(id)?, change)
    }

    /// Takes out the first company with this id.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Company> {
        let place = self.find(id)?;
        let company = self.read(&place);
        let comma = place.bytes.start - 1;
        self.splice(place.block, comma..place.bytes.end, Vec::new());
        self.blocks.retain(|block| !block.is_empty());
        company
    }

    /// The first connection with this id.
    pub(crate) fn connection(&self, id: &str) -> Option<Connection> {
        let company = self.read(&self.find_connection(id)?)?;
        company.connections.into_iter().find(|one| one.id == id)
    }

    /// Changes the first connection with this id. Nothing changes if `change` panics.
    pub(crate) fn change_connection<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Option<R> {
        self.change_at(&self.find_connection(id)?, |company| {
            company.connections.iter_mut().find(|one| one.id == id).map(change)
        })?
    }

    /// Takes out the first connection with this id.
    pub(crate) fn remove_connection(&mut self, id: &str) -> Option<Connection> {
        self.change_at(&self.find_connection(id)?, |company| {
            let at = company.connections.iter().position(|one| one.id == id);
            at.map(|at| company.connections.remove(at))
        })?
    }

    fn count(&self, mark: &[u8]) -> usize {
        let mark = memmem::Finder::new(mark);
        self.blocks.iter().map(|block| mark.find_iter(block).count()).sum()
    }

    fn find(&self, id: &str) -> Option<Place> {
        self.find_that_has(&beginning_of_company(id))
    }

    /// The company that has this connection.
    fn find_connection(&self, id: &str) -> Option<Place> {
        self.find_that_has(&beginning_of_connection(id))
    }

    fn find_that_has(&self, beginning: &[u8]) -> Option<Place> {
        let beginning = memmem::Finder::new(beginning);
        self.blocks.iter().enumerate().find_map(|(block, all)| {
            let found = beginning.find(all)?;
            let bytes = places_in(all).find(|place| place.contains(&found))?;
            Some(Place { block, bytes })
        })
    }

    fn read(&self, place: &Place) -> Option<Company> {
        self.blocks.get(place.block)?.get(place.bytes.clone()).map(read_company)
    }

    fn change_at<R>(&mut self, place: &Place, change: impl FnOnce(&mut Company) -> R) -> Option<R> {
        let mut company = self.read(place)?;
        let changed = change(&mut company);
        let mut written = Vec::new();
        write_company(&company, &mut written);
        self.splice(place.block, place.bytes.clone(), written);
        Some(changed)
    }

    /// Puts other bytes in the place of these. Those of a block are copied only if others have them,
    /// too.
    fn splice(&mut self, block: usize, old: Range<usize>, new: Vec<u8>) {
        if let Some(block) = self.blocks.get_mut(block) {
            let mut bytes = Vec::from(std::mem::take(block));
            bytes.splice(old, new);
            *block = bytes.into();
        }
    }

    fn push(&mut self, company: &Company) {
        let last = self.blocks.pop_if(|last| last.len() < BLOCK);
        let mut bytes = last.map(Vec::from).unwrap_or_default();
        bytes.push(b',');
        write_company(company, &mut bytes);
        if bytes.len() >= BLOCK {
            bytes.shrink_to_fit();
        }
        self.blocks.push(bytes.into());
    }
}

/// Adds companies as the last ones.
impl Extend<Company> for Companies {
    fn extend<I: IntoIterator<Item = Company>>(&mut self, companies: I) {
        for company in companies {
            self.push(&company);
        }
    }
}

impl FromIterator<Company> for Companies {
    fn from_iter<I: IntoIterator<Item = Company>>(companies: I) -> Self {
        let mut all = Self::default();
        all.extend(companies);
        all
    }
}

/// Where each company of a block stands.
fn places_in(block: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    iter::from_fn(move || {
        let start = end + 1; // behind its comma
        end = start + length_of_company(block.get(start..)?);
        Some(start..end)
    })
}
