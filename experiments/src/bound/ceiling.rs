//! Whether layers are at the ceiling of their encoder: cells of one x each, where I(X;T) is all of H(X) and I(T;Y) all of I(X;Y), whatever
//! the layer does. What two such layers have in common, or that one lies at the end of the curve, is no finding.

use std::collections::BTreeMap;

use infoplane_info::Standing;

use super::gaps::groups;
use super::layers::LayerRow;

/// Whether more than half of the layers of these rows, means over networks, are at the ceiling; `h_x` is H(X) by task.
pub fn is_saturated<'a>(rows: impl Iterator<Item = &'a LayerRow>, h_x: &BTreeMap<String, f64>) -> bool {
    let layers = groups(rows, |row| row.layer);
    let saturated = layers.iter().filter(|rows| {
        let mean = rows.iter().map(|row| row.i_xt_bits).sum::<f64>() / rows.len() as f64;
        h_x.get(&rows[0].dataset).is_some_and(|&h_x| matches!(Standing::saturation(mean, h_x), Standing::Saturated(_)))
    });
    2 * saturated.count() > layers.len()
}
