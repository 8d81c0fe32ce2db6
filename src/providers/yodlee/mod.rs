//! Yodlee.
mod config;
mod error;
pub mod map;
mod webhook;
pub mod wire;
