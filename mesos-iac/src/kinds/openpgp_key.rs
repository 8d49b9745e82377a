use crate::model::{Content, ContentSource, Error, HostView, Result};

/// A public key of OpenPGP that comes with a definition.
pub(super) struct PublicKey {
    pub(super) content: Content,
    /// Whether it is text, as `gpg --armor` writes it.
    pub(super) is_armoured: bool,
}

impl PublicKey {
    /// The key in this content; `refuse` words why there is none.
    ///
    /// # Errors
    /// The content can't be had, is a secret, or doesn't begin as a public key does.
    pub(super) fn read(source: ContentSource, host: &HostView<'_>, refuse: impl Fn(&str) -> Error) -> Result<Self> {
        let content = source.resolve(host)?;
        let bytes = content
            .plain_bytes()
            .ok_or_else(|| refuse("its key is a public one, not a secret"))?;
        let is_armoured = is_armoured(&bytes)
            .ok_or_else(|| refuse("its key is none: expected a public key of OpenPGP, in armour or not"))?;
        Ok(Self { content, is_armoured })
    }
}

fn is_armoured(key: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(key).unwrap_or_default();
    if text.trim_start().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----") {
        return Some(true);
    }
    // The head of a packet with a public key, in the old form and in the new one.
    matches!(key.first(), Some(0x98..=0x9b | 0xc6)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_by_how_they_begin() {
        assert_eq!(is_armoured(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), Some(true));
        assert_eq!(is_armoured(&[0x99, 0x01, 0x0d]), Some(false));
        assert_eq!(is_armoured(&[0xc6, 0x33]), Some(false));
        let secret_keys = [&[0x95, 0x01][..], &[0xc5, 0x58]];
        for none in [b"".as_slice(), b"-----BEGIN PGP PRIVATE KEY BLOCK-----", b"<html>"] {
            assert_eq!(is_armoured(none), None);
        }
        for none in secret_keys
            .into_iter()
            .chain(["\u{feff}-----BEGIN".as_bytes(), "ä".as_bytes()])
        {
            assert_eq!(is_armoured(none), None);
        }
    }
}
