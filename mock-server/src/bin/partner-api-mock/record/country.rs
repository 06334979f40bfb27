//! How long the country code of a phone number is (ITU-T E.164, list of assigned codes).

/// How many of the digits after the `+` are the country code: no code is the start of another.
pub(super) fn code_length(digits: &str) -> usize {
    let mut digits = digits.bytes();
    match (digits.next(), digits.next()) {
        (Some(b'1' | b'7'), _) => 1,
        (Some(b'2'), Some(b'0' | b'7')) => 2,
        (Some(b'3'), Some(b'0'..=b'4' | b'6' | b'9')) => 2,
        (Some(b'4'), Some(b'0' | b'1' | b'3'..=b'9')) => 2,
        (Some(b'5'), Some(b'1'..=b'8')) => 2,
        (Some(b'6'), Some(b'0'..=b'6')) => 2,
        (Some(b'8'), Some(b'1' | b'2' | b'4' | b'6')) => 2,
        (Some(b'9'), Some(b'0'..=b'5' | b'8')) => 2,
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
