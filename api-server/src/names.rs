//! Names that REST gives to resources: a slug of what people typed, and five characters.

use crate::idempotency::SameRequest;

/// Longest slug; with its dash and suffix a name stays within 45 characters.
const MAX_SLUG: usize = 38;
/// Characters of what makes a slug a name.
const SUFFIX: usize = 5;
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// `Film Reviews!` → `film-reviews`; `fallback` when nothing is left.
pub fn slug(text: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() == MAX_SLUG {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        fallback.to_owned()
    } else {
        slug.to_owned()
    }
}

/// A name that nobody has yet; for a request with an idempotency key always the same, so that its
/// repetition finds what the first try left.
pub fn resource_name(text: &str, fallback: &str, request: SameRequest) -> String {
    let bits: [u8; 32] = request.0.unwrap_or_else(rand::random);
    let suffix: String = bits
        .iter()
        .take(SUFFIX)
        .map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()]))
        .collect();
    format!("{}-{suffix}", slug(text, fallback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_dns_labels() {
        assert_eq!(slug("Film Reviews!", "x"), "film-reviews");
        assert_eq!(slug("  --  ", "project"), "project");
        assert_eq!(slug("Größe & Co.", "x"), "gr-e-co");
        assert!(resource_name(&"long ".repeat(30), "x", SameRequest(None)).len() <= 45);
    }

    #[test]
    fn a_repeated_request_names_its_resource_as_the_first() {
        let name = |request| resource_name("Reviews", "x", SameRequest(request));
        assert_eq!(name(Some([7; 32])), name(Some([7; 32])));
        assert_ne!(name(Some([7; 32])), name(Some([8; 32])));
        assert_ne!(name(None), name(None));
    }
}
