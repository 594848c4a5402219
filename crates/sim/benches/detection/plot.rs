//! Time to notice against mistakes, as a picture.

use crate::comparison::{Measured, faults, median};
use plotters::prelude::*;
use std::path::Path;

/// Where a policy stands that never notices, and one that is never wrong.
const NEVER: f64 = 600.0;
const NO_MISTAKE: f64 = 0.0005;

pub(crate) fn write(measured: &[Measured], path: &Path) {
    draw(measured, path).expect("the plot can be written");
}

fn draw(measured: &[Measured], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (900, 560)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("A server hangs, 10 % of all checks are lost", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d((1.0..1_000.0).log_scale(), (0.0002..1_000.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("seconds until the client has moved (median; at the right edge: never)")
        .y_desc("moves away from a healthy server, per day (at the bottom: none)")
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    let hang = faults().iter().position(|(fault, ..)| fault.name == "hang").unwrap_or_default();
    for (index, policy) in measured.iter().enumerate() {
        let time = median(&policy.lossy[hang])
            .map_or(NEVER, |time| f64::from(time.get().max(1_000)) / 1_000.0);
        let mistakes = policy.mistaken().max(NO_MISTAKE);
        let color = if policy.ours { RED } else { RGBColor(60, 90, 150) };
        let size = if policy.ours { 7 } else { 5 };
        // Side by side at the edges, where several meet: above and below in turn.
        let below = index % 2 == 1 && time < 100.0;
        chart.draw_series(std::iter::once(
            EmptyElement::at((time, mistakes))
                + Circle::new((0, 0), size, color.filled())
                + Text::new(
                    policy.policy,
                    (if time > 100.0 { -150 } else { 10 }, if below { 8 } else { -18 }),
                    ("sans-serif", 15).into_font(),
                ),
        ))?;
    }
    area.present()?;
    Ok(())
}
