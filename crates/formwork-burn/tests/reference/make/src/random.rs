//! Numbers that look random and are the same everywhere.

/// `len` values, evenly spread over `[centre - spread, centre + spread)`: those of
/// SplitMix64 (Steele, Lea and Flood, 2014), seeded with the FNV-1a hash of `label`.
/// Every step but the last, `centre + spread * unit`, is exact.
pub fn values(label: &str, len: usize, centre: f32, spread: f32) -> Vec<f32> {
    let mut state = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..len)
        .map(|_| {
            let unit = (next() >> 40) as f32 / (1 << 23) as f32 - 1.0;
            centre + spread * unit
        })
        .collect()
}
