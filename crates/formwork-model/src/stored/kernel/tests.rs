//! The kernel of this processor against the plain one and the definition.

use proptest::prelude::*;

use super::*;

/// Stored rows and others, with the length of both, of small numbers.
fn rows_and_others() -> impl Strategy<Value = (Kind, Vec<u8>, usize, Vec<f32>)> {
    let sizes = (0..Kind::ALL.len(), 1..4usize, 0..5usize, 0..4usize);
    sizes.prop_flat_map(|(kind, blocks, rows, others)| {
        let kind = Kind::ALL[kind];
        // Blocks of one value make rows that are no whole number of vectors.
        let blocks = if kind.block_len() == 1 {
            23 * blocks
        } else {
            blocks
        };
        let len = blocks * kind.block_len();
        let bytes = prop::collection::vec(any::<u8>(), rows * blocks * kind.block_bytes());
        let x = prop::collection::vec(-1.0f32..1.0, others * len);
        (Just(kind), bytes, Just(len), x)
    })
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

proptest! {
    #[test]
    fn products_are_sums((kind, bytes, len, x) in rows_and_others()) {
        let count = bytes.len() / kind.block_bytes() * kind.block_len() / len;
        let mut values = vec![0.0; count * len];
        unpack(kind, &bytes, &mut values);
        let room = || (vec![0.0; len], vec![f32::NAN; count * x.len() / len]);
        let ((mut row, mut found), (mut plain_row, mut plain)) = (room(), room());
        products(kind, &bytes, &x, &mut row, &mut found);
        rows(Plain, kind, &bytes, &x, &mut plain_row, &mut plain);
        let pairs = values.chunks(len).flat_map(|a| x.chunks(len).map(move |b| (a, b)));
        for (((a, b), found), plain) in pairs.zip(found).zip(plain) {
            prop_assert!(same(found, plain), "{found} and {plain}");
            let terms = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
            let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| {
                (sum + term, size + term.abs())
            });
            // What does not fit into 32 bits is of no interest.
            if size < 1e38 {
                let error = (f64::from(found) - sum).abs();
                prop_assert!(error <= 1e-6 * size + 1e-37, "{found} for {sum}");
            }
        }
    }

    #[test]
    fn values_are_those_of_any_processor(
        at in 0..Kind::ALL.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..900),
        room in 0..1000usize,
    ) {
        let kind = Kind::ALL[at];
        let (mut found, mut plain) = (vec![7.0; room], vec![7.0; room]);
        unpack(kind, &bytes, &mut found);
        blocks::unpack(Plain, kind, &bytes, &mut plain);
        for (found, plain) in found.into_iter().zip(plain) {
            prop_assert!(same(found, plain), "{found} and {plain}");
        }
    }
}
