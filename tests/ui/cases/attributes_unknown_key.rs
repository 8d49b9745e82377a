use mesos_iac::prelude::*;

#[derive(Attributes)]
#[attributes(prefx = "lab")]
struct Lab {
    #[attr(defualt = 5050)]
    port: u16,
    #[attr(doc = "x")]
    rack: String,
}

fn main() {
    let _ = (Lab::PORT, Lab::RACK);
}
