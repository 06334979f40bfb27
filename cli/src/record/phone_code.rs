//! How long the country code of a phone number is (ITU-T E.164, list of assigned codes).

/// How many of the digits after the `+` are the country code: no code is the start of another.
pub(super) fn code_length(digits: &str) -> usize {
    const OF_TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
        "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
        "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.get(..2) {
        _ if digits.starts_with(['1', '7']) => 1,
        Some(start) if OF_TWO.contains(&start) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_two_or_three_digits() {
        for (digits, code) in [
            ("237690000000", "237"),
            ("33612345678", "33"),
            ("4915112345678", "49"),
            ("14155550100", "1"),
            ("79123456789", "7"),
            ("420601123456", "420"),
            ("351912345678", "351"),
            ("27821234567", "27"),
            ("2348012345678", "234"),
            ("85212345678", "852"),
            ("971501234567", "971"),
            ("989121234567", "98"),
        ] {
            assert_eq!(digits.split_at(code_length(digits)).0, code);
        }
    }
}
