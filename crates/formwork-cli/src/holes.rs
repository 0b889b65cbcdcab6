//! Texts with holes.

use formwork_infill::{Canvas, Piece};
use formwork_model::Tokenizer;

use crate::error::CliError;

/// Reads a text with holes. Each piece between them is cut into tokens by itself; a text
/// that does not end in a gap ends there.
pub(crate) fn canvas(text: &str, tokenizer: &Tokenizer) -> Result<Canvas, CliError> {
    let mut canvas = Canvas::new();
    for piece in pieces(text)? {
        canvas = match piece {
            Hole::Text(text) => canvas.fixed(tokenizer.encode(text).map_err(CliError::other)?),
            Hole::Masks(count) => canvas.masks(count),
            Hole::Gap(min, max) => canvas.gap(min, max),
        };
    }
    Ok(match canvas.pieces().last() {
        Some(Piece::Gap { .. }) => canvas,
        _ => canvas.end(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hole<'a> {
    Text(&'a str),
    Masks(usize),
    Gap(usize, usize),
}

fn pieces(text: &str) -> Result<Vec<Hole<'_>>, CliError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let starts = ["<mask:", "<gap:"]
            .into_iter()
            .filter_map(|start| rest.find(start));
        let Some(at) = starts.min() else {
            pieces.push(Hole::Text(rest));
            break;
        };
        let (before, hole) = rest.split_at(at);
        pieces.push(Hole::Text(before));
        let wrong = || {
            let shown: String = hole.chars().take(20).collect();
            CliError::other(format_args!(
                "{shown:?} is no hole; write <mask:12> or <gap:0..20>"
            ))
        };
        let (inner, after) = hole.split_once('>').ok_or_else(wrong)?;
        let found = match inner.split_once(':') {
            Some(("<mask", count)) => count.parse().ok().map(Hole::Masks),
            Some((_, bounds)) => bounds.split_once("..").and_then(|(min, max)| {
                let (min, max) = (min.parse().ok()?, max.parse().ok()?);
                (min <= max).then_some(Hole::Gap(min, max))
            }),
            None => None,
        };
        pieces.push(found.ok_or_else(wrong)?);
        rest = after;
    }
    pieces.retain(|piece| *piece != Hole::Text(""));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_read() {
        let read = pieces(r#"{"a": <mask:3>, "b": "<gap:0..20>"}<gap:1..1>"#).unwrap();
        let expected = [
            Hole::Text(r#"{"a": "#),
            Hole::Masks(3),
            Hole::Text(r#", "b": ""#),
            Hole::Gap(0, 20),
            Hole::Text(r#""}"#),
            Hole::Gap(1, 1),
        ];
        assert_eq!(read, expected);
        assert_eq!(pieces("<mask>").unwrap(), [Hole::Text("<mask>")]);
        for wrong in ["<mask:", "<mask:x>", "<mask:-1>", "<gap:3>", "<gap:3..2>"] {
            let error = pieces(wrong).unwrap_err().to_string();
            assert!(error.contains("write <mask:12>"), "{error}");
        }
    }
}
