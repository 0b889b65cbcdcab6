//! Every loop against its twin and its definition.

use proptest::prelude::*;

use super::*;

fn word() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(0), 1 => Just(u32::MAX), 2 => any::<u32>()]
}

/// Two rows of one length: of a few words, around a block, of many blocks.
fn rows() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    let length = prop_oneof![0..5usize, 28..70usize, 500..600usize];
    let row = |length| prop::collection::vec(word(), length);
    length.prop_flat_map(move |length| (row(length), row(length)))
}

/// A row that begins with zeros, perhaps all of them.
fn sparse() -> impl Strategy<Value = Vec<u32>> {
    let rest = prop::collection::vec(word(), 0..80);
    (0..400usize, rest).prop_map(|(zeros, rest)| [vec![0; zeros], rest].concat())
}

/// What every way to run a loop gives: the one chosen, the scalar one, and the one
/// for AVX2 where that is to be had.
macro_rules! all {
    ($name:ident, |$run:ident| $body:expr) => {{
        let mut results = vec![{
            let $run = super::$name;
            $body
        }];
        results.push({
            let $run = scalar::$name;
            $body
        });
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            results.push(unsafe {
                let $run = avx2::$name;
                $body
            });
        }
        results
    }};
}

proptest! {
    #[test]
    fn or((a, b) in rows()) {
        let expected: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a | b).collect();
        for row in all!(or_into, |run| { let mut row = a.clone(); run(&mut row, &b); row }) {
            prop_assert_eq!(&row, &expected);
        }
    }

    #[test]
    fn subtract((a, b) in rows()) {
        let expected: Vec<u32> = a.iter().zip(&b).map(|(a, b)| b & !a).collect();
        for row in all!(subtract_from, |run| { let mut row = a.clone(); run(&mut row, &b); row }) {
            prop_assert_eq!(&row, &expected);
        }
    }

    #[test]
    fn count((a, _) in rows()) {
        let bits = (0..32 * a.len()).filter(|bit| a[bit / 32] >> (bit % 32) & 1 == 1);
        let expected = bits.count();
        for count in all!(count_ones, |run| run(&a)) {
            prop_assert_eq!(count, expected);
        }
    }

    #[test]
    fn zeros(row in sparse()) {
        let zeros = row.iter().take_while(|&&word| word == 0).count();
        for words in all!(zero_words, |run| run(&row)) {
            prop_assert_eq!(words, zeros / 32 * 32);
        }
    }

    #[test]
    fn bounded_numbers(numbers in prop::collection::vec(any::<u8>(), 0..1200), max: u8) {
        let words = numbers.len().div_ceil(32);
        let bit = |n: usize| 1u32 << (n % 32);
        let planes: [Vec<u32>; 8] = std::array::from_fn(|k| {
            let mut plane = vec![0; words];
            for (n, _) in numbers.iter().enumerate().filter(|&(_, n)| n >> k & 1 == 1) {
                plane[n / 32] |= bit(n);
            }
            plane
        });
        let planes = planes.each_ref().map(Vec::as_slice);
        // The bits of every third number are not set to begin with.
        let given = |n: usize| !n.is_multiple_of(3);
        let (mut row, mut expected) = (vec![0; words], vec![0; words]);
        for (n, &number) in numbers.iter().enumerate().filter(|&(n, _)| given(n)) {
            row[n / 32] |= bit(n);
            expected[n / 32] |= if number <= max { bit(n) } else { 0 };
        }
        for kept in all!(keep_up_to, |run| { let mut row = row.clone(); run(&mut row, planes, max); row }) {
            prop_assert_eq!(&kept, &expected);
        }
    }
}
