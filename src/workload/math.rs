//! Logarithm, exponential and normal quantile for whole blocks of variates.
//!
//! They use only + − × ÷, √ and bit operations, without branches and without fused multiply-add: so compilers
//! can put eight of them into one vector, and every machine, vector unit or not, computes the same bits. A
//! standard library's `ln` promises neither.

use crate::rng::BLOCK;
use multiversion::multiversion;

const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// Adding this to a whole number below 2⁵¹ leaves the number in the low bits; taking it away again rounds to
/// nearest.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;

/// The natural logarithm.
///
/// # Domain
/// Positive normal numbers; anything else gives a meaningless finite number.
///
/// # Source
/// FreeBSD's msun, `e_log.c` (Ng, 1993): x = 2ᵏ(1 + f) with √½ < 1 + f < √2, an even polynomial in f/(2 + f).
///
/// # Numerics
/// The error is below one unit in the last place.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    // The high word of √½, and what must be added so that the exponent's field holds k.
    const HALF_ROOT: u64 = 0x3fe6_a09e_0000_0000;
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - HALF_ROOT);
    let k = f64::from_bits(0x4330_0000_0000_0000 | (bits >> 52)) - (4_503_599_627_370_496.0 + 1023.0);
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(HALF_ROOT)) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even =
        w * (3.999_999_999_940_942e-1 + w * (2.222_219_843_214_978_4e-1 + w * 1.531_383_769_920_937_3e-1));
    let odd = z
        * (6.666_666_666_666_735e-1
            + w * (2.857_142_874_366_239e-1
                + w * (1.818_357_216_161_805e-1 + w * 1.479_819_860_511_658_6e-1)));
    s * (half_square + (odd + even)) + k * LN2_LOW - half_square + f + k * LN2_HIGH
}

/// e to the power of `x`; 0 below −746 and infinite above 710, as it should be.
///
/// # Source
/// FreeBSD's msun, `e_exp.c` (Ng, 1993): x = k ln 2 + r with |r| ≤ ½ ln 2, a Remez polynomial in r².
///
/// # Numerics
/// The error is below one unit in the last place; two where the result is subnormal.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-1000.0, 1000.0);
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let high = x - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let t = r * r;
    let c = r - t
        * (1.666_666_666_666_660_2e-1
            + t * (-2.777_777_777_701_559_3e-3
                + t * (6.613_756_321_437_934e-5
                    + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    // In two steps, for neither half leaves the exponents of normal numbers when the whole does.
    let half = (0.5 * k + ROUND) - ROUND;
    y * power_of_two(half) * power_of_two(k - half)
}

/// 2ᵏ for a whole |k| < 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (4_503_599_627_370_496.0 + 1023.0)).to_bits() << 52)
}

/// The normal quantile: the z with Φ(z) = `p`.
///
/// # Domain
/// 2⁻¹⁰²² < p ≤ 1 − 2⁻⁵³.
///
/// # Source
/// Wichura (1988), Algorithm AS 241, procedure PPND16, Applied Statistics 37(3): accurate to about one part
/// in 10¹⁶.
///
/// # Numerics
/// The three regions have rational functions of one degree, so a lane chooses coefficients instead of a
/// branch.
#[inline(always)]
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    let central = q.abs() <= 0.425;
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let root = (-ln(tail)).sqrt();
    let near = root <= 5.0;
    let r = if central {
        0.180_625 - q * q
    } else if near {
        root - 1.6
    } else {
        root - 5.0
    };
    let pick = |i: usize, [a, b, c]: &[[f64; 8]; 3]| {
        if central {
            a[i]
        } else if near {
            b[i]
        } else {
            c[i]
        }
    };
    let (mut above, mut below) = (pick(7, &NUMERATORS), pick(7, &DENOMINATORS));
    for i in (0..7).rev() {
        above = above * r + pick(i, &NUMERATORS);
        below = below * r + pick(i, &DENOMINATORS);
    }
    let ratio = above / below;
    if central {
        q * ratio
    } else if q < 0.0 {
        -ratio
    } else {
        ratio
    }
}

/// Numerators of AS 241: |p − ½| ≤ 0.425, then √(−ln tail) ≤ 5, then beyond; constant terms first.
#[rustfmt::skip]
const NUMERATORS: [[f64; 8]; 3] = [
    [3.387_132_872_796_366_5, 1.331_416_678_917_843_8e2, 1.971_590_950_306_551_3e3, 1.373_169_376_550_946e4,
     4.592_195_393_154_987e4, 6.726_577_092_700_87e4, 3.343_057_558_358_813e4, 2.509_080_928_730_122_7e3],
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
     1.270_458_252_452_368_4, 2.417_807_251_774_506e-1, 2.272_384_498_926_918_4e-2, 7.745_450_142_783_414e-4],
    [6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 2.965_605_718_285_048_7e-1,
     2.653_218_952_657_612_4e-2, 1.242_660_947_388_078_4e-3, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7],
];

/// Denominators of AS 241.
#[rustfmt::skip]
const DENOMINATORS: [[f64; 8]; 3] = [
    [1.0, 4.231_333_070_160_091e1, 6.871_870_074_920_579e2, 5.394_196_021_424_751e3,
     2.121_379_430_158_659_7e4, 3.930_789_580_009_271e4, 2.872_908_573_572_194_3e4, 5.226_495_278_852_545e3],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 6.897_673_349_851e-1,
     1.481_039_764_274_800_8e-1, 1.519_866_656_361_645_7e-2, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
    [1.0, 5.998_322_065_558_88e-1, 1.369_298_809_227_358e-1, 1.487_536_129_085_061_5e-2,
     7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15],
];

/// Replaces every number of a block by `factor` times its logarithm.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn scaled_ln(block: &mut [f64; BLOCK], factor: f64) {
    for x in block.iter_mut() {
        *x = factor * ln(*x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Stream};

    /// Distance in units in the last place, for finite numbers of one sign.
    fn ulps(a: f64, b: f64) -> u64 {
        if a == b { 0 } else { (a.to_bits() as i64).abs_diff(b.to_bits() as i64) }
    }

    fn uniforms() -> [f64; BLOCK] {
        let mut block = [0.0; BLOCK];
        Stream::new(Key::new(1, 0)).uniform(&mut block);
        block
    }

    #[test]
    fn ln_is_within_two_units_of_the_standard_library() {
        for u in uniforms() {
            for x in [u, u * 1e-9, u * 1e300, 1.0 + u * 1e-6, 1.0 - u * 1e-9, 0.7 + u] {
                assert!(ulps(ln(x), x.ln()) <= 2, "{x}: {} {}", ln(x), x.ln());
            }
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(2.0_f64.powi(-52)), -52.0 * std::f64::consts::LN_2);
    }

    #[test]
    fn exp_is_within_two_units_of_the_standard_library() {
        for u in uniforms() {
            for x in [u, -u, 700.0 * u, -700.0 * u, u * 1e-12] {
                assert!(ulps(exp(x), x.exp()) <= 2, "{x}: {} {}", exp(x), x.exp());
            }
        }
        assert_eq!(
            [exp(0.0), exp(-800.0), exp(f64::NEG_INFINITY), exp(711.0), exp(f64::INFINITY)],
            [1.0, 0.0, 0.0, f64::INFINITY, f64::INFINITY]
        );
        assert!(exp(f64::NAN).is_nan());
        assert!(exp(-740.0) > 0.0 && exp(709.7) < f64::INFINITY);
    }

    #[test]
    fn normal_quantiles_are_the_published_ones() {
        // Wichura (1988) checks PPND16 at these three; the others are the textbook's.
        let published = [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.995, 2.575_829_303_548_901),
        ];
        for (p, z) in published {
            assert!(
                (normal_quantile(p) - z).abs() <= 4e-16 * z.abs().max(1.0),
                "{p}: {} {z}",
                normal_quantile(p)
            );
        }
    }

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let plain = uniforms().map(|u| -3.7 * ln(u));
        let mut block = uniforms();
        scaled_ln(&mut block, -3.7);
        assert_eq!(plain.map(f64::to_bits), block.map(f64::to_bits));
    }
}
