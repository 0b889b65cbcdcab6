//! Where a model runs.

use std::fmt;
use std::str::FromStr;

use burn_flex::Flex;
use formwork_model::{
    LanguageModel, MaskedModel, ModelConfig, ModelError, ModelErrorKind, StoredTensor, Weights,
};

use crate::masked::Diffusion;
use crate::matrix::Matrix;
use crate::model::Model;
use crate::sampler::Sampler;

/// Where a model runs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
    /// A GPU of NVIDIA, by number; with the feature `cuda`.
    Cuda(usize),
    /// The GPU that the system prefers, through WebGPU's shaders; with the feature
    /// `wgpu`.
    Wgpu,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(0) => f.write_str("cuda"),
            Device::Cuda(number) => write!(f, "cuda:{number}"),
            Device::Wgpu => f.write_str("wgpu"),
        }
    }
}

impl FromStr for Device {
    type Err = ModelError;

    /// Reads `cpu`, `cuda`, `cuda:1` or `wgpu`.
    fn from_str(text: &str) -> Result<Device, ModelError> {
        let number = text.strip_prefix("cuda:").map(str::parse);
        match (text, number) {
            ("cpu", _) => Ok(Device::Cpu),
            ("cuda", _) => Ok(Device::Cuda(0)),
            ("wgpu", _) => Ok(Device::Wgpu),
            (_, Some(Ok(number))) => Ok(Device::Cuda(number)),
            _ => Err(missing(format!(
                "there is no device {text:?}; there are: cpu, cuda, cuda:NUMBER, wgpu"
            ))),
        }
    }
}

/// Loads a causal model onto a device.
///
/// # Errors
///
/// If the device or its driver is not there, or not built in; if a tensor is missing, of
/// another shape, or cannot be read; if the model is a masked one.
pub fn load(
    config: &ModelConfig,
    weights: &dyn Weights,
    device: Device,
) -> Result<Box<dyn LanguageModel>, ModelError> {
    on(device, &Causal(config, weights))
}

/// Loads a masked diffusion model onto a device: a LLaDA, a Dream, a BERT, or one
/// laid out as they are. Weights of LLaDA come through
/// [`LladaWeights`](formwork_model::LladaWeights), as
/// [`ModelFiles`](formwork_model::ModelFiles) has them.
///
/// # Errors
///
/// As [`load`], and if the model is a causal one.
pub fn load_masked(
    config: &ModelConfig,
    weights: &dyn Weights,
    device: Device,
) -> Result<Box<dyn MaskedModel>, ModelError> {
    on(device, &Diffusing(config, weights))
}

/// What is made once the backend of a device, and how it keeps matrices, is known.
trait Make {
    type Made;

    fn make<B: Sampler, M: Matrix<B>>(&self, device: &B::Device) -> Result<Self::Made, ModelError>;
}

struct Causal<'a>(&'a ModelConfig, &'a dyn Weights);

impl Make for Causal<'_> {
    type Made = Box<dyn LanguageModel>;

    fn make<B: Sampler, M: Matrix<B>>(&self, device: &B::Device) -> Result<Self::Made, ModelError> {
        Ok(Box::new(Model::<B, M>::new(self.0, self.1, device)?))
    }
}

struct Diffusing<'a>(&'a ModelConfig, &'a dyn Weights);

impl Make for Diffusing<'_> {
    type Made = Box<dyn MaskedModel>;

    fn make<B: Sampler, M: Matrix<B>>(&self, device: &B::Device) -> Result<Self::Made, ModelError> {
        Ok(Box::new(Diffusion::<B>::new::<M>(self.0, self.1, device)?))
    }
}

fn on<M: Make>(device: Device, make: &M) -> Result<M::Made, ModelError> {
    match device {
        Device::Cpu => make.make::<Flex, StoredTensor>(&Default::default()),
        #[cfg(feature = "cuda")]
        Device::Cuda(number) => {
            cuda::check(number)?;
            let device = burn_cuda::CudaDevice::new(number);
            make.make::<burn_cuda::Cuda, burn_tensor::Tensor<_, 2>>(&device)
        }
        #[cfg(feature = "wgpu")]
        Device::Wgpu => {
            wgpu_is_there()?;
            make.make::<burn_wgpu::Wgpu, burn_tensor::Tensor<_, 2>>(&Default::default())
        }
        #[cfg(not(all(feature = "cuda", feature = "wgpu")))]
        device => {
            let feature = match device {
                Device::Cuda(_) => "cuda",
                _ => "wgpu",
            };
            Err(missing(format!(
                "the device {device} is not built in; build with --features {feature}"
            )))
        }
    }
}

fn missing(message: String) -> ModelError {
    ModelError::new(ModelErrorKind::Device, message)
}

/// CUDA's runtime panics in a thread of its own where there is no driver, so the driver
/// is looked for first.
#[cfg(feature = "cuda")]
mod cuda {
    use super::missing;
    use cudarc::driver::{result, sys};
    use formwork_model::ModelError;

    /// That a device of that number can be used.
    pub(super) fn check(number: usize) -> Result<(), ModelError> {
        // SAFETY: loads the driver's library if there is one, which runs its
        // initialisation; nothing of it is called here.
        #[allow(unsafe_code)]
        let is_present = unsafe { sys::is_culib_present() };
        if !is_present {
            return Err(missing(
                "CUDA's driver (libcuda) is not installed; use --device cpu".to_owned(),
            ));
        }
        let failed = |error: cudarc::driver::DriverError| {
            missing(format!("CUDA's driver does not start: {error}"))
        };
        result::init().map_err(failed)?;
        let count = result::device::get_count().map_err(failed)?;
        if usize::try_from(count).is_ok_and(|count| number < count) {
            return Ok(());
        }
        Err(missing(format!(
            "there is no CUDA device {number}; there are {count}"
        )))
    }
}

/// That there is a GPU, or software that stands for one.
#[cfg(feature = "wgpu")]
pub(crate) fn wgpu_is_there() -> Result<(), ModelError> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..wgpu::RequestAdapterOptions::default()
    };
    let adapter = cubecl::future::block_on(instance.request_adapter(&options));
    match adapter {
        Ok(_) => Ok(()),
        Err(error) => Err(missing(format!("there is no GPU for wgpu: {error}"))),
    }
}
