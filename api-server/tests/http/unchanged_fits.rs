//! A project is fitted again when a fit would say something new, and else left as it is.

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::Fitted;
use datacrowd_protocol::ids::ProjectId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    gold_skill::mixed,
    qualification::answered_where,
    support::{Actor, Platform},
};

impl Platform {
    /// Whether a run fits anything. One that does writes of each worker and project; which rows were written, the database tells.
    async fn fits_anew(&self) -> bool {
        let written = async || -> String {
            sqlx::query_scalar(
                "select concat((select string_agg(concat(xmin, fitted_at), ',' order by user_id) from worker_skills), '; ',
                               (select string_agg(xmin::text, ',' order by user_id) from worker_qualifications), '; ',
                               (select string_agg(xmin::text, ',' order by user_id) from worker_passes), '; ',
                               (select string_agg(concat(xmin, fitted_at), ',' order by project_id) from fits))",
            )
            .fetch_one(&self.rows)
            .await
            .unwrap()
        };
        let before = written().await;
        self.fit_skills().await;
        before != written().await
    }

    /// That the next run fits, and the one after it does not.
    async fn assert_news(&self, what: &str) {
        assert!(self.fits_anew().await, "{what} is news");
        assert!(!self.fits_anew().await, "and then {what} is known");
    }
}

async fn owner(p: &Platform, client: &Actor, method: Method, path: &str, body: Option<Value>) {
    let done = p.call(Some(&client.token), method, path, body).await;
    assert!(done.status.is_success(), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_change_is_fitted_and_what_is_known_is_not() {
    let members = |method: &str, least: &str| {
        json!({
            "reviewersPerAnswer": 0, "gold": {"onboarding": 8}, "answersPerTask": 3,
            "consensus": {"field": "rating", "method": method}, "qualification": {"minSkill": least, "action": "WARN"}
        })
    };
    let (p, client, project) = mixed(members("MAJORITY_VOTE", "0.6")).await;
    p.assert_news("a project").await;
    let (good, token) = p.register("good").await;
    p.answers_gold(&token, &project, 2, true).await;
    p.assert_news("gold that is answered").await;
    p.answers_gold(&token, &project, 6, true).await;
    p.answers_gold(&token, &project, 1, true).await;
    p.assert_news("an answer").await;
    assert_eq!(p.count("select count(*) from answers").await, 1);

    let task = p.count("select task_id from answers").await;
    let decision = format!("/projects/{project}/quality/tasks/{task}/decision");
    let says = |value: &str| Some(json!({"value": value}));
    owner(&p, &client, Method::PUT, &decision, says("0")).await;
    p.assert_news("a decision").await;
    owner(&p, &client, Method::PUT, &decision, says("0")).await;
    assert!(!p.fits_anew().await, "who says it again says nothing new");
    owner(&p, &client, Method::PUT, &decision, says("1")).await;
    p.assert_news("another decision").await;
    owner(&p, &client, Method::DELETE, &decision, None).await;
    p.assert_news("a decision that is taken back").await;

    p.relabel(&client, &project, members("DAWID_SKENE", "0.6"))
        .await;
    p.assert_news("another method").await;
    p.relabel(&client, &project, members("DAWID_SKENE", "0.7"))
        .await;
    p.assert_news("another skill that is asked").await;
    let item = p.gold_list(&client, &project).await[0]["id"].clone();
    let item = format!("/projects/{project}/gold/{item}");
    owner(&p, &client, Method::DELETE, &item, None).await;
    p.assert_news("gold that is retired").await;

    let worker = p.known_as(&client, &project, &good).await;
    let void = format!("/projects/{project}/workers/{worker}/void");
    let why = Some(json!({"reason": "always the same"}));
    owner(&p, &client, Method::POST, &void, why).await;
    p.assert_news("an answer that is taken back").await;
    assert!(!p.fits_anew().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_fit_blocked_is_no_news_and_whom_the_owner_lets_in_again_is() {
    let (p, client, project) = answered_where("BLOCK").await;
    p.assert_news("a project").await;
    let blocked = "select count(*) from project_workers where standing = 'blocked'";
    assert_eq!(p.count(blocked).await, 2);
    let path = format!("/projects/{project}/workers");
    let list = p.call(Some(&client.token), Method::GET, &path, None).await;
    let list = list.expect(200)["items"].clone();
    let worker = list
        .as_array()
        .unwrap()
        .iter()
        .find(|worker| worker["standing"] == "BLOCKED")
        .unwrap();
    let path = format!("{path}/{}", worker["workerId"].as_str().unwrap());
    p.delete(&client, &path).await.expect(204);
    p.assert_news("who is let in again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fit_that_was_cut_off_stands_for_nothing_and_a_whole_one_for_a_day() {
    let (p, _, project) = answered_where("WARN").await;
    let id = ProjectId(project.parse().unwrap());
    let stands = async |later| {
        let sample = p.core.skill_sample(id).await.unwrap();
        let made_of = p.core.fit_made_of(id, sample.as_ref()).await.unwrap();
        let then = Utc::now() + later;
        p.core.fit_stands(id, made_of, then).await.unwrap()
    };
    assert!(!stands(TimeDelta::zero()).await);
    p.fit_skills().await;
    assert!(stands(TimeDelta::zero()).await);
    assert!(stands(TimeDelta::hours(23)).await && !stands(TimeDelta::hours(25)).await);

    // Two runs at once: what the first made is gone, so what it was made of is not noted.
    let sample = p.core.skill_sample(id).await.unwrap();
    let made_of = p.core.fit_made_of(id, sample.as_ref()).await.unwrap();
    let (first, second) = (Utc::now(), Utc::now() + TimeDelta::seconds(1));
    for now in [first, second] {
        let nothing = Fitted::default();
        p.core.fit_put(id, &nothing, now).await.unwrap();
    }
    assert!(!stands(TimeDelta::zero()).await, "the second is not done");
    p.core.fit_done(id, made_of, first).await.unwrap();
    assert!(!stands(TimeDelta::zero()).await, "it was the first's");
    p.core.fit_done(id, made_of, second).await.unwrap();
    assert!(stands(TimeDelta::zero()).await);
}
