use super::*;

/// The same numbers in memory and in a file.
fn both(rows: usize, columns: usize) -> [Matrix; 2] {
    [Memory::unlimited(), Memory::new(0)].map(|memory| {
        Matrix::build(&memory, (rows, columns), |rows, mut block| {
            for (row, mut cells) in rows.zip(block.rows_mut()) {
                cells.iter_mut().enumerate().for_each(|(column, cell)| *cell = (row * columns + column) as f32 - 0.5);
            }
            Ok::<_, MatrixError>(())
        })
        .expect("a matrix")
    })
}

#[test]
fn a_file_holds_the_bits_that_memory_holds() {
    let [held, filed] = both(5000, 1100);
    assert!(held.is_held() && !filed.is_held());
    assert!(held.blocks().count() > 1 && held == filed);
    let (a, b) = (held.whole().expect("rows"), filed.whole().expect("rows"));
    assert_eq!(a, b);
    let odd = f32::from_bits(0x7fc0_1234);
    let memory = Memory::new(0);
    let mut builder = MatrixBuilder::new(&memory, 1, 3);
    builder.push(&[odd, f32::NEG_INFINITY, -0.0]).expect("a row");
    let back = builder.finish();
    let bits: Vec<u32> = back.whole().expect("a row").iter().map(|number| number.to_bits()).collect();
    assert_eq!(bits, [odd.to_bits(), f32::NEG_INFINITY.to_bits(), (-0.0_f32).to_bits()]);
}

#[test]
fn rows_and_columns_are_found() {
    for matrix in both(3000, 7) {
        let rows = [2, 3, 4, 2999, 0, 0];
        let found = matrix.select(&rows).expect("rows");
        for (row, cells) in rows.iter().zip(found.rows()) {
            assert_eq!(cells[6], (row * 7 + 6) as f32 - 0.5);
        }
        let strip = matrix.strip(2..4).expect("columns");
        assert!(strip.t().is_standard_layout());
        assert_eq!(strip.dim(), (3000, 2));
        assert_eq!(strip[[1500, 1]], (1500 * 7 + 3) as f32 - 0.5);
        let picked = matrix.pick(&[6, 0]).expect("columns");
        assert_eq!(picked.block(9..10).expect("a row").row(0).to_vec(), [68.5, 62.5]);
    }
}

#[test]
fn rows_follow_each_other() {
    let [held, filed] = both(4000, 3);
    let all = filed.followed_by(&held).expect("rows");
    assert_eq!(all.dim(), (8000, 3));
    assert_eq!(all.block(3999..4001).expect("rows").column(0).to_vec(), [11996.5, -0.5]);
}

#[test]
fn what_memory_does_not_hold_goes_to_files_and_comes_back_with_room() {
    let memory = Memory::new(100);
    let build = || Matrix::build(&memory, (10, 2), |_, _| Ok::<_, MatrixError>(())).expect("a matrix");
    let first = build();
    assert!(first.is_held());
    let second = build();
    assert!(!second.is_held(), "80 of 100 bytes are taken");
    drop(first.clone());
    assert!(!build().is_held(), "a clone was dropped, not the numbers");
    drop(first);
    assert!(build().is_held());
}

#[test]
fn strips_cover_all_columns_whatever_the_rows() {
    for matrix in both(0, 5).into_iter().chain(both(2, 5)) {
        assert_eq!(matrix.strips().flatten().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
    let [held, _] = both(3, 0);
    assert!(held.is_empty() && held.strips().next().is_none());
}
