//! Randomness: one seed becomes independent streams by *name*.
//!
//! A stream is named by what it decides (`arrivals`, `service`) and for whom, never by the order in which
//! threads ask for it. So a seed gives the same bytes for any number of threads, and two configurations that
//! share a producer share its chance (common random numbers). Numbers are drawn in blocks of [`BLOCK`]: eight
//! interleaved xoshiro256++ generators, which the CPU's vector units advance together; the values are the
//! same where it has none.

use multiversion::multiversion;
use rand::rand_core::TryRng;
use std::convert::Infallible;

/// How many variates are drawn at a time.
pub const BLOCK: usize = 1024;

/// Generators that run side by side.
const LANES: usize = 8;

/// The name of a stream, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The key of a run: a user's seed and the number of the replication.
    pub fn new(seed: u64, replication: u64) -> Self {
        Key(mix(mix(seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_add(replication)))
    }

    /// The key of one role within it, for one of those who play it.
    pub fn role(self, role: &str, who: &str) -> Self {
        // FNV-1a over both names with a separator that no name can hold.
        let hash = role
            .bytes()
            .chain([0xff])
            .chain(who.bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        Key(mix(self.0 ^ mix(hash)))
    }

    /// A uniform number in (0, 1] that depends on this key, a message and a count alone, never on the order
    /// of events.
    #[inline(always)]
    pub fn uniform_at(self, message: u64, count: u64) -> f64 {
        unit(self.bits_at(message, count))
    }

    /// 64 random bits for a message and a count.
    #[inline(always)]
    pub fn bits_at(self, message: u64, count: u64) -> u64 {
        mix(mix(self.0.wrapping_add(message.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .wrapping_add(count.wrapping_mul(0xd1b5_4a32_d192_ed03)))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014, variant 13 of Stafford).
#[inline(always)]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The upper 52 bits as a number in (0, 1].
#[inline(always)]
fn unit(bits: u64) -> f64 {
    2.0 - f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000)
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    lanes: [[u64; LANES]; 4],
    /// Bits drawn but not yet given out one at a time.
    spare: [u64; LANES],
    left: usize,
}

impl Stream {
    /// The stream of a key.
    pub fn new(key: Key) -> Self {
        let mut state = key.0;
        let mut lanes = [[0; LANES]; 4];
        for word in lanes.iter_mut().flatten() {
            *word = mix(state);
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        Stream { lanes, spare: [0; LANES], left: 0 }
    }

    /// Fills a block with numbers uniform on (0, 1], each a multiple of 2⁻⁵².
    pub fn uniform(&mut self, out: &mut [f64; BLOCK]) {
        fill_uniform(&mut self.lanes, out);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn fill_uniform(lanes: &mut [[u64; LANES]; 4], out: &mut [f64; BLOCK]) {
    let mut state = *lanes;
    for eight in out.chunks_exact_mut(LANES) {
        let bits = advance(&mut state);
        for (x, b) in eight.iter_mut().zip(bits) {
            *x = unit(b);
        }
    }
    *lanes = state;
}

/// One step of xoshiro256++ (Blackman & Vigna 2019) in every lane.
#[inline(always)]
fn advance(s: &mut [[u64; LANES]; 4]) -> [u64; LANES] {
    let mut out = [0; LANES];
    for i in 0..LANES {
        out[i] = s[0][i].wrapping_add(s[3][i]).rotate_left(23).wrapping_add(s[0][i]);
        let t = s[1][i] << 17;
        s[2][i] ^= s[0][i];
        s[3][i] ^= s[1][i];
        s[1][i] ^= s[2][i];
        s[0][i] ^= s[3][i];
        s[2][i] ^= t;
        s[3][i] = s[3][i].rotate_left(45);
    }
    out
}

/// One at a time, for samplers that take as many numbers as they need.
impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        if self.left == 0 {
            self.spare = advance(&mut self.lanes);
            self.left = LANES;
        }
        self.left -= 1;
        Ok(self.spare[self.left])
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_xoshiro256_plus_plus() {
        // The reference implementation's first output for the state 1, 2, 3, 4 is 41943041.
        let mut state = [[1; LANES], [2; LANES], [3; LANES], [4; LANES]];
        assert_eq!(advance(&mut state), [41_943_041; LANES]);
        assert_eq!(advance(&mut state), [58_720_359; LANES]);
    }

    #[test]
    fn streams_differ_by_seed_replication_role_and_name() {
        let draw = |key: Key| {
            let mut block = [0.0; BLOCK];
            Stream::new(key).uniform(&mut block);
            block[0]
        };
        let base = Key::new(1, 0);
        let mut seen: Vec<f64> = [
            base.role("arrivals", "web"),
            base.role("arrivals", "we"),
            base.role("service", "web"),
            Key::new(2, 0).role("arrivals", "web"),
            Key::new(1, 1).role("arrivals", "web"),
            base.role("arrival", "sweb"),
        ]
        .map(draw)
        .to_vec();
        seen.sort_by(f64::total_cmp);
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn uniforms_are_uniform() {
        let mut stream = Stream::new(Key::new(7, 0));
        let (mut sum, mut square, mut block) = (0.0, 0.0, [0.0; BLOCK]);
        for _ in 0..100 {
            stream.uniform(&mut block);
            assert!(block.iter().all(|&u| u > 0.0 && u <= 1.0));
            sum += block.iter().sum::<f64>();
            square += block.iter().map(|u| u * u).sum::<f64>();
        }
        let n = 102_400.0;
        // Five standard errors of the mean and of the mean square of 102 400 uniform numbers.
        assert!((sum / n - 0.5).abs() < 5.0 * (1.0 / 12.0_f64).sqrt() / f64::sqrt(n), "{}", sum / n);
        assert!(
            (square / n - 1.0 / 3.0).abs() < 5.0 * (4.0 / 45.0_f64).sqrt() / f64::sqrt(n),
            "{}",
            square / n
        );
    }
}
