//! Matrices of weights, as a backend keeps them.

use burn_flex::{Flex, FlexDevice};
use burn_tensor::backend::Backend;
use burn_tensor::{Int, Tensor, TensorData};
use formwork_model::{HostTensor, StoredTensor};

/// A matrix of weights, `[outputs, inputs]`.
pub(crate) trait Matrix<B: Backend>: Sized + Send + 'static {
    /// Takes a matrix to a device.
    fn load(stored: StoredTensor, device: &B::Device) -> Self;

    /// Takes `[n, inputs]` to `[n, outputs]`.
    fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2>;

    /// Some rows, `[n, inputs]`.
    fn lookup(&self, rows: &[u32], device: &B::Device) -> Tensor<B, 2>;
}

/// 32-bit floats on the device.
impl<B: Backend> Matrix<B> for Tensor<B, 2> {
    fn load(stored: StoredTensor, device: &B::Device) -> Self {
        let HostTensor { shape, values } = stored.into();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        x.matmul(self.clone().transpose())
    }

    fn lookup(&self, rows: &[u32], device: &B::Device) -> Tensor<B, 2> {
        let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let count = rows.len();
        let rows: Tensor<B, 1, Int> = Tensor::from_data(TensorData::new(rows, [count]), device);
        self.clone().select(0, rows)
    }
}

/// So many rows at most are multiplied with values as they are stored; more are burn's.
const FEW: usize = 12;

/// So many values at once become floats for products of many rows: 4 MB, which caches
/// hold.
const TILE: usize = 1 << 20;

/// The CPU keeps what the file has. Products of few rows read that; those of many make
/// floats of it, tile by tile, so that there is never a second copy of a matrix.
///
/// PERF: one text is bound by what is read from memory, for every token all weights.
/// SmolLM2-135M as Q4_1, 135 million values, two busy cores, least of eight passes, ms;
/// *before*, all weights were 32-bit floats.
///
/// | rows | 1 | 2 | 4 | 8 | 12 | 16 | 64 |
/// |-|-|-|-|-|-|-|-|
/// | before | 103 | 278 | 299 | 365 | 274 | 436 | 1289 |
/// | as stored | 39 | 63 | 89 | 129 | 200 | 274 | 1065 |
/// | in tiles | 87 | 155 | 159 | 190 | 209 | 240 | 564 |
impl Matrix<Flex> for StoredTensor {
    fn load(stored: StoredTensor, _: &FlexDevice) -> Self {
        stored
    }

    fn forward(&self, x: Tensor<Flex, 2>) -> Tensor<Flex, 2> {
        let device = x.device();
        let [n, inputs] = x.dims();
        let outputs = self.shape().first().copied().unwrap_or(0);
        let tensor = |values, shape: [usize; 2]| {
            Tensor::<Flex, 2>::from_data(TensorData::new(values, shape), &device)
        };
        if n <= FEW {
            let x = x.into_primitive().tensor().to_contiguous();
            return tensor(self.products(x.storage()), [n, outputs]);
        }
        let tile = (TILE / inputs.max(1)).max(1);
        let tiles = (0..outputs).step_by(tile).map(|begin| {
            let end = outputs.min(begin + tile);
            let part = tensor(self.rows(begin..end), [end - begin, inputs]);
            x.clone().matmul(part.transpose())
        });
        Tensor::cat(tiles.collect(), 1)
    }

    fn lookup(&self, rows: &[u32], device: &FlexDevice) -> Tensor<Flex, 2> {
        let row = |&row: &u32| self.rows(row as usize..row as usize + 1);
        let values: Vec<f32> = rows.iter().flat_map(row).collect();
        let inputs = self.shape().last().copied().unwrap_or(0);
        Tensor::from_data(TensorData::new(values, [rows.len(), inputs]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few rows, many, and more outputs than a tile has.
    #[test]
    fn stored_and_as_tensors() {
        let device = FlexDevice;
        let shape = [1300, 1000];
        let values = (0..1300 * 1000_u64).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5);
        let host = HostTensor {
            shape: shape.to_vec(),
            values: values.collect(),
        };
        let stored = StoredTensor::try_from(host).expect("a matrix");
        let tensor = <Tensor<Flex, 2> as Matrix<Flex>>::load(stored.clone(), &device);
        let rows = [3, 1299, 0];
        let selected = stored.lookup(&rows, &device).into_data();
        assert_eq!(selected, tensor.lookup(&rows, &device).into_data());
        for n in [1, 2, FEW, FEW + 1] {
            let x: Vec<f32> = (0..n * 1000).map(|i| (i as f32).sin()).collect();
            // Laid out the other way round, as what attention returns may be.
            let x = Tensor::<Flex, 2>::from_data(TensorData::new(x, [1000, n]), &device);
            let x = x.transpose();
            let found = stored.forward(x.clone());
            assert_eq!(found.dims(), [n, 1300]);
            let worst = (found - tensor.forward(x)).abs().max().into_scalar();
            assert!(worst < 1e-3, "{n} rows: {worst}");
        }
    }
}
