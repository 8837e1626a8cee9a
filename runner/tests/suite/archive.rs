//! A zip is unpacked whole or not at all, and its files become tasks as those of a folder.

use std::{io::Write as _, time::Duration};

use datacrowd_protocol::{
    exit, files::FolderOpened, labeling::DataType, run::RunReason, source::SourceFormat::Files,
};
use datacrowd_runner::generate::generate;

use crate::fake::{Fake, Fault};

/// An entry as the archive tells of it, which need not be true.
#[derive(Clone)]
struct Entry {
    name: &'static str,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    /// Of Unix, with the kind of the file.
    mode: u32,
    /// What the directory says of its size.
    says: Option<u32>,
    crc: Option<u32>,
}

fn stored(name: &'static str, data: impl Into<Vec<u8>>) -> Entry {
    Entry {
        name,
        data: data.into(),
        method: 0,
        flags: 0x800,
        mode: 0o100_644,
        says: None,
        crc: None,
    }
}

fn deflated(name: &'static str, data: impl Into<Vec<u8>>) -> Entry {
    Entry {
        method: 8,
        ..stored(name, data)
    }
}

fn wav(more: &str) -> Vec<u8> {
    [b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", more.as_bytes()].concat()
}

/// The archive of these entries; `same` lets all of them lie where the first one does.
fn zip_of(entries: &[Entry], same: bool) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = match entry.method {
            8 => {
                let mut packer =
                    flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
                packer.write_all(&entry.data).unwrap();
                packer.finish().unwrap()
            }
            _ => entry.data.clone(),
        };
        let mut crc = flate2::Crc::new();
        crc.update(&entry.data);
        let mut facts = Vec::new();
        for word in [20, entry.flags, entry.method, 0, 0x5a21] {
            facts.extend(word.to_le_bytes());
        }
        facts.extend(entry.crc.unwrap_or_else(|| crc.sum()).to_le_bytes());
        facts.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        let size = u32::try_from(entry.data.len()).unwrap();
        facts.extend(entry.says.unwrap_or(size).to_le_bytes());
        facts.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        let at = if same {
            0
        } else {
            u32::try_from(bytes.len()).unwrap()
        };
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(entry.name.as_bytes());
        bytes.extend(packed);
        // Made by Unix, so that the mode counts.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&facts);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let begin = u32::try_from(bytes.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(begin.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// An archive whose files are shown as audio.
async fn archive(bytes: Vec<u8>) -> Fake {
    let fake = Fake::start(Files, bytes).await;
    fake.world().folder = Some(FolderOpened {
        shown: Some(DataType::Audio),
        companions: false,
    });
    fake
}

fn names(fake: &Fake) -> Vec<String> {
    let world = fake.world();
    let name = |task: &serde_json::Value| task["name"].as_str().unwrap().to_owned();
    world.tasks.values().map(name).collect()
}

#[tokio::test]
async fn its_files_become_tasks_in_the_order_of_names() {
    // More than is read or unpacked at once.
    let long = "silence ".repeat(400_000);
    let fake = archive(zip_of(
        &[
            stored("deep/", ""),
            deflated("deep/er/z.wav", wav(&long)),
            stored("b.wav", wav("b")),
            // Composed there, as it is written by everybody but macOS.
            deflated("cafe\u{301}.wav", wav("c")),
            stored("__MACOSX/._b.wav", "litter"),
            stored("deep/.DS_Store", "litter"),
        ],
        false,
    ))
    .await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(names(&fake), ["b.wav", "caf\u{e9}.wav", "deep/er/z.wav"]);
    assert_eq!(fake.world().files["clips/deep/er/z.wav"], wav(&long));
    assert_eq!(fake.calls("unpacked"), 3);
}

#[tokio::test]
async fn nothing_of_a_bad_one_is_unpacked() {
    let good = || stored("a.wav", wav("a"));
    let of = |entry: Entry| zip_of(&[good(), entry], false);
    let named = |name| of(stored(name, wav("x")));
    let whole = zip_of(&[good(), deflated("b.wav", wav("b"))], false);
    let cut = whole[..whole.len() - 30].to_vec();
    let link = Entry {
        mode: 0o120_777,
        ..stored("link", "../../etc/passwd")
    };
    let bomb = Entry {
        says: Some(1 << 31),
        ..deflated("zeros", vec![0; 1 << 20])
    };
    let encrypted = Entry {
        flags: 0x801,
        ..stored("secret.wav", wav("x"))
    };
    let exotic = Entry {
        method: 12,
        ..stored("exotic.wav", wav("x"))
    };
    let mut beyond = whole.clone();
    // The offset of the second entry, in the directory.
    let at = beyond
        .windows(4)
        .rposition(|four| four == b"PK\x01\x02")
        .unwrap();
    beyond[at + 42..at + 46].copy_from_slice(&u32::MAX.wrapping_sub(9).to_le_bytes());
    for (bytes, says) in [
        (named("../b.wav"), "\"../b.wav\", which is no plain path"),
        (named("/etc/b.wav"), "no plain path"),
        (named("c:\\b.wav"), "no plain path"),
        (named("d//b.wav"), "no plain path"),
        (named("d/./b.wav"), "no plain path"),
        (named("b\n.wav"), "no plain path"),
        (named("a.wav"), "has \"a.wav\" twice"),
        (of(link), "\"link\", which is a link"),
        (of(bomb), "\"zeros\", which unpacks to more than 250 times"),
        (of(encrypted), "is encrypted"),
        (of(exotic), "pack it with deflate"),
        (
            zip_of(&[good(), stored("b.wav", wav("a"))], true),
            "which share bytes",
        ),
        (zip_of(&[stored("only/", "")], false), "has no file"),
        (cut, "is no zip, or is cut off"),
        (beyond, ""),
        (
            b"PK\x03\x04 and no more".to_vec(),
            "is no zip, or is cut off",
        ),
        (b"PK\x05\x06".to_vec(), "is no zip, or is cut off"),
        (vec![0; 100_000], "is no zip, or is cut off"),
    ] {
        let fake = archive(bytes).await;
        let end = generate(&fake.session()).await;
        assert_eq!(end.exit_code(), exit::BAD_INPUT, "{says}");
        let world = fake.world();
        let report = world.completes.last().unwrap();
        let message = report.message.clone().unwrap_or_default();
        assert_eq!(report.reason, Some(RunReason::BadInput));
        assert!(
            message.starts_with("The archive ") && message.contains(says),
            "{says}: {message}"
        );
        assert!(world.files.is_empty() && world.tasks.is_empty(), "{says}");
    }
}

#[tokio::test]
async fn a_damaged_entry_loads_nothing() {
    let wrong = Entry {
        crc: Some(1),
        ..deflated("b.wav", wav("b"))
    };
    let longer = Entry {
        says: Some(30),
        ..deflated("b.wav", wav(&"longer than it says ".repeat(100_000)))
    };
    let shorter = Entry {
        says: Some(30_000),
        ..deflated("b.wav", wav("short"))
    };
    let mut garbage = zip_of(&[deflated("b.wav", wav(&"words ".repeat(1000)))], false);
    garbage[40..60].fill(0xff);
    let of = |entry| zip_of(&[stored("a.wav", wav("a")), entry], false);
    for bytes in [of(wrong), of(longer), of(shorter), garbage] {
        let fake = archive(bytes).await;
        let end = generate(&fake.session()).await;
        assert_eq!(end.exit_code(), exit::BAD_INPUT);
        let world = fake.world();
        let message = world.completes.last().unwrap().message.clone().unwrap();
        assert!(
            message.contains("has \"b.wav\", which is damaged"),
            "{message}"
        );
        assert!(world.tasks.is_empty());
    }
}

fn many() -> Vec<Entry> {
    const NAMES: [&str; 8] = [
        "a.wav", "b.wav", "c.wav", "d.wav", "e.wav", "f.wav", "g.wav", "h.wav",
    ];
    NAMES
        .map(|name| deflated(name, wav(&name.repeat(50_000))))
        .to_vec()
}

#[tokio::test]
async fn a_store_that_stumbles_leaves_no_trace() {
    let fake = archive(zip_of(&many(), false)).await;
    for endpoint in ["entries", "unpacked", "files", "tasks"] {
        fake.fault(endpoint, Fault::Status(503));
    }
    for _ in 0..5 {
        fake.fault("source", Fault::CutAfter(300));
        fake.fault("unpacked", Fault::Status(503));
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(names(&fake).len(), 8);
    for entry in many() {
        let key = format!("clips/{}", entry.name);
        assert_eq!(fake.world().files[&key], entry.data, "{key}");
    }
}

#[tokio::test]
async fn a_pod_that_takes_over_unpacks_only_what_is_missing() {
    let fake = archive(zip_of(&many(), false)).await;
    for _ in 0..5 {
        fake.fault("unpacked", Fault::Delay(0));
    }
    for _ in 0..3 {
        fake.fault("unpacked", Fault::Delay(60_000));
    }
    let first = fake.session();
    let unpacked = async {
        while fake.world().files.len() < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = generate(&first) => panic!("it should hang"),
        () = unpacked => {}
    }
    let before = fake.calls("unpacked");
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(names(&fake).len(), 8);
    assert_eq!(fake.calls("unpacked") - before, 3);
}
