//! Snapshots of what each macro emits for one good input, and that no input makes one panic; what users see of bad ones is
//! under test in `tests/ui`.

use crate::errors::Errors;
use crate::surroundings::Surroundings;
use crate::{attributes, hosts, resource, role, template};
use proc_macro2::{TokenStream, TokenTree};

/// The snapshot `expand__{name}.snap` of an expansion without mistakes.
fn snapshot(name: &str, (tokens, errors): (TokenStream, Errors)) {
    assert_eq!(errors.messages(), [""; 0]);
    assert_absolute(tokens.clone());
    // Templates are embedded by their absolute path, which is another one on each machine, and so would the line breaks be.
    let shown = tokens
        .to_string()
        .replace(env!("CARGO_MANIFEST_DIR"), "$CARGO_MANIFEST_DIR");
    let shown = match syn::parse_str::<syn::File>(&shown) {
        Ok(file) => prettyplease::unparse(&file),
        // `template!` makes an expression.
        Err(_) => match syn::parse_str::<syn::File>(&format!("const EXPRESSION: _ = {shown};")) {
            Ok(file) => prettyplease::unparse(&file),
            Err(error) => panic!("the expansion doesn't parse: {error}\n{tokens}"),
        },
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("expand__{name}"), shown));
}

/// Users may have a `Result` or an `Option` of their own: the names of the standard library stand only in paths.
fn assert_absolute(tokens: TokenStream) {
    let mut before = [String::new(), String::new()];
    for token in tokens {
        match &token {
            TokenTree::Group(group) => assert_absolute(group.stream()),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let shadowable = [
                    "Result", "Option", "Some", "None", "Ok", "Err", "Vec", "Box", "str", "bool", "Any",
                ];
                assert!(
                    before == [":", ":"] || !shadowable.contains(&name.as_str()),
                    "`{name}` may be shadowed"
                );
            }
            _ => {}
        }
        before = [before[1].clone(), token.to_string()];
    }
}

fn surroundings() -> Surroundings {
    Surroundings::of_test("lab_roles", env!("CARGO_MANIFEST_DIR"))
}

/// The tokens of an item as a user writes it.
fn input(text: &str) -> TokenStream {
    match text.parse() {
        Ok(tokens) => tokens,
        Err(error) => panic!("the input doesn't parse: {error}"),
    }
}

#[test]
fn attributes() {
    let lab = r#"
        #[attributes(prefix = "lab")]
        pub struct Lab {
            /// Whether a master of Mesos runs here.
            #[attr(default = false)]
            is_mesos_master: Truth,
            #[attr(default = "10.1.255.254", name = "zookeeper-ip")]
            zookeeper_ip: std::net::IpAddr,
            #[attr(default = "0644")]
            mode: Mode,
            r#type: String,
        }
    "#;
    snapshot("attributes", attributes::do_attributes(input(lab)));
}

#[test]
fn role() {
    let node = r#"
        #[role(name = "mesos-node", attributes = Lab)]
        #[after(role::<Base>(), when = has_zookeeper)]
        #[include(Zk { quorum: self.quorum }, when = has_zookeeper)]
        #[expose(Master { port: 5050 })]
        #[resource(package("mesos"))]
        #[resource(conf = file("/etc/mesos/zk").content("zk://"), when = is_master && !(rack == 3 || rack != 4))]
        #[resource(service("mesos-slave").running().restart_on(conf), when = { Condition::os("ubuntu") })]
        struct MesosNode {
            quorum: u8,
            limits: Limits,
        }
    "#;
    snapshot("role", role::do_role(input(node), &surroundings()));
}

#[test]
fn role_of_the_free_form() {
    let zk = r#"#[role(name = "zookeeper")] struct Zk;"#;
    snapshot("role_of_the_free_form", role::do_role(input(zk), &surroundings()));
}

#[test]
fn resource() {
    let dir = r#"#[resource(kind = "hdfs.dir", key = path, version = 2)] pub struct HdfsDir { path: String }"#;
    snapshot("resource", resource::do_resource(input(dir)));
}

#[test]
fn hosts() {
    let machines = r#"
        pub enum Machines {
            #[host("fe-0-[0-1]", appliance("backend"), set(Lab::PORT, 80))]
            Frontends,
            #[host("db")]
            Db,
        }
    "#;
    snapshot("hosts", hosts::do_hosts(input(machines)));
}

#[test]
fn template_derive() {
    let config = r#"
        #[template(source = "{{ port }}{% for server in servers %}{% include 'server.j2' %}{% endfor %}")]
        struct Config<'a> {
            port: u16,
            domain: &'a str,
            servers: Vec<Server>,
        }
    "#;
    let surroundings = Surroundings::of_test("lab_roles", concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    snapshot("template_derive", template::do_derive(input(config), &surroundings));
}

#[test]
fn template_expression() {
    let call = r#""base.j2", Lab"#;
    let surroundings = Surroundings::of_test("lab_roles", concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    snapshot(
        "template_expression",
        template::do_expression(input(call), &surroundings),
    );
}

#[test]
fn no_input_is_a_panic() {
    let odd = [
        "",
        "struct",
        "fn f() {}",
        "struct A;",
        "struct A();",
        "struct A {}",
        "enum A {}",
        "union A { a: u8 }",
        "enum A { B(u8), C { d: u8 } }",
        "struct A<'a, T: Copy, const N: usize>(&'a [T; N]) where T: Clone;",
        "struct r#type { r#fn: u8, _a: u8, A: u8, a: u8, ß: u8 }",
    ];
    let arguments = [
        "",
        "()",
        "= 1",
        "= \"x\"",
        "(,)",
        "(=)",
        "(a)",
        "(a =)",
        "(\"x\")",
        "(\"x\",)",
        "(\"x\", a)",
        "(\"x\", a(), b(c))",
        "(\"[\")",
        "(1, 2)",
        "(name)",
        "(name = 1)",
        "(name = \"\")",
        "(name = \"a\", name = \"b\")",
        "(attributes = 1)",
        "(attributes = A<B>)",
        "(prefix = \".\")",
        "(kind = \"\")",
        "(kind = \"a.b\", key = 0)",
        "(kind = \"a.b\", key = a, version = 99999999999)",
        "(default)",
        "(default =)",
        "(default = \"\")",
        "(default = [])",
        "(a = b, when)",
        "(a, when = )",
        "(a, when = !)",
        "(a, when = a &&)",
        "(a, when = (((!a)) && {}) )",
        "(a, when = { let a = 1; a })",
        "(a == b)",
        "(a = a = a)",
        "(source)",
        "(source = 1)",
        "(source = \"\")",
        "(source = \"{{\")",
        "(source = \"{% include %}\")",
        "(\"\")",
        "(\"/\")",
        "(\"..\")",
        "(\"../Cargo.toml\")",
        "(\"\\0\")",
    ];
    let surroundings = surroundings();
    for item in odd {
        for name in [
            "attributes",
            "attr",
            "role",
            "resource",
            "include",
            "expose",
            "host",
            "template",
        ] {
            for argument in arguments {
                // On the item, and on its first field or variant.
                let attribute = format!("#[{name}{argument}]");
                let inside = item.replacen("{ ", &format!("{{ {attribute} "), 1);
                for text in [format!("{attribute} {item}"), format!("{attribute} {inside}")] {
                    let Ok(tokens) = text.parse::<TokenStream>() else {
                        continue;
                    };
                    attributes::do_attributes(tokens.clone());
                    resource::do_resource(tokens.clone());
                    hosts::do_hosts(tokens.clone());
                    role::do_role(tokens.clone(), &surroundings);
                    template::do_derive(tokens, &surroundings);
                }
            }
        }
    }
    for argument in arguments {
        let Ok(tokens) = argument.trim_matches(['(', ')']).parse::<TokenStream>() else {
            continue;
        };
        template::do_expression(tokens, &surroundings);
    }
}
