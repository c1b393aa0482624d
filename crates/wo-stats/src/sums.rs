//! Sums over groups: what metrics that are made of sums need of each group, added up anew for each resample.

/// For each group some sums in named-by-number columns, most of them 0. Adding them up takes as long as there are others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupSums {
    n_columns: usize,
    /// Where the entries of each group end.
    ends: Vec<usize>,
    entries: Vec<(usize, f64)>,
}

impl GroupSums {
    /// Without groups.
    pub fn new(n_columns: usize) -> Self {
        Self {
            n_columns,
            ends: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Adds one group: columns and what it adds to them, the same column as often as one likes. Columns that there are not
    /// are left out.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (usize, f64)>) {
        let n_columns = self.n_columns;
        let valid = entries.into_iter().filter(|entry| entry.0 < n_columns);
        self.entries.extend(valid);
        self.ends.push(self.entries.len());
    }

    /// How many groups were added.
    pub fn n_groups(&self) -> usize {
        self.ends.len()
    }

    /// The columns of each group and what it adds to them.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let ranges = starts.zip(&self.ends);
        ranges.map(|(start, end)| self.entries.get(*start..*end).unwrap_or_default())
    }

    /// The sum of each column over groups that were drawn so many times each.
    pub fn drawn(&self, times_drawn: &[u64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_columns];
        let mut start = 0;
        for (&end, &times) in self.ends.iter().zip(times_drawn) {
            let of_group = self.entries.get(start..end).unwrap_or_default();
            start = end;
            if times == 0 {
                continue;
            }
            for &(column, value) in of_group {
                if let Some(sum) = sums.get_mut(column) {
                    *sum += times as f64 * value;
                }
            }
        }
        sums
    }

    /// The sum of each column over all groups.
    pub fn total(&self) -> Vec<f64> {
        self.drawn(&vec![1; self.n_groups()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_add_up_as_often_as_they_were_drawn() {
        let mut sums = GroupSums::new(3);
        sums.push([(0, 1.0), (2, 5.0), (0, 2.0)]);
        sums.push([]);
        sums.push([(1, 0.5), (7, 9.0)]);
        assert_eq!(sums.n_groups(), 3);
        assert_eq!(sums.total(), [3.0, 0.5, 5.0]);
        assert_eq!(sums.drawn(&[2, 1, 0]), [6.0, 0.0, 10.0]);
        assert_eq!(GroupSums::new(2).total(), [0.0, 0.0]);
    }
}
