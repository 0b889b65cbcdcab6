//! Curves as an SVG, which needs no other file.

use std::fmt::Write;

/// A curve: its name, its colour, and a value for each sample, if there is one.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) color: &'static str,
    pub(crate) values: Vec<Option<f64>>,
}

/// A diagram over the number of samples.
pub(crate) struct Diagram {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) curves: Vec<Curve>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 34.0;

/// Diagrams, one below the other.
pub(crate) fn svg(diagrams: &[Diagram]) -> String {
    let height = HEIGHT * diagrams.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (at, diagram) in diagrams.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * at as f64);
        draw(&mut svg, diagram);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, diagram: &Diagram) {
    let values = diagram.curves.iter().flat_map(|curve| &curve.values);
    let max = values.flatten().copied().fold(0.0, f64::max);
    let max = if max > 0.0 { max * 1.05 } else { 1.0 };
    let samples = diagram.curves.iter().map(|curve| curve.values.len()).max();
    let samples = samples.unwrap_or(1).max(1) as f64;
    let x = |sample: f64| LEFT + (WIDTH - LEFT - RIGHT) * sample / samples;
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / max;
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{}</text>",
        escaped(&diagram.title)
    );
    for tick in 0..=4 {
        let value = max * f64::from(tick) / 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{1:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.3}</text>",
            WIDTH - RIGHT,
            y(value),
            LEFT - 6.0,
            y(value) + 4.0,
        );
        let sample = samples * f64::from(tick) / 4.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{sample:.0}</text>",
            x(sample),
            HEIGHT - BOTTOM + 16.0,
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">samples; {}</text>",
        WIDTH - RIGHT,
        HEIGHT - 4.0,
        escaped(diagram.unit),
    );
    for (at, curve) in diagram.curves.iter().enumerate() {
        let mut points = String::new();
        for (sample, value) in curve.values.iter().enumerate() {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                let _ = write!(points, "{:.1},{:.1} ", x(sample as f64 + 1.0), y(value));
            }
        }
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{0}\" stroke-width=\"1.5\" points=\"{1}\"/>\
             <text x=\"{2}\" y=\"{3}\" fill=\"{0}\" text-anchor=\"end\">{4}</text>",
            curve.color,
            points.trim_end(),
            WIDTH - RIGHT,
            18.0 + 14.0 * at as f64,
            escaped(curve.name),
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::{Curve, Diagram, svg};

    #[test]
    fn curves_are_drawn_where_they_have_values() {
        let curve = Curve {
            name: "a < b & c",
            color: "#06c",
            values: vec![None, Some(1.0), Some(f64::INFINITY), Some(0.0)],
        };
        let diagram = Diagram {
            title: "title".to_owned(),
            unit: "nats",
            curves: vec![curve],
        };
        let svg = svg(&[diagram]);
        assert!(svg.contains("a &lt; b &amp; c"));
        let points = svg.split("points=\"").nth(1).unwrap();
        let points = points.split('"').next().unwrap();
        assert_eq!(points.split(' ').count(), 2, "{points}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
