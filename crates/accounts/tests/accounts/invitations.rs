//! An invitation registers one person, as an administrator decided.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::{
    Admin, InvitationError, NewInvitation, Origin, RegisterError, Registered, Registration, Role,
    UserStatus,
};
use tokio::task::JoinSet;

use crate::support::{Bench, from, new_user, settings};

impl Bench {
    async fn invite(&self, by: Admin, role: Role, tenant: Option<&str>) -> String {
        let tenant = tenant.map(str::to_owned);
        let new = NewInvitation {
            role,
            tenant,
            tenant_id: None,
        };
        let issued = self.accounts.invite(by, new, self.now());
        issued.await.unwrap().token
    }

    async fn come(&self, name: &str, token: &str) -> Result<Registered, RegisterError> {
        let origin = Origin::default();
        let new = new_user(name);
        self.accounts
            .register(new, Some(token), &origin, None, self.now())
            .await
    }
}

#[tokio::test]
async fn of_many_who_come_with_one_invitation_at_once_one_is_registered() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let token = bench.invite(ada, Role::Worker, None).await;
    let replicas = [Arc::clone(&bench.accounts), bench.replica(settings())];
    let mut set = JoinSet::new();
    for i in 0..16 {
        let (accounts, token) = (Arc::clone(&replicas[i % 2]), token.clone());
        let now = bench.now();
        set.spawn(async move {
            let new = new_user(&format!("wanda{i}"));
            let origin = Origin::default();
            accounts
                .register(new, Some(&token), &origin, None, now)
                .await
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    let invalid = |o: &&Result<_, _>| matches!(o, Err(RegisterError::InvalidInvitation));
    assert_eq!(outcomes.iter().filter(invalid).count(), 15, "{outcomes:?}");
    let users = bench
        .accounts
        .list_users(None, None, 50)
        .await
        .unwrap()
        .items;
    assert_eq!(users.len(), 2, "ada and one more");
}

#[tokio::test]
async fn a_client_is_a_worker_until_their_tenant_has_them_and_others_are_what_they_were_invited_as()
{
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    for (role, name) in [(Role::Worker, "wanda"), (Role::Admin, "bea")] {
        let token = bench.invite(ada, role, None).await;
        let came = bench.come(name, &token).await.unwrap();
        assert_eq!((came.user.role, came.unsettled), (role, None));
    }
    let token = bench.invite(ada, Role::Client, Some("acme")).await;
    let came = bench.come("clara", &token).await.unwrap();
    assert_eq!(came.user.role, Role::Worker);
    let unsettled = came.unsettled.unwrap();
    assert_eq!(unsettled.tenant.as_deref(), Some("acme"));
    let open = bench.accounts.unsettled_invitations(10).await.unwrap();
    assert_eq!(
        open,
        std::slice::from_ref(&unsettled),
        "also for a process that was not there"
    );
    bench
        .accounts
        .settle_invitation(unsettled.id, bench.now())
        .await
        .unwrap();
    assert_eq!(bench.accounts.unsettled_invitations(10).await.unwrap(), []);

    let tenant = Some("acme".to_owned());
    let new = NewInvitation {
        role: Role::Worker,
        tenant,
        tenant_id: None,
    };
    let refused = bench.accounts.invite(ada, new, bench.now()).await;
    assert!(matches!(refused, Err(InvitationError::Invalid(_))));
}

#[tokio::test]
async fn a_refusal_leaves_an_invitation_good_and_its_end_does_not() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    bench.register("wanda").await;
    let token = bench.invite(ada, Role::Worker, None).await;
    let taken = bench.come("wanda", &token).await;
    assert!(matches!(
        taken,
        Err(RegisterError::EmailTaken | RegisterError::UsernameTaken)
    ));
    let weak = bench.come("w", &token).await;
    assert!(matches!(weak, Err(RegisterError::Invalid(_))));
    assert!(bench.come("wendy", &token).await.is_ok());

    let invalid = |outcome: &Result<Registered, RegisterError>| {
        matches!(outcome, Err(RegisterError::InvalidInvitation))
    };
    let late = bench.invite(ada, Role::Worker, None).await;
    bench.pass(TimeDelta::days(7));
    assert!(invalid(&bench.come("willy", &late).await));
    let back = bench.invite(ada, Role::Worker, None).await;
    let listed = bench.accounts.list_invitations(None, 1).await.unwrap();
    let id = listed.items[0].id;
    assert!(listed.next.is_some(), "three were issued");
    assert!(
        bench
            .accounts
            .revoke_invitation(ada, id, bench.now())
            .await
            .unwrap()
    );
    assert!(
        !bench
            .accounts
            .revoke_invitation(ada, id, bench.now())
            .await
            .unwrap()
    );
    assert!(invalid(&bench.come("willy", &back).await));
    // Whoever may not invite any more has not invited.
    let bea = bench.register("bea").await.id;
    bench
        .accounts
        .set_role(ada, bea, Role::Admin, bench.now())
        .await
        .unwrap();
    let token = bench.invite(Admin(bea), Role::Admin, None).await;
    bench
        .accounts
        .set_role(ada, bea, Role::Worker, bench.now())
        .await
        .unwrap();
    assert!(invalid(&bench.come("willy", &token).await));
}

#[tokio::test]
async fn what_an_administrator_issued_does_not_come_back_with_them() {
    let bench = Bench::new().await;
    let (ada, bea) = (bench.admin().await, bench.register("bea").await.id);
    let role = |role| bench.accounts.set_role(ada, bea, role, bench.now());
    let status = |status| bench.accounts.set_status(ada, bea, status, bench.now());
    role(Role::Admin).await.unwrap();
    let before = bench.invite(Admin(bea), Role::Admin, None).await;
    let used = bench.invite(Admin(bea), Role::Client, None).await;
    let kept = bench.invite(ada, Role::Worker, None).await;
    bench.come("clara", &used).await.unwrap();
    role(Role::Worker).await.unwrap();
    // Also by a replica that has not heard of it yet.
    let new = NewInvitation {
        role: Role::Admin,
        tenant: None,
        tenant_id: None,
    };
    let late = bench.accounts.invite(Admin(bea), new, bench.now()).await;
    assert!(matches!(late, Err(InvitationError::NoAdmin)));
    role(Role::Admin).await.unwrap();
    let disabled = bench.invite(Admin(bea), Role::Admin, None).await;
    status(UserStatus::Disabled).await.unwrap();
    status(UserStatus::Active).await.unwrap();
    for token in [before, disabled] {
        let came = bench.come("willy", &token).await;
        assert!(matches!(came, Err(RegisterError::InvalidInvitation)));
    }
    assert!(bench.come("willy", &kept).await.is_ok(), "ada's is good");
    let waits = bench.accounts.unsettled_invitations(10).await.unwrap();
    assert_eq!(waits.len(), 1, "who came before has what was promised");
    let anew = bench.invite(Admin(bea), Role::Worker, None).await;
    assert!(bench.come("wolf", &anew).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_issues_without_end_is_demoted_and_disabled_all_the_same() {
    let bench = Bench::new().await;
    let (ada, bea) = (bench.admin().await, bench.register("bea").await.id);
    let wanda = bench.register("wanda").await.id;
    for round in 0..4 {
        bench
            .accounts
            .set_role(ada, bea, Role::Admin, bench.now())
            .await
            .unwrap();
        let mut thieves = JoinSet::new();
        for n in 0..4 {
            let accounts = Arc::clone(&bench.accounts);
            let now = bench.now();
            thieves.spawn(async move {
                for _ in 0..40 {
                    let new = NewInvitation {
                        role: Role::Admin,
                        tenant: None,
                        tenant_id: None,
                    };
                    match n % 2 {
                        0 => drop(accounts.invite(Admin(bea), new, now).await),
                        _ => drop(
                            accounts
                                .issue_reset_link(Admin(bea), wanda, false, now)
                                .await,
                        ),
                    }
                }
            });
        }
        let demoted = bench
            .accounts
            .set_role(ada, bea, Role::Worker, bench.now())
            .await;
        assert!(demoted.is_ok(), "round {round}: {demoted:?}");
        thieves.join_all().await;
        let status = |status| bench.accounts.set_status(ada, bea, status, bench.now());
        status(UserStatus::Disabled).await.unwrap();
        status(UserStatus::Active).await.unwrap();
    }
}

#[tokio::test]
async fn by_invitation_nobody_registers_without_and_guessing_one_is_slowed() {
    let bench = Bench::new().await;
    let ada = bench.admin().await;
    let closed = bench.replica(settings().with_registration(Registration::Invitation));
    let origin = from("203.0.113.7");
    let refused = closed
        .register(new_user("wanda"), None, &origin, None, bench.now())
        .await;
    assert!(matches!(refused, Err(RegisterError::InvitationRequired)));
    for i in 0..100 {
        let token = format!("dci_{i}");
        let guess = closed.register(new_user("wanda"), Some(&token), &origin, None, bench.now());
        let guess = guess.await;
        assert!(
            matches!(guess, Err(RegisterError::InvalidInvitation)),
            "{i}"
        );
    }
    let token = bench.invite(ada, Role::Worker, None).await;
    let come = |origin| {
        let (closed, token) = (&closed, &token);
        let now = bench.now();
        async move {
            closed
                .register(new_user("wanda"), Some(token), &origin, None, now)
                .await
        }
    };
    let slowed = come(origin).await;
    assert!(
        matches!(slowed, Err(RegisterError::Throttled { .. })),
        "{slowed:?}"
    );
    assert!(come(from("198.51.100.1")).await.is_ok());
}
