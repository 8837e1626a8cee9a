//! The record streams as pure functions of bytes, however these are cut.

use std::borrow::Cow;

use datacrowd_protocol::{chunk::MAX_RECORD_BYTES, source::TableFormat};

use super::*;

mod dialect;
mod pieces;
mod quotes;
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
