//! What a page shows of many UEs: some with pictures of their own, the others a line each in a table that folds. A page of a
//! thousand UEs stays as long as one of thirty, and can still be searched for each of them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::report::model::Model;
use crate::report::text;

/// Rows and UEs that are shown at once.
pub(super) const SHOWN: usize = 24;
/// Rows of a folded table; what is more is in report.json.
const FOLDED: usize = 1100;

/// Places of the UEs with pictures of their own: all where they are few, else the first dozen in trouble, whether with the radio
/// or with a file, and the first ones, so that they are at least so many.
pub(super) fn in_full(model: &Model, at_least: usize) -> BTreeSet<usize> {
    let all = || 0..model.ues.len();
    if model.ues.len() <= SHOWN {
        return all().collect();
    }
    let incomplete = model.deliveries.iter().filter(|delivery| !delivery.is_complete());
    let without_file: BTreeSet<&str> = incomplete.map(|delivery| delivery.ue.as_str()).collect();
    let is_in_trouble = |place: &usize| {
        let ue = &model.ues[*place];
        ue.not_acquired.is_some()
            || ue.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.stage.is_some())
            || without_file.contains(ue.name.as_str())
    };
    chosen(model.ues.len(), at_least, is_in_trouble)
}

/// Where not all UEs are in the pictures: which are.
pub(super) fn hint(model: &Model) -> Markup {
    html! {
        @if model.ues.len() > SHOWN {
            p.hint {
                "Of " (text::grouped(model.ues.len() as u64)) " UEs the first dozen in trouble, with the radio or without the file, "
                "and the first of the others are in the picture."
            }
        }
    }
}

/// Of so many places those in trouble, half of what is shown at most, and the first ones up to `at_least`.
fn chosen(count: usize, at_least: usize, is_in_trouble: impl Fn(&usize) -> bool) -> BTreeSet<usize> {
    let mut chosen: BTreeSet<usize> = (0..count).filter(is_in_trouble).take(SHOWN / 2).collect();
    for place in 0..count {
        if chosen.len() >= at_least {
            break;
        }
        chosen.insert(place);
    }
    chosen
}

/// A table of which all rows are seen at once where they are few, else those in trouble and the first ones; the others fold.
/// `row` learns whether it is seen at once: there is room for more words then.
pub(super) fn table<T>(
    head: &Markup,
    rows: &[T],
    what: &str,
    is_in_trouble: impl Fn(&T) -> bool,
    row: impl Fn(&T, bool) -> Markup,
) -> Markup {
    let shown = match rows.len() <= SHOWN {
        true => (0..rows.len()).collect(),
        false => chosen(rows.len(), SHOWN / 2, |place| is_in_trouble(&rows[*place])),
    };
    let (first, rest): (Vec<_>, Vec<_>) = rows.iter().enumerate().partition(|(place, _)| shown.contains(place));
    let more = format!("{} more {what}", text::grouped(rest.len() as u64));
    html! {
        (lines(head, &first, |(_, own)| row(own, true)))
        (folded(head, &rest, &more, |(_, own)| row(own, false)))
    }
}

/// A table that folds under these words; nothing of no rows.
pub(super) fn folded<T>(head: &Markup, rows: &[T], words: &str, row: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !rows.is_empty() {
            details.source.many {
                summary { (words) }
                (lines(head, &rows[..rows.len().min(FOLDED)], row))
                @if rows.len() > FOLDED { p.soft { "And " (text::grouped((rows.len() - FOLDED) as u64)) " more, see report.json." } }
            }
        }
    }
}

fn lines<T>(head: &Markup, rows: &[T], row: impl Fn(&T) -> Markup) -> Markup {
    html! {
        div.scroll tabindex="0" { table { thead { (head) } tbody { @for own in rows { (row(own)) } } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::runs::{Delivery, UeRun};
    use crate::report::synthetic;

    #[test]
    fn of_many_those_in_trouble_and_the_first_ones_are_seen_at_once() {
        assert_eq!(chosen(1000, 4, |_| false), [0, 1, 2, 3].into());
        assert_eq!(chosen(1000, 4, |place| *place == 700), [0, 1, 2, 700].into());
        assert_eq!(chosen(1000, 4, |_| true).len(), SHOWN / 2);
        let rows: Vec<usize> = (0..1000).collect();
        let page =
            table(&html! {}, &rows, "rows", |row| *row == 999, |row, is_shown| html! { (row) @if is_shown { "!" } });
        let page = page.into_string();
        let (shown, folded) = page.split_once("<details").unwrap();
        assert!(shown.contains("0!1!2!") && shown.contains("10!999!") && folded.contains("988 more rows"), "{page}");
        assert!(folded.contains("11") && folded.contains("998") && !folded.contains('!'), "{folded}");
    }

    #[test]
    fn who_never_has_the_file_is_among_those_in_full() {
        let mut model =
            Model::fold(synthetic::clean_events().into_iter().map(Ok::<_, std::convert::Infallible>)).unwrap();
        let last = 900;
        let (ue, deliveries) = (model.ues[0].name.clone(), std::mem::take(&mut model.deliveries));
        let own: Vec<_> = deliveries.into_iter().filter(|delivery| delivery.ue == ue).collect();
        model.ues = vec![UeRun::new("x"); 1000];
        for (number, run) in model.ues.iter_mut().enumerate() {
            run.name = format!("ue{number}");
            model.deliveries.extend(own.iter().cloned().map(|d| Delivery { ue: run.name.clone(), ..d }));
        }
        let first: BTreeSet<usize> = (0..SHOWN).collect();
        assert_eq!(in_full(&model, SHOWN), first);
        let delivery = model.deliveries.iter_mut().find(|delivery| delivery.ue == format!("ue{last}")).unwrap();
        delivery.objects_intact = 0;
        assert!(in_full(&model, SHOWN).contains(&last) && in_full(&model, 4).contains(&last));
        assert!(hint(&model).into_string().contains(&format!("{} UEs", text::grouped(1000))));
    }

    #[test]
    fn few_are_all_seen_and_nothing_folds() {
        let rows: Vec<usize> = (0..SHOWN).collect();
        let page =
            table(&html! {}, &rows, "rows", |_| false, |_, is_shown| html! { @if is_shown { "!" } }).into_string();
        assert_eq!((page.matches('!').count(), page.contains("<details")), (SHOWN, false));
    }
}
