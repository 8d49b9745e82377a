//! A cluster with a secret of each kind, which the suite looks for everywhere that it must not be.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// The secrets, and whether the run is to fail in the middle.
#[derive(Attributes)]
#[attributes(prefix = "canary")]
struct Canary {
    #[attr(default = Secret::from_env("CANARY_ENVIRONMENT"))]
    from_environment: Secret<String>,
    #[attr(default = Secret::from_file("canary.secret"))]
    from_file: Secret<String>,
    from_command: Secret<String>,
    #[attr(default = false)]
    blabs: bool,
    /// Whether the file has a line more, so that it changes once more.
    #[attr(default = false)]
    rotated: bool,
}

#[derive(Role, Clone)]
#[role(name = "canary")]
struct Cage;

impl Declares for Cage {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(directory("/etc/canary"));
        let all = cx.add(
            file("/etc/canary/all")
                .content(template!(
                    source = "{{ from_environment }}\n{{ from_file }}\n{{ from_command }}\n{{ rotated }}\n",
                    Canary
                ))
                .verify(["sh", "-c", "sleep 1; grep -q canary \"$0\"", "{}"]),
        );
        let slow = command(["sleep", "2"]).name("pause").only_if(["true"]);
        let slow = cx.add(slow.after(all));
        if cx.get(Canary::BLABS)? {
            let blab = "cat /etc/canary/all; cat /etc/canary/all >&2; printf 'it is %s' \"$(head -1 /etc/canary/all)\" >&2; exit 1";
            cx.add(command(["sh", "-c", blab]).name("blab").only_if(["true"]).after(slow));
        }
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("canary")
        .set(Canary::FROM_COMMAND, Secret::from_command(["cat", "canary.command"])?)
        .appliance(appliance("cage").role(Cage))
        .hosts(hosts("lab-0-[0-9]").appliance("cage"))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
