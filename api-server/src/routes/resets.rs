//! A new password without the old one: issued by an ADMIN, redeemed by the person.

pub mod issue;
pub mod redeem;
