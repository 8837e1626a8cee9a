//! Order, repetition and delay change nothing.

use proptest::prelude::*;

use super::*;

fn fresh() -> Facts {
    Facts {
        judgements: 1000,
        amount: 4999,
        checkout: CheckoutState::Pending,
        refunded: 0,
        disputes: BTreeMap::new(),
    }
}

fn after(updates: &[PaymentUpdate]) -> Facts {
    let mut facts = fresh();
    for one in updates {
        facts.join(one);
    }
    facts
}

fn any_update() -> impl Strategy<Value = PaymentUpdate> {
    let status = prop_oneof![
        Just(DisputeStatus::Inquiry),
        Just(DisputeStatus::Open),
        Just(DisputeStatus::Lost),
        Just(DisputeStatus::Won)
    ];
    let checkout = prop_oneof![
        Just(CheckoutState::Expired),
        Just(CheckoutState::Failed),
        Just(CheckoutState::Paid)
    ];
    prop_oneof![
        Just(PaymentUpdate::Nothing),
        checkout.prop_map(PaymentUpdate::Checkout),
        (0_i64..=4999).prop_map(PaymentUpdate::Refunded),
        ("[ab]", 0_i64..=4999, status).prop_map(|(id, amount, status)| PaymentUpdate::Disputed {
            id,
            dispute: Dispute { amount, status }
        }),
    ]
}

proptest! {
    #[test]
    fn shuffled_and_repeated_updates_end_in_the_same_facts(
        (updates, shuffled) in prop::collection::vec(any_update(), 0..12)
            .prop_flat_map(|updates| (Just(updates.clone()), Just([updates.clone(), updates].concat()).prop_shuffle()))
    ) {
        prop_assert_eq!(after(&updates), after(&shuffled));
    }

    #[test]
    fn quota_and_ledger_stay_within_what_was_paid(updates in prop::collection::vec(any_update(), 0..12)) {
        let facts = after(&updates);
        prop_assert!((0..=1000).contains(&facts.granted()));
        let p = facts.postings();
        prop_assert!(p.payment + p.refund + p.dispute >= 0, "{:?}", p);
        prop_assert!(p.payment <= 4999);
    }
}

#[test]
fn a_part_that_was_refunded_takes_its_judgements_back_rounded_down() {
    let facts = after(&[
        PaymentUpdate::Refunded(1),
        PaymentUpdate::Checkout(CheckoutState::Paid),
    ]);
    assert_eq!(
        (facts.granted(), facts.status()),
        (999, PaymentStatus::PartiallyRefunded)
    );
    let facts = after(&[
        PaymentUpdate::Checkout(CheckoutState::Paid),
        PaymentUpdate::Refunded(4999),
    ]);
    assert_eq!(
        (facts.granted(), facts.status()),
        (0, PaymentStatus::Refunded)
    );
}

#[test]
fn a_dispute_holds_the_quota_until_it_is_won() {
    let dispute = |status| PaymentUpdate::Disputed {
        id: "du_1".into(),
        dispute: Dispute {
            amount: 4999,
            status,
        },
    };
    let paid = PaymentUpdate::Checkout(CheckoutState::Paid);
    let inquiry = after(&[paid.clone(), dispute(DisputeStatus::Inquiry)]);
    assert_eq!(
        (inquiry.granted(), inquiry.status()),
        (1000, PaymentStatus::Paid)
    );
    let open = after(&[paid.clone(), dispute(DisputeStatus::Open)]);
    assert_eq!(
        (open.granted(), open.status()),
        (0, PaymentStatus::Disputed)
    );
    let lost = after(&[
        paid.clone(),
        dispute(DisputeStatus::Lost),
        dispute(DisputeStatus::Open),
    ]);
    assert_eq!((lost.granted(), lost.status()), (0, PaymentStatus::Lost));
    let won = after(&[
        dispute(DisputeStatus::Won),
        paid,
        dispute(DisputeStatus::Open),
    ]);
    assert_eq!((won.granted(), won.status()), (1000, PaymentStatus::Paid));
}

#[test]
fn money_that_arrived_outweighs_an_expiry_that_came_later() {
    let facts = after(&[
        PaymentUpdate::Checkout(CheckoutState::Paid),
        PaymentUpdate::Checkout(CheckoutState::Expired),
    ]);
    assert_eq!(facts.status(), PaymentStatus::Paid);
}

#[test]
fn what_cost_nothing_grants_everything() {
    let mut facts = Facts {
        amount: 0,
        ..fresh()
    };
    facts.join(&PaymentUpdate::Checkout(CheckoutState::Paid));
    assert_eq!(
        (facts.granted(), facts.postings()),
        (1000, Postings::default())
    );
}
