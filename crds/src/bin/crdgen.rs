//! Writes `crds/manifests/*.yaml` from the types.

use std::{fs, path::Path};

use datacrowd_crds::manifest;

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    fs::create_dir_all(&folder)?;
    for (name, crd) in manifest::definitions() {
        fs::write(folder.join(name), manifest::render(&crd)?)?;
    }
    Ok(())
}
