//! What becomes of the failover state: the table in ARCHITECTURE.md row by row, then each part.

mod memory;
mod outage;
mod pace;
mod planning;
mod rows;
mod rows_in_doubt;
mod rows_without_check;
mod scene;
mod selection;
mod suspicion;
mod table;
