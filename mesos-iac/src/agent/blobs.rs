//! Large content by digest: a catalog's JSON stays small, and content that many resources share travels once.

use super::frame::Frame;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A shorter text isn't worth the detour.
const LEAST: usize = 32 * 1024;

/// The field under which a digest stands for a text.
const FIELD: &str = "mesos_iac.blob";

/// Takes the large texts out of a message; returns the frames that carry them, each once.
pub(super) fn take_out(json: &mut Json, blobs: &mut BTreeMap<String, Vec<u8>>) {
    match json {
        Json::String(text) if text.len() >= LEAST => {
            let digest = crate::model::hex(&Sha256::digest(text.as_bytes()));
            blobs
                .entry(digest.clone())
                .or_insert_with(|| std::mem::take(text).into_bytes());
            *json = serde_json::json!({ FIELD: digest });
        }
        Json::Array(items) => items.iter_mut().for_each(|item| take_out(item, blobs)),
        Json::Object(map) => map.values_mut().for_each(|value| take_out(value, blobs)),
        _ => {}
    }
}

/// Puts the large texts back.
///
/// # Errors
/// The blob of a digest didn't come, or is no text.
pub(super) fn put_back(json: &mut Json, blobs: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    match json {
        Json::Object(map) => {
            if map.len() == 1
                && let Some(Json::String(digest)) = map.get(FIELD)
            {
                let bytes = blobs
                    .get(digest)
                    .ok_or_else(|| format!("the content with digest {digest} didn't come"))?;
                *json = Json::String(
                    String::from_utf8(bytes.clone())
                        .map_err(|_| format!("the content with digest {digest} is no text"))?,
                );
                return Ok(());
            }
            map.values_mut().try_for_each(|value| put_back(value, blobs))
        }
        Json::Array(items) => items.iter_mut().try_for_each(|item| put_back(item, blobs)),
        _ => Ok(()),
    }
}

/// The digest by which a received blob is known. It is computed, not taken on trust.
pub(super) fn receive(bytes: Vec<u8>, blobs: &mut BTreeMap<String, Vec<u8>>) {
    blobs.insert(crate::model::hex(&Sha256::digest(&bytes)), bytes);
}

/// The frames that carry these blobs.
pub(super) fn frames(blobs: BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = Frame> {
    blobs.into_values().map(Frame::Blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_texts_travel_once_and_come_back() {
        let large = "x".repeat(LEAST);
        let original = serde_json::json!({ "a": [large, "small"], "b": { "c": large } });
        let (mut json, mut blobs) = (original.clone(), BTreeMap::new());
        take_out(&mut json, &mut blobs);
        assert_eq!(blobs.len(), 1);
        assert!(json.to_string().len() < 300);
        let mut received = BTreeMap::new();
        blobs.into_values().for_each(|bytes| receive(bytes, &mut received));
        put_back(&mut json, &received).unwrap();
        assert_eq!(json, original);
    }

    #[test]
    fn a_missing_blob_is_an_error() {
        assert!(FIELD.starts_with(crate::words::OWN_FIELDS));
        let mut json = serde_json::json!({ FIELD: "00" });
        assert!(put_back(&mut json, &BTreeMap::new()).is_err());
    }
}
