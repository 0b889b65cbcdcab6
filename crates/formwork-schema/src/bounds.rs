//! Intersections of ranges, of counts and of numbers.

use crate::node::{Bound, Literal};

/// The counts that lie in all of several ranges.
pub(crate) fn window(
    ranges: impl Iterator<Item = (u32, Option<u32>)>,
) -> Option<(u32, Option<u32>)> {
    let both = ranges.fold((0, None), |(low, high): (u32, Option<u32>), (min, max)| {
        let high = match (high, max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        (low.max(min), high)
    });
    both.1.is_none_or(|high| both.0 <= high).then_some(both)
}

/// The range of numbers in all of several ranges; `None` if it is empty.
pub(crate) fn range<'a>(
    literals: impl Iterator<Item = &'a Literal>,
) -> Option<(Option<Bound>, Option<Bound>)> {
    let (mut low, mut high): (Option<Bound>, Option<Bound>) = (None, None);
    for literal in literals {
        let Literal::Range { low: l, high: h } = literal else {
            continue;
        };
        let tighter = |old: &Option<Bound>, new: &Bound, wanted: std::cmp::Ordering| {
            old.as_ref().is_none_or(|old| {
                let order = new.value.cmp(&old.value);
                order == wanted || (order.is_eq() && new.exclusive)
            })
        };
        if let Some(new) = l
            && tighter(&low, new, std::cmp::Ordering::Greater)
        {
            low = Some(new.clone());
        }
        if let Some(new) = h
            && tighter(&high, new, std::cmp::Ordering::Less)
        {
            high = Some(new.clone());
        }
    }
    if let (Some(l), Some(h)) = (&low, &high) {
        let order = l.value.cmp(&h.value);
        if order.is_gt() || (order.is_eq() && (l.exclusive || h.exclusive)) {
            return None;
        }
    }
    Some((low, high))
}
