//! What is said of a file, and what to do about it.

use datacrowd_protocol::source::{Delimiter, Encoding};

use super::*;

#[test]
fn a_line_that_is_no_json_says_what_to_write() {
    for (text, says) in [
        ("{\n\"id\": 1\n}\n", "one object per line"),
        ("{\"id\":1} {\"id\":2}\n", "one object per line"),
        ("{\"id\":1}{\"id\":2}\n", "one object per line"),
        ("{\"id\":1}\r{\"id\":2}\r", "CR alone"),
        ("{\"id\":1},\n{\"id\":2}\n", "no comma behind an object"),
        ("{\"id\":NaN}\n", "write null"),
        ("{\"id\":-Infinity}\n", "write null"),
        ("{\"id\":None}\n", "write null"),
        ("{\"id\":True}\n", "write true or false"),
        ("{'id':1}\n", "in double quotes"),
    ] {
        let told = refusal(jsonl(text));
        assert!(told.starts_with("is not valid JSON: "), "{text:?}: {told}");
        assert!(told.contains(says), "{text:?}: {told}");
    }
    assert_eq!(
        refusal(jsonl("{\"a\":01}\r\n")),
        "is not valid JSON: something that is no number at column 8"
    );
}

#[test]
fn what_stands_before_an_object_is_not_taken_for_csv() {
    for (line, says) in [
        (
            "\u{1e}{\"id\":1,\"text\":\"a\"}",
            "\"\\u{1e}\", which nobody sees",
        ),
        (
            "\u{200b}{\"id\":1,\"text\":\"a\"}",
            "\"\\u{200b}\", which nobody",
        ),
        ("// ids, texts", "no comments"),
        ("# ids, texts", "no comments"),
        (
            "1: {\"id\":1,\"text\":\"a\"}",
            "the object and nothing else",
        ),
        ("id,text", "looks like CSV"),
    ] {
        let told = refusal(jsonl(format!("{line}\n{{}}\n")));
        assert!(
            told.starts_with("is not a JSON object; "),
            "{line:?}: {told}"
        );
        assert!(told.contains(says), "{line:?}: {told}");
        let is_csv = says.contains("CSV");
        assert_eq!(told.contains("CSV"), is_csv, "{line:?}: {told}");
    }
    let twice_marked = "\u{feff}\u{feff}{\"id\":1,\"text\":\"a, b\"}\n";
    assert!(refusal(jsonl(twice_marked)).contains("begins with \"\\u{feff}\""));
    let later = payloads(jsonl("{}\nid,text\n\u{a0}{}\n"));
    assert_eq!(later[1], Err("is not a JSON object".to_owned()));
    assert!(later[2].as_ref().unwrap_err().contains("\\u{a0}"));
}

#[test]
fn json_under_the_name_of_a_csv_is_recognised_before_its_quotes_are() {
    for text in [
        "{\"id\":1,\"text\":\"a\"}\n",
        "[{\"id\":1}]",
        " [ {\"id\":1,\"text\":\"a, \\\"b\\\"\"}\n]\n",
        "{\n  \"id\": 1\n}\n",
        "{}\r\n",
    ] {
        for delimiter in [Delimiter::Comma, Delimiter::Auto, Delimiter::Semicolon] {
            let options = Options {
                delimiter,
                ..Options::new(TableFormat::Csv)
            };
            let told = bad(read_with(&options, Begin::START, [text.as_bytes()]));
            assert!(told.contains("looks like JSON"), "{text:?}: {told}");
        }
    }
    let quoted = bad(csv("a\"b,c\n"));
    assert!(quoted.contains("has a quote on line 1"), "{quoted}");
}

#[test]
fn a_head_tells_of_rows_that_would_be_refused() {
    let options = Options {
        required: vec!["text".to_owned()],
        ..Options::new(TableFormat::Jsonl)
    };
    let none = b"{\"id\":1,\"body\":\"a\"}\n\n{\"id\":2}\n";
    let refused = head(none, &options, 20, true).unwrap_err().to_string();
    assert!(refused.contains("2 of 2 would be refused"), "{refused}");
    assert!(
        refused.contains("line 1 has no column \"text\""),
        "{refused}"
    );
    // More may follow, of another kind.
    let begun = head(none, &options, 20, false).unwrap();
    assert_eq!(
        begun.notices,
        [
            "2 of the first 2 rows would be refused; the first: line 1 has no column \"text\"."
                .to_owned()
        ]
    );
    let some = b"id,text\n1,a\n2\n3,b,c\n4,d\n";
    let csv = Options::new(TableFormat::Csv);
    for whole in [true, false] {
        let read = head(some, &csv, 20, whole).unwrap();
        assert_eq!(read.rows.len(), 2);
        assert_eq!(
            read.notices,
            [
                "2 of the first 4 rows would be refused; the first: line 3 has 1 fields, the header has 2."
                    .to_owned()
            ]
        );
    }
    assert!(head(some, &csv, 1, true).unwrap().notices.is_empty());
}

#[test]
fn what_is_no_text_is_named_whatever_encoding_was_set() {
    let zip = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xdf\xa4\xd2lZ\n\xff,\"\n";
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbLI\xe5\x02\0";
    let zstd = b"\x28\xb5\x2f\xfd\x04\x58\x41\0\0id\n";
    for (bytes, says) in [
        (zip.as_slice(), "workbook"),
        (gzip.as_slice(), "compressed twice, with gzip inside"),
        (zstd.as_slice(), "compressed twice, with zstd inside"),
    ] {
        for encoding in [
            Encoding::Utf8,
            Encoding::Windows1251,
            Encoding::Windows1252,
            Encoding::Utf16,
        ] {
            for format in [TableFormat::Csv, TableFormat::Jsonl] {
                let options = Options {
                    encoding,
                    ..Options::new(format)
                };
                let told = read_with(&options, Begin::START, [bytes]).unwrap_err();
                assert!(matches!(told, BadInput::NotText(_)), "{told}");
                let told = told.to_string();
                assert!(told.contains(says), "{encoding:?}: {told}");
                assert!(!told.contains("encoding"), "{encoding:?}: {told}");
            }
        }
    }
}

#[test]
fn a_setting_that_is_set_is_not_the_advice() {
    let utf16 = Options {
        encoding: Encoding::Utf16,
        ..Options::new(TableFormat::Csv)
    };
    let binary: Vec<u8> = "id,\0x\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let told = bad(read_with(&utf16, Begin::START, [binary.as_slice()]));
    assert!(told.contains("binary; save it as text"), "{told}");
    assert!(!told.contains("UTF16"), "{told}");
    let utf8: &[u8] = b"id,text\n1,a\n2,b\n";
    let told = bad(read_with(&utf16, Begin::START, [utf8]));
    assert!(told.contains("leave encoding out"), "{told}");
    let semicolon = Options {
        delimiter: Delimiter::Semicolon,
        required: vec!["text".to_owned()],
        ..Options::new(TableFormat::Csv)
    };
    let told = bad(read_with(
        &semicolon,
        Begin::START,
        [b"\"id;text\"\n1\n".as_slice()],
    ));
    assert!(told.contains("Add the column"), "{told}");
    assert!(!told.contains("SEMICOLON"), "{told}");
}

#[test]
fn a_setting_that_is_advised_takes_a_dataset_under_a_new_name() {
    let utf16: Vec<u8> = "\u{feff}id\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cyrillic = encoding_rs::WINDOWS_1251.encode("id\nПривет\n").0;
    let tall = format!("a\n\"{}\"\n", "line\n".repeat(200));
    let needs_text = Options {
        required: vec!["text".to_owned()],
        ..Options::new(TableFormat::Csv)
    };
    let semicolons = read_with(&needs_text, Begin::START, [b"id;text\n".as_slice()]);
    let cases: [(String, &str); 6] = [
        (bad(csv(&utf16)), "source.encoding: Utf16"),
        (refusal(csv(&cyrillic)), "source.encoding: Windows1251"),
        (bad(csv(&tall)), "source.multiline: true"),
        (bad(semicolons), "source.delimiter: Semicolon"),
        (bad(csv("{\"id\":1}\n")), "source.format: JSONL"),
        (refusal(jsonl("id,text\n")), "source.format: CSV"),
    ];
    for (told, setting) in cases {
        let advice = format!("as a resource: apply a Dataset under a new name with {setting}");
        assert!(told.contains(&advice), "{told}");
    }
}

#[test]
fn utf16_without_a_mark_is_read_by_where_its_zeros_are() {
    let text = "id,text\n1,жа\n";
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let options = Options {
        encoding: Encoding::Utf16,
        ..Options::new(TableFormat::Csv)
    };
    for bytes in [&big, &little] {
        let all = payloads(read_with(&options, Begin::START, [bytes.as_slice()]));
        assert_eq!(all, [Ok(r#"{"id":"1","text":"жа"}"#.to_owned())]);
        let told = bad(csv(bytes));
        assert!(told.contains("looks like UTF-16"), "{told}");
        assert!(told.contains("set encoding UTF16"), "{told}");
    }
}

#[test]
fn settings_of_a_csv_are_told_to_be_without_effect_in_json_lines() {
    let mut options = Options::new(TableFormat::Jsonl);
    let line = b"{\"a\":1}\n";
    assert!(head(line, &options, 5, true).unwrap().notices.is_empty());
    options.multiline = true;
    options.delimiter = Delimiter::Semicolon;
    let read = head(line, &options, 5, true).unwrap();
    assert_eq!(read.rows.len(), 1);
    let [delimiter, multiline] = read.notices.as_slice() else {
        panic!("{:?}", read.notices)
    };
    assert!(delimiter.starts_with("delimiter belongs to CSV only"));
    assert!(multiline.starts_with("multiline belongs to CSV only"));
}
