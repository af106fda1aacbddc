//! Delay power profile of a channel, measured and averaged, and the delays that an estimate counts on.

use super::lmmse::MAX_DELAYS;

/// Subframes that the mean goes back, once there have been as many.
const MEMORY_SUBFRAMES: f32 = 64.0;
/// The same after the channel has become another one.
const MEMORY_AFTER_CHANGE: f32 = 2.0;
/// A delay that was not counted on has become part of the channel when it is this much above the noise (by chance once
/// in e^16), plus twice that of one for each part of the band.
const NEW_OVER_NOISE: f32 = 16.0;
/// Subframes that estimated powers go back when a plan is new: those before were estimated with other powers in mind.
const MEMORY_OF_PLAN: f32 = 8.0;
/// Subframes that a plan stays once the mean has all its subframes.
const PLAN_SUBFRAMES: u32 = 32;
/// Subframes that a plan stays even though new delays have appeared.
const LEAST_AGE: u32 = 4;
/// Together new delays have to be this much of the noise of a symbol to be planned for at once.
const NEW_TOGETHER: f32 = 0.05;
/// Least power that a delay of the support is given, over its noise.
const LEAST_OVER_NOISE: f32 = 0.02;
/// Power over the mean that is new at a delay of the support, and the same more while the mean is of one subframe: fading
/// alone comes to that once in 10^6.
const SURPRISE: f32 = 16.0;
const SURPRISE_AT_FIRST: f32 = 96.0;
/// Least share of the power seen at a delay, through the window, that it is given where the channel moves: a path may come
/// nearer to it.
const LEAST_OF_SEEN: f32 = 0.03;
/// The channel moves as much as any when the powers at its delays deviate from the mean by the square root of this.
const MOVING: f32 = 0.05;
/// What stays of a movement from subframe to subframe.
const MOVEMENT_KEPT: f32 = 0.75;
/// A delay is estimated when it or one of its neighbours has this power over its noise.
const WORTH_ESTIMATING: f32 = 1.0;
/// By what factor powers may become others until estimates are planned for them, what is far below the noise aside.
const TOLERANCE: f32 = 1.4;
const FAR_BELOW_NOISE: f32 = 0.2;
/// What share of the whole power new delays have to have, for the mean to begin anew.
const CHANGED_SHARE: f32 = 0.05;

/// Mean power by delay.
#[derive(Clone, Debug)]
pub(super) struct DelayProfile {
    /// Delays that count, from the earliest: multiples of the resolution, negative ones in the upper half.
    range: Vec<usize>,
    /// By delay, with the noise.
    mean: Vec<f32>,
    /// The same of the last subframe.
    now: Vec<f32>,
    /// Mean noise of a delay.
    noise: f32,
    noise_now: f32,
    /// Subframes in the mean.
    count: f32,
    /// Parts of the band in each.
    parts: f32,
    /// Delays that the estimate counts on, rising in order of `range`.
    support: Vec<usize>,
    /// Powers of these over the noise of a delay.
    powers: Vec<f32>,
    /// By delay, mean power as estimated, with what the error of the estimate hides; 0: not estimated before.
    estimated: Vec<f32>,
    in_support: Vec<bool>,
    /// Delays at which the last subframe has what the mean does not.
    is_new: Vec<bool>,
    known: Vec<bool>,
    /// Powers of delays that stand out, in order of `range`; 0 for others.
    chosen: Vec<f32>,
    /// How much powers deviated from their means lately, over these: 0 for a channel that stays.
    movement: f32,
    /// Share of the power seen that was planned for at least.
    least_of_seen: f32,
    estimated_now: [f32; MAX_DELAYS],
    /// Subframes in the mean at which the support is chosen again.
    due: f32,
    /// Subframes since.
    age: u32,
}

impl DelayProfile {
    /// Of `delays` delays, those from `earliest` to `latest` count; `parts` parts of the band add up to one measurement.
    pub(super) fn new(delays: usize, earliest: isize, latest: isize, parts: usize) -> Self {
        Self {
            range: (earliest..=latest).map(|d| d.rem_euclid(delays as isize) as usize).collect(),
            mean: vec![0.0; delays],
            now: vec![0.0; delays],
            noise: 0.0,
            noise_now: 0.0,
            count: 0.0,
            parts: parts as f32,
            support: Vec::with_capacity(MAX_DELAYS),
            powers: Vec::with_capacity(MAX_DELAYS),
            estimated: vec![0.0; delays],
            estimated_now: [0.0; MAX_DELAYS],
            in_support: vec![false; delays],
            is_new: vec![false; delays],
            known: vec![false; delays],
            chosen: vec![0.0; (earliest..=latest).count()],
            movement: 1.0,
            least_of_seen: LEAST_OF_SEEN,
            due: 0.0,
            age: 0,
        }
    }

    /// A subframe begins, of which one delay holds this much noise.
    pub(super) fn begin(&mut self, noise: f32) {
        self.now.fill(0.0);
        self.noise_now = noise;
    }

    /// Adds what one part of the band shows.
    pub(super) fn add(&mut self, powers: impl Iterator<Item = f32>) {
        let share = 1.0 / self.parts;
        self.now.iter_mut().zip(powers).for_each(|(n, p)| *n += p * share);
    }

    /// Takes the subframe into the mean. `true`: there is another support to plan for.
    pub(super) fn end(&mut self) -> bool {
        let first = self.support.is_empty();
        if !(self.noise_now + self.now.iter().sum::<f32>()).is_finite() {
            // Broken samples are not remembered.
            if !first {
                return false;
            }
            self.begin(0.0);
        }
        let (new, changed) = self.compare();
        if changed && !first {
            self.count = self.count.min(MEMORY_AFTER_CHANGE);
            self.due = self.due.min(self.count);
        }
        self.count = (self.count + 1.0).min(MEMORY_SUBFRAMES);
        let share = 1.0 / self.count;
        self.mean.iter_mut().zip(&self.now).for_each(|(m, n)| *m += (n - *m) * share);
        self.noise += (self.noise_now - self.noise) * share;
        self.age += 1;
        let settled = self.count >= MEMORY_SUBFRAMES && self.age < PLAN_SUBFRAMES;
        let worth_it = new > NEW_TOGETHER * self.noise_now * self.mean.len() as f32;
        let moves = self.share_of_seen() > 0.5 * LEAST_OF_SEEN && self.least_of_seen < 0.25 * LEAST_OF_SEEN;
        if first || changed || moves || (worth_it && self.age >= LEAST_AGE) || (self.count >= self.due && !settled) {
            self.choose();
            self.due = (self.count * 1.5).min(MEMORY_SUBFRAMES);
            let plan = first || changed || moves || !self.is_near_plan();
            if plan {
                self.adopt();
            } else {
                // Looked at again a little later.
                self.age /= 2;
            }
            return plan;
        }
        false
    }

    /// Power that is new in the last subframe, and whether it is so much that the channel is another one; how much the
    /// channel moves.
    fn compare(&mut self) -> (f32, bool) {
        let new_over = self.noise_now * (2.0 + NEW_OVER_NOISE / self.parts);
        let surprise = SURPRISE + SURPRISE_AT_FIRST / self.count.max(1.0);
        let (mut new, mut all) = (0.0, 0.0);
        let (mut deviation, mut expected_deviation, mut squares) = (0.0, 0.0, f32::MIN_POSITIVE);
        let of_mean = (1.0 + 1.0 / self.count.max(1.0)) / self.parts;
        for &d in &self.range {
            let power = self.now[d] - self.noise_now;
            all += power.max(0.0);
            let mean = self.mean[d];
            let expected = if self.in_support[d] { surprise * mean } else { 0.0 };
            self.is_new[d] = self.now[d] > new_over + expected;
            new += if self.is_new[d] { power } else { 0.0 };
            if self.in_support[d] {
                // Noise makes a power P deviate by 2PN - N^2 in the mean square.
                deviation += (self.now[d] - mean).powi(2);
                expected_deviation += (2.0 * mean - self.noise).max(self.noise) * self.noise * of_mean;
                squares += mean * mean;
            }
        }
        let movement = ((deviation - 2.0 * expected_deviation) / squares).clamp(0.0, 1.0);
        self.movement = movement.max(self.movement * MOVEMENT_KEPT);
        (new, new > CHANGED_SHARE * all)
    }

    /// Least share of the power seen at a delay that it is given.
    fn share_of_seen(&self) -> f32 {
        LEAST_OF_SEEN * (self.movement / MOVING).min(1.0)
    }

    /// Takes in what was estimated for the support in one part of the band: mean squares of the values, given pilots and
    /// profile (an expectation step; [`Self::end`] maximises).
    pub(super) fn add_estimated(&mut self, powers: impl Iterator<Item = f32>) {
        self.estimated_now.iter_mut().zip(powers).for_each(|(e, p)| *e += p / self.parts);
    }

    /// All parts have been taken in.
    pub(super) fn end_estimated(&mut self) {
        let share = 1.0 / self.count.min(MEMORY_OF_PLAN + self.age as f32);
        for (&d, now) in self.support.iter().zip(&mut self.estimated_now) {
            let mean = &mut self.estimated[d];
            if now.is_finite() {
                *mean = if *mean > 0.0 { *mean + (*now - *mean) * share } else { *now };
            }
            *now = 0.0;
        }
    }

    /// The channel of a subframe is going to be estimated; what was estimated of it before is void.
    pub(super) fn begin_estimated(&mut self) {
        self.estimated_now.fill(0.0);
    }

    /// After the first subframe alone: powers as estimated replace those that were seen through the window, of which
    /// there is a better view.
    pub(super) fn refine(&mut self) {
        if (self.noise_now + self.now.iter().sum::<f32>()).is_finite() {
            self.mean.copy_from_slice(&self.now);
            self.noise = self.noise_now;
        }
        self.is_new.fill(false);
        self.choose();
        self.adopt();
    }

    /// Delays that the estimate counts on.
    pub(super) fn support(&self) -> &[usize] {
        &self.support
    }

    /// Their mean powers over the mean noise, both of one delay.
    pub(super) fn power_over_noise(&self) -> &[f32] {
        &self.powers
    }

    /// Chooses delays that stand out of the noise in the mean, or by far in the last subframe, with their neighbours.
    fn choose(&mut self) {
        let n = self.count * self.parts;
        let noise = self.noise.max(f32::MIN_POSITIVE);
        let over = noise * (1.0 + 3.0 / n.sqrt() + 6.0 / n);
        // The mean over neighbours is steadier than one delay, and no path is narrower.
        let (range, mean, now, is_new) = (&self.range, &self.mean, &self.now, &self.is_new);
        self.known.copy_from_slice(&self.in_support);
        let power = |i: usize| {
            let around = |offset: usize| range.get((i + offset).wrapping_sub(1)).map_or(0.0, |&d| mean[d]);
            let mean = 0.25 * (around(0) + around(2)) + 0.5 * around(1);
            let now = if is_new[range[i]] { now[range[i]] } else { 0.0 };
            mean.max(now)
        };
        let mut threshold = over;
        loop {
            let count = (0..range.len()).filter(|&i| power(i) > threshold).count();
            if count <= MAX_DELAYS {
                break;
            }
            threshold *= 1.5;
        }
        let least_of_seen = self.share_of_seen();
        for (i, &d) in range.iter().enumerate() {
            let power = power(i);
            self.in_support[d] = power > threshold;
            self.chosen[i] = 0.0;
            if self.in_support[d] {
                let estimated = self.estimated[d];
                let known = self.known[d] && !is_new[d] && estimated > 0.0;
                let seen = power - noise;
                let power = if known { estimated.max(seen * least_of_seen) } else { seen };
                self.chosen[i] = (power / noise).max(LEAST_OVER_NOISE);
            }
        }
        let Self { estimated, in_support, .. } = self;
        estimated.iter_mut().zip(in_support.iter()).filter(|(_, inside)| !**inside).for_each(|(e, _)| *e = 0.0);
        if !self.in_support.contains(&true) {
            // Nothing but noise: what is strongest.
            let strongest = (0..range.len()).max_by(|&a, &b| mean[range[a]].total_cmp(&mean[range[b]])).unwrap_or(0);
            self.chosen[strongest] = WORTH_ESTIMATING;
            self.in_support[range[strongest]] = true;
        }
    }

    /// Power over noise at the `i`-th delay of the range where it has been chosen and is worth to be estimated.
    fn wanted(&self, i: usize) -> Option<f32> {
        let chosen = &self.chosen[i.saturating_sub(1)..(i + 2).min(self.chosen.len())];
        let worth_it = chosen.iter().any(|&power| power >= WORTH_ESTIMATING) || self.chosen[i] > 2.0 * LEAST_OVER_NOISE;
        (worth_it && self.chosen[i] > 0.0).then_some(self.chosen[i])
    }

    /// Whether what is planned for is not far from what has been chosen.
    fn is_near_plan(&self) -> bool {
        let mut planned = self.support.iter().zip(&self.powers).peekable();
        let mut void = 0;
        for (i, &delay) in self.range.iter().enumerate() {
            let plan = planned.next_if(|&(&d, _)| d == delay).map(|(_, &power)| power);
            let wanted = self.wanted(i);
            void += usize::from(plan.is_some() && wanted.is_none());
            let (a, b) = (plan.unwrap_or(0.0) + FAR_BELOW_NOISE, wanted.unwrap_or(0.0) + FAR_BELOW_NOISE);
            if a > b * TOLERANCE || b > a * TOLERANCE {
                return false;
            }
        }
        void <= self.support.len() / 8
    }

    /// What has been chosen is planned for.
    fn adopt(&mut self) {
        self.support.clear();
        self.powers.clear();
        for i in 0..self.range.len() {
            if let Some(power) = self.wanted(i) {
                self.support.push(self.range[i]);
                self.powers.push(power);
            }
        }
        self.least_of_seen = self.share_of_seen();
        self.age = 0;
    }
}
