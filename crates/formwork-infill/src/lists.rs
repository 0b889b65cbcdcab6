//! Lists that are made one after another and then only read, all in one piece.

/// Lists by number.
#[derive(Clone, Debug)]
pub(crate) struct Lists<T> {
    /// Where each list ends.
    ends: Vec<u32>,
    all: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists {
            ends: Vec::new(),
            all: Vec::new(),
        }
    }
}

impl<T> Lists<T> {
    /// Adds to the list that is not closed yet.
    pub(crate) fn push(&mut self, value: T) {
        self.all.push(value);
    }

    /// Closes a list.
    pub(crate) fn close(&mut self) {
        self.ends.push(self.all.len() as u32);
    }

    /// One of the lists; those that were never closed are empty.
    pub(crate) fn get(&self, number: usize) -> &[T] {
        let Some(&end) = self.ends.get(number) else {
            return &[];
        };
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[begin as usize..end as usize]
    }

    /// Lists of pairs, in any order, by the first of each: `O(pairs + count)`.
    pub(crate) fn by_first(count: usize, pairs: Vec<(u32, T)>) -> Lists<T>
    where
        T: Copy,
    {
        let mut begins = vec![0u32; count + 1];
        for &(first, _) in &pairs {
            begins[first as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let ends = begins[1..].to_vec();
        let mut order = vec![0u32; pairs.len()];
        for (at, &(first, _)) in pairs.iter().enumerate() {
            let slot = &mut begins[first as usize];
            order[*slot as usize] = at as u32;
            *slot += 1;
        }
        let all = order.iter().map(|&at| pairs[at as usize].1).collect();
        Lists { ends, all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_made() {
        let mut lists = Lists::default();
        lists.close();
        lists.push(1);
        lists.push(2);
        lists.close();
        let all = [0, 1, 2].map(|at| lists.get(at));
        assert_eq!(all, [&[][..], &[1, 2], &[]]);
        let sorted = Lists::by_first(3, vec![(2, 'a'), (0, 'b'), (2, 'c')]);
        let all = [0, 1, 2].map(|at| sorted.get(at));
        assert_eq!(all, [&['b'][..], &[], &['a', 'c']]);
    }
}
