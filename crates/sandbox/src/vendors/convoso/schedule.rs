//! When calls begin: every day has its number of calls, and its hours are busy or quiet.

use chrono::NaiveDate;
use chrono_tz::Tz;
use fastrand::Rng;

use crate::local::{self, HOUR};
use crate::rng::rng_of;

/// The share of each hour after local midnight. The night is quiet but never silent, so that the hours
/// of a clock change have calls.
const CURVE: [u32; 24] = [
    3, 2, 2, 1, 1, 2, 6, 20, 45, 70, 85, 80, 60, 65, 80, 85, 75, 60, 40, 25, 14, 8, 5, 3,
];
/// Of a hundred calls so many begin in the same second as another: the dialer rings several numbers at once.
const BURSTS: u32 = 12;

/// The instants of one local day's calls, in order.
pub(super) fn draw_day(seed: u64, zone: Tz, day: NaiveDate, call_count: u32) -> Vec<i64> {
    let midnight = local::midnight_of(zone, day);
    let length = local::midnight_of(zone, local::next(day)) - midnight;
    let number = u64::try_from(midnight).expect("the simulation lies after 1970");
    let mut rng = rng_of(seed, number);
    let weights = weights(length);
    let total = weights.iter().sum();
    let mut instants: Vec<i64> = Vec::with_capacity(call_count as usize);
    for _ in 0..call_count {
        let second = match instants.last() {
            Some(&last) if rng.u32(..100) < BURSTS => last,
            _ => midnight + pick(&mut rng, &weights, total, length),
        };
        instants.push(second);
    }
    instants.sort_unstable();
    instants
}

/// One weight for each hour that has begun, for days of 23 to 25 hours.
fn weights(length: i64) -> Vec<u32> {
    let hours = usize::try_from((length + HOUR - 1) / HOUR).expect("a day has a length");
    (0..hours).map(|hour| CURVE[hour.min(CURVE.len() - 1)]).collect()
}

fn pick(rng: &mut Rng, weights: &[u32], total: u32, length: i64) -> i64 {
    let mut left = rng.u32(..total);
    let mut start = 0;
    for &weight in weights {
        if left < weight {
            break;
        }
        left -= weight;
        start += HOUR;
    }
    rng.i64(start..(start + HOUR).min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACIFIC: Tz = Tz::America__Los_Angeles;

    fn instants(date: &str) -> Vec<i64> {
        draw_day(7, PACIFIC, date.parse().unwrap(), 2_000)
    }

    #[test]
    fn a_day_keeps_to_itself_and_to_its_number_of_calls() {
        for date in ["2026-03-08", "2026-06-01", "2026-11-01"] {
            let all = instants(date);
            assert_eq!(all.len(), 2_000);
            assert!(all.is_sorted());
            let day: NaiveDate = date.parse().unwrap();
            assert!(all.iter().all(|&at| local::day_at(PACIFIC, at) == day), "{date}");
        }
    }

    #[test]
    fn the_repeated_hour_has_calls_in_both_of_its_turns() {
        let all = instants("2026-11-01");
        let one = local::parse("2026-11-01 01:00:00").unwrap();
        for offset in [-7 * HOUR, -8 * HOUR] {
            let turn = one - offset..one - offset + HOUR;
            assert!(all.iter().any(|at| turn.contains(at)), "{offset}");
            assert_eq!(local::wall_clock(PACIFIC, turn.start), one);
        }
    }
}
