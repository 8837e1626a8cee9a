//! What an e-mail address and a username look like here, and the one form in which addresses are compared.

use datacrowd_protocol::names::is_like_pseudonym;

use crate::{
    error::FieldError,
    normal::{is_invisible, nfc},
};

/// Longest address that mail can carry (RFC 5321).
const MAX_EMAIL: usize = 254;

/// An address: as it is shown, and as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email {
    /// As it was given, composed.
    pub(crate) shown: String,
    /// Composed, the domain as in DNS, without case.
    pub(crate) key: String,
}

/// Refuses what is certainly no address; only a sent mail proves one.
pub(crate) fn email(text: &str) -> Result<Email, FieldError> {
    let refused = |message: &str| FieldError {
        field: "email",
        message: message.into(),
    };
    if text.chars().any(is_invisible) {
        return Err(refused(
            "must hold no blanks and no invisible characters; type it anew",
        ));
    }
    let shown = nfc(text).into_owned();
    match email_key(&shown).filter(|_| shown.chars().count() <= MAX_EMAIL) {
        Some(key) => Ok(Email { shown, key }),
        None => Err(refused(
            "must be an e-mail address such as name@example.com",
        )),
    }
}

/// The form in which an address is compared; none of what is no address. Mail servers may tell upper case from lower
/// before the `@`; none does.
pub(crate) fn email_key(text: &str) -> Option<String> {
    if text.len() > 4 * MAX_EMAIL || text.chars().any(is_invisible) {
        return None;
    }
    let composed = nfc(text);
    let (local, domain) = composed.split_once('@')?;
    if local.is_empty() || local.len() > 64 || composed.contains(FORBIDDEN) {
        return None;
    }
    let domain = idna::domain_to_ascii(domain).ok()?;
    let labels: Vec<_> = domain.split('.').collect();
    if domain.contains('@') || labels.len() < 2 || labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    let lower = local.to_lowercase();
    Some(format!("{}@{domain}", nfc(&lower)))
}

const FORBIDDEN: &[char] = &['<', '>', '(', ')', '[', ']', ',', ';', ':', '\\', '"'];

/// ASCII only: no two names look alike, and none can be an e-mail address.
pub(crate) fn username(username: &str, found: &mut Vec<FieldError>) {
    let begins = username.starts_with(|c: char| c.is_ascii_alphanumeric());
    let clean = username
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !begins || !clean || !(3..=32).contains(&username.len()) {
        found.push(FieldError {
            field: "username",
            message: "must hold 3 to 32 letters, digits, dots, hyphens or underscores, and begin with a letter or digit".into(),
        });
    } else if is_like_pseudonym(username) {
        found.push(FieldError {
            field: "username",
            message: "looks like a name that the platform gives to workers; choose another one"
                .into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, fine) in [
            ("w@example.com", true),
            ("first.last+tag@mail.example.org", true),
            ("jörg@example.com", true),
            ("w@b\u{fc}cher.example", true),
            ("example.com", false),
            ("@example.com", false),
            ("w@", false),
            ("w@localhost", false),
            ("w@example..com", false),
            ("w@example.com.", false),
            ("a@b@example.com", false),
            ("a b@example.com", false),
            ("w\u{200b}anda@example.com", false),
            ("wanda@exam\u{ad}ple.com", false),
            ("\u{202e}wanda@example.com", false),
            ("wanda@example.com\u{feff}", false),
            ("w@xn--zz.example", false),
            ("a@example.com\r\nBcc: x@example.com", false),
        ] {
            assert_eq!(email(text).is_ok(), fine, "{text:?}");
        }
    }

    #[test]
    fn one_address_in_many_forms_has_one_key() {
        for (one, other) in [
            ("Wanda@Example.COM", "wanda@example.com"),
            ("jo\u{308}rg@example.com", "j\u{f6}rg@example.com"),
            ("J\u{d6}RG@example.com", "j\u{f6}rg@example.com"),
            ("w@b\u{fc}cher.example", "w@xn--bcher-kva.example"),
            ("w@bu\u{308}cher.example", "w@B\u{dc}CHER.example"),
            ("w@example\u{3002}com", "w@example.com"),
        ] {
            assert_eq!(email_key(one), email_key(other), "{one} {other}");
            assert!(email_key(one).is_some(), "{one}");
        }
        assert_ne!(email_key("w.x@example.com"), email_key("wx@example.com"));
    }

    #[test]
    fn usernames() {
        for (text, fine) in [
            ("wanda", true),
            ("W_anda.2-x", true),
            ("wo", false),
            (".wanda", false),
            ("wanda@example.com", false),
            ("wаnda", false), // the second letter is Cyrillic
            (&"w".repeat(33), false),
            ("w-1ee62bffa6148128", false),
            ("W-1EE62BFFA6148128", false),
            ("w-1ee62bffa614812", true),
        ] {
            let mut found = Vec::new();
            username(text, &mut found);
            assert_eq!(found.is_empty(), fine, "{text:?}");
        }
    }
}
