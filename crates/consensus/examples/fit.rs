//! fit METHOD FILE: labels of a CSV of task, worker, label by a method; says how long it took, as JSON. For
//! bench/consensus.

use std::{env, fs, io::Write, thread, time::Instant};

use datacrowd_consensus::{
    Answers, Collector, ErrorModel, Iterations, Known, Votes, dawid_skene, majority_vote, wawa,
    zero_based_skill,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    let (Some(method), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("fit METHOD FILE".into());
    };
    let begin = Instant::now();
    let text = fs::read_to_string(file)?;
    let answers = read(&text)?;
    let load = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let (labels, iterations) = fit(&method, answers.votes())?;
    let fit = begin.elapsed().as_secs_f64();
    let sum: u64 = labels
        .iter()
        .map(|label| answers.labels()[*label].len() as u64 + *label as u64)
        .sum();
    writeln!(
        std::io::stdout(),
        "{{\"load\": {load:.4}, \"fit\": {fit:.4}, \"iterations\": {iterations}, \"sum\": {sum}}}"
    )?;
    Ok(())
}

/// Names are slices of the file: no cell is copied. Each of two threads reads a half.
fn read(text: &str) -> Result<Answers<&str, &str, &str>, Failure> {
    let (_, rows) = until(text, b'\n').ok_or("no first line")?;
    let bytes = rows.as_bytes();
    let half = memchr::memrchr(b'\n', &bytes[..bytes.len() / 2]).map_or(0, |end| end + 1);
    let (first, second) = rows.split_at(half);
    let (answers, others) = thread::scope(|scope| {
        let others = scope.spawn(|| collect(second));
        (collect(first), others.join())
    });
    let mut answers = answers?;
    answers.append(others.map_err(|_| "a reader panicked")??)?;
    Ok(answers.finish()?)
}

fn collect(mut rest: &str) -> Result<Collector<&str, &str, &str>, String> {
    let mut answers = Collector::default();
    while !rest.is_empty() {
        let (line, next) = until(rest, b'\n').unwrap_or((rest, ""));
        let cells = until(line, b',').and_then(|(task, rest)| Some((task, until(rest, b',')?)));
        let Some((task, (worker, label))) = cells else {
            return Err(format!("{line}: no three cells"));
        };
        let label = label.strip_suffix('\r').unwrap_or(label);
        let pushed = answers.push(task, worker, label);
        pushed.map_err(|error| error.to_string())?;
        rest = next;
    }
    Ok(answers)
}

/// What stands before and after the first of these bytes.
fn until(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

fn fit(method: &str, votes: &Votes) -> Result<(Vec<usize>, usize), Failure> {
    let em = |model| {
        let fit = dawid_skene(votes, &Known::nothing(votes), model, Iterations::default());
        (fit.consensus, fit.bounds.len())
    };
    let (consensus, iterations) = match method {
        "majority" => (majority_vote(votes).consensus, 1),
        "wawa" => (wawa(votes).consensus, 1),
        "zero_based" => (zero_based_skill(votes).consensus, 100),
        "dawid_skene" => em(ErrorModel::Confusion),
        "one_coin" => em(ErrorModel::OneCoin),
        _ => return Err(format!("{method}: no such method").into()),
    };
    Ok((
        consensus
            .labels()
            .iter()
            .map(|label| label.index())
            .collect(),
        iterations,
    ))
}
