//! Holds the table in ARCHITECTURE.md against the transition function, row by row.

use super::scene::{Kind, Scene, kind};
use super::{rows, rows_in_doubt, rows_without_check};
use crate::failover::state::State;
use crate::failover::transition::{Decision, Fact};

/// A row of the table: its words, and cases in which it holds.
pub(super) struct Row {
    /// State, fact, next state, decision.
    pub(super) words: [&'static str; 4],
    pub(super) cases: Vec<Case>,
}

/// One case of a row.
pub(super) struct Case {
    name: &'static str,
    scene: Scene,
    given: State,
    facts: Vec<Fact>,
    then: Kind,
    decisions: Vec<Decision>,
}

impl Case {
    /// A case in which this fact changes nothing, until it is said what it does.
    pub(super) fn new(name: &'static str, scene: Scene, given: State, fact: Fact) -> Self {
        let then = kind(&given);
        Self { name, scene, given, facts: vec![fact], then, decisions: Vec::new() }
    }

    /// A case in which the view is looked at.
    pub(super) fn observed(name: &'static str, scene: Scene, given: State) -> Self {
        Self::new(name, scene, given, Fact::Observed)
    }

    /// The view is looked at after the fact.
    pub(super) fn and_observed(mut self) -> Self {
        self.facts.push(Fact::Observed);
        self
    }

    pub(super) fn leads_to(mut self, then: Kind) -> Self {
        self.then = then;
        self
    }

    pub(super) fn with(mut self, decision: Decision) -> Self {
        self.decisions.push(decision);
        self
    }

    fn check(&self, row: &Row) {
        let mut state = self.given;
        let mut decisions = Vec::new();
        for fact in &self.facts {
            let (next, decision) = self.scene.next(state, *fact);
            state = next;
            decisions.extend(decision);
        }
        let found = (kind(&state), &decisions);
        assert_eq!(
            found,
            (self.then, &self.decisions),
            "{}\nof the row {:?}",
            self.name,
            row.words
        );
    }
}

fn all_rows() -> Vec<Row> {
    let mut all = rows::rows();
    all.extend(rows_in_doubt::rows());
    all.extend(rows_without_check::rows());
    all
}

#[test]
fn every_row_of_the_table_holds() {
    for row in all_rows() {
        assert!(!row.cases.is_empty(), "{:?}", row.words);
        for case in &row.cases {
            case.check(&row);
        }
    }
}

#[test]
fn the_table_has_these_rows_and_no_others() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
    // The package that is published has no such file.
    let Ok(page) = std::fs::read_to_string(path) else { return };
    let lines = page.lines().skip_while(|line| *line != "| state | fact | next | decision |");
    let written = lines.skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned);
    let tested = all_rows().into_iter().map(|row| format!("| {} |", row.words.join(" | ")));
    let (written, tested): (Vec<_>, Vec<_>) = (written.collect(), tested.collect());
    for (written, tested) in written.iter().zip(&tested) {
        assert_eq!(written, tested);
    }
    assert_eq!(written.len(), tested.len());
}

#[test]
fn every_file_that_the_page_names_is_there() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    // The package that is published has no such file.
    let Ok(page) = std::fs::read_to_string(root.join("ARCHITECTURE.md")) else { return };
    let (mut folders, mut files) =
        (vec![root.join("crates"), root.join("bindings/npm/src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let is_source = |name: &&str| {
        std::path::Path::new(name).extension().is_some_and(|it| it == "rs" || it == "ts")
    };
    let named: Vec<_> = page.split('`').skip(1).step_by(2).filter(is_source).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(files.iter().any(|file| file.ends_with(name)), "{name}");
    }
}
