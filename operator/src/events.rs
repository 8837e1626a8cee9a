//! Events of Kubernetes: the first of a kind is created, and repeats within minutes are counted in it. Of each, a few
//! bytes are remembered; the library's recorder keeps the whole object, and walks through all of them for each new one.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Mutex,
};

use k8s_openapi::{
    api::{
        core::v1::ObjectReference,
        events::v1::{Event, EventSeries},
    },
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

/// For how long a repeat is counted instead of told anew.
const REPEATS_SECONDS: i64 = 6 * 60;
/// How often what is older is forgotten.
const FORGET_SECONDS: i64 = 60;
/// Longest note that the Events API accepts.
const MAX_NOTE_BYTES: usize = 1024;

/// What is told of an object.
#[derive(Debug)]
pub(crate) struct Note<'a> {
    pub is_warning: bool,
    pub reason: &'a str,
    pub text: &'a str,
    /// Without it a repeat within minutes is counted in the first note instead of telling the new one.
    pub related: Option<ObjectReference>,
}

/// Publishes Events.
pub(crate) struct Recorder {
    client: Client,
    controller: &'static str,
    instance: String,
    told: Mutex<Told>,
}

/// What was told lately, by a hash of what it was.
#[derive(Debug, Default)]
struct Told {
    forgotten: i64,
    events: HashMap<u64, Once>,
}

/// An Event that was told.
#[derive(Debug, Clone, Copy)]
struct Once {
    /// When it was created: its name holds it.
    created: Timestamp,
    last: Timestamp,
    count: i32,
}

impl Recorder {
    pub(crate) fn new(client: Client, controller: &'static str, instance: String) -> Self {
        Self {
            client,
            controller,
            instance,
            told: Mutex::default(),
        }
    }

    /// Tells of an object.
    ///
    /// # Errors
    /// What the API server answered.
    pub(crate) async fn publish(
        &self,
        note: Note<'_>,
        regarding: ObjectReference,
        now: Timestamp,
    ) -> Result<(), kube::Error> {
        let once = self.count(&note, &regarding, now);
        let namespace = regarding.namespace.clone().unwrap_or_default();
        let events: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        let object = regarding.name.as_deref().unwrap_or(self.controller);
        let name = format!("{object}.{:x}", once.created.as_nanosecond());
        if once.count > 1 {
            let series = EventSeries {
                count: once.count,
                last_observed_time: MicroTime(now),
            };
            let patch = Patch::Merge(json!({"series": series}));
            events.patch(&name, &PatchParams::default(), &patch).await?;
            return Ok(());
        }
        let event = self.event(name, note, regarding, once.created);
        events.create(&PostParams::default(), &event).await?;
        Ok(())
    }

    /// Whether the same was told lately, and how often.
    fn count(&self, note: &Note<'_>, regarding: &ObjectReference, now: Timestamp) -> Once {
        let mut hasher = DefaultHasher::new();
        let related = note.related.as_ref().map(|related| &related.uid);
        (note.is_warning, note.reason, &regarding.uid, related).hash(&mut hasher);
        let mut told = self.told.lock().expect("nothing panics while it is held");
        let is_fresh = |once: &Once| now.as_second() - once.last.as_second() < REPEATS_SECONDS;
        if now.as_second() - told.forgotten > FORGET_SECONDS {
            told.forgotten = now.as_second();
            told.events.retain(|_, once| is_fresh(once));
        }
        let first = Once {
            created: now,
            last: now,
            count: 0,
        };
        let once = told.events.entry(hasher.finish()).or_insert(first);
        if !is_fresh(once) {
            *once = first;
        }
        once.count = once.count.saturating_add(1);
        once.last = now;
        *once
    }

    fn event(
        &self,
        name: String,
        note: Note<'_>,
        regarding: ObjectReference,
        created: Timestamp,
    ) -> Event {
        let severity = match note.is_warning {
            true => "Warning",
            false => "Normal",
        };
        Event {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: regarding.namespace.clone(),
                ..ObjectMeta::default()
            },
            type_: Some(severity.into()),
            reason: Some(note.reason.into()),
            note: Some(truncate(note.text, MAX_NOTE_BYTES).into()),
            action: Some("Reconcile".into()),
            event_time: Some(MicroTime(created)),
            regarding: Some(regarding),
            related: note.related,
            reporting_controller: Some(self.controller.into()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        }
    }
}

fn truncate(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_between_characters() {
        assert_eq!(truncate("äöü", 3), "ä");
        assert_eq!(truncate("short", 1024), "short");
    }
}
