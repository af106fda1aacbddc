//! The nearest word to a misspelt one.

use super::MAX_EXCERPT;

/// The candidate with the smallest edit distance, if it is near enough to be a misspelling.
pub(crate) fn nearest<'k>(given: &str, candidates: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let given = given.get(..MAX_EXCERPT).unwrap_or(given).to_ascii_lowercase();
    if given.chars().count() > MAX_EXCERPT {
        return None;
    }
    let (distance, key) = candidates.map(|c| (edit_distance(&given, c), c)).min()?;
    (distance <= (key.len() / 3).max(1)).then_some(key)
}

/// Levenshtein distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
