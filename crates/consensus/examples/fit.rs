//! fit METHOD FILE: labels of a CSV of task, worker, label by a method; says how long it took, as JSON. For
//! bench/consensus.

use std::{env, fs, io::Write, time::Instant};

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

/// Names are slices of the file.
fn read(text: &str) -> Result<Answers<&str, &str, &str>, Failure> {
    let mut answers = Collector::default();
    for line in text.lines().skip(1) {
        let mut cells = line.splitn(3, ',');
        let (Some(task), Some(worker), Some(label)) = (cells.next(), cells.next(), cells.next())
        else {
            return Err(format!("{line}: no three cells").into());
        };
        answers.push(task, worker, label)?;
    }
    Ok(answers.finish()?)
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
