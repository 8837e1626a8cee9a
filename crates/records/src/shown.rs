//! Names of a file in messages: in quotes, and with what nobody sees written out.

use std::fmt::Write as _;

/// A name in quotes; blanks other than the space, control and other invisible characters as `\u{..}`.
pub(crate) fn shown(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for character in name.chars().take(100) {
        if is_invisible(character) {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    if name.chars().nth(100).is_some() {
        text.push('…');
    }
    text.push('"');
    text
}

/// Several names, at most twenty.
pub(crate) fn list(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(20)
        .map(|name| shown(name))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > 20 {
        let _ = write!(text, " and {} more", names.len() - 20);
    }
    text
}

/// Whether nobody sees a character, or sees another in its place.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(
            character,
            '\u{ad}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_nobody_sees_is_written_out() {
        assert_eq!(super::shown(" a b "), "\" a b \"");
        assert_eq!(
            super::shown("a\u{200b}\tb\u{a0}"),
            r#""a\u{200b}\u{9}b\u{a0}""#
        );
    }
}
