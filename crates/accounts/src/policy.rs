//! Which passwords are accepted: long enough, not among the first that anybody tries, and nothing
//! about their composition.

use std::sync::OnceLock;

use crate::{error::FieldError, normal::nfkc};

/// Longest accepted password in bytes, also when it is only compared: hashing costs time per byte.
pub(crate) const MAX_BYTES: usize = 128;
const MIN_CHARACTERS: usize = 8;

/// Passwords that leaked often, of at least eight characters, in lower case, sorted by byte:
/// `common-passwords/README.md` says where they are from.
const COMMON: &str = include_str!("../common-passwords/list.txt");

/// Its lines, to be searched.
fn common() -> &'static [&'static str] {
    static LINES: OnceLock<Vec<&str>> = OnceLock::new();
    LINES.get_or_init(|| COMMON.lines().collect())
}

/// What is wrong with `password` as the member `field`; `own` are names it must not repeat.
pub(crate) fn password(field: &'static str, password: &str, own: &[&str]) -> Option<FieldError> {
    if password.len() > MAX_BYTES {
        return Some(refused(field, "must hold at most 128 bytes"));
    }
    let password = nfkc(password);
    let lower = password.to_lowercase();
    let message = if password.chars().count() < MIN_CHARACTERS {
        "must hold at least 8 characters"
    } else if common().binary_search(&lower.as_str()).is_ok() || is_one_character(&lower) {
        "is among the first that anybody tries; choose another"
    } else if own.iter().any(|name| nfkc(name).to_lowercase() == lower) {
        "must not be the name or the address of the account"
    } else {
        return None;
    };
    Some(refused(field, message))
}

fn refused(field: &'static str, message: &str) -> FieldError {
    FieldError {
        field,
        message: message.into(),
    }
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
        assert!(common().len() >= 10_000, "{}", common().len());
        assert!(common().is_sorted_by(|a, b| a < b), "each once");
        for password in common() {
            assert_eq!(password.to_lowercase(), *password);
            assert!(password.chars().count() >= MIN_CHARACTERS, "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        let refused = |text: &str| password("password", text, &["wanda.w", "w@example.com"]);
        assert!(refused("kurz7zz").is_some());
        assert!(refused("пароль-на-8").is_none());
        assert!(refused(&"x7".repeat(64)).is_none());
        assert!(refused(&"x7".repeat(65)).is_some());
        assert!(refused(&"й7".repeat(60)).is_some(), "180 bytes");
        for common in ["PassWord123", "letmein1", "q1w2e3r4t5", "\u{ff30}assword1"] {
            assert!(refused(common).is_some(), "{common}");
        }
        assert!(refused("zzzzzzzzzzzz").is_some());
        assert!(refused("W@Example.com").is_some());
        assert!(refused("correct horse").is_none());
    }
}
