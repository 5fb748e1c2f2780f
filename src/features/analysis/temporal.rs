use super::super::set::ColumnPlan;
use crate::dsp::{Contours, Grid, log_energy_db, rms, zero_crossing_rate};
use crate::features::Descriptor;

/// Writes the rows that need samples and no spectrum.
pub(super) fn run(plan: &ColumnPlan, samples: &[f32], contours: &mut Contours) {
    let grid = Grid::new(&plan.params.frame);
    if let Some(row) = plan.row(Descriptor::Rms) {
        rms(samples, grid, contours.row_mut(row));
    }
    if let Some(row) = plan.row(Descriptor::LogEnergyDb) {
        let contour = contours.row_mut(row);
        rms(samples, grid, contour);
        contour.iter_mut().for_each(|value| *value = log_energy_db(*value));
    }
    if let Some(row) = plan.row(Descriptor::Zcr) {
        zero_crossing_rate(samples, grid, contours.row_mut(row));
    }
}
