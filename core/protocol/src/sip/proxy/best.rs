//! Which of several failures a proxy passes on (RFC 3261 clause 16.7 steps 6, 7).

use crate::sip::Response;

/// The best of the final responses of all branches, none of them a 2xx; with the challenges of all when it is one.
pub(super) fn best_response<T>(mut responses: Vec<(T, Response)>) -> Option<(T, Response)> {
    let best = responses.iter().enumerate().min_by_key(|(at, (_, response))| (rank(response.status), *at))?.0;
    let (of, mut best) = responses.swap_remove(best);
    if matches!(best.status, 401 | 407) {
        for (_, other) in responses.iter().filter(|(_, other)| matches!(other.status, 401 | 407)) {
            for name in ["WWW-Authenticate", "Proxy-Authenticate"] {
                best.headers.copy_from(&other.headers, name);
            }
        }
    }
    Some((of, best))
}

/// 6xx before all, then the lowest class; within it those that tell the client how to do better.
fn rank(status: u16) -> (u16, u16) {
    let class = if status >= 600 { 0 } else { status / 100 };
    let within = match status {
        401 | 407 => 0,
        415 | 420 | 484 => 1,
        // A branch that answered says more than one that did not, or that is not there for now.
        408 | 503 => 3,
        _ => 2,
    };
    (class, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(statuses: &[u16]) -> Option<u16> {
        best_response(statuses.iter().map(|&status| ((), Response::new(status, None))).collect())
            .map(|(_, best)| best.status)
    }

    #[test]
    fn the_best_failure() {
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[486, 404]), Some(486), "the first of equals");
        assert_eq!(best(&[500, 404, 302]), Some(302));
        assert_eq!(best(&[404, 603, 302]), Some(603));
        assert_eq!(best(&[404, 420, 407]), Some(407));
        assert_eq!(best(&[408, 503, 486]), Some(486));
    }

    #[test]
    fn challenges_of_all_branches_go_up() {
        let challenge = |status, name, value| {
            let mut response = Response::new(status, None);
            response.headers.append(name, value);
            response
        };
        let best = best_response(vec![
            (1, challenge(407, "Proxy-Authenticate", "Digest realm=\"a\"")),
            (2, Response::new(404, None)),
            (3, challenge(401, "WWW-Authenticate", "Digest realm=\"b\"")),
        ]);
        let (of, best) = best.expect("one of three");
        assert_eq!(of, 1);
        assert_eq!(best.status, 407);
        assert_eq!(best.headers.get("WWW-Authenticate"), Some("Digest realm=\"b\""));
        assert_eq!(best.headers.get("Proxy-Authenticate"), Some("Digest realm=\"a\""));
    }
}
