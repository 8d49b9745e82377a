//! What the engine takes where no machine has a part in it: the compiler over a large cluster, and the passes over a large
//! graph in the compiler and in the executor.
//!
//! `tests/show.sh benches` starts it, together with what stands in `files.rs`. The last lines are the figures.
#![expect(clippy::print_stdout, reason = "a bench reports by itself")]
#![expect(
    clippy::expect_used,
    reason = "a bench whose definition is wrong has nothing to measure"
)]

use criterion::{BenchmarkId, Criterion, SamplingMode};
use mesos_iac::converge::{ConvergeOptions, converge};
#[cfg(feature = "roles")]
use mesos_iac::lint;
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use mesos_iac::{Rerun, ResourceId, Work};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

/// What a compile of [`HOSTS`] hosts may take.
const COMPILE_GOAL: Duration = Duration::from_secs(1);

/// What looking for all lints in the same cluster may take.
#[cfg(feature = "roles")]
const LINT_GOAL: Duration = Duration::from_secs(1);

/// What the passes over a graph of [`LARGE`] resources may take.
const GRAPH_GOAL: Duration = Duration::from_millis(200);

/// How many hosts are compiled, each of [`RESOURCES`] resources.
const HOSTS: usize = 1000;

/// How many resources each of them has.
const RESOURCES: usize = 100;

/// How many resources a large graph has.
const LARGE: usize = 10_000;

/// Half of it, to see whether the time grows as the graph does.
const HALF: usize = LARGE / 2;

/// How many resources stand beside each other in a grid: it is a square when it is large.
const WIDTH: usize = 100;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .without_plots()
        .configure_from_args();
    let mut figures = vec![compile(&mut criterion)];
    #[cfg(feature = "roles")]
    figures.push(lints(&mut criterion));
    for shape in [Shape::Chain, Shape::Fan, Shape::Grid, Shape::Funnel, Shape::Halves] {
        figures.extend(graph(&mut criterion, shape));
    }
    criterion.final_summary();
    figures.into_iter().flatten().for_each(|figure| println!("{figure}"));
}

/// The median of what the work took, each time by itself. `None`: criterion was asked for something else.
fn median(criterion: &mut Criterion, group: &str, name: BenchmarkId, mut work: impl FnMut()) -> Option<Duration> {
    let mut took = Vec::new();
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let each = (0..times).map(|_| {
                let began = Instant::now();
                work();
                began.elapsed()
            });
            let each: Vec<Duration> = each.collect();
            took.extend_from_slice(&each);
            each.iter().sum()
        });
    });
    group.finish();
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}

/// Attributes that the contents of the files are made of.
#[derive(Attributes)]
#[attributes(prefix = "bench")]
struct Bench {
    #[attr(default = "MesosCluster")]
    mesos_cluster_name: String,
}

#[derive(Template)]
#[template(source = "cluster={{ cluster_name }}\nnumber={{ number }}\nhost={{ host }}\n")]
struct Flag {
    cluster_name: String,
    number: usize,
    host: String,
}

/// A host as they are: a few packages, a user, directories, a daemon, and files, each of them from a template.
#[derive(Role, Clone)]
#[role(name = "daemon")]
struct Daemon;

impl Declares for Daemon {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(package("mesos"));
        cx.add(package("zookeeper"));
        cx.add(user("mesos").system().shell("/usr/sbin/nologin"));
        for path in ["/etc/mesos", "/etc/mesos-slave", "/var/lib/mesos", "/var/log/mesos"] {
            cx.add(directory(path).owner("mesos").mode("0755"));
        }
        let host = cx.host().name().to_string();
        let mut files = Vec::new();
        // The service is the last one.
        for number in 7..RESOURCES - 1 {
            let flag = Flag {
                cluster_name: cx.get(Bench::MESOS_CLUSTER_NAME)?,
                number,
                host: host.clone(),
            };
            files.push(
                cx.add(
                    file(format!("/etc/mesos-slave/flag{number}"))
                        .content(flag)
                        .owner("mesos"),
                ),
            );
        }
        cx.add(service("mesos-slave").enabled().running().restart_on(files));
        Ok(())
    }
}

fn cluster() -> Cluster {
    let last = HOSTS - 1;
    Cluster::new("bench")
        .hosts(hosts(&format!("node[0-{last}]")).role(Daemon))
        .build()
        .expect("the definition is in order")
}

/// All rules over all hosts; every host has a mistake.
#[cfg(feature = "roles")]
fn lints(criterion: &mut Criterion) -> Option<String> {
    let cluster = cluster();
    let compiled = cluster.compile().expect("the definition is in order");
    assert!(lint::check(&cluster, &compiled).found.len() >= HOSTS);
    let name = BenchmarkId::new("lints", format!("{HOSTS}x{RESOURCES}"));
    let took = median(criterion, "cluster", name, || {
        black_box(lint::check(&cluster, &compiled));
    })?;
    let (took, goal, lints) = (took.as_secs_f64(), LINT_GOAL.as_secs_f64(), lint::all().len());
    Some(format!(
        "benches: {lints} lints over {HOSTS} hosts of {RESOURCES} resources: {took:.2} s (goal: at most {goal} s)"
    ))
}

fn compile(criterion: &mut Criterion) -> Option<String> {
    let cluster = cluster();
    let compiled = cluster.compile().expect("the definition is in order");
    assert!(
        compiled
            .hosts
            .iter()
            .all(|host| host.catalog.entries.len() == RESOURCES)
    );
    assert_eq!(compiled.hosts.len(), HOSTS);
    drop(compiled);
    let name = BenchmarkId::new("compile", format!("{HOSTS}x{RESOURCES}"));
    let took = median(criterion, "cluster", name, || {
        black_box(cluster.compile().expect("the definition is in order"));
    })?;
    let (took, goal) = (took.as_secs_f64(), COMPILE_GOAL.as_secs_f64());
    Some(format!(
        "benches: compile of {HOSTS} hosts of {RESOURCES} resources: {took:.2} s (goal: at most {goal} s)"
    ))
}

/// How the resources of one host depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Each on the one before.
    Chain,
    /// All on the first, which is the directory that they are in: nobody declares that.
    Fan,
    /// Each on its neighbours to the left and above.
    Grid,
    /// The last on all others, whose changes rerun it.
    Funnel,
    /// Each of the one half on all of the other.
    Halves,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chain => "chain",
            Self::Fan => "fan",
            Self::Grid => "grid",
            Self::Funnel => "funnel",
            Self::Halves => "pair of halves",
        })
    }
}

/// Ensures nothing: it owns a path, and says that it differs or that it doesn't.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "bench.node", key = path)]
struct Node {
    path: AbsPath,
    differs: bool,
}

impl Converge for Node {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        diff.compare("done", Some(!self.differs), Some(true));
        Ok(diff.into())
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn refresh(&self, _: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        Ok(Refreshed::Done)
    }

    fn effects(&self) -> Effects {
        Effects::none().write(Effect::Path(self.path.clone()))
    }
}

impl Rerun for Node {}

/// A node in the making.
struct Make(Node);

impl Declare for Make {
    type Out = Node;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("bench.node", self.0.path.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Node> {
        Ok(self.0)
    }
}

#[derive(Role, Clone)]
#[role(name = "graph")]
struct Graph {
    shape: Shape,
    count: usize,
}

impl Declares for Graph {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        if self.shape != Shape::Halves {
            return self.nodes(0..self.count, cx);
        }
        let half = self.count / 2;
        let first = cx.stage("first", |cx| self.nodes(0..half, cx));
        cx.stage("then", |cx| {
            cx.after(first);
            self.nodes(half..self.count, cx)
        });
        Ok(())
    }
}

impl Graph {
    fn nodes(&self, numbers: Range<usize>, cx: &mut Cx<'_>) -> Result<()> {
        let mut nodes = Vec::with_capacity(numbers.len());
        for number in numbers {
            let path = match (self.shape, number) {
                (Shape::Fan, 0) => AbsPath::new("/srv")?,
                _ => AbsPath::new(format!("/srv/{number}"))?,
            };
            let node = Make(Node { path, differs: true });
            nodes.push(match self.shape {
                Shape::Chain => cx.add(node.after(nodes.last().copied())),
                Shape::Grid => {
                    let left = (number % WIDTH > 0).then(|| nodes[number - 1]);
                    let above = number.checked_sub(WIDTH).map(|above| nodes[above]);
                    cx.add(node.after((left, above)))
                }
                Shape::Funnel if number + 1 == self.count => cx.add(node.rerun_on(nodes.clone())),
                Shape::Fan | Shape::Funnel | Shape::Halves => cx.add(node),
            });
        }
        Ok(())
    }
}

/// What the passes over a graph take: in the compiler from the roles to the catalog, and in the executor a run in which
/// every resource differs, every promise is kept in memory and nothing is done.
fn graph(criterion: &mut Criterion, shape: Shape) -> [Option<String>; 2] {
    let [mut compiles, mut runs] = [[None; 2]; 2];
    for (place, count) in [HALF, LARGE].into_iter().enumerate() {
        let cluster = Cluster::new("bench")
            .hosts(host("one").role(Graph { shape, count }))
            .build()
            .expect("the definition is in order");
        let compile = || cluster.compile().expect("the definition is in order");
        let catalog = compile().hosts.remove(0).catalog;
        assert_eq!(catalog.resources().count(), count);
        compiles[place] = median(criterion, "compile", BenchmarkId::new(shape.to_string(), count), || {
            black_box(compile());
        });
        let system = FakeSystem::new();
        runs[place] = median(
            criterion,
            "converge",
            BenchmarkId::new(shape.to_string(), count),
            || {
                let mut store = Store::in_memory();
                let options = ConvergeOptions::default();
                let summary = converge(&catalog, &system, &mut store, &options, &mut |event| {
                    black_box(event);
                });
                assert_eq!(summary.changed, count, "{summary:?}");
            },
        );
    }
    [("compile", compiles), ("converge", runs)].map(|(pass, [half, large])| {
        let (half, large) = (half?.as_secs_f64(), large?.as_secs_f64());
        let (ratio, goal) = (large / half, GRAPH_GOAL.as_secs_f64());
        Some(format!(
            "benches: {pass} of a {shape} of {LARGE} resources: {large:.3} s (goal: at most {goal} s), {ratio:.2} x that of {HALF}"
        ))
    })
}
