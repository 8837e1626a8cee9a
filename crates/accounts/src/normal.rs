//! Texts that look alike, in one form: what one system types composed, another types in parts.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

/// Composed, with compatible characters as one: a password however it was typed.
pub(crate) fn nfkc(text: &str) -> Cow<'_, str> {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfkc().collect()),
    }
}

/// Composed: an address as it is shown.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether nobody sees this character: by it, two addresses look alike and differ.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202F | 0x205F..=0x206F | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF
            | 0xFFA0 | 0xFFF0..=0xFFFF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0x0010_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_text_are_one() {
        assert_eq!(nfkc("pa\u{308}sswo\u{308}rd"), "p\u{e4}ssw\u{f6}rd");
        assert_eq!(nfkc("\u{ff30}\u{ff57}\u{2460}\u{fb01}\u{a0}x"), "Pw1fi x");
        assert_eq!(nfc("jo\u{308}rg"), "j\u{f6}rg");
        assert_eq!(nfc("\u{fb01}"), "\u{fb01}", "an address keeps its ligature");
    }

    #[test]
    fn what_nobody_sees_is_told_from_what_is_seen() {
        for c in "\u{200b}\u{200d}\u{202e}\u{feff}\u{ad}\u{fe0f}\u{e0061}\u{2060}\u{3164} \t\u{7f}"
            .chars()
        {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
        }
        for c in "aZ9.-_+@\u{e4}\u{43f}\u{4e2d}\u{1f600}".chars() {
            assert!(!is_invisible(c), "{c}");
        }
    }
}
