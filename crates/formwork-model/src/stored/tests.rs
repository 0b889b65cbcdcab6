use super::*;

fn tensor(shape: &[usize], value: impl Fn(usize) -> f32) -> StoredTensor {
    let len = shape.iter().product();
    let values = (0..len).map(value).collect();
    let shape = shape.to_vec();
    StoredTensor::try_from(HostTensor { shape, values }).expect("a tensor")
}

#[test]
fn rows_are_read_where_they_lie() {
    let tensor = tensor(&[2, 2, 3], |i| i as f32);
    assert_eq!(tensor.rows(1..3), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(tensor.rows(3..9), [9.0, 10.0, 11.0]);
    assert!(tensor.rows(2..2).is_empty());
    assert!(tensor.rows(4..usize::MAX).is_empty());
    let host = HostTensor::from(tensor);
    assert_eq!(host.shape, [2, 2, 3]);
    assert_eq!(host.values.len(), 12);
}

#[test]
fn products_of_one_and_of_more() {
    let tensor = tensor(&[2, 3], |i| i as f32);
    assert_eq!(tensor.products(&[1.0, 10.0, 100.0]), [210.0, 543.0]);
    let two = [1.0, 10.0, 100.0, 0.0, 0.0, 1.0];
    assert_eq!(tensor.products(&two), [210.0, 543.0, 2.0, 5.0]);
    assert!(tensor.products(&[]).is_empty());
}

#[test]
fn threads_share_large_tensors() {
    let (rows, len) = (3000, 40);
    let block = |i: usize| {
        let [low, high] = half::f16::from_f32((i % 100) as f32).to_le_bytes();
        [low, high].into_iter().chain([1; 32])
    };
    let bytes = (0..rows * 2).flat_map(block).collect();
    let quantised = StoredTensor::new(vec![rows, 64], Kind::Q8_0, bytes);
    for (i, value) in quantised.rows(0..rows).into_iter().enumerate() {
        assert_eq!(value, (i / 32 % 100) as f32);
    }
    let floats = tensor(&[rows, len], |i| (i / len) as f32);
    for n in [1, 2] {
        let found = floats.products(&vec![1.0; n * len]);
        assert_eq!(found.len(), n * rows);
        for (i, found) in found.into_iter().enumerate() {
            assert_eq!(found, (i % rows * len) as f32);
        }
    }
}

#[test]
fn tensors_without_values() {
    for shape in [&[0, 3][..], &[3, 0]] {
        let tensor = tensor(shape, |_| 0.0);
        assert!(tensor.rows(0..9).is_empty());
        assert!(tensor.products(&[]).is_empty());
        assert!(tensor.products(&[1.0, 2.0, 3.0]).is_empty());
        assert_eq!(HostTensor::from(tensor).shape, shape);
    }
}

#[test]
fn values_that_do_not_fit_their_shape() {
    for (shape, count) in [(vec![2, 2], 3), (vec![2], 3), (vec![usize::MAX, 2], 0)] {
        let values = vec![0.0; count];
        let error = StoredTensor::try_from(HostTensor { shape, values }).expect_err("too few");
        assert_eq!(error.kind(), ModelErrorKind::Tensor);
    }
}
