//! Which packages and features the stages name, in one place: the same selection means the same features everywhere, and
//! one compilation of each dependency.

/// Every package that is tested from Rust. The libraries that a foreign language loads are not among them: their
/// symbols come from that language's program, and each wants its own annotations on the types of `nexa-ffi`, whose
/// features for languages are therefore not named here either; that for JSON is, as what it adds runs in Rust.
pub(crate) const WORKSPACE: &[&str] = &[
    "--workspace",
    "--exclude",
    "nexa-python",
    "--exclude",
    "nexa-node",
    "--exclude",
    "nexa-uniffi",
    "--features",
    "nexa-core/tunnel,nexa-ffi/json,nexa-workspace/sqlite,nexa-workspace/postgres,nexa-workspace/mysql",
];

/// The workspace's selection, and what is asked of it.
pub(crate) fn workspace_and<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [WORKSPACE, arguments].concat()
}
