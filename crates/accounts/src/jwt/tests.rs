//! What no token may get away with.

use chrono::TimeZone;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{SealingKey, SealingKeys, settings::SigningKey};

fn key(kid: &str, byte: u8) -> SigningKey {
    SigningKey::new(kid, &[byte; 32]).unwrap()
}

fn settings_of(current: SigningKey, previous: Option<SigningKey>) -> Settings {
    let sealing = SealingKeys::new(SealingKey::new(&[1; 32]).unwrap(), None);
    Settings::new(current, previous, sealing).unwrap()
}

fn settings() -> Settings {
    settings_of(key("b", 2), Some(key("a", 1)))
}

fn now() -> DateTime<Utc> {
    Utc.timestamp_opt(1_800_000_000, 0).unwrap()
}

fn claims() -> Claims {
    let user = UserId(Uuid::from_u128(7));
    let sid = SessionId(Uuid::from_u128(8));
    Claims::new(&settings(), now(), user, "wanda", Role::Worker, sid)
}

fn forged(alter: impl FnOnce(&mut Value, &mut Header), secret: u8) -> String {
    let mut body = serde_json::to_value(claims()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("b".into());
    alter(&mut body, &mut header);
    encode(&header, &body, &EncodingKey::from_secret(&[secret; 32])).unwrap()
}

fn refused(token: &str) -> bool {
    matches!(verify(&settings(), now(), token), Err(AccessError::Invalid))
}

#[test]
fn our_own_token_is_read_back() {
    let token = sign(&settings(), &claims()).unwrap();
    assert_eq!(verify(&settings(), now(), &token).unwrap(), claims());
    let body = serde_json::to_value(claims()).unwrap();
    assert_eq!(body["role"], "WORKER");
    assert_eq!(body["userId"], body["sub"]);
}

#[test]
fn the_previous_key_is_accepted_and_one_before_it_is_not() {
    let old = settings_of(key("a", 1), None);
    let older = settings_of(key("z", 0), None);
    assert!(verify(&settings(), now(), &sign(&old, &claims()).unwrap()).is_ok());
    assert!(refused(&sign(&older, &claims()).unwrap()));
}

#[test]
fn a_token_lives_fifteen_minutes() {
    let token = sign(&settings(), &claims()).unwrap();
    let at = |seconds| verify(&settings(), now() + TimeDelta::seconds(seconds), &token);
    assert!(at(899).is_ok());
    assert!(matches!(at(900), Err(AccessError::Expired)));
    assert!(at(-4).is_ok(), "a replica whose clock is behind");
    assert!(matches!(at(-60), Err(AccessError::Invalid)));
}

#[test]
fn forgeries_are_refused() {
    assert!(refused(&forged(|_, _| (), 9)), "another secret");
    assert!(
        refused(&forged(|_, h| h.kid = Some("a".into()), 2)),
        "another key's name"
    );
    assert!(refused(&forged(|_, h| h.kid = None, 2)), "no key");
    assert!(
        refused(&forged(|_, h| h.alg = Algorithm::HS512, 2)),
        "another algorithm"
    );
    for (member, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("sub", json!("other")),
        ("role", json!("ROOT")),
    ] {
        assert!(refused(&forged(|b, _| b[member] = value, 2)), "{member}");
    }
    for member in ["iss", "aud", "sub", "nbf", "exp", "sid"] {
        let without = |body: &mut Value, _: &mut Header| {
            body.as_object_mut().unwrap().remove(member);
        };
        assert!(refused(&forged(without, 2)), "without {member}");
    }
    assert!(!refused(&forged(|_, _| (), 2)), "the forge itself works");
}

#[test]
fn an_unsigned_token_is_refused() {
    let token = sign(&settings(), &claims()).unwrap();
    let body = token.split('.').nth(1).unwrap();
    // {"alg":"none","kid":"b"}
    assert!(refused(&format!(
        "eyJhbGciOiJub25lIiwia2lkIjoiYiJ9.{body}."
    )));
    assert!(refused(""));
}
