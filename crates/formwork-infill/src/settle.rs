//! The lengths of gaps.

use crate::{Canvas, Checker, InfillError, Piece};

/// Gives every gap of a canvas a length, so that each position is filled or open.
///
/// From left to right, each becomes the fewest positions with which the canvas can be
/// filled, the gaps after it being as they are; so at most `max - min + 1` canvases are
/// opened for each. Whoever wants more room gives the gap a larger `min`.
///
/// # Errors
///
/// [`InfillError::Infeasible`] if no text fits the canvas; if a limit is reached.
pub fn settle(checker: &Checker, canvas: &Canvas) -> Result<Canvas, InfillError> {
    let mut pieces = canvas.pieces().to_vec();
    if !pieces.iter().any(is_gap) {
        return Ok(canvas.clone());
    }
    // What does not fit with gaps fits with no lengths of them.
    checker.open(canvas)?;
    while let Some(at) = pieces.iter().position(is_gap) {
        let Some(Piece::Gap { min, max }) = pieces.get(at).cloned() else {
            break;
        };
        let mut settled = false;
        for length in min..=max {
            if let Some(piece) = pieces.get_mut(at) {
                *piece = Piece::Masks(length);
            }
            match checker.open(&canvas_of(&pieces)) {
                Ok(_) => {
                    settled = true;
                    break;
                }
                Err(InfillError::Infeasible) => {}
                Err(error) => return Err(error),
            }
        }
        if !settled {
            return Err(InfillError::Infeasible);
        }
    }
    Ok(canvas_of(&pieces))
}

fn is_gap(piece: &Piece) -> bool {
    matches!(piece, Piece::Gap { .. })
}

fn canvas_of(pieces: &[Piece]) -> Canvas {
    pieces.iter().cloned().fold(Canvas::new(), Canvas::piece)
}
