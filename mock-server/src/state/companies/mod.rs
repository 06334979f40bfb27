//! The companies of a partner: values in blocks, and beside each block the JSON that it is sent as, so
//! that a change renders one block.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

use crate::state::body::{AFTER_COMPANIES, BEFORE_COMPANIES, write_company};
use crate::state::model::{Company, Connection};
use crate::state::payload::Payload;

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

    /// How many connections all of them have.
    pub(crate) fn connections(&self) -> usize {
        self.all().map(|company| company.connections.len()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Company> {
        self.all().cloned()
    }

    fn all(&self) -> impl Iterator<Item = &Company> {
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

    /// The first company with this id.
    pub(crate) fn get(&self, id: &str) -> Option<Company> {
        self.all().find(|company| company.id == id).cloned()
    }

    /// Changes the first company with this id. Nothing changes if `change` panics.
    pub(crate) fn change<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Option<R> {
        self.change_first(|company| company.id == id, change)
    }

    /// Takes out the first company with this id.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Company> {
        let (block, at) = self.find(|company| company.id == id)?;
        let removed = self.blocks.get_mut(block)?.change(|companies| companies.remove(at));
        self.blocks.retain(|block| !block.companies.is_empty());
        Some(removed)
    }

    /// The first connection with this id.
    pub(crate) fn connection(&self, id: &str) -> Option<Connection> {
        self.all().flat_map(|company| &company.connections).find(|one| one.id == id).cloned()
    }

    /// Changes the first connection with this id. Nothing changes if `change` panics.
    pub(crate) fn change_connection<R>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Connection) -> R,
    ) -> Option<R> {
        self.change_first(has_connection(id), |company| {
            company.connections.iter_mut().find(|one| one.id == id).map(change)
        })?
    }

    /// Takes out the first connection with this id.
    pub(crate) fn remove_connection(&mut self, id: &str) -> Option<Connection> {
        self.change_first(has_connection(id), |company| {
            let at = company.connections.iter().position(|one| one.id == id);
            at.map(|at| company.connections.remove(at))
        })?
    }

    /// Its block, and where it is in there.
    fn find(&self, is_it: impl Fn(&Company) -> bool) -> Option<(usize, usize)> {
        self.blocks
            .iter()
            .enumerate()
            .find_map(|(block, found)| Some((block, found.companies.iter().position(&is_it)?)))
    }

    fn change_first<R>(
        &mut self,
        is_it: impl Fn(&Company) -> bool,
        change: impl FnOnce(&mut Company) -> R,
    ) -> Option<R> {
        let (block, at) = self.find(is_it)?;
        let block = self.blocks.get_mut(block)?;
        let mut company = block.companies.get(at)?.clone();
        let result = change(&mut company);
        block.change(|companies| {
            if let Some(changed) = companies.get_mut(at) {
                *changed = company;
            }
        });
        Some(result)
    }
}

fn has_connection(id: &str) -> impl Fn(&Company) -> bool {
    move |company| company.connections.iter().any(|one| one.id == id)
}

impl Block {
    fn change<R>(&mut self, change: impl FnOnce(&mut Vec<Company>) -> R) -> R {
        let result = change(Arc::make_mut(&mut self.companies));
        self.json = render(Vec::with_capacity(self.json.len()), &self.companies);
        result
    }

    fn extend(&mut self, new: Vec<Company>) {
        self.json = render(std::mem::take(&mut self.json).into(), &new);
        Arc::make_mut(&mut self.companies).extend(new);
    }
}

/// The companies after what is there, each after a comma.
fn render(mut json: Vec<u8>, companies: &[Company]) -> Bytes {
    for company in companies {
        json.push(b',');
        write_company(company, &mut json);
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
            block.extend(companies.by_ref().take(BLOCK - block.companies.len()).collect());
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
