/// Asserts that each host of a cluster reads as it did when its snapshot was approved: its facts, roles, and resources in
/// order, with the contents of files. One snapshot for each host, named `NAME__HOST`.
///
/// All hosts are compared, so that one run shows every difference and leaves every new snapshot for `cargo insta review`;
/// the failure names the hosts that differ.
///
/// Snapshots hold no digests, so a difference can be read. Where they stand is up to insta's settings; the crate using
/// this needs no dependency on insta.
///
/// ```no_run
/// # use mesos_iac::prelude::*;
/// # fn cluster() -> Result<Cluster> { Cluster::new("lab").hosts(host("one")).build() }
/// mesos_iac::assert_cluster_snapshot!("lab", cluster());
/// ```
#[macro_export]
macro_rules! assert_cluster_snapshot {
    ($name:expr, $cluster:expr) => {{
        let cluster = match $cluster {
            ::core::result::Result::Ok(cluster) => cluster,
            ::core::result::Result::Err(error) => ::core::panic!("the definition is wrong:\n{error}"),
        };
        let compiled = match cluster.compile() {
            ::core::result::Result::Ok(compiled) => compiled,
            ::core::result::Result::Err(problems) => ::core::panic!("the cluster doesn't compile:\n{problems}"),
        };
        $crate::testing::assert_each_host(&compiled.hosts, |host| {
            let name = ::std::format!("{}__{}", $name, host.name());
            $crate::__private::insta::assert_snapshot!(name, $crate::testing::snapshot_text(host));
        });
    }};
}

/// Asserts that a cluster converges on hosts in memory, and that a second run changes nothing. Names what does.
///
/// A command does what it was told to, and nothing else. `.with_command(words, 0)` ends well and leaves the host as it was: one
/// that is declared with `.creates(path)` fails then, as it would on a host, because the path isn't there.
/// `.with_command_that_makes(words, path)` makes the file, so that the second run finds it. A guard gives the same answer in
/// both runs, so `unless` one that says no, a command runs twice and is named. A command that nothing was said of isn't run,
/// and is passed over; so is what its guard would answer.
///
/// ```standalone_crate
/// use mesos_iac::prelude::*;
///
/// #[derive(Role, Clone)]
/// #[role(name = "keys")]
/// #[resource(command(["ssh-keygen", "-A"]).creates("/etc/ssh/ssh_host_ed25519_key"))]
/// struct Keys;
///
/// let cluster = Cluster::new("lab").hosts(host("one").role(Keys)).build();
/// mesos_iac::assert_idempotent!(cluster, |system| {
///     let key = AbsPath::new("/etc/ssh/ssh_host_ed25519_key").unwrap();
///     system.with_command_that_makes(["ssh-keygen", "-A"], &key)
/// });
/// ```
///
/// ```no_run
/// # use mesos_iac::prelude::*;
/// # fn cluster() -> Result<Cluster> { Cluster::new("lab").hosts(host("one")).build() }
/// mesos_iac::assert_idempotent!(cluster());
/// // A second argument prepares each host: what its commands answer, what stands on it.
/// mesos_iac::assert_idempotent!(cluster(), |system| system.with_command(["update-grub"], 0));
/// ```
#[macro_export]
macro_rules! assert_idempotent {
    ($cluster:expr) => {
        $crate::assert_idempotent!($cluster, |system| system)
    };
    ($cluster:expr, $prepare:expr) => {{
        let cluster = match $cluster {
            ::core::result::Result::Ok(cluster) => cluster,
            ::core::result::Result::Err(error) => ::core::panic!("the definition is wrong:\n{error}"),
        };
        if let ::core::result::Result::Err(offenders) = $crate::testing::check_idempotent(&cluster, $prepare) {
            ::core::panic!("the cluster isn't idempotent:\n{offenders}");
        }
    }};
}
