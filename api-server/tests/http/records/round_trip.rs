//! Generated files come back as Python's `csv` and `json` read them, or are refused by line.

use std::{fmt::Write as _, process::Command};

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::scaled;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;

use super::{answer_all, export, generate, upload};
use crate::support::Platform;

/// A file, and what is known of it.
#[derive(Debug, Clone)]
struct Made {
    kind: &'static str,
    /// How Python names the encoding.
    python: &'static str,
    encoding: &'static str,
    delimiter: char,
    delimiter_name: &'static str,
    /// What is uploaded.
    text: String,
    /// The same without the rows that are to be refused.
    good: String,
    /// Lines of the rows that are to be refused.
    refused: Vec<u64>,
}

/// A row of a file, and whether it is to be refused.
type Row = (String, bool);

/// A cell of CSV: quoted where it must be, or by chance.
fn cell(letters: &'static str, delimiter: char) -> impl Strategy<Value = String> {
    let text = prop::collection::vec(
        prop_oneof![
            6 => prop::sample::select(letters.chars().collect::<Vec<_>>()),
            1 => Just('"'),
            1 => Just(','),
            1 => Just(';'),
            1 => Just('\n'),
            1 => Just('\r'),
            1 => Just(' '),
        ],
        0..8,
    );
    (text, any::<bool>()).prop_map(move |(text, quoted)| {
        let text: String = text.into_iter().collect();
        let special = |c: char| matches!(c, '"' | '\n' | '\r') || c == delimiter;
        match quoted || text.contains(special) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text,
        }
    })
}

fn csv_row(letters: &'static str, delimiter: char) -> impl Strategy<Value = Row> {
    let good = prop::collection::vec(cell(letters, delimiter), 2).prop_map(move |cells| {
        (
            format!("x{delimiter}{}", cells.join(&delimiter.to_string())),
            false,
        )
    });
    let bad = prop::sample::select(&["a\"b|1|2", "\"a\"b|1|2", "1|2", "1|2|3|4", " \"a\"|1|2"])
        .prop_map(move |row| (row.replace('|', &delimiter.to_string()), true));
    let blank = Just((delimiter.to_string().repeat(2), false));
    prop_oneof![8 => good, 1 => bad, 1 => blank]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,40})",
        "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,40}",
        "-?[1-9]\\.[0-9]{1,5}[eE][+-]?[0-9]{1,2}",
    ]
}

fn json_value() -> impl Strategy<Value = String> {
    let text = "[a-zé\"\\\\\n\t /\u{1f600}]{0,8}".prop_map(|text| json!(text).to_string());
    let leaf = prop_oneof![
        3 => number(),
        3 => text,
        1 => prop::sample::select(&["true", "false", "null", "\"\\u0041\\ud83d\\ude00\""]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{{\"k\":{a} ,\"m\" : {b}}}")),
        ]
    })
}

fn json_row() -> impl Strategy<Value = Row> {
    let good = (json_value(), json_value())
        .prop_map(|(a, b)| (format!("{{\"key\":\"x\",\"a\":{a},\"b\":{b}}}"), false));
    let bad = prop::sample::select(&[
        "{\"key\":\"x\",\"a\":1,\"a\":2}",
        "{\"key\":\"x\",\"a\":1e309}",
        "{\"key\":\"x\",\"a\":01}",
        "{\"key\":\"x\",}",
        "{\"a\":1}",
        "{\"key\":\"x\",\"a\":\"\\u0000\"}",
        "{\"key\":\"x\",\"a\":NaN}",
    ])
    .prop_map(|row| (row.to_owned(), true));
    prop_oneof![8 => good, 1 => bad]
}

/// Lines that a row spans.
fn spans(row: &str) -> u64 {
    let unix = row.replace("\r\n", "\n").replace('\r', "\n");
    unix.matches('\n').count() as u64
}

fn made(base: Made, header: &str, rows: Vec<Row>, end: &str) -> Made {
    let mut made = base;
    let mut line = 1;
    if !header.is_empty() {
        write!(made.text, "{header}{end}").unwrap();
        write!(made.good, "{header}{end}").unwrap();
        line += 1;
    }
    for (row, refused) in rows {
        write!(made.text, "{row}{end}").unwrap();
        match refused {
            true => made.refused.push(line),
            false => write!(made.good, "{row}{end}").unwrap(),
        }
        line += spans(&row) + 1;
    }
    made
}

fn csv_file() -> impl Strategy<Value = Made> {
    let written = prop::sample::select(&[
        ("utf-8", "UTF8", "abé-=0"),
        ("utf-8-sig", "UTF8", "abж\u{1f600}+"),
        ("cp1251", "WINDOWS1251", "abжю-5"),
        ("cp1252", "WINDOWS1252", "abéü@1"),
        ("utf-16", "UTF16", "aж\u{1f600}é'"),
    ]);
    let delimiter = prop::sample::select(&[
        (',', "COMMA"),
        (';', "SEMICOLON"),
        ('\t', "TAB"),
        ('|', "PIPE"),
        (';', "AUTO"),
    ]);
    let end = prop::sample::select(&["\n", "\r\n", "\r"]);
    (written, delimiter, end).prop_flat_map(|(written, delimiter, end)| {
        let (python, encoding, letters) = written;
        let rows = prop::collection::vec(csv_row(letters, delimiter.0), 3..9);
        rows.prop_map(move |rows| {
            let base = Made {
                kind: "csv",
                python,
                encoding,
                delimiter: delimiter.0,
                delimiter_name: delimiter.1,
                text: String::new(),
                good: String::new(),
                refused: Vec::new(),
            };
            let header = ["key", "z", "a b"].join(&delimiter.0.to_string());
            made(base, &header, rows, end)
        })
    })
}

fn jsonl_file() -> impl Strategy<Value = Made> {
    prop::collection::vec(json_row(), 3..9).prop_map(|rows| {
        let base = Made {
            kind: "jsonl",
            python: "utf-8",
            encoding: "UTF8",
            delimiter: ',',
            delimiter_name: "",
            text: String::new(),
            good: String::new(),
            refused: Vec::new(),
        };
        made(base, "", rows, "\n")
    })
}

fn encoded(python: &str, text: &str) -> Vec<u8> {
    match python {
        "utf-8-sig" => format!("\u{feff}{text}").into_bytes(),
        "cp1251" => encoding_rs::WINDOWS_1251.encode(text).0.into_owned(),
        "cp1252" => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        "utf-16" => format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
        _ => text.as_bytes().to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_files_come_back_as_python_reads_them_or_are_refused_by_line() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let (_, worker) = p.register("wanda").await;
    let mut runner = TestRunner::default();
    let any_file = prop_oneof![2 => csv_file(), 1 => jsonl_file()];
    for _ in 0..scaled(10, 150) {
        let file = any_file.new_tree(&mut runner).unwrap().current();
        if !has_rows(&file) {
            continue;
        }
        comes_back(&p, (&client, &worker), &file).await;
    }
}

/// Whether a row is left that is neither blank nor refused.
fn has_rows(file: &Made) -> bool {
    file.good.contains('x')
}

async fn comes_back(p: &Platform, people: (&crate::support::Actor, &str), file: &Made) {
    let (client, worker) = people;
    let form = json!({
        "display": [{"column": "key", "kind": "TEXT"}],
        "externalIdColumn": "key",
        "reviewersPerAnswer": 0
    });
    let project = p.project(client, form).await;
    let mut written = vec![("encoding", file.encoding), ("maxInvalidRows", "100")];
    if file.kind == "csv" {
        written.push(("delimiter", file.delimiter_name));
    }
    let name = format!("items.{}", file.kind);
    let bytes = encoded(file.python, &file.text);
    let dataset = upload(p, client, &project, &name, &bytes, &written)
        .await
        .expect(201);
    let ready = generate(p, client, &dataset).await;
    assert_eq!(ready["state"], "READY", "{file:#?}\n{ready:#}");
    let lines: Vec<u64> = ready["rejectedRows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, file.refused, "{file:#?}\n{ready:#}");
    answer_all(p, worker, &project, &json!({"rating": "1"})).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("source"), encoded(file.python, &file.good)).unwrap();
    for (format, name) in [("JSONL", "export.jsonl"), ("CSV", "export.csv")] {
        let body = json!({"format": format, "rawCells": format == "CSV"});
        let bytes = export(p, client, &project, body).await;
        std::fs::write(path(name), bytes).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/records/compare.py");
    let python = Command::new("python3")
        .args([script, file.kind])
        .arg(path("source"))
        .args([file.python, &file.delimiter.to_string()])
        .args([path("export.jsonl"), path("export.csv")])
        .output()
        .unwrap();
    assert!(
        python.status.success(),
        "{file:#?}\n{}",
        String::from_utf8_lossy(&python.stderr)
    );
}
