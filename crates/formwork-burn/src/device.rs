//! Where a model runs.

use std::fmt;
use std::str::FromStr;

use burn_flex::Flex;
use formwork_model::{LanguageModel, ModelConfig, ModelError, ModelErrorKind, Weights};

use crate::model::Model;

/// Where a model runs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
        }
    }
}

impl FromStr for Device {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Device, ModelError> {
        match text {
            "cpu" => Ok(Device::Cpu),
            _ => Err(ModelError::new(
                ModelErrorKind::Device,
                format!("there is no device {text:?}; there is: cpu"),
            )),
        }
    }
}

/// Loads a model onto a device.
///
/// # Errors
///
/// If the device is not there, or a tensor is missing, of another shape, or cannot be
/// read.
pub fn load(
    config: &ModelConfig,
    weights: &dyn Weights,
    device: Device,
) -> Result<Box<dyn LanguageModel>, ModelError> {
    match device {
        Device::Cpu => {
            let model = Model::<Flex>::new(config, weights, &Default::default())?;
            Ok(Box::new(model))
        }
    }
}
