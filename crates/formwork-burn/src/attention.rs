//! Attention of queries to the keys and values of their text.

use burn_tensor::activation::softmax;
use burn_tensor::backend::Backend;
use burn_tensor::{Tensor, TensorData};

/// What a token attends to of its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// Itself and what lies before.
    Before,
    /// Everything.
    All,
}

/// Attends to the tokens in reach, grouped (Ainslie et al., arXiv:2305.13245): heads of
/// queries in equal groups share a head of keys.
///
/// `queries` are those of `n` tokens of each of some equally long texts, the last ones
/// unless all are in reach, `[texts * n, heads, head_dim]`; `keys` and `values` those of all of their tokens,
/// `[texts * kv_heads, len, head_dim]`. Returns `[texts * n, heads * head_dim]`.
pub(crate) fn attend<B: Backend>(
    texts: usize,
    reach: Reach,
    queries: Tensor<B, 3>,
    keys: Tensor<B, 3>,
    values: Tensor<B, 3>,
) -> Tensor<B, 2> {
    let [rows, heads, head_dim] = queries.dims();
    let [all_kv_heads, len, _] = keys.dims();
    let (n, kv_heads) = (rows / texts, all_kv_heads / texts);
    let group = heads / kv_heads;
    let device = queries.device();
    let queries = queries
        .reshape([texts, n, kv_heads, group, head_dim])
        .permute([0, 2, 3, 1, 4])
        .reshape([all_kv_heads, group * n, head_dim]);
    let scale = 1.0 / (head_dim as f64).sqrt();
    let mut scores = (queries * scale).matmul(keys.swap_dims(1, 2));
    if reach == Reach::Before && n > 1 {
        scores = scores + later::<B>(n, len, group, &device);
    }
    softmax(scores, 2)
        .matmul(values)
        .reshape([texts, kv_heads, group, n, head_dim])
        .permute([0, 3, 1, 2, 4])
        .reshape([rows, heads * head_dim])
}

/// Minus infinity where a token would attend to a later one, `[1, group * n, len]`.
fn later<B: Backend>(n: usize, len: usize, group: usize, device: &B::Device) -> Tensor<B, 3> {
    let before = len - n;
    let row = |i: usize| {
        (0..len).map(move |key| match key > before + i {
            true => f32::NEG_INFINITY,
            false => 0.0,
        })
    };
    let rows: Vec<f32> = (0..n).flat_map(row).collect();
    let one: Tensor<B, 3> = Tensor::from_data(TensorData::new(rows, [1, n, len]), device);
    one.repeat_dim(1, group)
}
