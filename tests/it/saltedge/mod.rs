//! What is Salt Edge's own, for both kinds of client: signed calls, a customer's record that is made once, visits that name nothing but
//! the customer, fetches that the law counts, callbacks over an address.

mod callbacks;
mod customers;
mod fetches;
mod live;
mod main_job;
mod simulator;
mod visits;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use linkspan::domain::service_provider::ServiceProvider;

use crate::contract::Rig;

const BOTH: [ServiceProvider; 2] = [ServiceProvider::SaltEdge, ServiceProvider::SaltEdgePartners];

/// Clients with a licence of their own, with the simulator.
async fn rig() -> Rig {
    Rig::one(ServiceProvider::SaltEdge).await
}

/// A key that nobody else has.
fn new_key() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).unwrap()
}

fn private_pem(key: &KeyPair) -> String {
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

/// SubjectPublicKeyInfo.
fn public_der(key: &KeyPair) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

fn public_pem(key: &KeyPair) -> String {
    pem("PUBLIC KEY", &public_der(key))
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

/// The sandbox's, which signs in both directions.
fn sandbox_key() -> KeyPair {
    let pem = include_str!("../../../src/providers/saltedge/sandbox/key.pem");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    KeyPair::from_pkcs8(&BASE64_STANDARD.decode(base64).unwrap()).unwrap()
}
