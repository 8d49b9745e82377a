//! The agent that has the built-in kinds and nothing else; see the README for how it is built.

fn main() -> std::process::ExitCode {
    mesos_iac::agent_main()
}
