//! The companies of a partner: values in blocks, and beside each block the JSON that it is sent as, so
//! that a change renders one block.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

use crate::state::model::{Company, Connection};
use crate::state::payload::Payload;

/// Companies are between these, with commas between them (reference, List companies, Response 200).
const BEFORE_COMPANIES: &[u8] = br#"{"data":["#;
const AFTER_COMPANIES: &[u8] = b"]}";

/// How many companies are rendered together. In unit tests few shall fill a block.
const BLOCK: usize = if cfg!(test) { 3 } else { 500 };

/// A body of at most so many bytes is sent in one piece: it is copied once and sent often.
const MAX_SINGLE: usize = if cfg!(test) { 100 } else { 1024 * 1024 };

/// In the order they are sent. Cheap to clone: the clones share the blocks that neither changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Companies {
    /// None is empty.
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Default)]
struct Block {
    companies: Arc<Vec<Company>>,
    /// The companies in JSON, each after a comma.
    json: Bytes,
}

impl Companies {
    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.companies.len()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Company> {
        self.blocks.iter().flat_map(|block| block.companies.iter())
    }

    /// The body of `GET /companies`.
    pub(crate) fn content(&self) -> Payload {
        let mut blocks = self.blocks.iter().map(|block| block.json.clone());
        let first = blocks.next().map(|json| json.slice(1..)); // without its comma
        let [before, after] = [BEFORE_COMPANIES, AFTER_COMPANIES].map(Bytes::from_static);
        let pieces = [before].into_iter().chain(first).chain(blocks).chain([after]);
        let content = Payload::Chunks(pieces.collect());
        if content.len() <= MAX_SINGLE { content.into_bytes().into() } else { content }
    }

    /// Changes the first company with this id. Nothing changes if `change` panics.
    pub(crate) fn change<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Option<R> {
        self.edit_first(
            |company| company.id == id,
            |mut company| {
                let result = change(&mut company);
                (Some(company), result)
            },
        )
    }

    /// Takes out the first company with this id.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Company> {
        self.edit_first(|company| company.id == id, |company| (None, company))
    }

    /// Changes the first connection with this id. Nothing changes if `change` panics.
    pub(crate) fn change_connection<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Option<R> {
        self.edit_connections(id, |connections, at| connections.get_mut(at).map(change))?
    }

    /// Takes out the first connection with this id.
    pub(crate) fn remove_connection(&mut self, id: &str) -> Option<Connection> {
        self.edit_connections(id, |connections, at| connections.remove(at))
    }

    /// Edits the first list of connections with this id in it, and where it is in there.
    fn edit_connections<R>(
        &mut self,
        id: &str,
        edit: impl FnOnce(&mut Vec<Connection>, usize) -> R,
    ) -> Option<R> {
        let find = |company: &Company| company.connections.iter().position(|one| one.id == id);
        self.edit_first(
            |company| find(company).is_some(),
            |mut company| {
                let result = find(&company).map(|at| edit(&mut company.connections, at));
                (Some(company), result)
            },
        )?
    }

    /// Replaces the first company that matches by what `edit` returns.
    fn edit_first<R>(
        &mut self,
        matches: impl Fn(&Company) -> bool,
        edit: impl FnOnce(Company) -> (Option<Company>, R),
    ) -> Option<R> {
        let (block, at) = self.blocks.iter_mut().find_map(|block| {
            let at = block.companies.iter().position(&matches)?;
            Some((block, at))
        })?;
        let (edited, result) = edit(block.companies.get(at)?.clone());
        let companies = Arc::make_mut(&mut block.companies);
        companies.splice(at..=at, edited);
        block.json = render(Vec::with_capacity(block.json.len()), companies);
        self.blocks.retain(|block| !block.companies.is_empty());
        Some(result)
    }
}

/// The companies after what is there, each after a comma.
#[expect(clippy::expect_used, reason = "only strings and integers, into memory: nothing can fail")]
fn render(mut json: Vec<u8>, companies: &[Company]) -> Bytes {
    for company in companies {
        json.push(b',');
        serde_json::to_writer(&mut json, company).expect("serializes");
    }
    json.shrink_to_fit();
    json.into()
}

/// Adds companies as the last ones.
impl Extend<Company> for Companies {
    fn extend<I: IntoIterator<Item = Company>>(&mut self, companies: I) {
        let mut companies = companies.into_iter();
        loop {
            let last = self.blocks.pop_if(|last| last.companies.len() < BLOCK);
            let mut block = last.unwrap_or_default();
            let new: Vec<_> = companies.by_ref().take(BLOCK - block.companies.len()).collect();
            block.json = render(block.json.into(), &new);
            Arc::make_mut(&mut block.companies).extend(new);
            let is_full = block.companies.len() == BLOCK;
            if !block.companies.is_empty() {
                self.blocks.push(block);
            }
            if !is_full {
                return;
            }
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
