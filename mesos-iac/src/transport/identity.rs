//! Files with private keys.

use std::path::{Path, PathBuf};

use ssh_key::{PrivateKey, PublicKey};

/// No private key is larger; a bound on what a path like `/dev/zero` can do.
const LARGEST_FILE: u64 = 1024 * 1024;

/// One identity file.
pub(super) struct Identity {
    pub(super) path: PathBuf,
    /// The public key in wire form, as far as it can be known: the agent may hold the private half.
    pub(super) public: Option<Vec<u8>>,
    /// The private key as libssh2 takes it, or why this file cannot be used by itself.
    pub(super) private: Result<String, String>,
}

/// Reads identity files. What is wrong with one is no error yet: the agent or another file may do.
///
/// Blocks on the disk.
pub(super) fn read(paths: &[PathBuf]) -> Vec<Identity> {
    paths
        .iter()
        .map(|path| {
            let private = read_text(path);
            let from_private = private.as_deref().ok().and_then(public_half);
            Identity {
                public: from_private.or_else(|| beside(path)),
                private: private.and_then(|text| usable(&text).map(|()| text)),
                path: path.clone(),
            }
        })
        .collect()
}

fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text))
        .map_err(|error| error.to_string())?;
    Ok(text)
}

/// Whether libssh2 can use a private key without asking for anything.
fn usable(text: &str) -> Result<(), String> {
    const ENCRYPTED: &str = "it is encrypted, and there is nobody to ask for its passphrase";
    if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
        return match PrivateKey::from_openssh(text.trim_start()) {
            Ok(key) if key.is_encrypted() => Err(ENCRYPTED.to_owned()),
            // A kind of key that the ssh-key crate does not know may still be one that libssh2 does.
            Ok(_) | Err(_) => Ok(()),
        };
    }
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(ENCRYPTED.to_owned());
    }
    if text.contains("PRIVATE KEY-----") {
        return Ok(());
    }
    Err("it is no private key".to_owned())
}

/// OpenSSH's format has the public half in clear, also where the private one is encrypted.
fn public_half(text: &str) -> Option<Vec<u8>> {
    let key = PrivateKey::from_openssh(text.trim_start()).ok()?;
    key.public_key().to_bytes().ok()
}

/// The public key in the file beside, as `ssh-keygen` leaves it.
fn beside(path: &Path) -> Option<Vec<u8>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let text = read_text(Path::new(&name)).ok()?;
    PublicKey::from_openssh(text.trim()).ok()?.to_bytes().ok()
}
