//! Dates as HTTP writes them, in the three forms that a reader must take: pure.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::{DateTime, date};
use jiff::fmt::strtime;

/// Where the system's time begins.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// RFC 9110, section 5.6.7: the form of today, and two of old. A year of two digits is one from
/// 1969 to 2068.
const FORMS: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The time that a text stands for, if it is a date in one of the forms to the letter.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    FORMS.iter().find_map(|form| {
        let date = DateTime::strptime(form, text).ok()?;
        // The parser lets letters in other case pass, digits and blanks that are missing, and more.
        let is_to_the_letter = strtime::format(form, date).ok()? == text;
        let since_epoch = date.duration_since(EPOCH);
        let time = if since_epoch.is_negative() {
            UNIX_EPOCH.checked_sub(since_epoch.unsigned_abs())
        } else {
            UNIX_EPOCH.checked_add(since_epoch.unsigned_abs())
        };
        time.filter(|_| is_to_the_letter)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_form_of_the_standard_is_the_same_time() {
        let expected = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_second_that_can_be_written_are_dates() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(parse(text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
        let before = parse("Wed, 31 Dec 1969 23:59:59 GMT");
        assert_eq!(before, Some(UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn a_year_of_two_digits_is_one_from_1969_to_2068() {
        for (text, year) in [
            ("Sunday, 01-Jan-68 00:00:00 GMT", 2068),
            ("Wednesday, 01-Jan-69 00:00:00 GMT", 1969),
            ("Friday, 01-Jan-99 00:00:00 GMT", 1999),
        ] {
            let four_digits = strtime::format(FORMS[0], date(year, 1, 1).at(0, 0, 0, 0)).unwrap();
            assert!(four_digits.contains(&year.to_string()), "{four_digits}");
            assert_eq!(parse(text).unwrap(), parse(&four_digits).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_to_the_letter_is_none() {
        for text in [
            "",
            "soon",
            "120",
            "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            " Sun, 06 Nov 1994 08:49:37 GMT",
            "sun, 06 nov 1994 08:49:37 gmt",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Thu, 30 Feb 2023 00:00:00 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    fn in_form(form: &str, seconds: i64) -> String {
        strtime::format(form, EPOCH + SignedDuration::from_secs(seconds)).unwrap()
    }

    proptest! {
        #[test]
        fn a_date_is_what_the_crate_httpdate_takes_it_for(seconds in 0_i64..253_402_300_800) {
            let time = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
            prop_assert_eq!(parse(&httpdate::fmt_http_date(time)), Some(time));
            prop_assert_eq!(parse(&in_form(FORMS[2], seconds)), Some(time));
            prop_assert_eq!(httpdate::parse_http_date(&in_form(FORMS[2], seconds)).ok(), Some(time));
        }

        #[test]
        fn so_it_is_with_a_year_of_two_digits(seconds in 0_i64..3_092_601_600) { // to the end of 2067
            let text = in_form(FORMS[1], seconds);
            prop_assert_eq!(parse(&text), httpdate::parse_http_date(&text).ok(), "{}", text);
        }

        #[test]
        fn what_is_taken_is_taken_by_httpdate_too(
            text in "(Sun|Mon|Sunday)?[, ]{0,2}[0-9 ]{1,2}[ -](Nov|Feb)[ -][0-9]{2,4} [0-2][0-9]:[0-6][0-9]:[0-6][0-9]( GMT)?",
        ) {
            if let Some(time) = parse(&text) {
                prop_assert_eq!(httpdate::parse_http_date(&text).ok(), Some(time));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
