/// Where a package of ZooKeeper keeps its things, and what it calls them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZooKeeperLayout {
    /// The packages; none where ZooKeeper is already there.
    pub packages: Vec<String>,
    /// The directory of `zoo.cfg`.
    pub config: String,
    /// The file of the server's id.
    pub id_file: String,
    /// Where snapshots, and unless told otherwise transaction logs, are kept.
    pub data: String,
    /// The service.
    pub service: String,
    /// The user that it runs as.
    pub user: String,
    /// Where the size of the heap is set.
    pub heap: HeapIn,
    /// The command that makes the data directory, for packages that don't, with what it makes.
    pub init: Option<(Vec<String>, String)>,
}

/// Where a package takes options of the Java machine from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeapIn {
    /// `/etc/default/zookeeper`, as `JAVA_OPTS`.
    DefaultFile,
    /// `java.env` in the configuration's directory, as `JVMFLAGS`; read by ZooKeeper's own start script.
    JavaEnv,
}

impl ZooKeeperLayout {
    /// Debian's and Ubuntu's `zookeeperd`.
    ///
    /// It is started by a script of System V, whatever the release: systemd calls it active even when Java died at once.
    /// The id stands beside the configuration; the data directory has a link to it.
    #[must_use]
    pub fn debian() -> Self {
        Self {
            packages: vec!["zookeeperd".to_owned()],
            config: "/etc/zookeeper/conf".to_owned(),
            id_file: "/etc/zookeeper/conf/myid".to_owned(),
            data: "/var/lib/zookeeper".to_owned(),
            service: "zookeeper".to_owned(),
            user: "zookeeper".to_owned(),
            heap: HeapIn::DefaultFile,
            init: None,
        }
    }

    /// Cloudera's and Bigtop's `zookeeper-server`, whose data directory has to be made by a command of its own.
    #[must_use]
    pub fn zookeeper_server() -> Self {
        let data = "/var/lib/zookeeper";
        let init = ["service", "zookeeper-server", "init"].map(str::to_owned).to_vec();
        Self {
            packages: vec!["zookeeper-server".to_owned()],
            config: "/etc/zookeeper/conf".to_owned(),
            id_file: format!("{data}/myid"),
            data: data.to_owned(),
            service: "zookeeper-server".to_owned(),
            user: "zookeeper".to_owned(),
            heap: HeapIn::JavaEnv,
            init: Some((init, format!("{data}/version-2"))),
        }
    }

    /// Mesosphere's `mesosphere-zookeeper`, for Enterprise Linux 7.
    #[must_use]
    pub fn mesosphere() -> Self {
        let data = "/var/lib/zookeeper";
        Self {
            packages: vec!["mesosphere-zookeeper".to_owned()],
            config: "/etc/zookeeper/conf".to_owned(),
            id_file: format!("{data}/myid"),
            data: data.to_owned(),
            service: "zookeeper".to_owned(),
            user: "zookeeper".to_owned(),
            heap: HeapIn::JavaEnv,
            init: None,
        }
    }

    /// The same without packages: ZooKeeper is on the host already, or something else brings it.
    #[must_use]
    pub fn present(mut self) -> Self {
        self.packages.clear();
        self
    }
}
