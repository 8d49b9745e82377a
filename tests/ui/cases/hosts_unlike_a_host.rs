use mesos_iac::prelude::*;

#[derive(Hosts)]
enum Machines {
    Forgotten,
    #[host(db)]
    Unquoted,
    #[host("db", addr = "10.0.0.9")]
    Assigned,
    #[host("web-[1-3]")]
    Fields(u8),
    #[host("a")]
    #[host("b")]
    Twice,
}

fn main() {
    let _ = Machines::Forgotten.hosts();
}
