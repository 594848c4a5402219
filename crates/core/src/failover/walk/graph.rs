//! The worlds that are reached, and how each leads to others.

use super::nature::Move;
use super::setup::Setup;
use super::world::{MAX, World};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// All that is reached from the start.
pub(super) struct Graph<'a> {
    pub(super) setup: &'a Setup,
    pub(super) worlds: Vec<World>,
    /// From where each was first reached, and by which move.
    came: Vec<(u32, Option<Move>)>,
    /// For each world, where its edges begin.
    begins: Vec<usize>,
    edges: Vec<Edge>,
    moves: Vec<Move>,
    /// In which order a sweep makes the moves, by their places.
    order: Vec<u8>,
    known: HashMap<[u64; MAX + 1], u32, BuildHasherDefault<Mixer>>,
}

/// What a move leads to while the truth stays as it is.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    /// The move's place in the order of a sweep.
    place: u8,
    /// The app is told of something, or moved.
    pub(super) tells: bool,
    pub(super) to: u32,
}

impl<'a> Graph<'a> {
    /// Walks through all that is reached with few changes of the truth before what takes more of
    /// them, so that every world is found with the fewest.
    pub(super) fn walk(setup: &'a Setup) -> Self {
        let (moves, order) = setup.moves();
        let mut graph = Self {
            setup,
            worlds: Vec::new(),
            came: Vec::new(),
            begins: Vec::new(),
            edges: Vec::new(),
            moves,
            order,
            known: HashMap::default(),
        };
        graph.place(setup.start(), (0, None));
        let changes = setup.changes();
        let mut begin = 0;
        for layer in 0..=setup.changes {
            while graph.begins.len() < graph.worlds.len() {
                graph.expand();
            }
            let end = graph.worlds.len();
            for at in begin..end {
                for next in changes.iter().filter(|_| layer < setup.changes) {
                    graph.make(at as u32, *next);
                }
            }
            begin = end;
        }
        graph.begins.push(graph.edges.len());
        graph
    }

    fn place(&mut self, world: World, came: (u32, Option<Move>)) -> u32 {
        let index = self.worlds.len() as u32;
        let place = *self.known.entry(world.key()).or_insert(index);
        if place == index {
            self.worlds.push(world);
            self.came.push(came);
        } else {
            assert_eq!(self.worlds[place as usize], world, "two worlds with one key");
        }
        place
    }

    fn expand(&mut self) {
        let from = self.begins.len() as u32;
        self.begins.push(self.edges.len());
        for place in 0..self.moves.len() {
            if let Some((to, tells)) = self.make(from, self.moves[place]) {
                self.edges.push(Edge { place: place as u8, tells, to });
            }
        }
    }

    fn make(&mut self, from: u32, next: Move) -> Option<(u32, bool)> {
        let step = self.setup.make(&self.worlds[from as usize], next)?;
        if let Some(fault) = step.fault {
            panic!("{}: {fault}\n{}{next:?}: {:#?}", self.setup.name, self.trace(from), step.world);
        }
        Some((self.place(step.world, (from, Some(next))), step.tells))
    }

    pub(super) fn edges_of(&self, index: u32) -> &[Edge] {
        &self.edges[self.begins[index as usize]..self.begins[index as usize + 1]]
    }

    /// Where everything leads that is due.
    pub(super) fn sweep(&self, from: u32) -> u32 {
        let mut at = from;
        for place in &self.order {
            let edge = self.edges_of(at).iter().find(|edge| edge.place == *place);
            at = edge.map_or(at, |edge| edge.to);
        }
        at
    }

    /// How a world is reached: each move, and the state that it leads to.
    pub(super) fn trace(&self, to: u32) -> String {
        let mut steps = Vec::new();
        let mut at = to;
        while let (from, Some(next)) = self.came[at as usize] {
            let World { mind, active, .. } = &self.worlds[at as usize];
            steps.push(format!("{next:?}: {mind:?}, on {active}\n"));
            at = from;
        }
        steps.reverse();
        steps.concat()
    }
}

/// Mixes a few numbers into one: worlds are many, and nobody attacks them.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut number = [0; 8];
            number[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(number))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 ^= self.0 >> 29;
        }
    }
}
