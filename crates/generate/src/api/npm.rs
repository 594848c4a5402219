//! TypeScript, from the declarations that the package ships.

use anyhow::Result;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn print(folder: &str) -> Result<String> {
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    files.sort();
    let mut api = String::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        // A file whose declarations are all internal.
        if text.trim() == "export {};" {
            continue;
        }
        writeln!(api, "// {}", file.strip_prefix(folder)?.display())?;
        for line in text.lines().filter(|line| !line.starts_with("//#")) {
            writeln!(api, "{line}")?;
        }
        api.push('\n');
    }
    Ok(api)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_string_lossy().ends_with(".d.ts") {
            files.push(path);
        }
    }
    Ok(())
}
