//! How soon which policy notices what, and how often it is wrong. Run by `cargo xtask bench
//! detection`, which also writes the tables and the plot of `docs/detection.md`. `--rows
//! outages,busy` measures only these groups, and writes nothing.

mod comparison;
#[path = "../shared/docs.rs"]
mod docs;
mod faults;
mod marks;
mod measure;
mod parallel;
mod peers;
mod plot;
mod policy;
mod report;
mod rows;
mod setting;

use marks::Verdict;
use report::Done;
use rows::Group;
use std::time::Instant;

/// Groups in which all policies are compared, not `HAProxy` alone.
const COMPARED: [&str; 2] = ["faults", "networks"];

fn main() {
    let groups = rows::groups();
    let known: Vec<_> = COMPARED.into_iter().chain(groups.iter().map(|group| group.name)).collect();
    let selected = selected(&known);
    let wants = |name: &str| selected.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
    let mut verdict = Verdict { all_met: true };
    let [faults, networks] = COMPARED.map(wants);
    let compared =
        if faults || networks { comparison::measure(faults, networks) } else { Vec::new() };
    let mut tables = report::comparison(&compared);
    let mut all = Vec::new();
    for group in groups.into_iter().filter(|group| wants(group.name)) {
        let about = format!("{} (`{}`)", group.about, group.name);
        let done = measure(group);
        tables.push(report::rows(&about, &done));
        all.extend(done);
    }
    let tables = tables.join("\n");
    println!("{tables}");
    if let Some(folder) = docs::folder().filter(|_| selected.is_none()) {
        docs::replace(folder.join("detection.md"), &tables);
        plot::write(&compared, &folder.join("detection.svg"));
        println!("written: docs/detection.md and docs/detection.svg\n");
    }
    comparison::check(&compared, &mut verdict);
    for done in &all {
        if let Some(mark) = done.row.mark {
            verdict.mark(&format!("{}: {}", done.group, done.row.name), &done.ours, mark);
        }
    }
    if !verdict.all_met {
        std::process::exit(1);
    }
}

/// The groups that the arguments name; none: all of them.
fn selected(known: &[&str]) -> Option<Vec<String>> {
    let names = std::env::args().skip_while(|argument| argument != "--rows").nth(1)?;
    let names: Vec<_> = names.split(',').map(str::to_owned).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        eprintln!("unknown rows `{unknown}`; known: {}", known.join(", "));
        std::process::exit(2);
    }
    Some(names)
}

fn measure(group: Group) -> Vec<Done> {
    let (ours, haproxy) = (policy::steadfast(), policy::haproxy());
    let measured = group.rows.into_iter().map(|row| {
        eprint!("{}: {} ", group.name, row.name);
        let begun = Instant::now();
        let ours = row.measure.of(&ours, &row.setting);
        let haproxy = row.measure.of(&haproxy, &row.setting);
        let took = begun.elapsed().as_secs_f64();
        eprintln!("({took:.1} s)");
        Done { group: group.name, row, ours, haproxy }
    });
    measured.collect()
}
