//! The paper's task, for tests: 4096 subsets of the icosahedron's vertices, f(x) = 23n + n₁ − 5n₂ − 8n₃,
//! p(y = 1|x) = 1/(1 + exp(−γ(f(x) − 98.5))).

use crate::distribution::JointDistribution;

/// p(x, y) over all 4096 patterns at a tabulated I(X;Y).
pub(super) fn joint(i_xy: f64) -> JointDistribution {
    let gamma = match (i_xy * 100.0).round() as i64 {
        99 => 8.254173685,
        90 => 1.210924928,
        _ => 0.356205300,
    };
    let phi = f64::midpoint(1.0, 5.0_f64.sqrt());
    let mut vertices = Vec::new();
    for a in [-1.0, 1.0] {
        for b in [-phi, phi] {
            vertices.extend([[0.0, a, b], [a, b, 0.0], [b, 0.0, a]]);
        }
    }
    let square = 1.0 + phi * phi;
    let p: Vec<f64> = (0..4096_u32)
        .map(|x| {
            let chosen: Vec<_> = (0..12).filter(|bit| x >> bit & 1 == 1).map(|bit| vertices[bit]).collect();
            let mut f = 23.0 * chosen.len() as f64;
            for (i, u) in chosen.iter().enumerate() {
                for v in &chosen[..i] {
                    let cosine = (0..3).map(|c| u[c] * v[c]).sum::<f64>() / square;
                    f += if cosine < -0.9 {
                        -8.0
                    } else if cosine < 0.0 {
                        -5.0
                    } else {
                        1.0
                    };
                }
            }
            1.0 / (1.0 + (-gamma * (f - 98.5)).exp())
        })
        .collect();
    JointDistribution::uniform_binary(&p).unwrap()
}

#[test]
fn the_task_is_the_papers() {
    for i_xy in [0.99, 0.9, 0.7] {
        approx::assert_abs_diff_eq!(joint(i_xy).mutual_information(), i_xy, epsilon = 1e-7);
    }
}
