//! No core is written of a program that knows secrets, and nobody else's limits change for that.

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use std::sync::OnceLock;

/// What the programs that we start get: the limit that we were started with.
static FOUND: OnceLock<Rlimit> = OnceLock::new();

/// From now on no core is written of this process, whatever the host does with cores, and no other process of its user can
/// look into its memory.
///
/// The limit keeps the kernel from writing a core itself. Where cores go to a program (`systemd-coredump`, say) the kernel
/// doesn't ask for the limit, but whether the process may be dumped at all. Programs that are started get the limit that the
/// process had, and may be dumped as usual.
///
/// # Errors
/// The kernel refuses.
pub(crate) fn write_no_core() -> Result<(), Errno> {
    let found = FOUND.get_or_init(|| getrlimit(Resource::Core));
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, none(found))
}

fn none(found: &Rlimit) -> Rlimit {
    Rlimit {
        current: Some(0),
        maximum: found.maximum,
    }
}

/// Starts a program with the limit that we were started with. The caller keeps others from starting one meanwhile.
pub(super) fn with_limit_as_found<T>(start: impl FnOnce() -> T) -> T {
    let Some(found) = FOUND.get() else { return start() };
    // Neither can fail: both are within the hard limit, which stays. Were it so, the program would have a stricter limit.
    let _stricter = setrlimit(Resource::Core, *found);
    let started = start();
    let _unchanged = setrlimit(Resource::Core, none(found));
    started
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ReadSystem as _, probe};
    use crate::system::local::LocalSystem;
    use crate::system::local::process::without_starts;
    use rustix::process::dumpable_behavior;

    #[test]
    fn we_are_not_dumped_and_what_we_start_has_the_limit_that_we_had() {
        // A limit that is neither nothing nor everything, so that a lost one shows.
        let hard = getrlimit(Resource::Core).maximum;
        let wanted = hard.unwrap_or(u64::MAX).min(4096);
        let started_with = Rlimit {
            current: Some(wanted),
            maximum: hard,
        };
        {
            let _nobody_starts = without_starts();
            setrlimit(Resource::Core, started_with).unwrap();
            write_no_core().unwrap();
            assert_eq!(getrlimit(Resource::Core).current, Some(0));
            assert_eq!(getrlimit(Resource::Core).maximum, hard);
        }
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        // dash counts blocks of 512 bytes.
        let script = format!("test \"$(ulimit -S -c)\" = {}", wanted / 512);
        let system = LocalSystem::new().unwrap();
        assert!(system.probe(&probe(["sh", "-c", &script]).unwrap()).unwrap());
        let _nobody_starts = without_starts();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
