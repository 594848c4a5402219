//! Where the worlds end up if the truth does not change any more.

use super::graph::Graph;

/// Sets of worlds that lead to each other and to no others: whoever is there stays there. A set has
/// a number; a world that is in none has none.
pub(super) struct Settled {
    pub(super) sets: Vec<Vec<u32>>,
    set_of: Vec<Option<u32>>,
}

impl Settled {
    /// Finds the strongly connected components (Tarjan, 1972), and of those the last ones.
    pub(super) fn of(graph: &Graph<'_>) -> Self {
        const NEW: u32 = u32::MAX;
        let count = graph.worlds.len();
        let (mut order, mut low) = (vec![NEW; count], vec![0_u32; count]);
        let mut component = vec![NEW; count];
        let (mut stack, mut path) = (Vec::new(), Vec::new());
        let (mut next, mut components) = (0, 0_u32);
        for root in 0..count as u32 {
            if order[root as usize] != NEW {
                continue;
            }
            path.push((root, 0));
            while let Some((at, edge)) = path.pop() {
                let here = at as usize;
                if edge == 0 && order[here] == NEW {
                    (order[here], low[here]) = (next, next);
                    next += 1;
                    stack.push(at);
                }
                if let Some(to) = graph.edges_of(at).get(edge).map(|edge| edge.to as usize) {
                    if order[to] == NEW {
                        path.extend([(at, edge), (to as u32, 0)]);
                        continue;
                    }
                    if component[to] == NEW {
                        low[here] = low[here].min(low[to]);
                    }
                    path.push((at, edge + 1));
                    continue;
                }
                if low[here] == order[here] {
                    while let Some(member) = stack.pop() {
                        component[member as usize] = components;
                        if member == at {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        Self::last(graph, &component, components)
    }

    fn last(graph: &Graph<'_>, component: &[u32], components: u32) -> Self {
        let mut left = vec![false; components as usize];
        for (index, own) in component.iter().enumerate() {
            let leaves = |to: u32| component[to as usize] != *own;
            left[*own as usize] |= graph.edges_of(index as u32).iter().any(|it| leaves(it.to));
        }
        let mut number = vec![None; components as usize];
        let mut sets: Vec<Vec<u32>> = Vec::new();
        let mut set_of = vec![None; component.len()];
        for (index, own) in component.iter().enumerate() {
            let own = *own as usize;
            if !left[own] {
                let set = *number[own].get_or_insert_with(|| {
                    sets.push(Vec::new());
                    sets.len() - 1
                });
                sets[set].push(index as u32);
                set_of[index] = Some(set as u32);
            }
        }
        Self { sets, set_of }
    }

    pub(super) fn contains(&self, index: u32) -> bool {
        self.set_of[index as usize].is_some()
    }
}
