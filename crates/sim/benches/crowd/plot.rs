//! How many connect when, as a picture: one chart for each event, without jitter and with it.

use crate::{EVENTS, Outcome};
use plotters::prelude::*;
use std::path::Path;

pub(crate) fn draw(outcomes: &[Outcome], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (1_000, 640)).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, (event, name)) in area.split_evenly((2, 2)).iter().zip(EVENTS) {
        let both: Vec<_> = outcomes.iter().filter(|outcome| outcome.event == event).collect();
        let last =
            both.iter().filter_map(|outcome| outcome.seen.until_permille(995)).fold(1.0, f64::max)
                * 1.1;
        let mut chart = ChartBuilder::on(panel)
            .caption(name, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..last, (0.01..100.0).log_scale())?;
        chart
            .configure_mesh()
            .x_desc("seconds")
            .y_desc("% within 100 ms")
            .y_label_formatter(&|y| format!("{y}"))
            .draw()?;
        for outcome in both {
            let color = if outcome.jitter { RED } else { RGBColor(120, 130, 150) };
            let share = |count: u64| (100.0 * count as f64 / outcome.seen.clients as f64).max(0.01);
            let points = outcome
                .seen
                .connections
                .iter()
                .enumerate()
                .map(|(step, count)| (step as f64 / 10.0, share(*count)));
            let label = if outcome.jitter { "with jitter" } else { "without" };
            chart
                .draw_series(LineSeries::new(points.take_while(|(at, _)| *at < last), &color))?
                .label(label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).draw()?;
    }
    area.present()?;
    Ok(())
}
