use super::found;
use super::read::mesos::starts;
use super::read::release;
use crate::kinds::Package;
use crate::lint::LintCx;
use crate::lint_rule;
use crate::roles::framework::HasJava;
use crate::words::ResourceId;

lints! {
    MISSING_JRE = Warning "missing-jre": "a daemon needs Java, and nothing brings it to the host";
}

lint_rule!(java => [&MISSING_JRE]);

/// Packages that need Java and don't bring it.
const PACKAGES: [&str; 5] = [
    "marathon",
    "chronos",
    "mesosphere-zookeeper",
    "zookeeper-server",
    "exhibitor",
];

/// Packages that bring Java along, besides those that say so by their name.
const BRINGS: [&str; 4] = ["zookeeperd", "zookeeper", "tomcat9", "tomcat10"];

fn java(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let package = PACKAGES.iter().find(|name| release::package(host, &[name]).is_some());
        let start = starts(host)
            .into_iter()
            .find(|start| matches!(start.program(), "java" | "zkServer.sh" | "marathon" | "chronos"));
        let who = match (package, &start) {
            (Some(package), _) => format!("the package `{package}`"),
            (None, Some(start)) => start.place.clone(),
            (None, None) => continue,
        };
        let is_java = |name: &str| {
            let name = name.to_lowercase();
            BRINGS.contains(&name.as_str())
                || ["jre", "jdk", "java", "temurin", "corretto", "zulu"]
                    .iter()
                    .any(|part| name.contains(part))
        };
        let by_package = host
            .catalog()
            .all::<Package>()
            .any(|(name, package)| package.is_present() && is_java(name));
        // An unpacked archive is there too, or a variable says where.
        let by_file = host.catalog().resources().any(|entry| {
            let key = &entry.id.key;
            ["/jvm/", "/jdk", "/jre", "java"].iter().any(|part| key.contains(part))
        }) || host.files().iter().any(|file| file.text.contains("JAVA_HOME="));
        // The layouts of Marathon and of Chronos bring it, or say that it is there.
        let by_layout = host.endpoints::<HasJava>().next().is_some();
        if !by_package && !by_file && !by_layout {
            let message = format!("{who} needs Java, and nothing brings it");
            let of_package = package.and_then(|package| ResourceId::new("core.package", *package).ok());
            let id = match (&of_package, &start) {
                (Some(id), _) => Some(id),
                (None, Some(start)) => Some(start.id),
                (None, None) => None,
            };
            cx.report(found(&MISSING_JRE, host, id, message).hint(
                "declare a package such as `default-jre-headless`; a layout of Marathon or of Chronos takes `.java(\"PACKAGE\")`, \
                 or `.java_is_present()` where Java is on the host already",
            ));
        }
    }
}
