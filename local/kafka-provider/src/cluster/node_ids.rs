//! Which node ids each pool has. A node keeps its id for life; pools take the lowest free ones.

use std::collections::BTreeSet;

/// `pools`: for each pool the ids it has now and how many it wants.
pub fn assign(pools: &[(Vec<i32>, usize)]) -> Vec<Vec<i32>> {
    let mut taken: BTreeSet<i32> = pools.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
    pools
        .iter()
        .map(|(ids, wanted)| {
            let mut ids = ids.clone();
            ids.sort_unstable();
            // The highest go first when a pool shrinks.
            ids.truncate(*wanted);
            while ids.len() < *wanted {
                let free = (0..).find(|id| !taken.contains(id)).expect("there are more ids than nodes");
                taken.insert(free);
                ids.push(free);
            }
            ids.sort_unstable();
            ids
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::assign;

    #[test]
    fn new_pools_take_the_lowest_free_ids() {
        assert_eq!(assign(&[(vec![], 3), (vec![], 2)]), [vec![0, 1, 2], vec![3, 4]]);
    }

    #[test]
    fn nodes_keep_their_ids_when_pools_grow_and_shrink() {
        assert_eq!(assign(&[(vec![0, 1, 2], 1), (vec![3, 4], 3)]), [vec![0], vec![3, 4, 5]]);
    }
}
