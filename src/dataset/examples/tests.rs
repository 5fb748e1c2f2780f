use super::super::testing::{Utterances, features};
use super::*;
use crate::dataset::{Method, NormalizeParams, Scope, SplitSection, assign};
use crate::schema::{FeatureKeys, Table};
use std::slice::from_ref;

struct World {
    table: Table<FeatureKeys>,
    features: Features,
    fold: Fold,
}

fn world() -> World {
    let data = Utterances::ravdess();
    let mut table = data.table();
    table.float.values.iter_mut().step_by(41).for_each(|value| *value = f32::NAN);
    let split = SplitSection::default().check().expect("legal");
    let fold = assign(&data.keys(), &split, 1).expect("a split").folds.remove(0);
    World { features: features(&table), table, fold }
}

fn statistics(world: &World, scope: Scope) -> Scaler {
    Scaler::fit(&world.features, &world.fold, NormalizeParams { method: Method::ZScore, scope }).expect("statistics")
}

#[test]
fn matrices_hold_each_utterance_once_with_its_class_and_values() {
    let world = world();
    let classes = classes(world.features.keys(), from_ref(&world.fold)).expect("classes");
    assert_eq!(classes.len(), 8);
    assert!(classes.is_sorted());
    for scope in [Scope::Corpus, Scope::Speaker] {
        let statistics = statistics(&world, scope);
        let found = Sides::new(&world.features, &world.fold, &statistics, &classes).expect("matrices");
        let sides = [&found.train, &found.dev, &found.test];
        assert_eq!(sides.map(|side| side.at.len()).iter().sum::<usize>(), 1440);
        let ids = world.features.keys().ids().expect("ids");
        for side in sides {
            let x = side.rows.x.whole().expect("held");
            assert_eq!(x.dim(), (side.at.len(), 4));
            assert!(x.is_standard_layout() && side.at.is_sorted());
            for (at, place) in side.at.iter().enumerate() {
                let row = world.table.rows.iter().position(|row| row.utterance_id == ids[*place]).expect("a known id");
                let keys = &world.table.rows[row];
                assert_eq!(classes[side.rows.y[at]], keys.emotion);
                let scaling = statistics.scaling(keys.speaker.as_deref().unwrap_or_default()).expect("statistics");
                for (feature, value) in world.table.float.row(row).iter().enumerate() {
                    assert_eq!(x[[at, feature]], scaling.apply(feature, *value));
                }
            }
        }
    }
}

#[test]
fn z_scored_train_columns_have_mean_0_and_deviation_1() {
    let world = world();
    let classes = classes(world.features.keys(), from_ref(&world.fold)).expect("classes");
    let found =
        Sides::new(&world.features, &world.fold, &statistics(&world, Scope::Corpus), &classes).expect("matrices");
    for column in found.train.rows.x.whole().expect("held").columns() {
        let mean = column.mean().expect("rows");
        assert!(mean.abs() < 1e-4, "{mean}");
        // Missing values sit at the mean, so the deviation is a little below 1.
        assert!((column.std(0.0) - 1.0).abs() < 0.03, "{}", column.std(0.0));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let world = world();
    let mut statistics = statistics(&world, Scope::Speaker);
    let classes = classes(world.features.keys(), from_ref(&world.fold)).expect("classes");
    let fewer: Vec<String> = classes[1..].to_vec();
    let error =
        Sides::new(&world.features, &world.fold, &statistics, &fewer).expect_err("a class is missing").to_string();
    assert!(error.contains(&classes[0]), "{error}");
    statistics.groups.remove("ravdess/11");
    let error = Sides::new(&world.features, &world.fold, &statistics, &classes).expect_err("no statistics").to_string();
    assert!(error.contains("ravdess/11"), "{error}");
    statistics.features.swap(0, 1);
    let error = Sides::new(&world.features, &world.fold, &statistics, &classes).expect_err("other order").to_string();
    assert!(error.contains(&statistics.features[0]), "{error}");
}

#[test]
fn balanced_train_rows_are_as_many_of_each_class_and_no_other_side_changes() {
    let world = world();
    let keys = world.features.keys();
    let classes = classes(keys, from_ref(&world.fold)).expect("classes");
    let statistics = statistics(&world, Scope::Corpus);
    let plain = Sides::new(&world.features, &world.fold, &statistics, &classes).expect("matrices");
    let by = |columns: &[&str]| {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>();
        Sides::drawn(&world.features, &world.fold, &statistics, &classes, TrainRows { balance: &columns, votes: None })
    };
    let balanced = by(&["emotion"]).expect("matrices");
    let count = |sides: &Sides, class| sides.train.rows.y.iter().filter(|of| **of == class).count();
    let most = (0..8).map(|class| count(&plain, class)).max().expect("classes");
    assert!((0..8).any(|class| count(&plain, class) < most), "neutral has half as many");
    assert!((0..8).all(|class| count(&balanced, class) == most));
    // Every row is there, and none twice more often than another of its class.
    let times = |row: &usize| balanced.train.at.iter().filter(|at| *at == row).count();
    let of_class = plain.train.at.iter().zip(plain.train.rows.y.iter());
    for (row, class) in of_class {
        let (whole, more) = (most / count(&plain, *class), usize::from(most % count(&plain, *class) > 0));
        assert!((whole..=whole + more).contains(&times(row)));
    }
    assert_eq!((&balanced.dev, &balanced.test), (&plain.dev, &plain.test));
    assert_eq!(by(&[]).expect("matrices"), plain);
    assert!(by(&["nothing"]).expect_err("unknown").to_string().contains("nothing"));
}

#[test]
fn votes_become_shares_of_the_classes() {
    let mut world = world();
    let classes = classes(world.features.keys(), from_ref(&world.fold)).expect("classes");
    // In the order of the classes: anger, calm, ... ; of every third row nobody voted for any.
    let rows = world.table.rows.len();
    let cell = |row: usize, votes: &str| (!row.is_multiple_of(3)).then(|| votes.to_owned());
    let names: Vec<String> = classes.iter().map(|class| format!("v_{class}")).chain(["v_other".to_owned()]).collect();
    let of_row = |row| {
        let mut cells = vec![None; names.len()];
        (cells[0], cells[1], cells[names.len() - 1]) = (cell(row, "3"), cell(row, "1.0"), Some("5".to_owned()));
        cells
    };
    let values = (0..rows).flat_map(of_row).collect();
    world.table.text = crate::schema::Columns { names: names.clone(), values };
    let features = features(&world.table);
    let statistics = statistics(&world, Scope::Corpus);
    let drawn = |features: &Features, votes| {
        Sides::drawn(features, &world.fold, &statistics, &classes, TrainRows { balance: &[], votes })
    };
    let sides = drawn(&features, Some("v_")).expect("matrices");
    let votes = sides.train.rows.votes.as_ref().expect("votes");
    assert_eq!(votes.len(), sides.train.at.len() * 8);
    let ids = features.keys().ids().expect("ids");
    for ((row, class), shares) in sides.train.at.iter().zip(sides.train.rows.y.iter()).zip(votes.chunks(8)) {
        let place = world.table.rows.iter().position(|of| of.utterance_id == ids[*row]).expect("known");
        let mut want = [0.0; 8];
        if place % 3 == 0 {
            want[*class] = 1.0
        } else {
            (want[0], want[1]) = (0.75, 0.25)
        }
        assert_eq!(shares, want);
    }
    assert!(sides.test.rows.votes.is_none() && sides.dev.rows.votes.is_some());
    assert!(drawn(&features, Some("w_")).expect_err("no such columns").to_string().contains("w_anger"));
    let check = |table: &Table<FeatureKeys>, fold: &Fold| {
        let train = TrainRows { balance: &[], votes: Some("v_") };
        check_train_rows(super::super::testing::features(table).keys(), from_ref(fold), train)
    };
    check(&world.table, &world.fold).expect("all is well");
    for wrong in ["many", "-1", "inf", "NaN", "1e30"] {
        let mut table = world.table.clone();
        table.text.values[0] = Some(wrong.to_owned());
        let error = check(&table, &world.fold).expect_err("no number").to_string();
        let words = format!("`{wrong}` is no number of votes: column `v_anger` of utterance");
        assert!(error.contains(&words) && error.contains(&table.rows[0].utterance_id), "{error}");
    }
    // A class that has no column is named, rather than taken for one that nobody voted for.
    world.table.text.names[7] = "v_surprised".to_owned();
    let error = check(&world.table, &world.fold).expect_err("no column").to_string();
    assert!(error.contains("`v_surprise`, which does not exist") && error.contains("`v_surprised`?"), "{error}");
}
