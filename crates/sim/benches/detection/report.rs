//! Tables, and whether the marks are met.

use crate::faults::FAULTS;
use crate::{LOSSY, Measured, NETWORKS, docs, plot};
use std::fmt::Write;
use std::path::Path;
use steadfast::Millis;

/// The most mistakes that Steadfast may make in 1,000 days with 10 % loss.
const MISTAKES_MARK: u64 = 1;

fn seconds(time: Option<Millis>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| format!("{:.1}", f64::from(time.get()) / 1_000.0))
}

fn a_day((mistakes, days): (u64, u64)) -> String {
    match mistakes {
        0 => format!("0 in {days} days"),
        mistakes if mistakes * 10 < days => format!("{mistakes} in {days} days"),
        mistakes => format!("{:.1} a day", mistakes as f64 / days as f64),
    }
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = format!(
        "| |{}|\n|---|{}\n",
        heads.iter().map(|head| format!(" {head} |")).collect::<String>().trim_end_matches('|'),
        "---:|".repeat(heads.len())
    );
    for row in rows {
        let _ = writeln!(table, "| {} |", row.join(" | "));
    }
    table
}

fn tables(measured: &[Measured]) -> String {
    let faults: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
    let networks: Vec<_> = NETWORKS.iter().map(|(name, _)| *name).collect();
    let times = |of: fn(&Measured) -> &Vec<Option<Millis>>| {
        table(
            &faults,
            measured.iter().map(move |measured| {
                std::iter::once(measured.policy.to_owned()).chain(of(measured).iter().map(|time| seconds(*time))).collect()
            }),
        )
    };
    let mistakes = table(
        &networks,
        measured.iter().map(|measured| {
            std::iter::once(measured.policy.to_owned()).chain(measured.mistakes.iter().map(|mistakes| a_day(*mistakes))).collect()
        }),
    );
    format!(
        "Seconds until the client has moved, median of 200, on a clean network:\n\n{}\nThe same with 10 % of all checks lost:\n\n{}\nMoves away from a healthy endpoint, by the client's network:\n\n{mistakes}",
        times(|measured| &measured.clean),
        times(|measured| &measured.lossy)
    )
}

pub(crate) fn print(measured: &[Measured]) {
    println!("{}", tables(measured));
}

/// Writes tables and plot into the docs.
pub(crate) fn write(measured: &[Measured], folder: &Path) {
    docs::replace(folder.join("detection.md"), &tables(measured));
    plot::write(measured, &folder.join("detection.svg"));
    println!("written: docs/detection.md and docs/detection.svg");
}

/// Whether Steadfast is as good as it must be; says what is not.
pub(crate) fn marks_are_met(measured: &[Measured]) -> bool {
    let mut met = true;
    let mut check = |what: String, holds: bool| {
        println!("{} {what}", if holds { "met    " } else { "NOT MET" });
        met &= holds;
    };
    let ours = measured.iter().find(|measured| measured.ours).expect("Steadfast was measured");
    for (index, fault) in FAULTS.iter().enumerate() {
        for (mark, time, network) in [(fault.mark, ours.clean[index], ""), (fault.lossy_mark, ours.lossy[index], " with 10 % loss")] {
            if let Some(mark) = mark {
                let holds = time.is_some_and(|time| time.get() <= mark);
                check(format!("{}{network}: {} s, mark {} s", fault.name, seconds(time), seconds(Some(Millis::new(mark)))), holds);
            }
        }
    }
    let (mistakes, days) = ours.mistakes[LOSSY];
    check(
        format!("moves away from a healthy endpoint with 10 % loss: {mistakes} in {days} days, mark {MISTAKES_MARK}"),
        mistakes <= MISTAKES_MARK,
    );
    for peer in measured.iter().filter(|measured| !measured.ours) {
        let rarer = rate(peer.mistakes[LOSSY]) <= rate(ours.mistakes[LOSSY]);
        let slowest = |of: &[Option<Millis>]| of.iter().map(|time| time.unwrap_or(Millis::new(u32::MAX))).max().unwrap_or_default();
        let (theirs, mine) = (slowest(&peer.lossy), slowest(&ours.lossy));
        let factor = f64::from(theirs.get()) / f64::from(mine.get());
        let holds = factor >= 3.0 || !rarer;
        let how = if rarer { "as seldom wrong" } else { "wrong more often" };
        let worst = if theirs.get() == u32::MAX {
            "never notices some failure".to_owned()
        } else {
            format!("takes {factor:.1} times as long for its worst")
        };
        check(format!("{}: {how}, {worst}", peer.policy), holds);
    }
    met
}

fn rate((mistakes, days): (u64, u64)) -> f64 {
    mistakes as f64 / days as f64
}
