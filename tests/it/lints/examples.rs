//! What lints say of the examples: nothing, or what the example's document really says.

use super::findings;
use crate::examples::{secrets, stacki_mesos};
use mesos_iac::prelude::*;

fn names(cluster: Result<Cluster>) -> Vec<&'static str> {
    let mut names: Vec<_> = findings(&cluster.unwrap())
        .found
        .iter()
        .map(|finding| finding.lint.name)
        .collect();
    names.dedup();
    names
}

#[test]
fn examples_have_no_other_mistakes_than_their_documents() {
    assert_eq!(names(secrets::cluster()), [""; 0]);
    assert_eq!(names(stacki_mesos::cluster()), [""; 0]);
}
