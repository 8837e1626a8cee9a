//! One digest over several texts.

use sha2::{Digest, Sha256};

/// SHA-256 over each part with its length, so that no two lists of parts are the same bytes.
pub fn of<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
