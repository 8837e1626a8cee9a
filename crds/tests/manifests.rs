//! The committed manifests and documents are the ones the types generate.

use std::{fs, path::Path};

use datacrowd_crds::{
    condition::{Phase, Reason},
    manifest,
};

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

#[test]
fn the_committed_table_of_phases_is_what_the_code_says() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("phases.json");
    let committed = fs::read_to_string(table).unwrap_or_default();
    assert!(
        committed == Phase::reference(),
        "crds/phases.json differs from crds/src/condition.rs; run `make generate`"
    );
}

#[test]
fn the_committed_page_of_reasons_is_what_the_code_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reasons.md");
    let committed = fs::read_to_string(page).unwrap_or_default();
    assert!(
        committed == Reason::reference(),
        "docs/reasons.md differs from crds/src/reason.rs; run `make generate`"
    );
}
