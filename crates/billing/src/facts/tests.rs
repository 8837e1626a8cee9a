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

fn after(news: &[News]) -> Facts {
    let mut facts = fresh();
    for one in news {
        facts.join(one);
    }
    facts
}

fn any_news() -> impl Strategy<Value = News> {
    let standing = prop_oneof![
        Just(Standing::Inquiry),
        Just(Standing::Open),
        Just(Standing::Lost),
        Just(Standing::Won)
    ];
    let checkout = prop_oneof![
        Just(CheckoutState::Expired),
        Just(CheckoutState::Failed),
        Just(CheckoutState::Paid)
    ];
    prop_oneof![
        Just(News::Nothing),
        checkout.prop_map(News::Checkout),
        (0_i64..=4999).prop_map(News::Refunded),
        ("[ab]", 0_i64..=4999, standing).prop_map(|(id, amount, standing)| News::Disputed {
            id,
            dispute: Dispute { amount, standing }
        }),
    ]
}

proptest! {
    #[test]
    fn shuffled_and_repeated_news_end_in_the_same_facts(
        (news, shuffled) in prop::collection::vec(any_news(), 0..12)
            .prop_flat_map(|news| (Just(news.clone()), Just([news.clone(), news].concat()).prop_shuffle()))
    ) {
        prop_assert_eq!(after(&news), after(&shuffled));
    }

    #[test]
    fn quota_and_ledger_stay_within_what_was_paid(news in prop::collection::vec(any_news(), 0..12)) {
        let facts = after(&news);
        prop_assert!((0..=1000).contains(&facts.granted()));
        let p = facts.postings();
        prop_assert!(p.payment + p.refund + p.dispute >= 0, "{:?}", p);
        prop_assert!(p.payment <= 4999);
    }
}

#[test]
fn a_part_that_was_refunded_takes_its_judgements_back_rounded_down() {
    let facts = after(&[News::Refunded(1), News::Checkout(CheckoutState::Paid)]);
    assert_eq!(
        (facts.granted(), facts.status()),
        (999, PaymentStatus::PartiallyRefunded)
    );
    let facts = after(&[News::Checkout(CheckoutState::Paid), News::Refunded(4999)]);
    assert_eq!(
        (facts.granted(), facts.status()),
        (0, PaymentStatus::Refunded)
    );
}

#[test]
fn a_dispute_holds_the_quota_until_it_is_won() {
    let dispute = |standing| News::Disputed {
        id: "du_1".into(),
        dispute: Dispute {
            amount: 4999,
            standing,
        },
    };
    let paid = News::Checkout(CheckoutState::Paid);
    let inquiry = after(&[paid.clone(), dispute(Standing::Inquiry)]);
    assert_eq!(
        (inquiry.granted(), inquiry.status()),
        (1000, PaymentStatus::Paid)
    );
    let open = after(&[paid.clone(), dispute(Standing::Open)]);
    assert_eq!(
        (open.granted(), open.status()),
        (0, PaymentStatus::Disputed)
    );
    let lost = after(&[
        paid.clone(),
        dispute(Standing::Lost),
        dispute(Standing::Open),
    ]);
    assert_eq!((lost.granted(), lost.status()), (0, PaymentStatus::Lost));
    let won = after(&[dispute(Standing::Won), paid, dispute(Standing::Open)]);
    assert_eq!((won.granted(), won.status()), (1000, PaymentStatus::Paid));
}

#[test]
fn money_that_arrived_outweighs_an_expiry_that_came_later() {
    let facts = after(&[
        News::Checkout(CheckoutState::Paid),
        News::Checkout(CheckoutState::Expired),
    ]);
    assert_eq!(facts.status(), PaymentStatus::Paid);
}

#[test]
fn what_cost_nothing_grants_everything() {
    let mut facts = Facts {
        amount: 0,
        ..fresh()
    };
    facts.join(&News::Checkout(CheckoutState::Paid));
    assert_eq!(
        (facts.granted(), facts.postings()),
        (1000, Postings::default())
    );
}
