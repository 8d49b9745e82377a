use crate::model::{Code, Problem, Problems};
use crate::words::Location;

/// How many masters must agree: more than half of them.
#[must_use]
pub(super) const fn quorum(masters: usize) -> usize {
    masters / 2 + 1
}

/// A change of how many masters there are, stated in the definition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) from: usize,
    pub(super) at: Location,
}

/// Refuses a change in which old masters and new ones could each have a majority of their own, or none.
///
/// Growing: the old masters are restarted one by one with the new quorum, then the new ones start. Until those have caught
/// up with the log, the old ones alone have to be the new quorum. Shrinking: those that go are stopped for good, then the
/// rest restart with the smaller quorum; until then the rest have to be the old one.
pub(super) fn check(change: &Change, masters: usize) -> Result<(), Problems> {
    let (from, to) = (change.from, masters);
    let told = |message: String, hint: String| {
        Problems::from(
            Problem::new(Code::InvalidValue, message)
                .at("stated", change.at.clone())
                .hint(hint),
        )
    };
    if from == to {
        return Ok(());
    }
    if from == 0 {
        return Err(told(
            "a change from no masters is stated".to_owned(),
            "a new cluster needs no statement: take `.changing_from(…)` out".to_owned(),
        ));
    }
    if from == 1 {
        return Err(told(
            format!("one master can't grow to {to} while its log lives"),
            "its replicated log was begun without others, which never catch up with it: stop the master, remove \
             `WORK_DIR/replicated_log` on it, and start all masters with the new quorum; agents keep their tasks and \
             register again. Then take `.changing_from(1)` out"
                .to_owned(),
        ));
    }
    if to > from && quorum(to) > from {
        return Err(told(
            format!(
                "{from} masters can't grow to {to} in one step: the quorum of {to} is {}, and only {from} have the log",
                quorum(to)
            ),
            format!(
                "grow to {} first; when all of them have caught up, go on",
                largest_step(from)
            ),
        ));
    }
    if to < from && to < quorum(from) {
        return Err(told(
            format!(
                "{from} masters can't shrink to {to} in one step: {to} are no quorum of {from}, which is {}",
                quorum(from)
            ),
            format!("shrink to {} first", quorum(from)),
        ));
    }
    Ok(())
}

/// The most masters whose quorum is not more than the masters that there are.
const fn largest_step(from: usize) -> usize {
    let mut to = from;
    while quorum(to + 1) <= from {
        to += 1;
    }
    // Even numbers bear no more failures than the odd ones below them.
    if to.is_multiple_of(2) { to - 1 } else { to }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(from: usize, to: usize) -> bool {
        let at = Location::caller();
        check(&Change { from, at }, to).is_ok()
    }

    #[test]
    fn a_quorum_is_more_than_half() {
        let quorums: Vec<usize> = (1..=7).map(quorum).collect();
        assert_eq!(quorums, [1, 2, 2, 3, 3, 4, 4]);
    }

    /// What matters is proved of every step: whichever masters have a majority under either number share one with the log.
    #[test]
    fn allowed_steps_never_leave_two_majorities_or_none() {
        for from in 1..=9 {
            for to in 1..=9 {
                let (old, new) = (quorum(from), quorum(to));
                if !changes(from, to) || from == to {
                    continue;
                }
                if to > from {
                    assert!(new <= from, "{from} to {to}: the old ones alone are the new quorum");
                    assert!(
                        new + old > from,
                        "{from} to {to}: a new quorum of old ones meets every old quorum"
                    );
                } else {
                    assert!(to >= old, "{from} to {to}: the rest are still the old quorum");
                    assert!(new * 2 > to, "{from} to {to}: two new quorums meet");
                }
            }
        }
    }

    #[test]
    fn steps_are_as_large_as_they_can_be() {
        assert!(changes(3, 5) && changes(5, 3) && changes(5, 7) && changes(5, 9) && changes(2, 3));
        assert!(!changes(1, 3) && !changes(3, 7) && !changes(5, 1) && !changes(3, 1) && !changes(0, 3));
        assert_eq!((largest_step(3), largest_step(5), largest_step(2)), (5, 9, 3));
    }
}
