//! Which delimiter, encoding and header a file has, and what is said where that is unclear.

use datacrowd_protocol::source::{Delimiter, Encoding};

use super::*;

#[test]
fn spaces_in_header() {
    let options = Options {
        required: vec!["text".to_owned()],
        ..Options::new(TableFormat::Csv)
    };
    let text = b"id, text , category name\n1,Hello,a\n";
    let head = head(text, &options, 10, true).unwrap();
    assert_eq!(head.header.unwrap(), ["id", "text", "category name"]);
    assert_eq!(head.notices.len(), 1);
    assert!(head.notices[0].contains("\" text \", \" category name\""));
    assert_eq!(
        head.rows[0].payload,
        r#"{"id":"1","text":"Hello","category name":"a"}"#
    );
    let other = super::head(b"id,t\xe2\x80\x8bext\n1,2\n", &options, 10, true).unwrap_err();
    assert!(other.to_string().contains("\"t\\u{200b}ext\""), "{other}");
}

#[test]
fn semicolon_known_too_late() {
    let text = b"id;text;lang\n1;Hello, world;en\n2;Bonjour;fr\n";
    let mut options = Options {
        required: vec!["text".to_owned()],
        ..Options::new(TableFormat::Csv)
    };
    let refused = head(text, &options, 10, true).unwrap_err().to_string();
    assert!(refused.contains("separated by \";\""), "{refused}");
    assert!(refused.contains("SEMICOLON"), "{refused}");
    for delimiter in [Delimiter::Auto, Delimiter::Semicolon] {
        options.delimiter = delimiter;
        let head = head(text, &options, 10, true).unwrap();
        assert_eq!(head.dialect.delimiter, Some(Delimiter::Semicolon));
        assert_eq!(
            head.rows[0].payload,
            r#"{"id":"1","text":"Hello, world","lang":"en"}"#
        );
    }
}

#[test]
fn a_first_line_that_names_the_delimiter_is_honoured() {
    let text = "\u{feff}sep=;\r\nid;text\r\n1;a\r\n";
    for delimiter in [Delimiter::Auto, Delimiter::Comma] {
        let options = Options {
            delimiter,
            ..Options::new(TableFormat::Csv)
        };
        let all = read_with(&options, Begin::START, [text.as_bytes()]).unwrap();
        assert_eq!(all[0].payload.as_deref(), Ok(r#"{"id":"1","text":"a"}"#));
        assert_eq!((all[0].line, all[0].end.offset), (3, text.len() as u64));
    }
}

#[test]
fn a_row_in_another_encoding_is_refused_with_a_guess() {
    let text = encoding_rs::WINDOWS_1251.encode("id,text\n1,Привет\n").0;
    let refused = refusal(csv(&text));
    assert!(refused.contains("WINDOWS1251"), "{refused}");
    let options = Options {
        encoding: Encoding::Windows1251,
        ..Options::new(TableFormat::Csv)
    };
    let all = payloads(read_with(&options, Begin::START, [&*text]));
    assert_eq!(all, [Ok(r#"{"id":"1","text":"Привет"}"#.to_owned())]);
}

#[test]
fn a_head_is_read_to_its_end_however_much_of_it_was_held_back() {
    let text = "id,text\n".to_owned() + &"a,b\n".repeat(20_000);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (encoding, bytes) in [
        (Encoding::Utf8, text.as_bytes()),
        (Encoding::Utf16, utf16.as_slice()),
    ] {
        let options = Options {
            encoding,
            ..Options::new(TableFormat::Csv)
        };
        for most in [1_000, 64 * 1024, 64 * 1024 + 2, 70_000] {
            let read = head(&bytes[..most], &options, 20, false).unwrap();
            assert_eq!(read.rows.len(), 20, "{encoding:?} {most}");
        }
    }
    let open = "id,text\na,b\na,\"open\n".to_owned() + &"line\n".repeat(20_000);
    let options = Options::new(TableFormat::Csv);
    let refused = head(&open.as_bytes()[..64 * 1024], &options, 20, false).unwrap_err();
    assert!(refused.to_string().contains("opens on line 3"), "{refused}");
}
