//! Every operation of both descriptions, asked by everybody who may not and by everybody who may. An
//! operation without a row here fails, and so does a row without an operation.

mod table;
mod world;

use For::{
    Admin, Anybody, Client, Operator, Owner, Person, Proven, ProvenAdmin, Runner, SignedIn, Worker,
};
use reqwest::Method;

pub use self::{
    table::{For, Operation, body_of, operations, row, rows},
    world::World,
};
use crate::support::{Answer, INTERNAL_TOKEN};

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let rows = rows();
    let (mut missing, mut used) = (Vec::new(), Vec::new());
    for operation in operations() {
        match row(&rows, &operation) {
            Some((name, who)) if operation.internal == matches!(who, Operator | Runner) => {
                used.push(name);
            }
            _ => missing.push(format!("{} {}", operation.method, operation.path)),
        }
    }
    assert!(missing.is_empty(), "say who may call: {missing:#?}");
    let stale: Vec<_> = rows.keys().filter(|name| !used.contains(name)).collect();
    assert!(stale.is_empty(), "no operation is called {stale:?}");
}

/// What is told to who is not let through.
const REFUSALS: [&str; 15] = [
    "unauthenticated",
    "invalid_token",
    "token_expired",
    "session_over",
    "user_disabled",
    "forbidden",
    "insufficient_scope",
    "session_required",
    "reauthentication_required",
    "internal_token_missing",
    "internal_token_wrong",
    "runner_token_missing",
    "runner_token_wrong",
    "no_route",
    "method_not_allowed",
];

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.body["code"].as_str().unwrap_or_default();
    (answer.status.as_u16(), code)
}

/// Collects what is not as it ought to be, so that one run shows all of it.
struct Verdicts(Vec<String>);

impl Verdicts {
    fn refused(
        &mut self,
        operation: &Operation,
        who: &str,
        answer: &Answer,
        expected: (u16, &str),
    ) {
        // An answer to HEAD has no body to hold a code.
        let same = match operation.method {
            Method::HEAD => answer.status.as_u16() == expected.0,
            _ => code(answer) == expected,
        };
        if !same {
            self.0.push(format!(
                "{} {} as {who}: {:?} instead of {expected:?}",
                operation.method,
                operation.path,
                code(answer)
            ));
        }
    }

    fn admitted(&mut self, operation: &Operation, who: &str, answer: &Answer) {
        let (status, code) = code(answer);
        // What is the caller's own exists for it, whatever else is wrong.
        let unknown = code == "not_found" || operation.method == Method::HEAD && status == 404;
        let hidden = unknown && ["its owner", "its pod"].contains(&who);
        if REFUSALS.contains(&code) || hidden || status >= 500 {
            self.0.push(format!(
                "{} {} as {who}: {status} {code}",
                operation.method, operation.path
            ));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authz_coverage() {
    let world = World::new().await;
    let rows = rows();
    let mut verdicts = Verdicts(Vec::new());
    for operation in operations() {
        let Some((_, who)) = row(&rows, &operation) else {
            continue; // the test above names it
        };
        match who {
            Operator => operator(&world, &operation, &mut verdicts).await,
            Runner => runner(&world, &operation, &mut verdicts).await,
            _ => public(&world, &operation, who, &mut verdicts).await,
        }
    }
    assert!(verdicts.0.is_empty(), "{:#?}", verdicts.0);
}

async fn public(world: &World, operation: &Operation, who: For, verdicts: &mut Verdicts) {
    let nobody = world.ask(operation, None).await;
    if who == Anybody {
        verdicts.admitted(operation, "nobody", &nobody);
        return;
    }
    verdicts.refused(operation, "nobody", &nobody, (401, "unauthenticated"));
    for (name, token, code) in [
        ("a forger", "nonsense", "invalid_token"),
        (
            "the holder of an expired token",
            world.expired.as_str(),
            "token_expired",
        ),
        ("a disabled user", world.disabled.as_str(), "user_disabled"),
    ] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, name, &answer, (401, code));
    }
    let roles = [
        (
            "worker",
            &world.worker,
            matches!(who, Worker | SignedIn | Person | Proven),
        ),
        (
            "another tenant",
            &world.other_client,
            matches!(who, Client | Owner | SignedIn | Person | Proven),
        ),
        (
            "owner",
            &world.client,
            matches!(who, Client | Owner | SignedIn | Person | Proven),
        ),
        (
            "admin",
            &world.admin,
            matches!(
                who,
                Admin | ProvenAdmin | Client | Owner | SignedIn | Person | Proven
            ),
        ),
    ];
    for (name, token, is_admitted) in roles {
        // Ending a thing must not keep the next one from being asked about it.
        if is_admitted && name == "admin" && operation.method == Method::DELETE && who == Owner {
            continue;
        }
        let answer = world.with_token(operation, token).await;
        if !is_admitted {
            verdicts.refused(operation, name, &answer, (403, "forbidden"));
        } else if name == "another tenant" && who == Owner {
            verdicts.refused(operation, name, &answer, (404, "not_found"));
        } else {
            let is_its = name == "owner" && who == Owner;
            verdicts.admitted(operation, if is_its { "its owner" } else { name }, &answer);
        }
        if name == "another tenant"
            && who == Client
            && answer.body.to_string().contains(&world.project)
        {
            verdicts
                .0
                .push(format!("{} shows another tenant's project", operation.path));
        }
    }
    script(world, operation, who, verdicts).await;
    let answer = world.with_token(operation, &world.stale).await;
    match who {
        Proven | ProvenAdmin => {
            let refused = (403, "reauthentication_required");
            verdicts.refused(operation, "who signed in long ago", &answer, refused);
        }
        Admin | SignedIn | Person => {
            verdicts.admitted(operation, "who signed in long ago", &answer);
        }
        _ => {}
    }
}

/// A script of the worker's, whose token may change nothing.
async fn script(world: &World, operation: &Operation, who: For, verdicts: &mut Verdicts) {
    let answer = world.with_token(operation, &world.read_token).await;
    match who {
        Person | Proven | ProvenAdmin => {
            verdicts.refused(operation, "a script", &answer, (403, "session_required"));
        }
        // A look that holds what it shows is no mere look.
        _ if ![Method::GET, Method::HEAD].contains(&operation.method)
            || operation.id == "review_next" =>
        {
            verdicts.refused(operation, "a script", &answer, (403, "insufficient_scope"));
        }
        Worker | SignedIn => verdicts.admitted(operation, "a script", &answer),
        _ => verdicts.refused(operation, "a script", &answer, (403, "forbidden")),
    }
}

async fn operator(world: &World, operation: &Operation, verdicts: &mut Verdicts) {
    let name = "x-internal-token";
    let missing = world.ask(operation, None).await;
    verdicts.refused(
        operation,
        "nobody",
        &missing,
        (401, "internal_token_missing"),
    );
    let wrong = world.ask(operation, Some((name, "wrong"))).await;
    verdicts.refused(
        operation,
        "a guesser",
        &wrong,
        (403, "internal_token_wrong"),
    );
    for (who, token) in [("a user", &world.admin), ("a pod", &world.runner)] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, who, &answer, (401, "internal_token_missing"));
    }
    let right = world.ask(operation, Some((name, INTERNAL_TOKEN))).await;
    verdicts.admitted(operation, "the operator", &right);
}

async fn runner(world: &World, operation: &Operation, verdicts: &mut Verdicts) {
    let missing = world.ask(operation, None).await;
    verdicts.refused(operation, "nobody", &missing, (401, "runner_token_missing"));
    let trusted = world
        .ask(operation, Some(("x-internal-token", INTERNAL_TOKEN)))
        .await;
    verdicts.refused(
        operation,
        "the operator",
        &trusted,
        (401, "runner_token_missing"),
    );
    for (who, token) in [("a forger", "nonsense"), ("a user", world.admin.as_str())] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, who, &answer, (401, "runner_token_wrong"));
    }
    let own = world.with_token(operation, &world.runner).await;
    // The run is of a dataset: as an export's, a model's or a prediction's it does not exist.
    let is_others = [
        "export_answers",
        "export_labels",
        "run_part",
        "run_workers",
        "run_model",
        "run_items",
        "run_predictions",
    ]
    .contains(&operation.id.as_str());
    verdicts.admitted(operation, if is_others { "a pod" } else { "its pod" }, &own);
    let other = world.with_token(operation, &world.other_runner).await;
    verdicts.refused(
        operation,
        "another tenant's pod",
        &other,
        (404, "not_found"),
    );
}
