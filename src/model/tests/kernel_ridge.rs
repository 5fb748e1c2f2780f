//! Kernel ridge regression against plain loops, and what must hold of it.

use super::saved::with_tensors;
use super::*;
use crate::model::KernelRidge;

fn spec(gamma: f64, alpha: f64) -> ModelSpec {
    let inputs = Inputs { clip: 0.0, ..Inputs::default() };
    ModelSpec::KernelRidge(KernelRidge { gamma, alpha, inputs, ..KernelRidge::default() })
}

fn fitted(spec: &ModelSpec, data: &Data) -> Model {
    fit(spec, &data.problem()).unwrap().model
}

fn squared(a: &[f32], b: &[f32], columns: &[usize]) -> f64 {
    columns.iter().map(|&column| f64::from(a[column] - b[column]).powi(2)).sum()
}

/// Gaussian elimination, the largest pivot first.
fn solved(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for step in 0..n {
        let pivot = (step..n).max_by(|&i, &j| a[i][step].abs().total_cmp(&a[j][step].abs())).unwrap();
        a.swap(step, pivot);
        b.swap(step, pivot);
        for row in step + 1..n {
            let factor = a[row][step] / a[step][step];
            (step..n).for_each(|column| a[row][column] -= factor * a[step][column]);
            b[row] -= factor * b[step];
        }
    }
    for step in (0..n).rev() {
        b[step] = (b[step] - (step + 1..n).map(|column| a[step][column] * b[column]).sum::<f64>()) / a[step][step];
    }
    b
}

/// The upper median of the squared distances between rows in some of the columns.
fn median(rows: &[Vec<f32>], columns: &[usize]) -> f64 {
    let pairs = (0..rows.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let mut distances: Vec<f64> = pairs.map(|(i, j)| squared(&rows[i], &rows[j], columns)).collect();
    distances.sort_by(f64::total_cmp);
    distances[distances.len() / 2]
}

/// The columns of each family of the data.
fn families(data: &Data) -> Vec<Vec<usize>> {
    let words: std::collections::BTreeSet<&String> = data.families.iter().collect();
    words.into_iter().map(|word| (0..data.families.len()).filter(|&at| data.families[at] == *word).collect()).collect()
}

/// Probabilities of `x` by the definition: weights on both sides of the kernel, as in weighted least squares.
fn by_hand(data: &Data, x: &ArcArray2<f32>, gamma: f64, alpha: f64) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f32>> = data.rows.x.rows().into_iter().map(|row| row.to_vec()).collect();
    let (n, classes) = (rows.len(), data.classes.len());
    let families: Vec<_> =
        families(data).into_iter().map(|columns| (gamma / median(&rows, &columns), columns)).collect();
    let kernel = |a: &[f32], b: &[f32]| {
        let values = families.iter().map(|(width, columns)| (-width * squared(a, b, columns)).exp());
        values.sum::<f64>() / families.len() as f64
    };
    let root = |row: usize| {
        let own = data.rows.y.iter().filter(|&&class| class == data.rows.y[row]).count();
        (n as f64 / (classes * own) as f64).sqrt()
    };
    let entry = |i: usize, j: usize| root(i) * root(j) * kernel(&rows[i], &rows[j]) + if i == j { alpha } else { 0.0 };
    let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
    let dual = |class: usize| {
        let indicator = |row: usize| f64::from(u8::from(data.rows.y[row] == class)) - 1.0 / classes as f64;
        solved(matrix.clone(), (0..n).map(|row| root(row) * indicator(row)).collect())
    };
    let duals: Vec<Vec<f64>> = (0..classes).map(dual).collect();
    let probabilities = |test: Vec<f32>| {
        let near: Vec<f64> = (0..n).map(|row| root(row) * kernel(&test, &rows[row])).collect();
        let score = |dual: &Vec<f64>| dual.iter().zip(&near).map(|(a, b)| a * b).sum::<f64>();
        let powers: Vec<f64> = duals.iter().map(|dual| (10.0 * score(dual)).exp()).collect();
        powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect()
    };
    x.rows().into_iter().map(|row| probabilities(row.to_vec())).collect()
}

/// On eighths, squares and their sums are exact in single precision. Kernel values are rounded to it, by 6e-8; a
/// penalty of
/// 0.01 makes up to a hundred times as much of that.
#[test]
fn a_fit_is_weighted_least_squares_by_plain_loops() {
    let on_a_grid = |mut data: Data| {
        data.rows.x.mapv_inplace(|value| (value * 8.0).round() / 8.0);
        data
    };
    let mut data = on_a_grid(blobs(3, 15, 4, 1));
    // Classes of 6, 15 and 24 rows.
    data.rows.y.iter_mut().filter(|class| **class == 0).take(9).for_each(|class| *class = 2);
    let test = on_a_grid(blobs(3, 5, 4, 2));
    for (gamma, alpha, families) in [(0.5, 0.3, "aaaa"), (2.0, 0.01, "aaaa"), (0.1, 3.0, "abca"), (0.5, 0.3, "baab")] {
        data.families = families.chars().map(String::from).collect();
        let got = fitted(&spec(gamma, alpha), &data).probabilities(test.rows.x.view());
        let want = by_hand(&data, &test.rows.x, gamma, alpha);
        for (got, want) in got.rows().into_iter().zip(want) {
            assert!(got.iter().zip(&want).all(|(got, want)| (f64::from(*got) - want).abs() < 5e-6), "{got} {want:?}");
        }
    }
}

#[test]
fn without_a_penalty_labels_are_interpolated_even_random_ones() {
    let mut data = blobs(3, 20, 8, 1);
    data.rows.y = (0..60).map(|row| (row * row / 7) % 3).collect();
    let sure = 1.0 / (1.0 + 2.0 * (-10.0_f64).exp());
    let p = fitted(&spec(4.0, 1e-7), &data).probabilities(data.rows.x.view());
    for (row, &class) in data.rows.y.iter().enumerate() {
        assert!((f64::from(p[[row, class]]) - sure).abs() < 1e-5, "row {row}: {}", p.row(row));
    }
    let smooth = fitted(&spec(0.5, 3.0), &data);
    assert!(data.accuracy(&smooth) < 0.9, "a penalty does not learn noise by heart: {}", data.accuracy(&smooth));
}

#[test]
fn separable_blobs_are_told_apart_without_a_mistake() {
    let (train, test) = (blobs(4, 30, 12, 1), blobs(4, 25, 12, 2));
    assert_eq!(test.accuracy(&fitted(&spec(0.5, 0.3), &train)), 1.0);
}

fn assert_close(got: &Array2<f32>, want: &Array2<f32>, tolerance: f32) {
    assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < tolerance), "{got} {want}");
}

#[test]
fn the_order_of_rows_is_of_no_account() {
    let (data, test) = (blobs(4, 20, 6, 1), blobs(4, 5, 6, 2));
    let order: Vec<usize> = (0..80).map(|row| (row * 37) % 80).collect();
    let y = order.iter().map(|&row| data.rows.y[row]).collect();
    let turned = Data::new(data.rows.x.select(Axis(0), &order), y, 4);
    let p = |data: &Data| fitted(&spec(0.5, 0.3), data).probabilities(test.rows.x.view());
    assert_close(&p(&turned), &p(&data), 1e-5);
}

/// The median moves a little: between a row and its copy lies 0.
#[test]
fn every_row_twice_is_the_same_at_twice_the_penalty() {
    let (data, test) = (blobs(3, 30, 6, 1), blobs(3, 5, 6, 2));
    let rows: Vec<usize> = (0..180).map(|row| row / 2).collect();
    let twice = Data::new(data.rows.x.select(Axis(0), &rows), rows.iter().map(|&row| data.rows.y[row]).collect(), 3);
    let p = |alpha, data: &Data| fitted(&spec(0.5, alpha), data).probabilities(test.rows.x.view());
    assert_close(&p(0.6, &twice), &p(0.3, &data), 0.01);
}

#[test]
fn rows_too_far_out_are_refused_in_a_fit_and_judged_by_none() {
    let data = blobs(3, 10, 4, 1);
    let far = Data::new(&data.rows.x * 1e20, data.rows.y.clone(), 3);
    let error = fit(&spec(0.5, 0.3), &far.problem()).unwrap_err().to_string();
    assert!(error.contains("cannot fit kernel-ridge: ") && error.contains("normalize or clip"), "{error}");
    let p = fitted(&spec(0.5, 0.3), &data).probabilities(far.rows.x.view());
    assert!(p.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-6), "no training row is near: {p}");
}

#[test]
fn a_penalty_lost_in_rounding_says_what_to_raise() {
    let same = Data::new(Array2::from_elem((40, 3), 0.1), (0..40).map(|row| row % 2).collect(), 2);
    let error = fit(&spec(0.5, 1e-300), &same.problem()).unwrap_err().to_string();
    assert!(error.contains("raise train.kernel-ridge.alpha"), "{error}");
}

#[test]
fn more_rows_than_a_batch_are_judged_one_by_one() {
    let (data, many) = (blobs(3, 10, 5, 1), blobs(3, 700, 5, 2));
    let model = fitted(&spec(0.5, 0.3), &data);
    let together = model.probabilities(many.rows.x.view());
    for row in [0, 1023, 1024, 2099] {
        let alone = model.probabilities(many.rows.x.select(Axis(0), &[row]).view());
        assert_eq!(alone.row(0), together.row(row), "row {row}");
    }
}

/// What a selection keeps stays of its family; components are of none, so that words of families are of no account.
#[test]
fn families_follow_what_becomes_of_the_columns() {
    let (mut data, test) = (blobs(3, 15, 6, 1), blobs(3, 5, 6, 2));
    let p = |inputs, data: &Data| {
        let ridge = KernelRidge { inputs, ..KernelRidge::default() };
        fitted(&ModelSpec::KernelRidge(ridge), data).probabilities(test.rows.x.view())
    };
    let [all, kept, components] = [Inputs::default(), select(4), pca(4, 0.0)].map(|inputs| p(inputs, &data));
    data.families = "abcabc".chars().map(String::from).collect();
    assert!(p(Inputs::default(), &data) != all && p(select(4), &data) != kept);
    assert_eq!(p(pca(4, 0.0), &data), components);
}

#[test]
fn damaged_models_are_refused_in_words() {
    let files = save_fit(&spec(0.5, 0.3), &blobs(3, 4, 2, 3));
    let with = |name: &str, shape: &[usize], values: &[f64]| {
        let put =
            |tensors: &mut Tensors| tensors.put(format!("part0.kernel-ridge.{name}"), shape, values.iter().copied());
        with_tensors(&files, put).unwrap_err().to_string()
    };
    let cases = [
        (with("width", &[1], &[0.0]), "a kernel has width 0, not above 0"),
        (with("width", &[1], &[-1.0]), "a kernel has width -1, not above 0"),
        (with("width", &[1], &[f64::NAN]), "`kernel-ridge.width` holds a value that is not finite"),
        (with("width", &[2], &[1.0; 2]), "the families of the inputs are not those of 2 widths"),
        (with("width", &[0], &[]), "the families of the inputs are not those of 0 widths"),
        (with("family", &[2], &[0.0; 2]), "`kernel-ridge.family` is of type F64, not U32"),
        (with("dual", &[12, 2], &[0.0; 24]), "`kernel-ridge.dual` has shape [12, 2], not [12, 3]"),
        (with("dual", &[11, 3], &[0.0; 33]), "`kernel-ridge.row` has shape [12, 2], not [11, 2]"),
        (with("row", &[12, 2], &[0.0; 24]), "`kernel-ridge.row` is of type F64, not F32"),
    ];
    for (error, want) in cases {
        assert!(error.contains(want) && error.contains("corrupt"), "{error}");
    }
}
