//! However the bytes are cut, and wherever a run resumes, the records are the same.

use datacrowd_protocol::source::{Delimiter, Encoding};
use proptest::prelude::*;

use super::*;

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
