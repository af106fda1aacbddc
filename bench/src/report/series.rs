//! Curves of bounded length.

/// Two neighbours of a curve become one.
pub trait Merge {
    /// Takes in the point that follows.
    fn merge(&mut self, later: &Self);
}

/// A curve that keeps at most a given number of points: when it is full, neighbours are merged two by two and each
/// later point takes twice as many values. Nothing is lost of what adds up, and the same values give the same points.
#[derive(Clone, PartialEq, Debug)]
pub struct Series<T> {
    points: Vec<T>,
    limit: usize,
    values_per_point: u64,
    values_in_last: u64,
}

impl<T: Merge + Copy> Series<T> {
    /// An empty curve of at most `limit` points, an even number.
    pub fn new(limit: usize) -> Self {
        assert!(limit >= 2 && limit.is_multiple_of(2), "a curve of {limit} points cannot be halved");
        Self { points: Vec::new(), limit, values_per_point: 1, values_in_last: 0 }
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        if self.values_in_last < self.values_per_point
            && let Some(last) = self.points.last_mut()
        {
            last.merge(&value);
            self.values_in_last += 1;
            return;
        }
        if self.points.len() == self.limit {
            self.halve();
        }
        self.points.push(value);
        self.values_in_last = 1;
    }

    /// The points, oldest first.
    pub fn points(&self) -> &[T] {
        &self.points
    }

    /// The newest point.
    pub fn last(&self) -> Option<&T> {
        self.points.last()
    }

    /// True when nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    fn halve(&mut self) {
        let merged = self.points.chunks(2).map(|pair| {
            let mut first = pair[0];
            pair[1..].iter().for_each(|later| first.merge(later));
            first
        });
        self.points = merged.collect();
        self.values_per_point *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Sum(u64);

    impl Merge for Sum {
        fn merge(&mut self, later: &Self) {
            self.0 += later.0;
        }
    }

    #[test]
    fn sums_survive_at_any_length() {
        for n in 0..1000u64 {
            let mut series = Series::new(8);
            (1..=n).for_each(|x| series.push(Sum(x)));
            assert!(series.points().len() <= 8, "{n}");
            assert_eq!(series.points().iter().map(|p| p.0).sum::<u64>(), n * (n + 1) / 2);
        }
    }

    #[test]
    fn every_full_point_holds_the_same_number_of_values() {
        let mut series = Series::new(8);
        (0..100).for_each(|_| series.push(Sum(1)));
        let (last, full) = series.points().split_last().unwrap();
        assert!(full.iter().all(|p| p.0 == 16) && last.0 <= 16, "{:?}", series.points());
    }
}
