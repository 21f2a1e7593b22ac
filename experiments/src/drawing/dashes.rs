//! Dashed lines, cut into their dashes before they are drawn as pixels.
//!
//! kuva's raster backend (0.6) starts the pattern anew at every corner of a line and does not scale it, so that a dashed curve
//! of many points comes out solid. Its SVG has no such trouble.

use kuva::render::render::{Primitive, Scene};

/// Replaces every dashed line by its dashes.
pub(super) fn cut(scene: &mut Scene) {
    let elements = std::mem::take(&mut scene.elements);
    scene.elements = elements.into_iter().flat_map(dashes_of).collect();
}

fn dashes_of(element: Primitive) -> Vec<Primitive> {
    let (points, stroke, stroke_width, pattern) = match element {
        Primitive::Line { x1, y1, x2, y2, stroke, stroke_width, stroke_dasharray: Some(pattern) } => {
            (vec![(x1, y1), (x2, y2)], stroke, stroke_width, pattern)
        }
        Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray: Some(pattern) } => {
            (points, stroke, stroke_width, pattern)
        }
        other => return vec![other],
    };
    // Round ends reach half a width over each end of a dash.
    let lengths: Vec<f64> = pattern.split([' ', ',']).filter_map(|length| length.parse().ok()).collect();
    let dash = |points| Primitive::PolyLine { points, stroke: stroke.clone(), stroke_width, stroke_dasharray: None };
    along(&points, &lengths, stroke_width).into_iter().map(dash).collect()
}

/// The pieces of a line that a pattern of dashes and gaps, in turn, leaves; dashes are shorter, and gaps longer, by `ends`.
fn along(points: &[(f64, f64)], lengths: &[f64], ends: f64) -> Vec<Vec<(f64, f64)>> {
    if lengths.iter().sum::<f64>() <= 0.0 {
        return vec![points.to_vec()];
    }
    let length = |k: usize| {
        let length = lengths[k % lengths.len()];
        if k.is_multiple_of(2) { (length - ends).max(0.5) } else { length + ends }
    };
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    let (mut k, mut left) = (0, length(0));
    for pair in points.windows(2) {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        let segment = (to_x - x).hypot(to_y - y);
        let at = |done: f64| (x + (to_x - x) * done / segment, y + (to_y - y) * done / segment);
        let mut done = 0.0;
        if piece.is_empty() && k % 2 == 0 {
            piece.push((x, y));
        }
        while segment - done > left {
            done += left;
            if k % 2 == 0 {
                piece.push(at(done));
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(at(done));
            }
            k += 1;
            left = length(k);
        }
        left -= segment - done;
        if k % 2 == 0 {
            piece.push((to_x, to_y));
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::along;

    #[test]
    fn the_pattern_goes_on_around_corners() {
        let corner = [(0.0, 0.0), (3.0, 0.0), (3.0, 5.0)];
        let expected = [vec![(0.0, 0.0), (2.0, 0.0)], vec![(3.0, 0.0), (3.0, 2.0)], vec![(3.0, 3.0), (3.0, 5.0)]];
        assert_eq!(along(&corner, &[2.0, 1.0], 0.0), expected);
        // In many short steps it is the same line.
        let steps: Vec<(f64, f64)> = (0..=400).map(|k| (f64::from(k) / 100.0, 0.0)).collect();
        let pieces = along(&steps, &[2.0, 1.0], 0.0);
        assert_eq!(pieces.len(), 2);
        assert!((pieces[0].last().unwrap().0 - 2.0).abs() < 1e-9 && (pieces[1][0].0 - 3.0).abs() < 1e-9);
        // Thick lines keep their gaps; nothing at all is no pattern.
        assert_eq!(along(&[(0.0, 0.0), (4.0, 0.0)], &[2.0, 1.0], 1.0).len(), 2);
        assert_eq!(along(&corner, &[], 0.0), [corner.to_vec()]);
    }
}
