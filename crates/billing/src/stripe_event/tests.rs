use serde_json::json;

use super::*;

fn event(kind: &str, object: &Value) -> Subject {
    let body = json!({"id": "evt_1", "type": kind, "livemode": false, "created": 1, "data": {"object": object}});
    StripeEvent::parse(body.to_string().as_bytes())
        .unwrap()
        .subject
}

fn update_of(kind: &str, object: &Value) -> PaymentUpdate {
    match event(kind, object) {
        Subject::Payment(about) => about.update,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_completed_session_pays_only_when_the_money_is_there() {
    let session = |status| json!({"id": "cs_1", "amount_total": 500, "currency": "eur", "payment_status": status});
    let kind = "checkout.session.completed";
    assert_eq!(
        update_of(kind, &session("paid")),
        PaymentUpdate::Checkout(CheckoutState::Paid)
    );
    assert_eq!(update_of(kind, &session("unpaid")), PaymentUpdate::Nothing);
    assert!(matches!(
        event(kind, &session("something new")),
        Subject::Unreadable(_)
    ));
    assert_eq!(
        update_of("checkout.session.async_payment_succeeded", &session("paid")),
        PaymentUpdate::Checkout(CheckoutState::Paid)
    );
    assert!(matches!(
        event(kind, &json!({"id": "cs_1", "payment_status": "paid"})),
        Subject::Unreadable(_)
    ));
}

#[test]
fn a_reference_is_an_id_or_the_object() {
    for intent in [
        json!("pi_1"),
        json!({"id": "pi_1", "object": "payment_intent"}),
    ] {
        let charge = json!({"id": "ch_1", "amount_refunded": 7, "currency": "eur", "payment_intent": intent,
                            "metadata": {"paymentId": "01890000-0000-7000-8000-000000000000"}});
        let Subject::Payment(about) = event("charge.refunded", &charge) else {
            panic!("a charge is about a payment")
        };
        assert_eq!(about.intent.as_deref(), Some("pi_1"));
        assert_eq!(about.currency.as_deref(), Some("EUR"));
        assert!(about.payment.is_some());
        assert_eq!(about.update, PaymentUpdate::Refunded(7));
    }
}

#[test]
fn every_kind_of_dispute_event_carries_its_status() {
    for kind in [
        "created",
        "updated",
        "closed",
        "funds_withdrawn",
        "funds_reinstated",
    ] {
        let dispute =
            json!({"id": "du_1", "amount": 9, "status": "under_review", "payment_intent": "pi_1"});
        let PaymentUpdate::Disputed { id, dispute } =
            update_of(&format!("charge.dispute.{kind}"), &dispute)
        else {
            panic!("a dispute")
        };
        assert_eq!(
            (id.as_str(), dispute.amount, dispute.status),
            ("du_1", 9, DisputeStatus::Open)
        );
    }
}

#[test]
fn other_kinds_change_nothing_and_a_body_without_an_id_is_no_event() {
    assert_eq!(
        event("invoice.paid", &json!({"anything": 1})),
        Subject::Other
    );
    assert!(StripeEvent::parse(b"{}").is_err());
    assert!(StripeEvent::parse(b"not json").is_err());
}

#[test]
fn what_no_row_could_hold_is_refused_before_it_is_written() {
    let read = |change: &dyn Fn(&mut Value)| {
        let object = json!({"id": "du_1", "amount": 9, "status": "lost", "payment_intent": "pi_1"});
        let mut body = json!({"id": "evt_1", "type": "charge.dispute.closed", "livemode": false, "data": {"object": object}});
        change(&mut body);
        StripeEvent::parse(body.to_string().as_bytes())
    };
    assert!(read(&|_| ()).is_ok());
    for path in ["/id", "/type", "/data/object/status"] {
        let nul = read(&|body| *body.pointer_mut(path).unwrap() = json!("a\0b"));
        assert!(matches!(nul, Err(StripeEventError::Nul)), "{path}");
    }
    let in_a_name = read(&|body| body["data"]["object"]["metadata"] = json!([{"a\0": 1}]));
    assert!(matches!(in_a_name, Err(StripeEventError::Nul)));
    let long = json!("e".repeat(501));
    let event = read(&|body| body["id"] = long.clone());
    assert!(matches!(event, Err(StripeEventError::LongId)));
    for member in ["id", "payment_intent"] {
        let object = read(&|body| body["data"]["object"][member] = long.clone());
        assert!(
            matches!(object.unwrap().subject, Subject::Unreadable(_)),
            "{member}"
        );
    }
}
