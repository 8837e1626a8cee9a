//! The record streams as pure functions of bytes, however these are cut.

use proptest::prelude::*;

use super::*;

/// A record without borrows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    row: u64,
    line: u64,
    end: Position,
    payload: Result<String, String>,
}

fn seen(record: Record<'_>) -> Seen {
    Seen {
        row: record.row,
        line: record.line,
        end: record.end,
        payload: record.payload.map(str::to_owned).map_err(Cow::into_owned),
    }
}

type Read = Result<Vec<Seen>, BadInput>;

/// Feeds pieces to a reader that begins at `start`.
fn read_from<'a>(
    format: SourceFormat,
    start: Position,
    header: Option<Vec<String>>,
    required: &[&str],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Read {
    let required: Vec<String> = required.iter().map(|name| (*name).to_owned()).collect();
    let mut records = Records::new(format, start, header, &required)?;
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

fn read(format: SourceFormat, text: &[u8]) -> Read {
    read_from(format, Position::START, None, &[], [text])
}

fn csv(text: impl AsRef<[u8]>) -> Read {
    read(SourceFormat::Csv, text.as_ref())
}

fn jsonl(text: impl AsRef<[u8]>) -> Read {
    read(SourceFormat::Jsonl, text.as_ref())
}

fn payloads(read: Read) -> Vec<Result<String, String>> {
    read.unwrap().into_iter().map(|seen| seen.payload).collect()
}

fn refusal(read: Read) -> String {
    payloads(read).remove(0).unwrap_err()
}

fn bad(read: Read) -> String {
    read.unwrap_err().0
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
    let rest = read_from(SourceFormat::Csv, start, header, &[], [&text[4..]]).unwrap();
    assert_eq!(rest, whole[1..]);
}

#[test]
fn bad_rows_are_refused_one_by_one() {
    assert_eq!(refusal(csv("a,b\n1\n")), "has 1 fields, the header has 2");
    assert_eq!(
        refusal(csv("a,b\n1,2,3\n")),
        "has 3 fields, the header has 2"
    );
    assert_eq!(refusal(csv(b"a,b\n\xff,2\n")), "is not valid UTF-8");
    assert_eq!(refusal(csv(b"a,b\n\xc3,\xa9\n")), "is not valid UTF-8");
    assert!(refusal(csv("a,b\n1,\0\n")).starts_with("contains the character U+0000"));
    assert_eq!(refusal(jsonl("[1]\n")), "is not a JSON object");
    assert_eq!(refusal(jsonl(b"{\"a\":\"\xff\"}\n")), "is not valid UTF-8");
    assert_eq!(
        refusal(jsonl("{\"a\":1,}\n")),
        "is not valid JSON: trailing comma at column 8"
    );
    assert!(refusal(jsonl("{} {}\n")).starts_with("is not valid JSON: trailing characters"));
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
    let read = read_from(
        SourceFormat::Jsonl,
        Position::START,
        None,
        &["text"],
        [text],
    );
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
    assert!(bad(csv("long,\0\n")).contains("NUL"));
    assert!(bad(csv(b"\xff\xfei\0d\0\n\0")).contains("UTF-16"));
    assert!(bad(csv(b"i\0d\0\n\0")).contains("UTF-16"));
    assert!(bad(jsonl(b"\xfe\xff\0{\0}")).contains("UTF-16"));
    assert!(bad(csv("a".repeat(2 << 20))).contains("longer than 1 MiB"));
    let text: &[u8] = b"id,body\n";
    let read = read_from(SourceFormat::Csv, Position::START, None, &["text"], [text]);
    assert!(
        bad(read)
            .contains("no column \"text\", which the project's labeling needs; it has: id, body")
    );
}

#[test]
fn a_header_alone_is_a_file_without_rows() {
    assert_eq!(csv("id,text\n").unwrap(), []);
    assert_eq!(csv("id").unwrap(), []);
}

#[test]
fn an_unclosed_quote_is_named_by_the_line_on_which_it_opens() {
    assert!(bad(csv("a,b\n1,2\n\"x\ny\",\"open\n1,2\n")).contains("opens on line 4"));
    assert!(bad(csv("a,b\n1,\"open")).contains("opens on line 2"));
    let long = format!("a,b\n\"x\ny\",\"open\n{}", "line\n".repeat(400_000));
    assert!(bad(csv(long)).contains("opens on line 3"));
    let long = format!("a,b\n\"{}\",\"open\n", "line\n".repeat(400_000));
    assert!(bad(csv(long)).contains("opens on line 400002"));
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
        (SourceFormat::Csv, "a\n1,\"", "\"\n2\n"),
        (SourceFormat::Jsonl, "{\"a\":\"", "\"}\n{}\n"),
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
fn holds(format: SourceFormat, text: &[u8], cuts: &[prop::sample::Index]) {
    let whole = read(format, text);
    let pieces = cut(text, cuts);
    assert_eq!(read_from(format, Position::START, None, &[], pieces), whole);
    let bytes = text.chunks(1);
    assert_eq!(read_from(format, Position::START, None, &[], bytes), whole);
    let Ok(whole) = whole else { return };
    let header = header_of(format, text);
    for (index, record) in whole.iter().enumerate() {
        let rest = &text[usize::try_from(record.end.offset).unwrap()..];
        let resumed = read_from(format, record.end, header.clone(), &[], [rest]);
        assert_eq!(resumed.unwrap(), whole[index + 1..]);
    }
}

fn header_of(format: SourceFormat, mut text: &[u8]) -> Option<Vec<String>> {
    let mut records = Records::new(format, Position::START, None, &[]).unwrap();
    while records.next(&mut text).unwrap().is_some() {}
    while records.finish().unwrap().is_some() {}
    records.header().map(<[String]>::to_vec)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn csv_reads_the_same_in_any_pieces_and_from_any_record(
        rest in text(&["a", "é", "\"", "\"\"", ",", "\n", "\r\n", "\r", "1,2\n", "\"x\",\"y\"\r\n", "\u{feff}"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        holds(SourceFormat::Csv, &[b"a,b\r\n", rest.as_slice()].concat(), &cuts);
        holds(SourceFormat::Csv, &rest, &cuts);
    }

    #[test]
    fn jsonl_reads_the_same_in_any_pieces_and_from_any_record(
        text in text(&["{}", "{\"a\":1}", "\n", "\r\n", "[", "\"", " ", "é", "\u{feff}"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        holds(SourceFormat::Jsonl, &text, &cuts);
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
        prop_assert_eq!(read, rows);
    }
}
