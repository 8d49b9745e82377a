use crate::model::Arch;

/// What an executable needs of the host that runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elf {
    /// The architecture.
    pub arch: Arch,
    /// Whether it brings everything along; otherwise it needs a C library at least as new as the one it was built with.
    pub is_static: bool,
}

/// Why a file is no executable for a Linux host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It is none, or a damaged one.
    #[error("it is no ELF executable")]
    NotElf,
    /// It is for 32-bit or big-endian machines.
    #[error("it is no executable for 64-bit little-endian machines")]
    OtherClass,
    /// It is for an architecture that has no name here.
    #[error("it is for the unknown machine {0}")]
    OtherMachine(u16),
}

/// The segment that names the dynamic linker.
const PT_INTERP: u32 = 3;

impl Elf {
    /// Reads the header of an executable.
    ///
    /// # Errors
    /// The file is no executable for a 64-bit little-endian Linux host.
    pub fn parse(file: &[u8]) -> Result<Self, ElfError> {
        if file.get(..4) != Some(b"\x7fELF") {
            return Err(ElfError::NotElf);
        }
        if file.get(4..6) != Some(&[2, 1]) {
            return Err(ElfError::OtherClass);
        }
        let arch = match u16_at(file, 18)? {
            62 => Arch::x86_64(),
            183 => Arch::aarch64(),
            243 => Arch("riscv64".into()),
            21 => Arch("ppc64le".into()),
            other => return Err(ElfError::OtherMachine(other)),
        };
        let table = usize::try_from(u64_at(file, 32)?).map_err(|_| ElfError::NotElf)?;
        let (size, count) = (usize::from(u16_at(file, 54)?), usize::from(u16_at(file, 56)?));
        let mut is_static = true;
        for index in 0..count {
            let at = index
                .checked_mul(size)
                .and_then(|offset| table.checked_add(offset))
                .ok_or(ElfError::NotElf)?;
            is_static &= u32_at(file, at)? != PT_INTERP;
        }
        Ok(Self { arch, is_static })
    }
}

fn bytes<const N: usize>(file: &[u8], at: usize) -> Result<[u8; N], ElfError> {
    let slice = at
        .checked_add(N)
        .and_then(|end| file.get(at..end))
        .ok_or(ElfError::NotElf)?;
    slice.try_into().map_err(|_| ElfError::NotElf)
}

fn u16_at(file: &[u8], at: usize) -> Result<u16, ElfError> {
    bytes(file, at).map(u16::from_le_bytes)
}

fn u32_at(file: &[u8], at: usize) -> Result<u32, ElfError> {
    bytes(file, at).map(u32::from_le_bytes)
}

fn u64_at(file: &[u8], at: usize) -> Result<u64, ElfError> {
    bytes(file, at).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_an_executable_with_a_dynamic_linker() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = Elf::parse(&file).unwrap();
        assert_eq!(elf.arch.0, std::env::consts::ARCH);
        assert!(!elf.is_static);
        for length in 0..file.len().min(64) {
            assert!(Elf::parse(&file[..length]).is_err());
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        assert_eq!(Elf::parse(b"#!/bin/sh\n"), Err(ElfError::NotElf));
        assert_eq!(Elf::parse(b"\x7fELF\x01\x01"), Err(ElfError::OtherClass));
        let mut damaged = vec![0xff; 64];
        damaged[..6].copy_from_slice(b"\x7fELF\x02\x01");
        damaged[18..20].copy_from_slice(&62_u16.to_le_bytes());
        assert_eq!(Elf::parse(&damaged), Err(ElfError::NotElf));
    }
}
