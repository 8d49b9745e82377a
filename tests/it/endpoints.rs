//! What roles say of themselves to others, and what becomes of it where they can't.

use mesos_iac::prelude::*;

#[derive(Debug, Clone)]
struct Serves(String);

impl Endpoint for Serves {}

#[derive(Role, Clone)]
#[role(name = "watched-server")]
struct WatchedServer;

impl Declares for WatchedServer {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let serves = Serves(cx.addr()?.to_owned());
        cx.expose(serves);
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

/// A role that needs the server of its own host.
#[derive(Role, Clone)]
#[role(name = "watcher")]
struct Watcher;

impl Declares for Watcher {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        // In a stage, for a block fails like a role.
        cx.stage("watch", |cx| match cx.endpoint_here::<Serves>() {
            Some(Serves(own)) => Ok(cx.add(file("/etc/watched").content(own))),
            None => Err(cx.no_endpoint_of(|_: &WatchedServer| true, Error::message("find the server to watch"))),
        });
        Ok(())
    }
}

#[test]
fn an_endpoint_that_is_missing_for_a_told_reason_is_no_mistake_of_its_own() {
    let told = |host: Hosts| {
        let cluster = Cluster::new("x").hosts(host.role(Watcher)).build().unwrap();
        let problems = cluster.compile().unwrap_err();
        let messages: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
        messages
    };
    let told_of_server = told(host("a").role(WatchedServer));
    assert_eq!(told_of_server.len(), 1, "{told_of_server:?}");
    assert!(
        told_of_server[0].contains("the host's address is read but was not declared"),
        "{told_of_server:?}"
    );
    assert_eq!(told(host("a")), ["role watcher: failed to find the server to watch"]);
}
