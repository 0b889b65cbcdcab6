//! Makes the reference outputs of the models by implementations of their own.
//!
//! ```text
//! formwork-burn-reference decoders FOLDER
//! formwork-burn-reference masked FOLDER
//! formwork-burn-reference smollm2 MODEL.gguf OUTPUT.safetensors
//! ```
//!
//! The first writes a tiny model with random weights and its logits to a folder for each
//! architecture in `FOLDER`; the second does so for masked diffusion models, by formulas
//! in 64-bit floats, since candle has none; the third records what a real model says to
//! three prompts. `README.md` in the folder above tells what is in the files.

mod architecture;
mod bert;
mod files;
mod masked;
mod model;
mod random;
mod record;
mod rotary;
mod smollm2;

use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["decoders", folder] => {
            for architecture in architecture::all() {
                record::write(&architecture, &Path::new(folder).join(architecture.name))?;
            }
            Ok(())
        }
        ["masked", folder] => {
            for masked in masked::all() {
                masked::write(&*masked, &Path::new(folder).join(masked.name()))?;
            }
            Ok(())
        }
        ["smollm2", model, output] => smollm2::write(Path::new(model), Path::new(output)),
        _ => Err(
            "use: decoders FOLDER | masked FOLDER | smollm2 MODEL.gguf OUTPUT.safetensors".into(),
        ),
    }
}
