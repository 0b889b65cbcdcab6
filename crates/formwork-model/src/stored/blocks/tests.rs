use proptest::prelude::*;

use crate::stored::kernel::unpack;
use crate::stored::kind::Kind;

fn values(kind: Kind, bytes: &[u8]) -> Vec<f32> {
    let blocks = bytes.len() / kind.block_bytes();
    let mut out = vec![f32::NAN; blocks * kind.block_len()];
    unpack(kind, bytes, &mut out);
    out
}

/// Numbers of a block by the places of their bits, the lowest first.
struct Bits<'a>(&'a [u8]);

impl Bits<'_> {
    fn at(&self, places: impl IntoIterator<Item = usize>) -> u32 {
        let bit = |place: usize| u32::from(self.0[place / 8] >> (place % 8) & 1);
        let bits = places.into_iter().map(bit).enumerate();
        bits.map(|(power, bit)| bit << power).sum()
    }

    /// `len` bits from bit `low` of a byte on.
    fn of(&self, byte: usize, low: usize, len: usize) -> u32 {
        self.at((0..len).map(|i| byte * 8 + low + i))
    }

    fn signed(&self, byte: usize) -> i32 {
        let magnitude = self.of(byte, 0, 7) as i32;
        magnitude - 128 * self.of(byte, 7, 1) as i32
    }

    /// A half float by its definition.
    fn half(&self, byte: usize) -> f32 {
        let fraction = f64::from(self.at((0..10).map(|i| byte * 8 + i))) / 1024.0;
        let exponent = self.at((10..15).map(|i| byte * 8 + i)) as i32;
        let magnitude = match exponent {
            0 => fraction * 2f64.powi(-14),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
        };
        let sign = self.of(byte + 1, 7, 1);
        (if sign == 1 { -magnitude } else { magnitude }) as f32
    }
}

/// Value `i` of a block, from the description of the format alone.
fn twin(kind: Kind, block: &[u8], i: usize) -> f32 {
    let bits = Bits(block);
    // Which byte of a row of 16, and which half of it.
    let (byte, low) = (i % 16, i / 16 * 4);
    match kind {
        Kind::F32 => f32::from_bits(bits.at(0..32)),
        Kind::F16 => bits.half(0),
        Kind::Bf16 => f32::from_bits(bits.at(0..16) << 16),
        Kind::Q4_0 => (bits.of(2 + byte, low, 4) as f32 - 8.0) * bits.half(0),
        Kind::Q4_1 => bits.of(4 + byte, low, 4) as f32 * bits.half(0) + bits.half(2),
        Kind::Q5_0 => {
            let q = bits.of(6 + byte, low, 4) + 16 * bits.at([2 * 8 + i]);
            (q as f32 - 16.0) * bits.half(0)
        }
        Kind::Q5_1 => {
            let q = bits.of(8 + byte, low, 4) + 16 * bits.at([4 * 8 + i]);
            q as f32 * bits.half(0) + bits.half(2)
        }
        Kind::Q8_0 => bits.signed(2 + i) as f32 * bits.half(0),
        Kind::Q4K | Kind::Q5K => {
            let run = i / 32;
            let (scale, min) = match run {
                0..4 => (bits.of(4 + run, 0, 6), bits.of(8 + run, 0, 6)),
                _ => (
                    bits.of(8 + run, 0, 4) + 16 * bits.of(run, 6, 2),
                    bits.of(8 + run, 4, 4) + 16 * bits.of(4 + run, 6, 2),
                ),
            };
            let lows = if kind == Kind::Q4K { 16 } else { 48 };
            let mut q = bits.of(lows + i / 64 * 32 + i % 32, i / 32 % 2 * 4, 4);
            if kind == Kind::Q5K {
                q += 16 * bits.of(16 + i % 32, run, 1);
            }
            bits.half(0) * scale as f32 * q as f32 - bits.half(2) * min as f32
        }
        Kind::Q6K => {
            let half = i / 128 * 64;
            let low = match i % 128 / 32 {
                0 => bits.of(half + i % 32, 0, 4),
                1 => bits.of(half + 32 + i % 32, 0, 4),
                2 => bits.of(half + i % 32, 4, 4),
                _ => bits.of(half + 32 + i % 32, 4, 4),
            };
            let high = bits.of(128 + half / 2 + i % 32, i % 128 / 32 * 2, 2);
            let q = (low + 16 * high) as f32 - 32.0;
            bits.half(208) * bits.signed(192 + i / 16) as f32 * q
        }
    }
}

proptest! {
    #[test]
    fn every_format_is_as_described(
        at in 0..Kind::ALL.len(),
        bytes in proptest::collection::vec(any::<u8>(), 1..700),
    ) {
        let kind = Kind::ALL[at];
        let found = values(kind, &bytes);
        prop_assert_eq!(found.len(), bytes.len() / kind.block_bytes() * kind.block_len());
        for (at, found) in found.into_iter().enumerate() {
            let block = at / kind.block_len() * kind.block_bytes();
            let block = &bytes[block..block + kind.block_bytes()];
            let wanted = twin(kind, block, at % kind.block_len());
            prop_assert!(
                found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan(),
                "{kind:?}, value {at}: {found} for {wanted}"
            );
        }
    }
}

/// A block of zeros, some bytes set.
fn block(kind: Kind, bytes: &[(usize, u8)]) -> Vec<f32> {
    let mut block = vec![0; kind.block_bytes()];
    for &(at, byte) in bytes {
        block[at] = byte;
    }
    values(kind, &block)
}

// By hand. 0x3800 is one half, 0x3c00 one, 0x4000 two, 0x3400 a quarter, as halves.

#[test]
fn plain_floats() {
    assert_eq!(values(Kind::F32, &[0, 0, 0x40, 0xc0]), [-3.0]);
    assert_eq!(
        values(Kind::F16, &[0, 0x38, 1, 0, 0xff, 0x7b]),
        [0.5, 2f32.powi(-24), 65504.0]
    );
    assert_eq!(values(Kind::Bf16, &[0x40, 0xc0]), [-3.0]);
}

#[test]
fn blocks_of_32() {
    let found = block(Kind::Q4_0, &[(1, 0x38), (2, 0x8f), (3, 0x10)]);
    assert_eq!((found[0], found[16]), (3.5, 0.0));
    assert_eq!((found[1], found[17], found[31]), (-4.0, -3.5, -4.0));

    let found = block(Kind::Q4_1, &[(1, 0x38), (3, 0x40), (4, 0x8f)]);
    assert_eq!((found[0], found[16], found[1]), (9.5, 6.0, 2.0));

    // Fifth bits of values 0 and 17.
    let found = block(
        Kind::Q5_0,
        &[(1, 0x38), (2, 1), (4, 2), (6, 0x8f), (7, 0x10)],
    );
    assert_eq!((found[0], found[16]), (7.5, -4.0));
    assert_eq!((found[1], found[17], found[31]), (-8.0, 0.5, -8.0));

    let found = block(
        Kind::Q5_1,
        &[(1, 0x38), (3, 0x40), (4, 1), (6, 2), (8, 0x8f)],
    );
    assert_eq!((found[0], found[16]), (17.5, 6.0));
    assert_eq!((found[1], found[17]), (2.0, 10.0));

    let found = block(Kind::Q8_0, &[(1, 0x38), (2, 0x80), (33, 0x7f)]);
    assert_eq!((found[0], found[1], found[31]), (-64.0, 0.0, 63.5));
}

#[test]
fn blocks_of_256() {
    // Run 0 has scale 3 and minimum 1; run 5 has 0b10_0101 and 0b01_1010. Value 0 is 7,
    // value 161 is 9.
    let scales = [
        (1, 0x3c),
        (3, 0x40),
        (4, 3),
        (8, 1),
        (13, 0xa5),
        (5, 0x80),
        (9, 0x40),
    ];
    let with = |more: &[(usize, u8)]| [&scales[..], more].concat();
    let found = block(Kind::Q4K, &with(&[(16, 7), (16 + 65, 0x90)]));
    assert_eq!((found[0], found[161], found[32]), (19.0, 281.0, 0.0));
    assert_eq!((found[1], found[160]), (-2.0, -52.0));

    let found = block(
        Kind::Q5K,
        &with(&[(48, 7), (48 + 65, 0x90), (16 + 1, 1 << 5)]),
    );
    assert_eq!((found[0], found[161]), (19.0, 873.0));
    assert_eq!((found[1], found[160]), (-2.0, -52.0));

    let found = block(
        Kind::Q6K,
        &[
            (0, 0x0f),
            (128, 2),
            (192, 0xfe),
            (113, 0x50),
            (128 + 49, 0xc0),
            (207, 4),
            (209, 0x34),
        ],
    );
    assert_eq!((found[0], found[1], found[241]), (-7.5, 16.0, 21.0));
}
