//! The whole plan as YAML, so that a reviewer sees the manifests. `cargo insta review` after a wanted change.

mod judgement;
mod kafka;
mod rollout;
mod scene;
