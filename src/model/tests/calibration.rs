//! Temperatures fitted on dev.

use super::*;
use crate::model::{Calibration, Logistic, ModelSpec};

#[test]
fn calibration_holds_dev_out_of_every_fit() {
    let (train, dev) = (blobs(3, 20, 4, 1), blobs(3, 10, 4, 2));
    let noisy =
        Data::new(train.rows.x.to_owned(), train.rows.y.iter().enumerate().map(|(i, y)| (y + i % 2) % 3).collect(), 3);
    let problem = Problem { dev: Some(dev.lent()), calibration: Calibration::Temperature, ..noisy.problem() };
    for spec in specs() {
        let fitted = fit(&spec, &problem).unwrap();
        assert_eq!((fitted.rows, fitted.held_out), (60, 30), "{spec:?}");
        let note = fitted.notes.last().unwrap();
        let found = fitted.model.temperature().unwrap();
        assert_eq!(*note, format!("calibrated on 30 dev rows: temperature {found}"));
        let raw = fit(&spec, &Problem { dev: None, ..problem }).unwrap();
        assert_eq!(raw.notes.last().unwrap(), "there are no dev rows to calibrate on: probabilities are as fitted");
        let p = raw.model.probabilities(dev.rows.x.view());
        assert_eq!(found, temperature(p.view(), &dev.rows.y), "{spec:?}");
        assert_eq!(predicted(p.view()), predicted(fitted.model.probabilities(dev.rows.x.view()).view()));
        assert_eq!(
            raw.model.calibrated(found).probabilities(dev.rows.x.view()),
            fitted.model.probabilities(dev.rows.x.view())
        );
    }
}

#[test]
fn a_calibrated_model_is_saved_as_such() {
    let (train, dev) = (blobs(3, 20, 4, 1), blobs(3, 10, 4, 2));
    let problem = Problem { dev: Some(dev.lent()), calibration: Calibration::Temperature, ..train.problem() };
    let spec = ModelSpec::Logistic(Logistic::default());
    let fitted = fit(&spec, &problem).unwrap();
    let want = (fitted.model.temperature(), fitted.model.probabilities(dev.rows.x.view()));
    assert!(want.0.is_some());
    let mut files = save(&saved(fitted, &problem));
    let back = load::<String>(&files).unwrap();
    let back = &only_part(&back).model;
    assert_eq!((back.temperature(), back.probabilities(dev.rows.x.view())), want);
    let card = String::from_utf8(files[1].1.clone()).unwrap();
    let found = want.0.unwrap();
    files[1].1 = card.replace(&format!("\"temperature\": {found}"), "\"temperature\": 0.0").into_bytes();
    recard(&mut files);
    assert!(load::<String>(&files).unwrap_err().to_string().contains("temperature 0 is not within 0.05 and 20"));
}
