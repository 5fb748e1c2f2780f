/// Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's default); `share` in
/// [0, 1]. The values, at least one, end in another order.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    let position = (values.len() - 1) as f64 * share;
    let below = position as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if above.is_empty() { low } else { low + (position - below as f64) * (high - low) }
}
