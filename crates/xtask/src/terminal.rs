//! The terminal, on which commands that run at the same time share the rows.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The last row, if it has no end yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Ended,
    /// Only dots.
    Dots,
    /// The row of the command with this number.
    Command(usize),
}

struct Terminal {
    last: Last,
    commands: usize,
}

static TERMINAL: Mutex<Terminal> = Mutex::new(Terminal { last: Last::Ended, commands: 0 });

impl Terminal {
    fn shared() -> MutexGuard<'static, Self> {
        TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints at the beginning of a row, or where the last one is.
    fn print(&mut self, text: &str, last: Last) {
        print!("{text}");
        // Progress that cannot be shown holds nothing up.
        let _ = std::io::stdout().flush();
        self.last = last;
    }

    fn end_row(&mut self) {
        if self.last != Last::Ended {
            self.print("\n", Last::Ended);
        }
    }
}

/// Prints a row of its own.
pub(crate) fn line(text: &str) {
    let mut terminal = Terminal::shared();
    terminal.end_row();
    terminal.print(&format!("{text}\n"), Last::Ended);
}

/// Prints a sign of life.
pub(crate) fn dot() {
    let mut terminal = Terminal::shared();
    let last = if terminal.last == Last::Ended { Last::Dots } else { terminal.last };
    terminal.print(".", last);
}

/// The row of a command that runs.
pub(crate) struct Row {
    command: usize,
    text: String,
}

/// Prints a command that begins.
pub(crate) fn begin(text: String) -> Row {
    let mut terminal = Terminal::shared();
    terminal.end_row();
    terminal.commands += 1;
    let command = terminal.commands;
    terminal.print(&format!("{text} "), Last::Command(command));
    Row { command, text }
}

impl Row {
    /// Prints how long it took: in its row, or in a new one if others have printed since.
    pub(crate) fn end(self, took: Duration) {
        let mut terminal = Terminal::shared();
        let seconds = format!("{:.1} s", took.as_secs_f64());
        if terminal.last == Last::Command(self.command) {
            terminal.print(&format!(" {seconds}\n"), Last::Ended);
        } else {
            terminal.end_row();
            terminal.print(&format!("{seconds:>7}: {}\n", self.text), Last::Ended);
        }
    }
}
