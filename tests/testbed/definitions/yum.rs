//! A host with a repository of yum, and with the dnf that Debian has, which reads it.

use mesos_iac::prelude::*;
use std::process::ExitCode;

/// What the suite changes from run to run.
#[derive(Attributes)]
#[attributes(prefix = "yum")]
struct Yum {
    /// The public key that signs the packages in `/srv/yum`; none: there are no packages yet.
    #[attr(default = "none".to_owned())]
    key: String,
    /// Whether the host is to know the repository.
    #[attr(default = true)]
    known: bool,
}

#[derive(Role, Clone)]
#[role(name = "yum")]
struct OfYum;

impl Declares for OfYum {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for tool in ["dnf", "createrepo-c", "rpm", "gnupg"] {
            cx.add(package(tool));
        }
        // Where yum is at home, its packages bring them.
        for place in ["/etc/yum.repos.d", "/etc/pki", "/etc/pki/rpm-gpg"] {
            cx.add(directory(place));
        }
        let key = cx.get(Yum::KEY)?;
        let own = yum_repository("own");
        if !cx.get(Yum::KNOWN)? {
            cx.add(own.absent());
        } else if key != "none" {
            cx.add(own.base_url("file:///srv/yum").signed_by(key).option("priority", "10"));
        }
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("yum").role(OfYum).hosts(hosts("stage-[0-9]")).build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
