//! The process that reads: kept while it behaves, replaced when it dies, and no larger with a longer recording.

use std::{fs, io::Write as _, process::Command, time::Duration};

use datacrowd_inference::{
    frame::{Ask, Load},
    worker::{Limits, NotStarted, Worker},
};
use datacrowd_protocol::model::{AudioFeatures, ItemFailure};
use tempfile::NamedTempFile;

use crate::{
    fixtures::{audio_input, columns_input, limits, output, path},
    recordings::silence,
};

async fn worker(limits: Limits) -> Worker {
    let load = Load {
        file: path("pooled.onnx"),
        input: audio_input(AudioFeatures::LogMel),
        output: output(&["a", "b"]),
    };
    Worker::start(limits, load, 1000).await.unwrap().0
}

fn recording(minutes: u32) -> (NamedTempFile, Ask) {
    let mut file = NamedTempFile::new().unwrap();
    std::io::copy(&mut silence(8000, minutes * 60), &mut file).unwrap();
    file.flush().unwrap();
    let ask = Ask::Audio {
        file: file.path().to_owned(),
        name: "a.wav".to_owned(),
        windows: 240,
    };
    (file, ask)
}

fn good() -> Ask {
    Ask::Audio {
        file: path("speechlike.wav"),
        name: "a.wav".to_owned(),
        windows: 0,
    }
}

fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn wait_until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap();
}

/// Whether a process has a file open.
fn reads(pid: &str, file: &std::path::Path) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    open.flatten()
        .any(|fd| fs::read_link(fd.path()).is_ok_and(|link| link == file))
}

#[tokio::test]
async fn memory_does_not_grow_with_the_recording() {
    let mut worker = worker(limits()).await;
    let (_short, ask) = recording(1);
    worker.ask(&ask).await.unwrap().result.unwrap();
    let pid = worker.pid().unwrap();
    let before = peak_kib(pid);
    let (_long, ask) = recording(20);
    worker.ask(&ask).await.unwrap().result.unwrap();
    assert_eq!(worker.pid(), Some(pid), "one process reads both");
    let after = peak_kib(pid);
    assert!(after < before + 4096, "{before} KiB, then {after}");
    eprintln!("peak {after} KiB");
}

#[tokio::test]
async fn a_crash_fails_the_item_alone() {
    let mut worker = worker(limits()).await;
    let pid = worker.pid().unwrap().to_string();
    let (file, long) = recording(200);
    let kill = async {
        wait_until(|| reads(&pid, file.path())).await;
        let killed = Command::new("kill").args(["-9", &pid]).status();
        assert!(killed.unwrap().success());
    };
    let (reply, ()) = tokio::join!(worker.ask(&long), kill);
    let failed = reply.unwrap().result.unwrap_err();
    assert_eq!(failed.reason, ItemFailure::Crashed, "{}", failed.message);
    worker.ask(&good()).await.unwrap().result.unwrap();
    assert_ne!(worker.pid().unwrap().to_string(), pid);
}

#[tokio::test]
async fn a_process_that_died_between_items_fails_none() {
    let mut worker = worker(limits()).await;
    let pid = worker.pid().unwrap();
    Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    let stat = format!("/proc/{pid}/stat");
    wait_until(|| fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "))).await;
    worker.ask(&good()).await.unwrap().result.unwrap();
}

#[tokio::test]
async fn an_item_that_takes_too_long_fails_alone() {
    let quick = Limits {
        item: Duration::from_millis(400),
        ..limits()
    };
    let mut worker = worker(quick).await;
    let (_file, long) = recording(200);
    let failed = worker.ask(&long).await.unwrap().result.unwrap_err();
    assert_eq!(failed.reason, ItemFailure::TimedOut, "{}", failed.message);
    worker.ask(&good()).await.unwrap().result.unwrap();
}

#[tokio::test]
async fn a_model_that_needs_more_memory_than_it_may_take_is_refused() {
    let load = Load {
        file: path("forest.onnx"),
        input: columns_input(),
        output: output(&["a", "b", "c"]),
    };
    let tight = Limits {
        memory: 1 << 20,
        ..limits()
    };
    match Worker::start(tight, load, 1000).await {
        Err(NotStarted::Refused(why)) => assert!(why.contains("Reading the model"), "{why}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a mebibyte was enough"),
    }
}
