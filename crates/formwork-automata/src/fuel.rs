//! What long work may still spend, and whether anybody still wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the work on one input may spend in all, however many stages it has, and a
/// question asked now and then whether to go on.
///
/// Clones spend from the same tank. A unit is about a quarter of a microsecond: 10 steps of
/// an automaton's construction, or a node of a formula. Whoever works burns
/// some hundred units at a time, so an answer of "stop" is heard within about a tenth of a
/// millisecond. Once spent or stopped it stays so.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use formwork_automata::{Fuel, Spent};
///
/// let cancelled = Arc::new(AtomicBool::new(false));
/// let flag = Arc::clone(&cancelled);
/// let fuel = Fuel::new(1_000).stop_if(move || flag.load(Ordering::Relaxed));
/// assert_eq!(fuel.burn(600), Ok(()));
/// assert_eq!(fuel.burn(600), Err(Spent::Units(1_000)));
///
/// let fuel = Fuel::unlimited().stop_if(move || cancelled.load(Ordering::Relaxed));
/// assert_eq!(fuel.burn(u64::MAX), Ok(()));
/// ```
#[derive(Clone, Default)]
pub struct Fuel(Option<Arc<Tank>>);

struct Tank {
    kind: Kind,
    /// All of what is burned here is burned there too.
    outer: Fuel,
}

enum Kind {
    Units {
        all: u64,
        /// [`DRY`] once more was asked for than there was.
        left: AtomicU64,
    },
    Stop {
        asked: Box<dyn Fn() -> bool + Send + Sync>,
        /// 1 once the answer was yes.
        stopped: AtomicU64,
    },
}

const DRY: u64 = u64::MAX;

/// Why work has to end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Spent {
    /// All of so many units were burned.
    Units(u64),
    /// The caller said stop.
    Stopped,
}

impl Fuel {
    /// As much as it takes.
    #[must_use]
    pub fn unlimited() -> Fuel {
        Fuel(None)
    }

    /// So many units.
    #[must_use]
    pub fn new(units: u64) -> Fuel {
        Fuel::unlimited().at_most(units)
    }

    /// At most so many units of this fuel.
    #[must_use]
    pub fn at_most(&self, units: u64) -> Fuel {
        self.with(Kind::Units {
            all: units,
            left: AtomicU64::new(units.min(DRY - 1)),
        })
    }

    /// The same, but asked each time some is burned whether to stop. `stop` should be cheap:
    /// a flag, a look at the clock.
    #[must_use]
    pub fn stop_if(&self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Fuel {
        self.with(Kind::Stop {
            asked: Box::new(stop),
            stopped: AtomicU64::new(0),
        })
    }

    fn with(&self, kind: Kind) -> Fuel {
        let outer = self.clone();
        Fuel(Some(Arc::new(Tank { kind, outer })))
    }

    /// Burns some.
    ///
    /// # Errors
    ///
    /// If there is less than that, or the caller says stop; then, and from then on.
    pub fn burn(&self, units: u64) -> Result<(), Spent> {
        self.tanks().try_for_each(|tank| match &tank.kind {
            Kind::Units { all, left } => {
                let take = |left: u64| match left {
                    DRY => None,
                    left => Some(left.checked_sub(units).unwrap_or(DRY)),
                };
                match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
                    Ok(before) if before >= units => Ok(()),
                    _ => Err(Spent::Units(*all)),
                }
            }
            Kind::Stop { asked, stopped } => {
                if stopped.load(Ordering::Relaxed) == 0 && !asked() {
                    return Ok(());
                }
                stopped.store(1, Ordering::Relaxed);
                Err(Spent::Stopped)
            }
        })
    }

    /// Why nothing more can be burned, without asking the caller anew; `None` if something
    /// can, or if nobody has tried to burn more than there is.
    #[must_use]
    pub fn spent(&self) -> Option<Spent> {
        self.tanks().find_map(|tank| match &tank.kind {
            Kind::Units { all, left } => {
                (left.load(Ordering::Relaxed) == DRY).then_some(Spent::Units(*all))
            }
            Kind::Stop { stopped, .. } => {
                (stopped.load(Ordering::Relaxed) != 0).then_some(Spent::Stopped)
            }
        })
    }

    fn tanks(&self) -> impl Iterator<Item = &Tank> {
        std::iter::successors(self.0.as_deref(), |tank| tank.outer.0.as_deref())
    }
}

/// Fuel is the same if it comes from the same tank.
impl PartialEq for Fuel {
    fn eq(&self, other: &Fuel) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Fuel {}

impl std::hash::Hash for Fuel {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_ref().map(Arc::as_ptr).hash(state);
    }
}

impl std::fmt::Debug for Fuel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut list = f.debug_list();
        for tank in self.tanks() {
            match &tank.kind {
                Kind::Units { all, left } => match left.load(Ordering::Relaxed) {
                    DRY => list.entry(&format_args!("none of {all}")),
                    left => list.entry(&format_args!("{left} of {all}")),
                },
                Kind::Stop { .. } => list.entry(&format_args!("until stopped")),
            };
        }
        list.finish()
    }
}

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Spent::Units(all) => write!(f, "needs more than the {all} units of fuel it was given"),
            Spent::Stopped => f.write_str("was stopped by the caller"),
        }
    }
}

impl std::error::Error for Spent {}

/// Burns fuel a little at a time: counts, and burns when there is enough to be worth it.
#[derive(Debug)]
pub struct Burner {
    fuel: Fuel,
    /// Steps that were not burned yet.
    steps: u64,
    per_unit: u64,
}

/// So many units are burned at once.
const PORTION: u64 = 256;

impl Burner {
    /// Burns one unit for every `per_unit` steps.
    #[must_use]
    pub fn new(fuel: &Fuel, per_unit: u64) -> Burner {
        Burner {
            fuel: fuel.clone(),
            steps: 0,
            per_unit: per_unit.max(1),
        }
    }

    /// Counts steps.
    ///
    /// # Errors
    ///
    /// As [`Fuel::burn`].
    pub fn steps(&mut self, n: u64) -> Result<(), Spent> {
        self.steps = self.steps.saturating_add(n);
        if self.steps < PORTION * self.per_unit {
            return Ok(());
        }
        let units = self.steps / self.per_unit;
        self.steps %= self.per_unit;
        self.fuel.burn(units)
    }
}

impl Drop for Burner {
    /// What is left of a portion: many small pieces of work are not free.
    fn drop(&mut self) {
        // Whoever burns next is told.
        let _ = self.fuel.burn(self.steps / self.per_unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tank_is_drawn_from() {
        let all = Fuel::new(10);
        let some = all.at_most(6);
        assert_eq!(some.burn(5), Ok(()));
        assert_eq!(all.burn(5), Ok(()));
        assert_eq!(all.spent(), None);
        assert_eq!(all.burn(1), Err(Spent::Units(10)));
        assert_eq!(all.spent(), Some(Spent::Units(10)));
        assert_eq!(all.burn(0), Err(Spent::Units(10)));
        assert_eq!(some.burn(1), Err(Spent::Units(10)));
        assert_eq!(Fuel::new(3).burn(4), Err(Spent::Units(3)));
    }

    #[test]
    fn what_was_stopped_stays_stopped() {
        let answers = AtomicU64::new(0);
        let once = move || answers.fetch_add(1, Ordering::Relaxed) == 1;
        let fuel = Fuel::unlimited().stop_if(once);
        assert_eq!(fuel.burn(1), Ok(()));
        assert_eq!(fuel.spent(), None);
        assert_eq!(fuel.burn(1), Err(Spent::Stopped));
        assert_eq!(fuel.burn(1), Err(Spent::Stopped));
        assert_eq!(fuel.spent(), Some(Spent::Stopped));
    }

    #[test]
    fn portions_are_burned_and_the_rest_when_dropped() {
        let fuel = Fuel::new(PORTION + 1);
        let mut burner = Burner::new(&fuel, 2);
        assert_eq!(burner.steps(2 * PORTION - 1), Ok(()));
        assert_eq!(format!("{fuel:?}"), "[257 of 257]");
        assert_eq!(burner.steps(1), Ok(()));
        assert_eq!(format!("{fuel:?}"), "[1 of 257]");
        assert_eq!(burner.steps(3), Ok(()));
        drop(burner);
        assert_eq!(format!("{fuel:?}"), "[0 of 257]");
    }
}
