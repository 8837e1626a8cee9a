//! An object, or what can be said of one that does not decode: one such must not stop the others. As the library's
//! `DeserializeGuard`, which takes each object apart twice before it reads it.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, core::PartialObjectMeta};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::value::RawValue;

/// An object that may be undecodable.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<K>(pub Result<K, Undecodable>);

/// What is known of an object that does not decode.
#[derive(Debug, Clone)]
pub(crate) struct Undecodable {
    pub error: String,
    pub metadata: ObjectMeta,
}

impl<'de, K: DeserializeOwned + Resource> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let error = match serde_json::from_str(raw.get()) {
            Ok(object) => return Ok(Self(Ok(object))),
            Err(error) => error.to_string(),
        };
        let partial: PartialObjectMeta<K> =
            serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let metadata = partial.metadata;
        Ok(Self(Err(Undecodable { error, metadata })))
    }
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(of: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(of)
    }

    fn group(of: &Self::DynamicType) -> Cow<'_, str> {
        K::group(of)
    }

    fn version(of: &Self::DynamicType) -> Cow<'_, str> {
        K::version(of)
    }

    fn plural(of: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(of)
    }

    fn meta(&self) -> &ObjectMeta {
        match &self.0 {
            Ok(object) => object.meta(),
            Err(undecodable) => &undecodable.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(object) => object.meta_mut(),
            Err(undecodable) => &mut undecodable.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use datacrowd_crds::Dataset;
    use kube::core::{ObjectList, WatchEvent};

    use super::*;

    const BROKEN: &str = r#"{"apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset",
        "metadata": {"name": "items", "namespace": "team-a"}, "spec": {"source": 1}}"#;

    #[test]
    fn an_undecodable_object_keeps_its_metadata_in_a_list_and_in_a_watch() {
        let list = format!(
            r#"{{"apiVersion": "v1", "kind": "List", "metadata": {{}}, "items": [{BROKEN}]}}"#
        );
        let list: ObjectList<Guarded<Dataset>> = serde_json::from_str(&list).unwrap();
        let event = format!(r#"{{"type": "ADDED", "object": {BROKEN}}}"#);
        let event: WatchEvent<Guarded<Dataset>> = serde_json::from_str(&event).unwrap();
        let WatchEvent::Added(watched) = event else {
            panic!("{event:?}");
        };
        for object in [&list.items[0], &watched] {
            assert_eq!(object.meta().name.as_deref(), Some("items"));
            assert!(object.0.is_err());
        }
    }
}
