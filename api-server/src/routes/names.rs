//! Names that REST gives to resources: a slug of what people typed, and five characters.

use rand::RngExt;

/// Longest slug; with its dash and suffix a name stays within 45 characters.
const MAX_SLUG: usize = 38;
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

/// A name that nobody has yet.
pub fn resource_name(text: &str, fallback: &str) -> String {
    let mut rng = rand::rng();
    let suffix: String = (0..5)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
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
        assert!(resource_name(&"long ".repeat(30), "x").len() <= 45);
    }
}
