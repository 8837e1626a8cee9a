//! What an e-mail address and a username look like here.

use crate::error::FieldError;

/// Longest address that mail can carry (RFC 5321).
const MAX_EMAIL: usize = 254;

/// Refuses what is certainly no address; only a sent mail proves one.
pub(crate) fn email(email: &str, found: &mut Vec<FieldError>) {
    let well_formed = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.len() <= 64
            && !domain.contains('@')
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| !label.is_empty())
    });
    let clean = email
        .chars()
        .all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
    if !well_formed || !clean || email.chars().count() > MAX_EMAIL {
        found.push(FieldError {
            field: "email",
            message: "must be an e-mail address such as name@example.com".into(),
        });
    }
}

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
            ("example.com", false),
            ("@example.com", false),
            ("w@", false),
            ("w@localhost", false),
            ("w@example..com", false),
            ("a@b@example.com", false),
            ("a b@example.com", false),
            ("a@example.com\r\nBcc: x@example.com", false),
        ] {
            let mut found = Vec::new();
            email(text, &mut found);
            assert_eq!(found.is_empty(), fine, "{text:?}");
        }
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
        ] {
            let mut found = Vec::new();
            username(text, &mut found);
            assert_eq!(found.is_empty(), fine, "{text:?}");
        }
    }
}
