use super::elf::{Elf, ElfError};
use crate::model::Arch;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// An executable that can be an agent.
#[derive(Debug)]
pub struct AgentProgram {
    path: PathBuf,
    bytes: Vec<u8>,
    digest: String,
    elf: Elf,
    compressed: OnceLock<Result<Arc<[u8]>, String>>,
}

/// Why there is no agent for a host. Each message reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// The file can't be read.
    #[error("read the agent {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The file is no executable for a host.
    #[error("use {} as an agent: {why}", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: ElfError,
    },
    /// None of the agents at hand is for this architecture.
    #[error("find an agent for {arch}: there is {}", .have.join(", "))]
    NoneFor {
        /// The architecture.
        arch: Arch,
        /// The architectures for which there is one.
        have: Vec<String>,
    },
}

impl ProgramError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoneFor { arch, .. } => {
                format!("build `mesos-iac-agent` for {arch} and name it with `--agent FILE`")
            }
            Self::Unreadable { .. } | Self::NotElf { .. } => {
                "name an agent with `--agent FILE`, or leave it out and the program ships itself".into()
            }
        }
    }
}

impl AgentProgram {
    /// Reads an executable.
    ///
    /// # Errors
    /// It can't be read, or is no executable for a Linux host.
    pub fn read(path: &Path) -> Result<Self, ProgramError> {
        let bytes = std::fs::read(path).map_err(|error| ProgramError::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        let elf = Elf::parse(&bytes).map_err(|why| ProgramError::NotElf {
            path: path.to_owned(),
            why,
        })?;
        Ok(Self {
            path: path.to_owned(),
            digest: crate::model::hex(&Sha256::digest(&bytes)),
            bytes,
            elf,
            compressed: OnceLock::new(),
        })
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its SHA-256 digest in hexadecimal, by which hosts keep it.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it needs of a host.
    #[must_use]
    pub const fn elf(&self) -> &Elf {
        &self.elf
    }

    /// It, as gzip makes it. Compressed once, when the first host turns out not to have it; the others wait for that.
    ///
    /// # Errors
    /// Memory is all that can be short; says so.
    pub fn compressed(&self) -> Result<Arc<[u8]>, String> {
        self.compressed
            .get_or_init(|| gzip(&self.bytes).map_err(|error| error.to_string()))
            .clone()
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Arc<[u8]>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

/// The agents at hand, one for each architecture.
#[derive(Debug, Clone, Default)]
pub struct AgentPrograms {
    by_arch: BTreeMap<String, Arc<AgentProgram>>,
    preferred: Option<Arc<AgentProgram>>,
}

impl AgentPrograms {
    /// These agents; of two for one architecture the first, and the first of all for a host whose architecture nobody
    /// declared.
    #[must_use]
    pub fn new(programs: impl IntoIterator<Item = AgentProgram>) -> Self {
        let mut all = Self::default();
        for program in programs {
            let program = Arc::new(program);
            all.preferred.get_or_insert_with(|| Arc::clone(&program));
            all.by_arch.entry(program.elf.arch.0.clone()).or_insert(program);
        }
        all
    }

    /// The agent for a host of this architecture; for one of unknown architecture, the likely one.
    ///
    /// # Errors
    /// There is none.
    pub fn choose(&self, arch: Option<&Arch>) -> Result<Arc<AgentProgram>, ProgramError> {
        let found = match arch {
            Some(arch) => self.by_arch.get(&arch.0),
            None => self.preferred.as_ref(),
        };
        found.cloned().ok_or_else(|| ProgramError::NoneFor {
            arch: arch.cloned().unwrap_or_else(|| Arch("any architecture".into())),
            have: match self.by_arch.is_empty() {
                true => vec!["none".into()],
                false => self.by_arch.keys().map(|arch| format!("one for {arch}")).collect(),
            },
        })
    }

    /// The agents.
    pub fn iter(&self) -> impl Iterator<Item = &AgentProgram> {
        self.by_arch.values().map(|program| &**program)
    }
}
