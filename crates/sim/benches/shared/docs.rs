//! Measurements that have a page: where `--docs FOLDER` says, what stands between two marks is
//! replaced.

use std::path::PathBuf;

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// The folder that the arguments name, if they do.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::args().skip_while(|argument| argument != "--docs").nth(1).map(Into::into)
}

/// Puts `measured` in the place of what was measured before.
pub(crate) fn replace(page: PathBuf, measured: &str) {
    let text = std::fs::read_to_string(&page).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("a place for what is measured");
    let (_, after) = rest.split_once(END).expect("an end of that place");
    let text = format!("{before}{BEGIN}\n\n{measured}\n{END}{after}");
    std::fs::write(&page, text).expect("docs can be written");
}
