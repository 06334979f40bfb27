//! Companies and connections with the same id in two lists.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::{iter, ptr};

use super::change::{Change, Side};
use crate::models::companies::{Company, Connection};

/// A company, or a connection with its company.
type Item<'a> = (&'a Company, Option<&'a Connection>);

/// The companies and connections of a list, without those that repeat the id of an earlier one.
pub(super) struct Unique<'a> {
    companies: &'a [Company],
    /// The first item with an id, for the ids that occur more than once.
    firsts: HashMap<(bool, &'a str), Item<'a>>,
}

impl<'a> Unique<'a> {
    /// Finds the duplicate ids of a list, and reports each item that is not the first with its id.
    pub(super) fn new(companies: &'a [Company], list: Side, changes: &mut Vec<Change>) -> Self {
        let firsts = first_of_duplicates(companies, |(company, connection)| {
            changes.push(match connection.cloned() {
                None => Change::DuplicateCompany { list, company: company.clone() },
                Some(connection) => {
                    let company_id = company.id.clone();
                    Change::DuplicateConnection { list, company_id, connection }
                }
            });
        });
        Self { companies, firsts }
    }

    pub(super) fn has_duplicates(&self) -> bool {
        !self.firsts.is_empty()
    }

    /// Returns true unless an earlier item has the same id.
    pub(super) fn is_first(&self, item: Item<'a>) -> bool {
        !self.has_duplicates()
            || self.firsts.get(&key(item)).is_none_or(|first| match (first.1, item.1) {
                (None, None) => ptr::eq(first.0, item.0),
                (Some(first), Some(connection)) => ptr::eq(first, connection),
                _ => false,
            })
    }

    /// Returns the first company with each id.
    pub(super) fn companies(&self) -> impl Iterator<Item = &'a Company> {
        self.companies.iter().filter(|company| self.is_first((company, None)))
    }

    /// Returns the companies that repeat the id of an earlier one.
    pub(super) fn repeated_companies(&self) -> impl Iterator<Item = &'a Company> {
        let companies = if self.has_duplicates() { self.companies } else { &[] };
        companies.iter().filter(|company| !self.is_first((company, None)))
    }
}

/// Whether it is a connection, and its id.
fn key((company, connection): Item<'_>) -> (bool, &str) {
    connection.map_or((false, company.id.as_str()), |connection| (true, connection.id.as_str()))
}

/// Returns the first item of each id that occurs more than once, and reports the later ones.
///
/// A map of all ids would take 30 bytes for each, and twice the time. Here most ids are known to be
/// unique by a hash that no other id has, and the map holds the others: 10 to 20 bytes for each id.
fn first_of_duplicates<'a>(
    companies: &'a [Company],
    mut report: impl FnMut(Item<'a>),
) -> HashMap<(bool, &'a str), Item<'a>> {
    let items = || {
        companies.iter().flat_map(|company| {
            let connections = company.connections.iter();
            iter::once((company, None))
                .chain(connections.map(move |connection| (company, Some(connection))))
        })
    };
    let count = companies.iter().map(|company| 1 + company.connections.len()).sum();
    let (mut seen, mut seen_again) = (BitSet::for_items(count), BitSet::for_items(count));
    let mut hashes = Vec::with_capacity(count);
    for item in items() {
        let (is_connection, id) = key(item);
        let hash = hash(id) ^ u32::from(is_connection);
        hashes.push(hash);
        if !seen.insert(hash) {
            seen_again.insert(hash);
        }
    }
    let mut firsts = HashMap::new();
    let mut duplicates = HashMap::new();
    for (item, _) in items().zip(hashes).filter(|(_, hash)| seen_again.contains(*hash)) {
        match firsts.entry(key(item)) {
            Entry::Vacant(entry) => drop(entry.insert(item)),
            Entry::Occupied(entry) => {
                duplicates.insert(key(item), *entry.get());
                report(item);
            }
        }
    }
    duplicates
}

/// A hash that is fast, and may be the same for many ids: then they are found in the map.
fn hash(id: &str) -> u32 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 29)
    };
    let (words, rest) = id.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| (hash << 8) ^ (hash >> 56) ^ u64::from(*byte));
    (mix(hash, 0) >> 32) as u32
}

/// A set of hashes. Two hashes whose lower bits are the same are one.
struct BitSet(Vec<u64>);

impl BitSet {
    /// Has 16 to 32 bits for each item.
    fn for_items(count: usize) -> Self {
        Self(vec![0; count.div_ceil(4).next_power_of_two()])
    }

    /// Returns true if the hash was not in the set.
    fn insert(&mut self, hash: u32) -> bool {
        let (index, bit) = self.place(hash);
        let Some(word) = self.0.get_mut(index) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn contains(&self, hash: u32) -> bool {
        let (index, bit) = self.place(hash);
        self.0.get(index).is_some_and(|word| word & bit != 0)
    }

    /// The length is a power of two.
    fn place(&self, hash: u32) -> (usize, u64) {
        ((hash / 64) as usize & (self.0.len() - 1), 1 << (hash % 64))
    }
}

/// Calls `on_pair` with the companies that have the same id, and returns those that have no pair.
///
/// Companies in the same order are paired without a lookup. Where the order differs, companies wait
/// in a map until their pair comes, so the maps are as large as the difference in order.
pub(super) fn pair<'a>(
    old: impl Iterator<Item = &'a Company>,
    new: impl Iterator<Item = &'a Company>,
    mut on_pair: impl FnMut(&'a Company, &'a Company),
) -> (Vec<&'a Company>, Vec<&'a Company>) {
    let (mut old, mut new) = (old.enumerate(), new.enumerate());
    let (mut waiting_old, mut waiting_new) = (HashMap::new(), HashMap::new());
    let (mut next_old, mut next_new) = (old.next(), new.next());
    loop {
        if let (Some((_, from)), Some((_, to))) = (next_old, next_new)
            && from.id == to.id
        {
            on_pair(from, to);
            (next_old, next_new) = (old.next(), new.next());
        } else if let Some((_, from)) = next_old
            && let Some((_, to)) = waiting_new.remove(from.id.as_str())
        {
            on_pair(from, to);
            next_old = old.next();
        } else if let Some((_, to)) = next_new
            && let Some((_, from)) = waiting_old.remove(to.id.as_str())
        {
            on_pair(from, to);
            next_new = new.next();
        } else {
            if next_old.is_none() && next_new.is_none() {
                break;
            }
            waiting_old.extend(next_old.map(|item| (item.1.id.as_str(), item)));
            waiting_new.extend(next_new.map(|item| (item.1.id.as_str(), item)));
            (next_old, next_new) = (old.next(), new.next());
        }
    }
    (in_order(waiting_old), in_order(waiting_new))
}

/// Returns the companies in the order of their list.
fn in_order<'a>(waiting: HashMap<&str, (usize, &'a Company)>) -> Vec<&'a Company> {
    let mut companies: Vec<_> = waiting.into_values().collect();
    companies.sort_unstable_by_key(|(at, _)| *at);
    companies.into_iter().map(|(_, company)| company).collect()
}
