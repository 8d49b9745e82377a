//! A small cluster that the suite brings into trouble: hosts that hang, are lost, are others than they should be.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What hosts are greeted with. The suite builds the program a second time with another greeting: an edited definition.
const GREETING: &str = match option_env!("LAB_GREETING") {
    Some(edited) => edited,
    None => "hello",
};

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "lab")]
struct Lab {
    /// What the greeting says.
    #[attr(default = GREETING.to_owned())]
    greeting: String,
    /// How many seconds a step in the middle of the run takes; without it there is no such step.
    #[attr(default = 0)]
    pause: u32,
}

/// A greeting, and on demand a slow step with something after it.
#[derive(Role, Clone)]
#[role(name = "greeter")]
struct Greeter;

impl Declares for Greeter {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(directory("/etc/lab"));
        let greeting = cx.add(file("/etc/lab/greeting").content(template!(source = "{{ greeting }}\n", Lab)));
        let pause = cx.get(Lab::PAUSE)?;
        if pause > 0 {
            let slow = command(["sleep".to_owned(), pause.to_string()])
                .name("pause")
                .only_if(["true"]);
            let slow = cx.add(slow.after(greeting));
            cx.add(file("/etc/lab/after-the-pause").content("awake\n").after(slow));
        }
        Ok(())
    }
}

/// `foreign` is no host of the testbed: the suite gives it the address of one, which then isn't what is declared here.
///
/// The environment is read for one thing that can't be known earlier, since a testbed makes its host keys anew: the key
/// that is pinned for the first host.
fn cluster() -> Result<Cluster> {
    let lab = Cluster::new("lab")
        .appliance(appliance("greeter").role(Greeter))
        .hosts(hosts("lab-0-[0-9]").appliance("greeter").os(Os::any("debian")))
        .hosts(host("foreign").appliance("greeter").os(Os::ubuntu("24.04")));
    match std::env::var("LAB_HOST_KEY") {
        Ok(pin) => lab
            .hosts_matching("lab-0-0", move |host| host.host_key(pin.clone()))
            .build(),
        Err(_) => lab.build(),
    }
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
