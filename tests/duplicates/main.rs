//! Two of one name. What a program registers counts wherever in it that is, so these stand in a program of their own.

use mesos_iac::prelude::*;

macro_rules! module {
    ($module:ident, $number:ty) => {
        mod $module {
            use mesos_iac::prelude::*;
            use serde::{Deserialize, Serialize};

            /// Settings of a site.
            #[derive(Attributes)]
            #[attributes(prefix = "site")]
            pub(super) struct Site {
                /// How many there are.
                #[attr(default = 1)]
                number: $number,
            }

            #[derive(Role, Clone)]
            #[role(name = "twice")]
            pub(super) struct Twice;

            impl Declares for Twice {
                fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
                    Ok(())
                }
            }

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
            #[resource(kind = "site.thing", key = name)]
            pub(super) struct Thing {
                name: String,
            }

            impl Converge for Thing {
                fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
                    Ok(Check::NoChange)
                }

                fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
                    Ok(())
                }
            }
        }
    };
}

module!(one, u16);
module!(two, u32);

#[test]
fn kinds_roles_and_attributes_of_one_name_are_mistakes_before_any_host_is_touched() {
    let mistakes = Cluster::new("x").hosts(host("a")).role(one::Twice).build();
    let told = mistakes.expect_err("three names are taken twice").to_string();
    for what in [
        "the kind `site.thing` is registered by two types",
        "the role `duplicates.twice` is registered by two types",
        "attribute `site.number` is declared with two types: u16 and u32",
    ] {
        let (_, mistake) = told.split_once(what).unwrap_or_else(|| panic!("{what}:\n{told}"));
        let places = mistake.lines().skip(1).take_while(|line| line.starts_with("  "));
        let declared: Vec<&str> = places.filter(|line| line.contains("duplicates/main.rs:")).collect();
        assert_eq!(declared.len(), 2, "{what}:\n{told}");
    }
}
