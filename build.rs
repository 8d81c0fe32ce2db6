//! A changed migration is a changed program: the migrations are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
