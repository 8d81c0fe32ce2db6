//! The `linkspan` binary: subcommands, and nothing else.

fn main() {}
