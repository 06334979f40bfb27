//! What the mock starts with: a seed file, generated companies, faults, a key.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use partner_api_mock::{MAX_GENERATED, Rule, Seed};

use crate::error_chain;

#[derive(Clone, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct SeedOptions {
    /// Partners, keys, data, faults and stubs: YAML if the name ends in .yaml or .yml, else JSON
    /// [default: the sample data of the API's reference]
    #[arg(long = "seed", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Generate this many companies in place of the first partner's
    #[arg(long, value_name = "COUNT", value_parser = company_count)]
    companies: Option<u32>,
    /// Generate other companies; the same number gives the same ones [default: 0]
    #[arg(long, value_name = "N", requires = "companies")]
    rng_seed: Option<u64>,
    /// Add a fault, such as 'status=503 times=2 operation=wallet' (repeatable)
    // Parsed later, since clap shows an invalid value, which can hold a key.
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<String>,
    /// The API key [default: the first key of the seed, or a new one]
    #[arg(long, value_name = "KEY", env = "PARTNER_API_MOCK_KEY", hide_env = true)]
    key: Option<String>,
}

impl SeedOptions {
    /// The seed, as its file is now.
    pub(super) fn read(&self) -> Result<Seed, String> {
        let faults: Vec<Rule> =
            self.faults.iter().map(|text| rule(text)).collect::<Result<_, _>>()?;
        let mut seed = match &self.file {
            Some(file) => Seed::from_path(file)
                .map_err(|error| format!("{}{}", error_chain(&error), yaml_hint(file)))?,
            None => Seed::sample(),
        };
        if let Some(count) = self.companies {
            seed = seed.with_generated_companies(count, self.rng_seed.unwrap_or_default());
        }
        for rule in faults {
            seed = seed.with_fault(rule).map_err(|error| format!("--fault: {error}"))?;
        }
        if let Some(key) = &self.key {
            seed = seed
                .with_key(key)
                .map_err(|error| format!("--key or PARTNER_API_MOCK_KEY: {error}"))?;
        }
        Ok(seed)
    }
}

fn company_count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| *count <= MAX_GENERATED);
    count.ok_or_else(|| format!("expected a whole number, {MAX_GENERATED} at most"))
}

fn rule(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error| {
        let is_status = text.trim().parse().is_ok_and(|status: u16| (100..600).contains(&status));
        let hint = if is_status {
            format!("; did you mean `status={}`?", text.trim())
        } else {
            String::new()
        };
        format!("--fault: {error}{hint}")
    })
}

/// A hint for a file that is read as JSON and is not an object.
fn yaml_hint(file: &Path) -> &'static str {
    let is_yaml = file.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    });
    let mut start = String::new();
    let is_read = !is_yaml
        && file.is_file()
        && fs::File::open(file).is_ok_and(|file| file.take(512).read_to_string(&mut start).is_ok());
    let start = start.trim_start_matches('\u{feff}').trim_start();
    if is_read && !start.is_empty() && !start.starts_with('{') {
        "; a seed in YAML needs a name that ends in .yaml"
    } else {
        ""
    }
}
