//! Writes `crds/manifests/*.yaml`, `crds/phases.json` and `docs/reasons.md` from the types.

use std::{fs, path::Path};

use datacrowd_crds::{
    condition::{Phase, Reason},
    manifest,
};

fn main() -> anyhow::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = home.join("manifests");
    fs::create_dir_all(&folder)?;
    for (name, crd) in manifest::definitions() {
        fs::write(folder.join(name), manifest::render(&crd)?)?;
    }
    fs::write(home.join("phases.json"), Phase::reference())?;
    fs::write(home.join("../docs/reasons.md"), Reason::reference())?;
    Ok(())
}
