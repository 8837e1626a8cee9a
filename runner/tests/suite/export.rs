//! The same answers make the same bytes, each answer once.

use bytes::Bytes;
use datacrowd_protocol::{
    exit,
    export::{
        AnswerRecord, ExportColumns, ExportFormat, ExportPage, PredictionRecord, RowPer, TaskRecord,
    },
    ids::TaskId,
    raw::RawJson,
    source::SourceFormat::Csv,
};
use datacrowd_runner::export::export;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::fake::{Fake, Fault};

fn object(value: Value) -> RawJson {
    RawJson::parse(value.to_string()).unwrap()
}

fn answer(answer: Value) -> AnswerRecord {
    AnswerRecord {
        answer: object(answer),
        worker_id: "w-1".to_owned(),
        model: None,
        begun_with: Vec::new(),
        labeling_version: 2,
        submitted_at: "2026-03-01T10:00:00.250Z".parse().unwrap(),
        approved_at: "2026-03-01T11:00:00Z".parse().unwrap(),
        seconds_spent: 4.2,
    }
}

fn task(id: i64, source: Value, answers: Vec<AnswerRecord>) -> TaskRecord {
    TaskRecord {
        task_id: TaskId(id),
        dataset_id: Uuid::nil(),
        row_no: id,
        external_id: (id == 1).then(|| "=x".to_owned()),
        source: object(source),
        predictions: None,
        answers,
    }
}

fn page(items: Vec<TaskRecord>) -> ExportPage {
    ExportPage {
        items,
        next_cursor: None,
    }
}

fn two_pages() -> Vec<ExportPage> {
    let first = task(
        1,
        json!({"text": "a \"b\", c", "n": -1}),
        vec![
            answer(json!({"rating": "-4", "tags": ["x", "y"]})),
            answer(json!({"rating": null})),
        ],
    );
    vec![
        page(vec![first]),
        page(vec![task(
            2,
            json!({"text": "@me"}),
            vec![answer(json!({"rating": "4"}))],
        )]),
    ]
}

async fn fake(format: ExportFormat, row_per: RowPer, pages: Vec<ExportPage>) -> Fake {
    let fake = Fake::start(Csv, "").await;
    {
        let mut world = fake.world();
        world.exporting = true;
        let columns = ExportColumns {
            source: vec!["n".to_owned(), "text".to_owned()],
            answer: vec!["rating".to_owned(), "tags".to_owned()],
            options: [("tags".to_owned(), vec!["y".to_owned(), "x".to_owned()])].into(),
            predictions: Vec::new(),
        };
        world.export = (format, row_per, false, columns);
        world.pages = pages;
    }
    fake
}

/// The file, after checking all that `complete` said of it.
fn file(fake: &Fake) -> Bytes {
    let world = fake.world();
    let bytes: Vec<u8> = world.parts.values().flatten().copied().collect();
    let [report] = world.completes.as_slice() else {
        panic!("{:?}", world.completes)
    };
    assert_eq!(report.size_bytes, Some(i64::try_from(bytes.len()).unwrap()));
    assert_eq!(report.sha256, Some(hex::encode(Sha256::digest(&bytes))));
    let parts: Vec<_> = report
        .parts
        .iter()
        .map(|part| (part.part_number, part.etag.clone()))
        .collect();
    let stored: Vec<_> = world
        .parts
        .keys()
        .map(|number| (*number, format!("\"part-{number}\"")))
        .collect();
    assert_eq!(parts, stored);
    bytes.into()
}

async fn text(format: ExportFormat, row_per: RowPer) -> (String, i64) {
    let fake = fake(format, row_per, two_pages()).await;
    assert_eq!(export(&fake.session()).await.exit_code(), exit::DONE);
    let text = String::from_utf8(file(&fake).to_vec()).unwrap();
    let rows = fake.world().completes[0].rows;
    (text, rows)
}

const HEADER: &str = "taskId,rowNo,externalId,source.n,source.text,answer.rating,answer.tags,workerId,labelingVersion,submittedAt,approvedAt,secondsSpent\r\n";
const TIMES: &str = r#""workerId":"w-1","labelingVersion":2,"submittedAt":"2026-03-01T10:00:00.250Z","approvedAt":"2026-03-01T11:00:00Z","secondsSpent":4.2"#;

#[tokio::test]
async fn jsonl_is_one_object_an_answer() {
    let (text, rows) = text(ExportFormat::Jsonl, RowPer::Answer).await;
    let first = r#"{"taskId":1,"rowNo":1,"externalId":"=x","source":{"text":"a \"b\", c","n":-1}"#;
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            format!(r#"{first},"answer":{{"rating":"-4","tags":["x","y"]}},{TIMES}}}"#),
            format!(r#"{first},"answer":{{"rating":null}},{TIMES}}}"#),
            format!(
                r#"{{"taskId":2,"rowNo":2,"externalId":null,"source":{{"text":"@me"}},"answer":{{"rating":"4"}},{TIMES}}}"#
            ),
        ]
    );
    assert_eq!(rows, 3);
}

#[tokio::test]
async fn jsonl_is_one_object_a_task_when_asked() {
    let (text, rows) = text(ExportFormat::Jsonl, RowPer::Task).await;
    assert_eq!(
        text.lines().nth(1).unwrap(),
        format!(
            r#"{{"taskId":2,"rowNo":2,"externalId":null,"source":{{"text":"@me"}},"answers":[{{"answer":{{"rating":"4"}},{TIMES}}}]}}"#
        )
    );
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn csv_has_fixed_columns_and_no_formulas() {
    let (text, _) = text(ExportFormat::Csv, RowPer::Answer).await;
    let times = "w-1,2,2026-03-01T10:00:00.250Z,2026-03-01T11:00:00Z,4.2";
    assert_eq!(
        text,
        format!(
            "{HEADER}\
             1,1,'=x,-1,\"a \"\"b\"\", c\",-4,\"[\"\"y\"\",\"\"x\"\"]\",{times}\r\n\
             1,1,'=x,-1,\"a \"\"b\"\", c\",,,{times}\r\n\
             2,2,,,'@me,4,,{times}\r\n"
        )
    );
}

#[tokio::test]
async fn csv_holds_all_answers_of_a_task_in_one_cell_when_asked() {
    let (text, _) = text(ExportFormat::Csv, RowPer::Task).await;
    let times = TIMES.replace('"', "\"\"");
    assert!(text.starts_with("taskId,rowNo,externalId,source.n,source.text,answers\r\n"));
    assert!(text.ends_with(&format!(
        "2,2,,,'@me,\"[{{\"\"answer\"\":{{\"\"rating\"\":\"\"4\"\"}},{times}}}]\"\r\n"
    )));
}

/// The pages, with what a model says of the first task and not of the second.
fn predicted() -> Vec<ExportPage> {
    let mut pages = two_pages();
    let said = PredictionRecord {
        label: object(json!("4")),
        probability: Some(0.75),
        probabilities: [("-4".to_owned(), 0.25), ("4".to_owned(), 0.75)].into(),
    };
    pages[0].items[0].predictions = Some([("voice".to_owned(), said)].into());
    pages[0].items[0].answers[0].model = Some("voice".to_owned());
    pages[0].items[0].answers[1].begun_with = vec!["voice".to_owned(), "tone".to_owned()];
    pages[1].items[0].predictions = Some([].into());
    pages
}

#[tokio::test]
async fn what_models_say_stands_beside_the_answers_when_asked() {
    for row_per in [RowPer::Answer, RowPer::Task] {
        let lines = fake(ExportFormat::Jsonl, row_per, predicted()).await;
        export(&lines.session()).await;
        let text = String::from_utf8(file(&lines).to_vec()).unwrap();
        let said = r#","predictions":{"voice":{"label":"4","probability":0.75,"probabilities":{"-4":0.25,"4":0.75}}},"answer"#;
        assert!(text.lines().next().unwrap().contains(said), "{text}");
        for of_machines in [
            r#""workerId":"w-1","model":"voice","labelingVersion""#,
            r#""workerId":"w-1","begunWith":["voice","tone"],"labelingVersion""#,
        ] {
            assert!(text.contains(of_machines), "{text}");
        }
        let none = r#""source":{"text":"@me"},"predictions":{},"answer"#;
        assert!(text.lines().last().unwrap().contains(none), "{text}");

        let table = fake(ExportFormat::Csv, row_per, predicted()).await;
        table.world().export.3.predictions = vec!["voice".to_owned()];
        export(&table.session()).await;
        let text = String::from_utf8(file(&table).to_vec()).unwrap();
        let header = "source.text,prediction.voice,prediction.voice.probability,answer";
        assert!(text.contains(header), "{text}");
        assert!(text.contains("b\"\", c\",4,0.75,"), "{text}");
        assert!(text.contains("2,2,,,'@me,,,"), "{text}");
        if row_per == RowPer::Answer {
            let ends: Vec<_> = text
                .lines()
                .map(|line| line.rsplit_once(".2").map_or(line, |(_, end)| end))
                .collect();
            assert!(ends[0].ends_with(",secondsSpent,model,begunWith"), "{text}");
            assert_eq!(ends[1..], [",voice,", ",,\"voice,tone\"", ",,"]);
        }
    }
}

#[tokio::test]
async fn a_number_that_a_model_says_has_no_probability() {
    let pages = || {
        let mut pages = two_pages();
        let said = PredictionRecord {
            label: object(json!(-3.5)),
            probability: None,
            probabilities: [].into(),
        };
        pages[0].items[0].predictions = Some([("amount".to_owned(), said)].into());
        pages
    };
    let lines = fake(ExportFormat::Jsonl, RowPer::Task, pages()).await;
    export(&lines.session()).await;
    let text = String::from_utf8(file(&lines).to_vec()).unwrap();
    assert!(
        text.contains(r#","predictions":{"amount":{"label":-3.5}},"answer"#),
        "{text}"
    );

    let table = fake(ExportFormat::Csv, RowPer::Task, pages()).await;
    table.world().export.3.predictions = vec!["amount".to_owned()];
    export(&table.session()).await;
    let text = String::from_utf8(file(&table).to_vec()).unwrap();
    assert!(text.contains("b\"\", c\",-3.5,,"), "{text}");
}

#[tokio::test]
async fn raw_cells_are_left_alone() {
    let fake = fake(ExportFormat::Csv, RowPer::Answer, two_pages()).await;
    fake.world().export.2 = true;
    export(&fake.session()).await;
    let text = String::from_utf8(file(&fake).to_vec()).unwrap();
    assert!(
        text.contains("\r\n1,1,=x,-1,") && text.contains(",@me,"),
        "{text}"
    );
}

#[tokio::test]
async fn an_export_without_answers_is_still_a_file() {
    for (format, size) in [(ExportFormat::Jsonl, 0), (ExportFormat::Csv, HEADER.len())] {
        let fake = fake(format, RowPer::Answer, Vec::new()).await;
        assert_eq!(export(&fake.session()).await.exit_code(), exit::DONE);
        assert_eq!(file(&fake).len(), size);
        assert_eq!(fake.world().parts.len(), 1);
        assert_eq!(fake.world().completes[0].rows, 0);
    }
}

/// 20 MiB in 10 pages.
fn large() -> Vec<ExportPage> {
    let items = |begin: i64| {
        let task = |id| {
            task(
                id,
                json!({"text": "x".repeat(1000)}),
                vec![answer(json!({"rating": "1"}))],
            )
        };
        (begin..begin + 1700).map(task).collect()
    };
    (0..10).map(|index| page(items(index * 1700 + 2))).collect()
}

#[tokio::test]
async fn a_large_export_is_cut_into_equal_parts_and_faults_leave_no_trace() {
    let calm = fake(ExportFormat::Jsonl, RowPer::Answer, large()).await;
    assert_eq!(export(&calm.session()).await.exit_code(), exit::DONE);
    let sizes: Vec<usize> = calm.world().parts.values().map(Bytes::len).collect();
    assert_eq!(sizes.len(), 3);
    assert_eq!(&sizes[..2], [8 << 20, 8 << 20]);

    let rough = fake(ExportFormat::Jsonl, RowPer::Answer, large()).await;
    for (endpoint, fault) in [
        ("answers", Fault::Status(500)),
        ("put", Fault::Status(503)),
        ("put", Fault::S3(403, "AccessDenied")),
        ("put", Fault::S3(404, "NoSuchUpload")),
        ("parts", Fault::Status(429)),
        ("answers", Fault::Delay(0)),
        ("answers", Fault::Delay(0)),
        ("answers", Fault::TakeOver),
        ("complete", Fault::Status(502)),
    ] {
        rough.fault(endpoint, fault);
    }
    assert_eq!(export(&rough.session()).await.exit_code(), exit::DONE);
    assert_eq!(rough.calls("open"), 2);
    assert!(file(&rough) == file(&calm), "the bytes differ");
}

#[tokio::test]
async fn each_refusal_has_its_exit_code() {
    for (endpoint, status, code) in [
        ("open", 410, exit::GONE),
        ("answers", 410, exit::GONE),
        ("answers", 403, exit::FORBIDDEN),
        ("put", 403, exit::MISCONFIGURED),
        ("put", 500, exit::TRY_AGAIN),
        ("complete", 503, exit::TRY_AGAIN),
    ] {
        let fake = fake(ExportFormat::Jsonl, RowPer::Answer, two_pages()).await;
        for _ in 0..10_000 {
            fake.fault(endpoint, Fault::Status(status));
        }
        let end = export(&fake.impatient()).await;
        assert_eq!(end.exit_code(), code, "{endpoint} {status}: {end:?}");
    }
}
