//! Which passwords are accepted: long enough, not among the first that anybody tries, and nothing
//! about their composition.

use crate::error::FieldError;

/// Longest accepted password in bytes, also when it is only compared: hashing costs time per byte.
pub(crate) const MAX_BYTES: usize = 128;
const MIN_CHARACTERS: usize = 8;

/// What lists of leaked passwords begin with, of at least eight characters, in lower case.
const COMMON: &[&str] = &[
    "00000000",
    "11111111",
    "12121212",
    "123123123",
    "12341234",
    "12344321",
    "12345678",
    "123456789",
    "1234567890",
    "123456abc",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "31415926",
    "66666666",
    "87654321",
    "88888888",
    "987654321",
    "9876543210",
    "a1234567",
    "a12345678",
    "aa123456",
    "aa12345678",
    "abc12345",
    "abcd1234",
    "abcdefgh",
    "access14",
    "admin123",
    "admin1234",
    "administrator",
    "alexander",
    "asdf1234",
    "asdfasdf",
    "asdfghjk",
    "asdfghjkl",
    "baseball",
    "basketball",
    "changeme",
    "changeme1",
    "charlie1",
    "chocolate",
    "computer",
    "corvette",
    "danielle",
    "football",
    "football1",
    "iloveyou",
    "iloveyou1",
    "internet",
    "jennifer",
    "jonathan",
    "letmein1",
    "liverpool",
    "master123",
    "maverick",
    "mercedes",
    "michael1",
    "michelle",
    "midnight",
    "mustang1",
    "nicole123",
    "p@ssw0rd",
    "p@ssword",
    "passw0rd",
    "password",
    "password!",
    "password1",
    "password12",
    "password123",
    "password1234",
    "pokemon1",
    "princess",
    "princess1",
    "q1w2e3r4",
    "qazwsxedc",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwerty1234",
    "qwertyui",
    "qwertyuiop",
    "samantha",
    "sunshine",
    "superman",
    "superman1",
    "superstar",
    "trustno1",
    "victoria",
    "welcome1",
    "welcome123",
    "whatever",
    "zaq12wsx",
    "zxcvbnm1",
    "zxcvbnm123",
];

/// What is wrong with `password` as the member `field`; `own` are names it must not repeat.
pub(crate) fn password(field: &'static str, password: &str, own: &[&str]) -> Option<FieldError> {
    let lower = password.to_lowercase();
    let message = if password.chars().count() < MIN_CHARACTERS {
        "must hold at least 8 characters"
    } else if password.len() > MAX_BYTES {
        "must hold at most 128 bytes"
    } else if COMMON.binary_search(&lower.as_str()).is_ok() || is_one_character(&lower) {
        "is among the first that anybody tries; choose another"
    } else if own.iter().any(|name| name.to_lowercase() == lower) {
        "must not be the name or the address of the account"
    } else {
        return None;
    };
    Some(FieldError {
        field,
        message: message.into(),
    })
}

fn is_one_character(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(COMMON.is_sorted());
        assert!(COMMON.iter().all(|p| p.chars().count() >= MIN_CHARACTERS));
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        let refused = |text: &str| password("password", text, &["wanda.w", "w@example.com"]);
        assert!(refused("kurz7zz").is_some());
        assert!(refused("пароль-на-8").is_none());
        assert!(refused(&"x7".repeat(64)).is_none());
        assert!(refused(&"x7".repeat(65)).is_some());
        assert!(refused(&"й7".repeat(60)).is_some(), "180 bytes");
        assert!(refused("PassWord123").is_some());
        assert!(refused("zzzzzzzzzzzz").is_some());
        assert!(refused("W@Example.com").is_some());
        assert!(refused("correct horse").is_none());
    }
}
