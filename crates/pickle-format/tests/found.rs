//! Bytes that fuzzing led to, the seeds of its target.

mod any_bytes;

use std::fs;
use std::path::Path;

#[test]
fn what_holds_for_any_bytes_holds_for_what_was_found() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut found = 0;
    for target in ["reader", "loader"] {
        for seed in fs::read_dir(seeds.join(target)).unwrap() {
            any_bytes::check(&fs::read(seed.unwrap().path()).unwrap());
            found += 1;
        }
    }
    assert!(found > 500, "{found}");
}
