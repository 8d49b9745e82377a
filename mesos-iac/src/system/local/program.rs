use crate::model::{MOST_BYTES, SystemError};

/// The program that runs: all of its bytes, also if its file was replaced or removed since it was started.
pub(super) fn own() -> Result<Vec<u8>, SystemError> {
    const PROGRAM: &str = "/proc/self/exe";
    let fail = |why: String| SystemError::Other(format!("read the agent's own program {PROGRAM}: {why}"));
    let length = std::fs::metadata(PROGRAM)
        .map_err(|error| fail(error.to_string()))?
        .len();
    // A file that is longer couldn't be compared with it.
    if length > MOST_BYTES {
        let mebibytes = MOST_BYTES / 1024 / 1024;
        return Err(fail(format!(
            "it has {length} bytes, and {mebibytes} MiB are the most; build `mesos-iac-agent` and name it with `--agent FILE`"
        )));
    }
    std::fs::read(PROGRAM).map_err(|error| fail(error.to_string()))
}
