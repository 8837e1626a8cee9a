//! The record streams as pure functions of bytes, however these are cut.

use std::borrow::Cow;

use datacrowd_protocol::{
    chunk::MAX_RECORD_BYTES,
    source::{Delimiter, Encoding, TableFormat},
};
use proptest::prelude::*;

use super::*;

mod told;

/// A record without borrows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    row: u64,
    line: u64,
    end: Position,
    blank_before: u64,
    payload: Result<String, String>,
}

fn seen(record: Record<'_>) -> Seen {
    Seen {
        row: record.row,
        line: record.line,
        end: record.end,
        blank_before: record.blank_before,
        payload: record.payload.map(str::to_owned).map_err(Cow::into_owned),
    }
}

type Read = Result<Vec<Seen>, BadInput>;

/// Feeds pieces to a reader that begins at `start`.
fn read_from<'a>(
    format: TableFormat,
    start: Position,
    header: Option<Vec<String>>,
    required: &[&str],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Read {
    let options = Options {
        required: required.iter().map(|name| (*name).to_owned()).collect(),
        ..Options::new(format)
    };
    let begin = Begin {
        at: start,
        header,
        ..Begin::START
    };
    read_with(&options, begin, pieces)
}

fn read_with<'a>(
    options: &Options,
    begin: Begin,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Read {
    let mut records = Records::new(options, begin)?;
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(record) = records.next(&mut piece)? {
            all.push(seen(record));
        }
        assert!(piece.is_empty(), "input is left over");
    }
    while let Some(record) = records.finish()? {
        all.push(seen(record));
    }
    Ok(all)
}

fn read(format: TableFormat, text: &[u8]) -> Read {
    read_from(format, Position::START, None, &[], [text])
}

fn csv(text: impl AsRef<[u8]>) -> Read {
    read(TableFormat::Csv, text.as_ref())
}

fn jsonl(text: impl AsRef<[u8]>) -> Read {
    read(TableFormat::Jsonl, text.as_ref())
}

fn payloads(read: Read) -> Vec<Result<String, String>> {
    read.unwrap().into_iter().map(|seen| seen.payload).collect()
}

fn refusal(read: Read) -> String {
    payloads(read).remove(0).unwrap_err()
}

fn bad(read: Read) -> String {
    read.unwrap_err().to_string()
}

#[test]
fn csv_values_are_text_and_carry_their_place() {
    let all = csv("id,text\n1,\"a, \"\"b\"\"\nc\"\r\n\n2,\n").unwrap();
    assert_eq!(
        all,
        [
            Seen {
                row: 1,
                line: 2,
                end: Position {
                    offset: 24,
                    row: 2,
                    line: 4
                },
                blank_before: 0,
                payload: Ok(r#"{"id":"1","text":"a, \"b\"\nc"}"#.to_owned()),
            },
            Seen {
                row: 2,
                line: 5,
                end: Position {
                    offset: 28,
                    row: 3,
                    line: 6
                },
                blank_before: 0,
                payload: Ok(r#"{"id":"2","text":""}"#.to_owned()),
            },
        ]
    );
}

#[test]
fn every_control_character_survives_the_way_into_json() {
    let cell: String = (1_u8..0x30)
        .filter(|byte| *byte != b'"')
        .map(char::from)
        .collect();
    let payload = payloads(csv(format!("a\n\"{cell}\"\n"))).remove(0).unwrap();
    let row: serde_json::Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(row["a"], cell);
}

#[test]
fn jsonl_rows_are_passed_on_as_they_are() {
    let all = jsonl("{\"a\": 1.50, \"b\":[null]}\r\n\n  \n{\"a\":2}").unwrap();
    assert_eq!(all[0].payload.as_deref(), Ok("{\"a\": 1.50, \"b\":[null]}"));
    assert_eq!((all[1].row, all[1].line, all[1].end.offset), (2, 4, 36));
}

#[test]
fn a_byte_order_mark_is_dropped_and_counted() {
    let all = csv("\u{feff}id\n7\n").unwrap();
    assert_eq!(all[0].payload.as_deref(), Ok(r#"{"id":"7"}"#));
    assert_eq!(all[0].end.offset, 8);
    let all = jsonl("\u{feff}{}").unwrap();
    assert_eq!(
        (all[0].payload.as_deref(), all[0].end.offset),
        (Ok("{}"), 5)
    );
}

#[test]
fn a_character_that_only_begins_like_a_mark_is_kept() {
    let all = csv("\u{fefe}\n7\n").unwrap();
    assert_eq!(all[0].payload.as_deref(), Ok("{\"\u{fefe}\":\"7\"}"));
}

#[test]
fn a_mark_at_a_later_record_is_text_also_for_a_resumed_run() {
    let text = "a\n1\n\u{feff}2\n".as_bytes();
    let whole = csv(text).unwrap();
    let start = whole[0].end;
    let header = Some(vec!["a".to_owned()]);
    let rest = read_from(TableFormat::Csv, start, header, &[], [&text[4..]]).unwrap();
    assert_eq!(rest, whole[1..]);
}

#[test]
fn bad_rows_are_refused_one_by_one() {
    assert_eq!(refusal(csv("a,b\n1\n")), "has 1 fields, the header has 2");
    assert_eq!(
        refusal(csv("a,b\n1,2,3\n")),
        "has 3 fields, the header has 2"
    );
    assert!(refusal(csv(b"a,b\n\xff,2\n")).starts_with("is not valid UTF-8"));
    assert!(refusal(csv(b"a,b\n\xc3,\xa9\n")).starts_with("is not valid UTF-8"));
    assert!(refusal(csv("a,b\n1,\0\n")).starts_with("contains the character U+0000"));
    assert_eq!(refusal(jsonl("1\n")), "is not a JSON object");
    assert!(refusal(jsonl(b"{\"a\":\"\xff\"}\n")).starts_with("is not valid UTF-8"));
    assert_eq!(
        refusal(jsonl("{\"a\":1,}\n")),
        "is not valid JSON: a comma with nothing behind it at column 8"
    );
    assert!(refusal(jsonl("{} {}\n")).starts_with("is not valid JSON: more text behind the end"));
}

#[test]
fn json_that_the_database_cannot_hold_is_refused() {
    for line in [
        r#"{"a":"\u0000"}"#,
        r#"{"a":{"\u0000":1}}"#,
        r#"{"a\u0000":1}"#,
        r#"{"a":["\ud800"]}"#,
        r#"{"a":1e999}"#,
        &format!("{{\"a\":{}{}}}", "[".repeat(120), "]".repeat(120)),
    ] {
        refusal(jsonl(line));
    }
}

#[test]
fn what_is_accepted_can_be_read_as_a_chunk_row() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(99), "]".repeat(99));
    let payload = payloads(jsonl(&deep)).remove(0).unwrap();
    let line = format!("{{\"rowNo\":1,\"endOffset\":1,\"payload\":{payload}}}");
    serde_json::from_str::<datacrowd_protocol::chunk::ChunkRow>(&line).unwrap();
}

#[test]
fn a_row_without_a_required_column_is_refused_in_jsonl() {
    let text: &[u8] = b"{\"id\":1}\n{\"id\":1,\"text\":null}";
    let read = read_from(TableFormat::Jsonl, Position::START, None, &["text"], [text]);
    assert_eq!(
        payloads(read),
        [
            Err("has no column \"text\"".to_owned()),
            Ok("{\"id\":1,\"text\":null}".to_owned())
        ]
    );
}

#[test]
fn a_file_that_is_not_what_it_says_is_bad_input_with_a_remedy() {
    for empty in [
        csv(""),
        csv("\n\r\n"),
        csv("\u{feff}"),
        jsonl(""),
        jsonl("\n \n"),
    ] {
        assert!(bad(empty).contains("empty"));
    }
    assert!(bad(csv("a,,c\n")).contains("Column 2"));
    assert!(bad(csv("a,b,a\n")).contains("\"a\" twice"));
    assert!(bad(csv(b"a,\xff\n")).contains("not valid UTF-8"));
    assert!(bad(csv("long,\0\n")).contains("U+0000"));
    assert!(bad(csv(b"\xff\xfei\0d\0\n\0")).contains("UTF-16"));
    assert!(bad(csv(b"i\0d\0\n\0")).contains("UTF-16"));
    assert!(bad(jsonl(b"\xfe\xff\0{\0}")).contains("UTF-16"));
    assert!(bad(csv("a".repeat(2 << 20))).contains("longer than 1 MiB"));
    let text: &[u8] = b"id,body\n";
    let read = read_from(TableFormat::Csv, Position::START, None, &["text"], [text]);
    assert!(bad(read).contains(
        "no column \"text\", which the project's labeling needs; it has: \"id\", \"body\""
    ));
}

#[test]
fn a_header_alone_is_a_file_without_rows() {
    assert_eq!(csv("id,text\n").unwrap(), []);
    assert_eq!(csv("id").unwrap(), []);
}

#[test]
fn quote_swallows_rows() {
    let text = "id,text\n1,\"12 inch screen\n2,two\n3,three\n4,\"ok\"\n5,five\n";
    let all = csv(text).unwrap();
    assert_eq!(all.len(), 2);
    let refused = all[0].payload.clone().unwrap_err();
    assert!(refused.contains("opens on line 2"), "{refused}");
    assert!(refused.contains("lines 2 to 5"), "{refused}");
    assert_eq!(
        (all[1].line, all[1].payload.as_deref()),
        (6, Ok(r#"{"id":"5","text":"five"}"#))
    );
}

#[test]
fn a_quote_where_none_belongs_refuses_its_row_only() {
    for (row, says) in [
        ("a\"b,2", "a quote on line 2 inside a cell"),
        (" \"a\",2", "a quote on line 2 inside a cell"),
        ("\"a\"b,2", "text behind the quote that opens on line 2"),
        ("\"a\" ,2", "text behind the quote that opens on line 2"),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let all = payloads(csv(format!("x,y{end}{row}{end}3,4{end}")));
            assert!(all[0].as_ref().unwrap_err().contains(says), "{all:?}");
            assert_eq!(all[1].as_deref(), Ok(r#"{"x":"3","y":"4"}"#));
        }
    }
}

#[test]
fn a_cell_longer_than_most_needs_multiline() {
    let many = Options {
        multiline: true,
        ..Options::new(TableFormat::Csv)
    };
    let lines = |count: usize| format!("a,b\n\"{}x\",1\n2,3\n", "line\n".repeat(count - 1));
    assert!(csv(lines(100)).unwrap()[0].payload.is_ok());
    let refused = bad(csv(lines(101)));
    assert!(refused.contains("opens on line 2"), "{refused}");
    assert!(refused.contains("multiline"), "{refused}");
    let text = lines(101);
    let read = read_with(&many, Begin::START, [text.as_bytes()]);
    assert_eq!(read.unwrap().len(), 2);
    let wide = format!("a,b\n\"{}\",1\n2,3\n", "x".repeat(65 * 1024));
    let all = payloads(csv(&wide));
    assert!(all[0].as_ref().unwrap_err().contains("64 KiB"));
    assert!(all[1].is_ok());
    let read = read_with(&many, Begin::START, [wide.as_bytes()]);
    assert!(read.unwrap()[0].payload.is_ok());
}

#[test]
fn blank_rows_are_paid_tasks() {
    let all = csv("id,text,lang\n1,Hello,en\n,,\n , ,\n2,Bye,en\n,,\n,,,,\n").unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|r| (r.row, r.line, r.blank_before))
        .collect();
    assert_eq!(seen, [(1, 2, 0), (2, 5, 2)]);
    let options = Options::new(TableFormat::Csv);
    let mut records = Records::new(&options, Begin::START).unwrap();
    // Longer than what is held back to tell the encoding.
    let mut text: &[u8] = b"a,b\n1,2 and 3 and 4\n,\n,\n";
    assert!(records.next(&mut text).unwrap().is_some());
    assert!(records.next(&mut text).unwrap().is_none());
    assert!(records.finish().unwrap().is_none());
    assert_eq!(records.blank(), 2);
}

#[test]
fn a_row_that_shows_workers_nothing_is_refused() {
    for (format, text) in [
        (TableFormat::Csv, "id,text\n1, \n2,b\n"),
        (
            TableFormat::Jsonl,
            "{\"id\":1,\"text\":\" \"}\n{\"id\":2,\"text\":\"b\"}\n",
        ),
        (
            TableFormat::Jsonl,
            "{\"id\":1,\"text\":null}\n{\"id\":2,\"text\":0}\n",
        ),
    ] {
        let options = Options {
            main: Some("text".to_owned()),
            ..Options::new(format)
        };
        let all = payloads(read_with(&options, Begin::START, [text.as_bytes()]));
        assert!(all[0].as_ref().unwrap_err().contains("nothing in \"text\""));
        assert!(all[1].is_ok());
    }
}

#[test]
fn white_space_shows_workers_nothing_however_it_is_written() {
    let options = |format| Options {
        main: Some("text".to_owned()),
        ..Options::new(format)
    };
    let refused = |format, text: &str| {
        let all = payloads(read_with(&options(format), Begin::START, [text.as_bytes()]));
        all[0].clone().err()
    };
    for blank in ["\n", "\t ", "\u{a0}", " ", "", "\u{2003}\r"] {
        let cell = format!("id,text\n1,\"{blank}\"\n");
        let told = refused(TableFormat::Csv, &cell);
        assert!(told.is_some_and(|why| why.contains("nothing in")));
        let escaped: String = blank
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        for text in [escaped, blank.replace('\n', "\\n").replace('\t', "\\t")] {
            let line = format!("{{\"id\":1,\"text\":\"{text}\"}}\n").replace('\r', "\\r");
            let told = refused(TableFormat::Jsonl, &line);
            assert!(
                told.is_some_and(|why| why.contains("nothing in")),
                "{line:?}"
            );
        }
    }
    let line = r#"{"id":1,"text":"\n.\u0020"}"#;
    assert_eq!(refused(TableFormat::Jsonl, line), None);
}

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
fn json_array_loses_half() {
    let text = "[\n{\"id\":1,\"text\":\"a\"},\n{\"id\":2,\"text\":\"b\"}\n]\n";
    assert!(bad(jsonl(text)).contains("one object per line"));
    assert!(bad(csv(text)).contains("looks like JSON"));
}

#[test]
fn big_integers_keep_their_digits_in_the_row() {
    let line = r#"{"id":18446744073709551616,"f":3.141592653589793238462643,"d":1.10,"z":-0}"#;
    assert_eq!(payloads(jsonl(line)), [Ok(line.to_owned())]);
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
fn an_unclosed_quote_is_named_by_the_line_on_which_it_opens() {
    assert!(bad(csv("a,b\n1,2\n\"x\ny\",\"open\n1,2\n")).contains("opens on line 4"));
    assert!(bad(csv("a,b\n1,\"open")).contains("opens on line 2"));
    let long = format!("a,b\n\"x\ny\",\"open\n{}", "line\n".repeat(400_000));
    assert!(bad(csv(&long)).contains("opens on line 3"));
    let many = Options {
        multiline: true,
        ..Options::new(TableFormat::Csv)
    };
    let read = |text: &str| read_with(&many, Begin::START, [text.as_bytes()]);
    assert!(bad(read(&long)).contains("opens on line 3"));
    let long = format!("a,b\n\"{}\",\"open\n", "line\n".repeat(400_000));
    assert!(bad(read(&long)).contains("opens on line 400002"));
}

#[test]
fn a_record_of_the_limit_passes_and_one_byte_more_does_not() {
    for (len, passes) in [(MAX_RECORD_BYTES, true), (MAX_RECORD_BYTES + 1, false)] {
        let row = "x".repeat(len - 1);
        let all = payloads(csv(format!("a\n{row}\n1\n")));
        assert_eq!(
            (all.len(), all[0].is_ok(), all[1].is_ok()),
            (2, passes, true)
        );
        let row = format!("{{\"a\":\"{}\"}}\n{{}}", "x".repeat(len - 9));
        let all = payloads(jsonl(row));
        assert_eq!(
            (all.len(), all[0].is_ok(), all[1].is_ok()),
            (2, passes, true)
        );
    }
}

#[test]
fn a_line_of_64_mib_is_one_refused_row_in_bounded_memory() {
    let piece = vec![b'x'; 64 * 1024];
    let pieces = || std::iter::repeat_n(piece.as_slice(), 1024);
    for (format, first, last) in [
        (TableFormat::Csv, "a\n1,\"", "\"\n2\n"),
        (TableFormat::Jsonl, "{\"a\":\"", "\"}\n{}\n"),
    ] {
        let all = std::iter::once(first.as_bytes())
            .chain(pieces())
            .chain([last.as_bytes()]);
        let read = read_from(format, Position::START, None, &[], all).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].payload, Err("is longer than 1 MiB".to_owned()));
        assert!(read[1].payload.is_ok());
        assert!(read[0].end.offset > 64 << 20);
    }
}

#[test]
fn names_of_columns_are_remembered_as_long_as_they_are_names() {
    let name = |letter: &str| letter.repeat(60 * 1024);
    let row = |name: &str| format!("{{\"{name}\":1}}\n");
    let all = [
        name("a"),
        "id".to_owned(),
        name("b"),
        name("c"),
        "text".to_owned(),
    ];
    let text: String = all.iter().map(|name| row(name)).collect();
    let kept = [&all[0], &all[1], &all[2], &all[4]];
    let options = Options::new(TableFormat::Jsonl);
    for index in 0..all.len() {
        let begin = begin_behind(&options, text.as_bytes(), index);
        let seen = kept.iter().filter(|name| all[..=index].contains(name));
        assert!(begin.columns.iter().eq(seen.copied()), "row {index}");
        let mut rest = &text.as_bytes()[usize::try_from(begin.at.offset).unwrap()..];
        let mut resumed = Records::new(&options, begin).unwrap();
        while resumed.next(&mut rest).unwrap().is_some() {}
        assert!(
            resumed.columns().iter().eq(kept),
            "resumed behind row {index}"
        );
    }
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

/// Texts dense in everything that matters to the formats.
fn text(alphabet: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(alphabet).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => Just(vec![0xff]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Pieces of `text` that end at the given places.
fn cut<'a>(text: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &text[pair[0]..pair[1]])
        .collect()
}

/// However the bytes are cut, and wherever a run resumes, the records are the same.
fn holds(options: &Options, text: &[u8], cuts: &[prop::sample::Index]) {
    let read = |pieces: Vec<&[u8]>| read_with(options, Begin::START, pieces);
    let whole = read(vec![text]);
    assert_eq!(read(cut(text, cuts)), whole);
    assert_eq!(read(text.chunks(1).collect()), whole);
    let Ok(whole) = whole else { return };
    for (index, record) in whole.iter().enumerate() {
        let begin = begin_behind(options, text, index);
        assert_eq!(begin.at, record.end);
        let rest = &text[usize::try_from(record.end.offset).unwrap()..];
        let resumed = read_with(options, begin, [rest]);
        assert_eq!(resumed.unwrap(), whole[index + 1..]);
    }
}

/// What a checkpoint behind the record of this index would hold.
fn begin_behind(options: &Options, mut text: &[u8], index: usize) -> Begin {
    let mut records = Records::new(options, Begin::START).unwrap();
    for _ in 0..=index {
        if records.next(&mut text).unwrap().is_none() {
            records.finish().unwrap();
        }
    }
    Begin {
        at: records.position(),
        header: records.header().map(<[String]>::to_vec),
        dialect: Some(records.dialect()),
        columns: records.columns().to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_head_that_is_longer_than_what_is_held_back_begins_with_its_first_line(
        rows in 5_000_usize..6_000,
    ) {
        let text = "id,text\n".to_owned() + &"a,bbbbbbbbbbbbbbbb\n".repeat(rows);
        let read = head(text.as_bytes(), &Options::new(TableFormat::Csv), 3, false).unwrap();
        prop_assert_eq!(read.header.unwrap(), ["id", "text"]);
        prop_assert_eq!(read.rows[0].line, 2);
        let all = csv(text);
        prop_assert_eq!(payloads(all).len(), rows);
    }

    #[test]
    fn csv_reads_the_same_in_any_pieces_and_from_any_record(
        rest in text(&["a", "é", "\"", "\"\"", ",", "\n", "\r\n", "\r", "1,2\n", "\"x\",\"y\"\r\n", "\u{feff}"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let options = Options::new(TableFormat::Csv);
        holds(&options, &[b"a,b\r\n", rest.as_slice()].concat(), &cuts);
        holds(&options, &rest, &cuts);
    }

    #[test]
    fn csv_of_any_dialect_reads_the_same_in_any_pieces_and_from_any_record(
        text in text(&["a", "ж", "\u{1f600}", "\"", "\"\"", ";", "|", "\n", "\r\n", "\r", "1;2\n", "\"x\";\"y\"\r\n", "sep=;\r\n"]),
        encoding in prop::sample::select(&[Encoding::Utf8, Encoding::Windows1251, Encoding::Windows1252, Encoding::Utf16]),
        delimiter in prop::sample::select(&[Delimiter::Auto, Delimiter::Comma, Delimiter::Semicolon, Delimiter::Pipe]),
        mark in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let bytes = match encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Windows1251 => encoding_rs::WINDOWS_1251.encode(&text).0.into_owned(),
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
            Encoding::Utf16 => {
                let mark = mark.then_some('\u{feff}');
                let text: String = mark.into_iter().chain(text.chars()).collect();
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
        };
        let options = Options { delimiter, encoding, ..Options::new(TableFormat::Csv) };
        holds(&options, &bytes, &cuts);
    }

    #[test]
    fn jsonl_reads_the_same_in_any_pieces_and_from_any_record(
        text in text(&["{}", "{\"a\":1}", "\n", "\r\n", "[", "\"", " ", "é", "\u{feff}"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        holds(&Options::new(TableFormat::Jsonl), &text, &cuts);
    }

    #[test]
    fn csv_that_was_written_by_the_rules_comes_back(
        rows in prop::collection::vec(prop::collection::vec("[a-z\"\n\r,é ]{0,6}", 3), 0..8),
    ) {
        let cell = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
        let text = "a,b,c\r\n".to_owned() + &rows.iter().map(line).collect::<String>();
        let read: Vec<Vec<String>> = payloads(csv(text))
            .into_iter()
            .map(|payload| {
                let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&payload.unwrap()).unwrap();
                row.values().map(|value| value.as_str().unwrap().to_owned()).collect()
            })
            .collect();
        let is_blank = |row: &&Vec<String>| row.iter().all(|cell| cell.trim_ascii().is_empty());
        let rows: Vec<_> = rows.iter().filter(|row| !is_blank(row)).cloned().collect();
        prop_assert_eq!(read, rows);
    }
}
