//! Who is shut out of crowds that say again what twenty people said of recorded sentences, while some say anything.
//!
//! As the platform does it: tasks grow until their label is sure, skills are fitted every 500 answers, and who is surely below
//! what is asked answers no more. `TEST_SCALE=full` tries many more crowds.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use std::{collections::VecDeque, env};

use datacrowd_consensus::{
    Collector, LabelNo, Labelled, Method, Share, Z_95,
    overlap::{Answer, Decision, Quality, Rule},
};

const RECORDED: &str = include_str!("../../../examples/reviews/data/ratings.jsonl");
const LABELS: usize = 3;
const RATERS: usize = 20;
const WORKERS: usize = 100;
const SPAMMERS: usize = 30;
const LEAST: f64 = 0.5;
const FIT_AFTER: usize = 500;
/// Tasks that a worker takes at once.
const TAKEN: usize = 5;

/// A walk by SplitMix64.
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw() >> 33).unwrap() % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

fn often(few: u64, many: u64) -> u64 {
    match env::var("TEST_SCALE").as_deref() {
        Ok("full") => many,
        _ => few,
    }
}

/// Per sentence the labels of twenty people: negative, neutral or positive.
fn recorded() -> Vec<Vec<u32>> {
    let labels = |line: &str| {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        let ratings = item["ratings"].as_array().unwrap().iter();
        let label = |rating: &serde_json::Value| rating.as_i64().unwrap().signum() + 1;
        ratings
            .map(|rating| u32::try_from(label(rating)).unwrap())
            .collect()
    };
    RECORDED.lines().map(labels).collect()
}

/// By what somebody is shut out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gate {
    /// What others alone say, and a bet that may be looked at at any time.
    Others,
    /// What the labels say of which the answers are a part, and the interval of one look.
    Labels,
}

impl Gate {
    /// Per worker, whether the skill is surely too small.
    fn shut(self, fitted: &Labelled<usize, usize, u32>) -> Vec<bool> {
        match self {
            Self::Others => {
                let shares = fitted.beside_others(LABELS).unwrap();
                shares.iter().map(|s| s.is_surely_below(LEAST)).collect()
            }
            Self::Labels => {
                let tallies = fitted.tallies();
                let upper = tallies.iter().map(|t| t.right.wilson(Z_95).1);
                upper.map(|upper| upper < LEAST).collect()
            }
        }
    }
}

/// A crowd at work. The first workers say anything.
struct Crowd<'a> {
    items: Vec<&'a [u32]>,
    answers: Vec<Vec<(usize, u32)>>,
    places: Vec<usize>,
    queue: VecDeque<usize>,
    blocked: [bool; WORKERS],
    skills: [Share; WORKERS],
    random: Random,
}

impl<'a> Crowd<'a> {
    fn new(recorded: &'a [Vec<u32>], items: usize, min: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut all: Vec<_> = recorded.iter().map(Vec::as_slice).collect();
        random.shuffle(&mut all);
        all.truncate(items);
        Self {
            items: all,
            answers: vec![Vec::new(); items],
            places: vec![min; items],
            queue: (0..items).collect(),
            blocked: [false; WORKERS],
            skills: [Share::default(); WORKERS],
            random,
        }
    }

    /// Takes a few tasks as the next worker; how many there were.
    fn work(&mut self, rule: &Rule) -> usize {
        let worker = self.random.below(WORKERS);
        if self.blocked[worker] {
            return 0;
        }
        (0..TAKEN)
            .filter(|_| self.answer(worker, rule).is_some())
            .count()
    }

    fn answer(&mut self, worker: usize, rule: &Rule) -> Option<()> {
        let is_new = |task: &usize| !self.answers[*task].iter().any(|(by, _)| *by == worker);
        let place = self.queue.iter().position(is_new)?;
        let task = self.queue[place];
        let said = match worker < SPAMMERS {
            true => u32::try_from(self.random.below(LABELS)).unwrap(),
            false => self.items[task][self.random.below(RATERS)],
        };
        self.answers[task].push((worker, said));
        self.places[task] -= 1;
        if self.places[task] == 0 {
            self.queue.remove(place);
            let given: Vec<_> = self.answers[task]
                .iter()
                .map(|(worker, label)| Answer {
                    label: LabelNo::option(*label),
                    quality: Quality::new(self.skills[*worker]),
                })
                .collect();
            if let Decision::OneMore(_) = rule.decide(LABELS, &given).unwrap() {
                self.places[task] = 1;
                self.queue.push_back(task);
            }
        }
        Some(())
    }

    fn fit(&mut self, method: Method, gate: Gate) {
        let mut given = Collector::default();
        for (task, answers) in self.answers.iter().enumerate() {
            for (worker, label) in answers {
                given.push(task, *worker, *label).unwrap();
            }
        }
        let fitted = Labelled::fit(given, Vec::new(), method).unwrap();
        let (tallies, shut) = (fitted.tallies(), gate.shut(&fitted));
        for (nth, worker) in fitted.answers().workers().iter().enumerate() {
            self.skills[*worker] = tallies[nth].right;
            self.blocked[*worker] |= shut[nth];
        }
    }
}

/// Of those who say anything, and of the others, how many were ever shut out.
fn shut_out(crowds: u64, (min, max): (u32, u32), method: Method, gate: Gate) -> (Share, Share) {
    let recorded = recorded();
    let rule = Rule::new(min, max, 0.9).unwrap();
    let (mut spammers, mut honest) = (Share::default(), Share::default());
    for seed in 0..crowds {
        let mut crowd = Crowd::new(&recorded, 3408, min as usize, seed);
        let (mut since, mut idle) = (0, 0);
        while !crowd.queue.is_empty() && idle < 20 * WORKERS {
            let answers = crowd.work(&rule);
            idle = if answers == 0 { idle + 1 } else { 0 };
            since += answers;
            if since >= FIT_AFTER || crowd.queue.is_empty() {
                crowd.fit(method, gate);
                since = 0;
            }
        }
        for (worker, blocked) in crowd.blocked.iter().enumerate() {
            let of = if worker < SPAMMERS {
                &mut spammers
            } else {
                &mut honest
            };
            of.count(*blocked);
        }
    }
    let told = |share: Share| {
        let (low, high) = share.wilson(Z_95);
        let (of, all) = (share.correct(), share.total());
        format!(
            "{of} of {all} ({:.2} to {:.2} %)",
            100.0 * low,
            100.0 * high
        )
    };
    let (say_anything, others) = (told(spammers), told(honest));
    eprintln!("{method:?}, {min} to {max}, by {gate:?}: {say_anything} spammers, {others} others");
    (spammers, honest)
}

#[test]
fn one_in_a_hundred_honest_workers_is_shut_out_at_most_and_most_of_those_who_say_anything() {
    let crowds = often(8, 200);
    for (answers, method, most) in [
        ((2, 20), Method::OneCoinDawidSkene, 0.65),
        ((2, 20), Method::MajorityVote, 0.75),
        ((3, 3), Method::MajorityVote, 0.4),
    ] {
        let (spammers, honest) = shut_out(crowds, answers, method, Gate::Others);
        assert!(honest.wilson(Z_95).1 < 0.01, "{honest:?}");
        assert!(spammers.value().unwrap() > most, "{spammers:?}");
    }
}

/// What the other rule is for: without it this is what happens.
#[test]
fn labels_of_which_the_answers_are_a_part_shut_honest_workers_out() {
    let crowds = often(8, 200);
    let (_, honest) = shut_out(crowds, (2, 20), Method::OneCoinDawidSkene, Gate::Labels);
    assert!(honest.wilson(Z_95).0 > 0.01, "{honest:?}");
}

/// Of workers who are right with the probability `skill`, those who are ever found to be below `least`, looked at after each answer.
fn ever(skill: f64, least: f64, is_below: impl Fn(Share) -> bool) -> Share {
    let mut random = Random(20_261_128);
    let mut found = Share::default();
    for _ in 0..often(400, 10_000) {
        let mut share = Share::default();
        found.count((0..400).any(|_| {
            #[expect(clippy::cast_precision_loss, reason = "53 bits")]
            let drawn = (random.draw() >> 11) as f64 / (1_u64 << 53) as f64;
            share.count(drawn < skill);
            is_below(share)
        }));
    }
    eprintln!("{skill} beside {least}: {found:?}");
    found
}

#[test]
fn who_is_just_good_enough_is_never_found_not_to_be_in_nineteen_of_twenty_cases_however_often_one_looks()
 {
    for least in [0.5, 0.7, 0.9] {
        let found = ever(least, least, |share| share.is_surely_below(least));
        // The bound holds for the probability, not for the draws.
        assert!(found.wilson(Z_95).0 <= 0.05, "{found:?}");
        // An interval that is right at one look is wrong at many.
        let found = ever(least, least, |share| share.wilson(Z_95).1 < least);
        assert!(found.wilson(Z_95).0 > 0.05, "{found:?}");
        let found = ever(least - 0.15, least, |share| share.is_surely_below(least));
        assert!(found.value().unwrap() > 0.95, "{found:?}");
    }
}
