//! Agents are killed and networks are cut at random moments of a run, and the next run brings the host to its end: nothing
//! is lost, and nothing is left behind.

use crate::bed::{Bed, eventually};
use crate::program::Program;
use crate::suite::{LAB, Suite};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many runs are killed, and how many are cut off.
const KILLS: usize = 100;
const CUTS: usize = 20;

/// What is wrong on a host after a run that came to its end, a line each.
const WRONG: &str = "
cat /etc/kills/*.conf | cmp -s - /run/kills.loaded || echo 'the service has not read its files as they are'
systemctl is-active --quiet kills || echo 'the service does not run'
systemctl is-enabled --quiet kills || echo 'the service is not enabled'
dpkg --audit
pgrep --list-name --exact 'apt-get|dpkg|dpkg-deb'
find /etc /run /usr/sbin /var/lib/mesos-iac -xdev -name '*.mesos-iac*' -o -path /var/lib/mesos-iac/\\*.new | grep -v '^/var/lib/mesos-iac$'
test ! -e /usr/sbin/policy-rc.d || echo 'services are still denied'
true
";

/// A host that runs are made on, one after the other, each of another edition.
struct Victim<'b> {
    bed: &'b Bed,
    program: Program<'b>,
    host: &'static str,
    edition: usize,
    state: u64,
}

impl<'b> Victim<'b> {
    fn new(suite: &'b Suite, host: &'static str) -> Self {
        let program = Program::new(&suite.bed, &suite.builds.kills)
            .with(["--inputs", &suite.bed.inputs("kills", &LAB)])
            .agent(&suite.builds.agent)
            .limit(&[host]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        // The moments differ from run to run of the suite and from host to host.
        let state = u64::from(now.subsec_nanos()) | 1;
        // Other promises left their agents and another cluster's state here.
        suite.bed.on(host, "rm -rf /var/lib/mesos-iac /opt/mesos-iac");
        program.run(&["apply"], 0);
        Self {
            bed: &suite.bed,
            program,
            host,
            edition: 1,
            state,
        }
    }

    /// A number below `limit` that nobody could foresee.
    fn random(&mut self, limit: Duration) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let share = u32::try_from(self.state % 1000).unwrap_or_default();
        limit * share / 1000
    }

    fn next_edition(&mut self) -> Program<'b> {
        self.edition += 1;
        self.program
            .clone()
            .with(["--set", &format!("kills.edition={}", self.edition)])
    }

    /// How long a run takes that nobody disturbs.
    fn undisturbed(&mut self) -> Duration {
        let program = self.next_edition();
        let began = Instant::now();
        program.run(&["apply"], 0);
        began.elapsed()
    }

    /// Repeats a run that was disturbed, and looks at what it comes to. Returns how many refreshes it delivered.
    #[track_caller]
    fn repeat(&self, program: &Program<'_>) -> u64 {
        let report = program.report(&["apply"], 0);
        let wrong = self.bed.on(self.host, WRONG);
        assert_eq!(
            wrong, "",
            "{} after a run of edition {} was repeated",
            self.host, self.edition
        );
        let expected = format!("file 7, edition {}\n", self.edition).repeat(50);
        assert_eq!(self.bed.on(self.host, "cat /etc/kills/7.conf"), expected);
        let has_package = self.bed.is_so_on(
            self.host,
            "dpkg -s marathon 2>/dev/null | grep -q '^Status: install ok installed'",
        );
        assert_eq!(has_package, self.edition % 2 == 1, "{}: the package", self.host);
        program.run(&["apply", "--detailed-exitcode"], 0);
        report.number("refreshes")
    }

    fn kill_agent(&self) -> bool {
        self.bed
            .is_so_on(self.host, "pkill -KILL --full '[/]mesos-iac/agents/'")
    }
}

pub(crate) fn an_agent_that_is_killed_at_any_moment_loses_nothing(suite: &Suite) -> String {
    let (killed, delivered, in_apt) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    on_each(suite, &LAB[5..9], |victim| {
        let whole = victim.undisturbed();
        while killed.load(Ordering::Relaxed) < KILLS {
            let program = victim.next_edition();
            let moment = victim.random(whole);
            let run = program.start(&["apply"]);
            thread::sleep(moment);
            let was_in_apt = victim.bed.is_so_on(victim.host, "pgrep --exact 'apt-get|dpkg'");
            if victim.kill_agent() {
                killed.fetch_add(1, Ordering::Relaxed);
                in_apt.fetch_add(usize::from(was_in_apt), Ordering::Relaxed);
            }
            run.wait();
            let refreshes = victim.repeat(&program);
            delivered.fetch_add(usize::try_from(refreshes).unwrap(), Ordering::Relaxed);
        }
    });
    let [killed, delivered, in_apt] = [killed, delivered, in_apt].map(AtomicUsize::into_inner);
    format!(
        "{killed} agents killed at random moments, {in_apt} of them in a package transaction: {killed} runs repeated to the \
         same end, {delivered} restarts delivered by them, nothing left behind ({:.0} s)",
        began.elapsed().as_secs_f64()
    )
}

pub(crate) fn what_a_killed_run_left_running_is_ended(suite: &Suite) -> String {
    const STRAYS: &str = "pgrep --list-full --full '^sleep 424[23]$'";
    let mut victim = Victim::new(suite, LAB[5]);
    let program = victim.next_edition();
    let run = program.clone().with(["--set", "kills.stray=true"]).start(&["apply"]);
    let count = || victim.bed.on(victim.host, &format!("{STRAYS} || true")).lines().count();
    eventually("the command that doesn't end", Duration::from_secs(60), || count() == 2);
    assert!(victim.kill_agent());
    run.wait();
    assert_eq!(count(), 2, "they were to outlive the agent");
    let again = program.run(&["apply"], 0);
    assert_eq!(count(), 0);
    again.says("what a run that broke off left running was ended");
    program.run(&["apply", "--detailed-exitcode"], 0);

    // A guard is asked before anything was changed.
    let asking = program.clone().with(["--set", "kills.stray_guard=true"]);
    let run = asking.start(&["apply"]);
    eventually("the guard that doesn't end", Duration::from_secs(60), || count() == 2);
    assert!(victim.kill_agent());
    run.wait();
    assert_eq!(count(), 2, "they were to outlive the agent");
    let again = program.run(&["apply", "--detailed-exitcode"], 0);
    assert_eq!(count(), 0);
    again.says("what a run that broke off left running was ended");

    // A daemon that a command of a whole run started is there to stay.
    let daemon = program.clone().with(["--set", "kills.daemon=true"]);
    daemon
        .run(&["apply"], 0)
        .says("what a command of this run started goes on in the background: sleep (");
    daemon.run(&["apply", "--detailed-exitcode"], 0);
    let stays = "pgrep --exact --full 'sleep 4244'";
    assert!(victim.bed.is_so_on(victim.host, stays), "the next run ended it");
    victim
        .bed
        .on(victim.host, "pkill --exact --full 'sleep 4244'; rm /run/kills.daemon");
    "a killed agent's command, its guard, and two processes that had left their groups: 4 were ended by the next runs, which \
     told of them; a daemon of a run that came to its end was told, and left alone"
        .into()
}

pub(crate) fn a_network_that_is_cut_at_any_moment_loses_nothing(suite: &Suite) -> String {
    let (cuts, tried) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    on_each(suite, &LAB[5..10], |victim| {
        let whole = victim.undisturbed();
        while cuts.load(Ordering::Relaxed) < CUTS {
            assert!(
                tried.fetch_add(1, Ordering::Relaxed) < 5 * CUTS,
                "most cuts come too late"
            );
            let program = victim.next_edition();
            let moment = victim.random(whole);
            let run = program.clone().with(["--silence", "5s"]).start(&["apply"]);
            thread::sleep(moment);
            let cable = victim.bed.without("cut", "mend", victim.host);
            // One that came after the end was none.
            if run.wait().status != Some(0) {
                cuts.fetch_add(1, Ordering::Relaxed);
            }
            drop(cable);
            // It stops by itself once it has heard nothing for long enough; until then it holds the host's lock.
            eventually("the agent's end", Duration::from_secs(90), || {
                victim
                    .bed
                    .is_so_on(victim.host, "! pgrep --full '[/]mesos-iac/agents/'")
            });
            victim.repeat(&program);
        }
    });
    let cuts = cuts.into_inner();
    format!(
        "a network cut and restored at {cuts} random moments: {cuts} runs repeated to the same end, nothing left behind \
         ({:.0} s)",
        began.elapsed().as_secs_f64()
    )
}

/// Does the same on several hosts at once.
fn on_each(suite: &Suite, hosts: &[&'static str], work: impl Fn(&mut Victim<'_>) + Sync) {
    let victims: Vec<Victim<'_>> = hosts.iter().map(|host| Victim::new(suite, host)).collect();
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = victims
            .into_iter()
            .map(|mut victim| scope.spawn(move || work(&mut victim)))
            .collect();
        for thread in running {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
