//! Keys and values of what was read of a text.

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

/// Keys and values of one text in one block, `[kv_heads, room, head_dim]` each.
///
/// A clone shares both until one of them grows.
#[derive(Clone, Debug)]
pub(crate) struct Cache<B: Backend> {
    keys: Tensor<B, 3>,
    values: Tensor<B, 3>,
}

/// Room is made for so many tokens at once, or as many as there are.
///
/// PERF: appending writes a token's keys and values in place; growing by one each time
/// would copy everything for every token.
const MIN_ROOM: usize = 64;

impl<B: Backend> Cache<B> {
    /// Without tokens.
    pub(crate) fn new(kv_heads: usize, head_dim: usize, device: &B::Device) -> Cache<B> {
        let empty = || Tensor::zeros([kv_heads, MIN_ROOM, head_dim], device);
        Cache {
            keys: empty(),
            values: empty(),
        }
    }

    /// Writes tokens behind the first `len`, and returns all keys and values up to them.
    pub(crate) fn append(
        &mut self,
        len: usize,
        keys: Tensor<B, 3>,
        values: Tensor<B, 3>,
    ) -> (Tensor<B, 3>, Tensor<B, 3>) {
        let [_, added, _] = keys.dims();
        self.replace(len, len + added, keys, values)
    }

    /// Writes tokens from `begin` on, over those that were there, and returns the keys
    /// and values of the first `len`.
    pub(crate) fn replace(
        &mut self,
        begin: usize,
        len: usize,
        keys: Tensor<B, 3>,
        values: Tensor<B, 3>,
    ) -> (Tensor<B, 3>, Tensor<B, 3>) {
        (
            write(&mut self.keys, begin, len, keys),
            write(&mut self.values, begin, len, values),
        )
    }
}

fn write<B: Backend>(
    all: &mut Tensor<B, 3>,
    begin: usize,
    len: usize,
    new: Tensor<B, 3>,
) -> Tensor<B, 3> {
    let device = new.device();
    let [heads, room, head_dim] = all.dims();
    let end = begin + new.dims()[1];
    // Taken out, so that it is the only one and can be written in place.
    let mut own = std::mem::replace(all, Tensor::empty([0, 0, 0], &device));
    if end > room {
        let room = end.max(2 * room);
        let larger = Tensor::zeros([heads, room, head_dim], &device);
        // burn refuses to cut out nothing.
        own = match begin {
            0 => larger,
            _ => {
                let before = own.narrow(1, 0, begin);
                larger.slice_assign([0..heads, 0..begin, 0..head_dim], before)
            }
        };
    }
    *all = own.slice_assign([0..heads, begin..end, 0..head_dim], new);
    all.clone().narrow(1, 0, len)
}
