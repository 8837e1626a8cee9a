//! How often a model says what is right: over the items of a dataset that have a label of people's, or of one of gold.
//!
//! The label of an item is what its owner decided, else what most of its approved answers say; where none leads, it has
//! none. Answers of models are no people's. That of gold came with it. Of a number it is the median of the approved answers.

use std::collections::BTreeMap;

use datacrowd_consensus::{Share, Z_95};
use datacrowd_protocol::model::{ModelOutput, NumberError};
use serde_json::Value;

use super::Prediction;
use crate::{
    Labelling, Result,
    models::{number_error, share, stored},
};

/// Probabilities are looked at in so many bins of one width.
const BINS: usize = 10;

/// How a model's word compares with people's.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelAccuracy {
    /// Items that are alike, of those that were compared.
    pub right: Share,
    /// Wilson's interval of 95 %.
    pub interval: (f64, f64),
    /// How often each label of the model met each of people's, in the order of their JSON.
    pub cells: Vec<ComparedLabels>,
    /// By the probability of the model's label; bins without an item are left out.
    pub bins: Vec<CalibrationBin>,
    /// Of numbers, how far they are from people's. Cells and bins are of labels only.
    pub error: Option<NumberError>,
}

/// How often two labels met.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedLabels {
    /// The model's.
    pub predicted: Value,
    /// People's.
    pub given: Value,
    /// Items.
    pub items: u32,
}

/// Items of which the model is about as sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// From this probability on.
    pub from: f64,
    /// Below this one; 1 belongs to the last.
    pub to: f64,
    /// Mean probability of the model's label.
    pub probability: f64,
    /// Items that are alike.
    pub right: Share,
}

/// Items of one bin with the same labels.
#[derive(Debug)]
struct Compared {
    predicted: Value,
    given: Value,
    bin: i32,
    items: u32,
    probabilities: f64,
}

impl Labelling {
    /// Compares what a model says of a dataset with people's labels of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prediction_accuracy(&self, prediction: &Prediction) -> Result<ModelAccuracy> {
        let output = sqlx::query_scalar!(
            "select output from models where id = $1",
            prediction.model.0
        )
        .fetch_one(&self.calls)
        .await?;
        let output: ModelOutput = stored(output)?;
        match output.is_number() {
            true => self.number_accuracy(prediction).await,
            false => self.label_accuracy(prediction).await,
        }
    }

    /// Nobody decides a number: what is decided are labels. The median is the mean of both in the middle, which are one where they are odd.
    async fn number_accuracy(&self, prediction: &Prediction) -> Result<ModelAccuracy> {
        let found = sqlx::query!(
            "with wanted as (select output->>'field' as field from models where id = $2),
             crowd as (
                 select s.task_id, (percentile_disc(0.5) within group (order by s.number) + percentile_disc(0.500001) within group (order by s.number)) / 2 as number
                 from (select a.task_id, as_number_v1(a.answer->w.field) as number from wanted w, answers a join tasks t on t.id = a.task_id
                       where t.dataset_id = $1 and a.status = 'approved'
                         and not exists (select from model_workers o where o.model_id = a.user_id)) s
                 where s.number is not null group by 1),
             compared as (
                 select as_number_v1(p.label) - c.number as off
                 from crowd c join predictions p on p.task_id = c.task_id and p.model_id = $2
                 union all
                 select as_number_v1(p.label) - as_number_v1(i.expected->w.field)
                 from wanted w, gold_items i join gold_predictions p on p.item_id = i.id and p.model_id = $2
                 where i.dataset_id = $1 and i.retired_at is null)
             select count(off) as \"items!\", count(*) filter (where off = 0) as \"right!\", as_double_v1(avg(abs(off))) as mean_absolute,
                    as_double_v1(stddev_samp(abs(off))) as deviation, as_double_v1(avg(off)) as bias
             from compared",
            prediction.dataset.0,
            prediction.model.0
        )
        .fetch_one(&self.calls)
        .await?;
        let right = share(found.right, found.items);
        Ok(ModelAccuracy {
            right,
            interval: right.wilson(Z_95),
            cells: Vec::new(),
            bins: Vec::new(),
            error: number_error(
                found.items,
                found.mean_absolute,
                found.deviation,
                found.bias,
            ),
        })
    }

    async fn label_accuracy(&self, prediction: &Prediction) -> Result<ModelAccuracy> {
        let rows = sqlx::query!(
            "with wanted as (select output->>'field' as field from models where id = $2),
             said as (
                 select a.task_id, a.answer->w.field as label, count(*) as answers
                 from wanted w, answers a join tasks t on t.id = a.task_id
                 where t.dataset_id = $1 and a.status = 'approved' and a.answer ? w.field
                   and not exists (select from model_workers o where o.model_id = a.user_id) group by 1, 2),
             crowd as (
                 select task_id, label from (
                     select task_id, label, rank() over (partition by task_id order by answers desc) as place,
                            count(*) over (partition by task_id, answers) as alike from said) ranked
                 where place = 1 and alike = 1),
             decided as (
                 select distinct on (d.task_id) d.task_id, d.value from decisions d, wanted w
                 where d.dataset_id = $1 and d.field = w.field order by d.task_id, d.seq desc),
             given as (
                 select task_id, coalesce(d.value, c.label) as label from crowd c full join decided d using (task_id)),
             compared as (
                 select p.label as predicted, p.probability, g.label as given
                 from given g join predictions p on p.task_id = g.task_id and p.model_id = $2
                 union all
                 select p.label, p.probability, i.expected->w.field
                 from wanted w, gold_items i join gold_predictions p on p.item_id = i.id and p.model_id = $2
                 where i.dataset_id = $1 and i.retired_at is null)
             select predicted as \"predicted!\", given as \"given!\", least(floor(probability * $3::int)::int, $3 - 1) as \"bin!\",
                    count(*)::int as \"items!\", sum(probability) as \"probabilities!\"
             from compared where given is not null group by 1, 2, 3",
            prediction.dataset.0,
            prediction.model.0,
            i32::try_from(BINS).unwrap_or(i32::MAX)
        )
        .fetch_all(&self.calls)
        .await?;
        let compared = rows.into_iter().map(|row| Compared {
            predicted: row.predicted,
            given: row.given,
            bin: row.bin,
            items: u32::try_from(row.items).unwrap_or(u32::MAX),
            probabilities: row.probabilities,
        });
        Ok(summed(&compared.collect::<Vec<_>>()))
    }
}

fn summed(compared: &[Compared]) -> ModelAccuracy {
    let right = alike(compared.iter());
    let mut cells = BTreeMap::new();
    for one in compared {
        let key = (one.predicted.to_string(), one.given.to_string());
        let cell = cells.entry(key).or_insert_with(|| ComparedLabels {
            predicted: one.predicted.clone(),
            given: one.given.clone(),
            items: 0,
        });
        cell.items += one.items;
    }
    ModelAccuracy {
        right,
        interval: right.wilson(Z_95),
        cells: cells.into_values().collect(),
        bins: (0..BINS)
            .filter_map(|bin| calibration(compared, bin))
            .collect(),
        error: None,
    }
}

/// One bin of those that were compared, unless nothing is in it.
fn calibration(compared: &[Compared], bin: usize) -> Option<CalibrationBin> {
    let number = i32::try_from(bin).unwrap_or(i32::MAX);
    let of_it = || compared.iter().filter(|one| one.bin == number);
    let right = alike(of_it());
    let sum: f64 = of_it().map(|one| one.probabilities).sum();
    let edge = |bin: usize| f64::from(u32::try_from(bin).unwrap_or(u32::MAX)) / 10.0;
    (right.total() > 0).then(|| CalibrationBin {
        from: edge(bin),
        to: edge(bin + 1),
        probability: sum / f64::from(right.total()),
        right,
    })
}

fn alike<'a>(compared: impl Iterator<Item = &'a Compared>) -> Share {
    let (right, all) = compared.fold((0, 0), |(right, all), one| {
        let alike = u32::from(one.predicted == one.given);
        (right + alike * one.items, all + one.items)
    });
    Share::new(right, all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_counted_by_pairs_and_by_how_sure_the_model_is() {
        let one = |predicted: bool, given: bool, bin, items, probabilities| Compared {
            predicted: json!(predicted),
            given: json!(given),
            bin,
            items,
            probabilities,
        };
        let found = summed(&[
            one(true, true, 9, 3, 2.9),
            one(true, false, 9, 1, 0.9),
            one(true, true, 5, 1, 0.5),
            one(false, false, 5, 1, 0.6),
        ]);
        assert_eq!((found.right.correct(), found.right.total()), (5, 6));
        let (low, high) = found.interval;
        assert!(
            (0.43..0.44).contains(&low) && (0.96..0.98).contains(&high),
            "{low} {high}"
        );
        let cells: Vec<_> = found.cells.iter().map(|cell| cell.items).collect();
        assert_eq!(cells, [1, 1, 4], "false-false, true-false, true-true");
        let bins: Vec<_> = found
            .bins
            .iter()
            .map(|bin| (bin.from, bin.right.correct(), bin.right.total()))
            .collect();
        assert_eq!(bins, [(0.5, 2, 2), (0.9, 3, 4)]);
        assert!((found.bins[1].probability - 0.95).abs() < 1e-12);
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let found = summed(&[]);
        assert_eq!((found.right.total(), found.interval), (0, (0.0, 1.0)));
        assert!(found.cells.is_empty() && found.bins.is_empty());
    }
}
