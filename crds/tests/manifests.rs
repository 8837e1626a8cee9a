//! The committed manifests are the ones the types generate.

use std::{fs, path::Path};

use datacrowd_crds::manifest;

#[test]
fn committed_manifests_are_what_the_types_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    for (name, crd) in manifest::definitions() {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            committed == manifest::render(&crd).unwrap(),
            "{name} differs from the types; run `cargo run -p datacrowd-crds --bin crdgen`"
        );
    }
}
