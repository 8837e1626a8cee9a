//! Commands in messages. A reader pastes them into a shell whose namespace is another one, so each names its own.

use std::fmt;

use crate::managed::Identity;

/// `kubectl` in a resource's namespace.
pub(crate) fn kubectl(who: &Identity, words: impl fmt::Display) -> String {
    kubectl_in(&who.namespace, words)
}

/// `kubectl` in a namespace.
pub(crate) fn kubectl_in(namespace: &str, words: impl fmt::Display) -> String {
    format!("kubectl -n {namespace} {words}")
}
