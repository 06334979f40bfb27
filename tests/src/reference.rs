//! The published reference of the Partner API and its sample bodies, verbatim.

/// The page as it was published.
pub const PAGE: &str = include_str!("../reference/partner-api-reference.txt");
/// The sample response of "List companies".
pub const COMPANIES: &str = include_str!("../reference/companies.json");
/// The sample response of "Get wallet".
pub const WALLET: &str = include_str!("../reference/wallet.json");
/// The first sample of "Errors".
pub const MISSING_BEARER_TOKEN: &str = include_str!("../reference/missing_bearer_token.json");
/// The second sample of "Errors".
pub const INVALID_TOKEN: &str = include_str!("../reference/invalid_token.json");

/// Every sample, with its operation, its status, and its name in the contract.
pub const SAMPLES: [(&str, &str, &str, &str); 4] = [
    ("listCompanies", "200", "companies", COMPANIES),
    ("getWallet", "200", "wallet", WALLET),
    ("getWallet", "401", "missing_bearer_token", MISSING_BEARER_TOKEN),
    ("getWallet", "401", "invalid_token", INVALID_TOKEN),
];

/// The sample of an operation's successful response.
pub fn sample(operation: &str) -> Option<&'static str> {
    let mut samples = SAMPLES.iter();
    samples.find(|(id, status, ..)| *id == operation && *status == "200").map(|(.., body)| *body)
}

/// The JSON text without the white space between its tokens. It is compared as text, so that the
/// order of fields and the digits of numbers count.
pub fn minified(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&character| {
            let keep = in_string || !character.is_ascii_whitespace();
            if character == '"' && !escaped {
                in_string = !in_string;
            }
            escaped = in_string && character == '\\' && !escaped;
            keep
        })
        .collect()
}
