//! What the mock is made of, by the command line: a file, made-up companies, faults.

use std::error::Error;
use std::ffi::OsStr;
use std::path::PathBuf;

use partner_api_mock::{MAX_GENERATED, Rule, Seed};

#[derive(Clone, Default)]
pub(crate) struct SeedOptions {
    pub(crate) file: Option<PathBuf>,
    companies: Option<u32>,
    rng_seed: Option<u64>,
    faults: Vec<Rule>,
}

impl SeedOptions {
    pub(crate) fn companies(&mut self, count: &OsStr) -> Result<(), String> {
        let count = count.to_str().and_then(|text| text.parse().ok());
        self.companies = count.filter(|count| *count <= MAX_GENERATED);
        let wrong = || format!("--companies: expected a whole number, {MAX_GENERATED} at most");
        self.companies.map(drop).ok_or_else(wrong)
    }

    pub(crate) fn rng_seed(&mut self, seed: &OsStr) -> Result<(), String> {
        self.rng_seed = seed.to_str().and_then(|text| text.parse().ok());
        let wrong = || "--rng-seed: expected a whole number of 64 bits".to_owned();
        self.rng_seed.map(drop).ok_or_else(wrong)
    }

    /// The rule is not shown, since there may be a key in it.
    pub(crate) fn fault(&mut self, rule: &OsStr) -> Result<(), String> {
        let rule = rule.to_str().ok_or("--fault: expected text in UTF-8")?;
        self.faults.push(rule.parse().map_err(|error| format!("--fault: {error}"))?);
        Ok(())
    }

    /// What can only be wrong together.
    pub(crate) fn check(&self, watches: bool) -> Result<(), &'static str> {
        if self.rng_seed.is_some() && self.companies.is_none() {
            return Err("--rng-seed: expected --companies with it");
        }
        if watches && self.file.is_none() {
            return Err("--watch: expected --seed with it");
        }
        Ok(())
    }

    /// The seed, as its file is now.
    pub(crate) fn read(&self) -> Result<Seed, Box<dyn Error>> {
        let mut seed = match &self.file {
            Some(file) => Seed::from_path(file)?,
            None => Seed::sample(),
        };
        if let Some(count) = self.companies {
            seed = seed.with_generated_companies(count, self.rng_seed.unwrap_or_default());
        }
        for rule in &self.faults {
            seed = seed.with_fault(rule.clone()).map_err(|error| format!("--fault: {error}"))?;
        }
        Ok(seed)
    }
}
