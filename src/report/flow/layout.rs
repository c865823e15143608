//! Where the boxes of a drawing stand: in columns by how far messages have come, in an order in which few
//! arrows cross.

/// How often columns are put in order by their neighbours.
const PASSES: usize = 8;

/// Of each box its column and its row in it.
pub(super) fn places(count: usize, arrows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let columns = columns(count, arrows);
    let most = columns.iter().copied().max().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); most + 1];
    for (node, column) in columns.iter().enumerate() {
        rows[*column].push(node);
    }
    let mut at = vec![0.0; count];
    let number = |rows: &[Vec<usize>], at: &mut Vec<f64>| {
        for row in rows {
            row.iter().enumerate().for_each(|(i, node)| at[*node] = (i as f64 + 0.5) / row.len() as f64);
        }
    };
    number(&rows, &mut at);
    for pass in 0..PASSES {
        // To and fro: by those before, then by those after.
        let mean = |node: usize, at: &[f64]| {
            let others = arrows.iter().filter_map(|&(from, to)| match pass % 2 {
                0 => (to == node && columns[from] < columns[node]).then_some(at[from]),
                _ => (from == node && columns[to] > columns[node]).then_some(at[to]),
            });
            let others: Vec<f64> = others.collect();
            if others.is_empty() { at[node] } else { others.iter().sum::<f64>() / others.len() as f64 }
        };
        for row in &mut rows {
            let mut keyed: Vec<(f64, usize)> = row.iter().map(|node| (mean(*node, &at), *node)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *row = keyed.into_iter().map(|(_, node)| node).collect();
        }
        number(&rows, &mut at);
    }
    let mut places = vec![(0, 0); count];
    for (column, row) in rows.iter().enumerate() {
        row.iter().enumerate().for_each(|(i, node)| places[*node] = (column, i));
    }
    places
}

/// The longest way to each box from where messages begin; arrows that lead back count for nothing.
fn columns(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let back = leading_back(count, arrows);
    let mut columns = vec![0; count];
    // A way without a circle has fewer arrows than there are boxes.
    for _ in 0..count {
        let mut moved = false;
        for (&(from, to), _) in arrows.iter().zip(&back).filter(|(_, back)| !**back) {
            if columns[to] <= columns[from] {
                columns[to] = columns[from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

/// Of each arrow, whether it leads back to where messages have been.
fn leading_back(count: usize, arrows: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnTheWay,
        Done,
    }
    let (mut seen, mut back) = (vec![Seen::No; count], vec![false; arrows.len()]);
    for start in 0..count {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::OnTheWay;
        // Each box with the arrow that is looked at next.
        let mut way = vec![(start, 0)];
        while let Some((node, next)) = way.last_mut() {
            let Some(i) = (*next..arrows.len()).find(|i| arrows[*i].0 == *node) else {
                seen[*node] = Seen::Done;
                way.pop();
                continue;
            };
            *next = i + 1;
            let to = arrows[i].1;
            match seen[to] {
                Seen::OnTheWay => back[i] = true,
                Seen::Done => (),
                Seen::No => {
                    seen[to] = Seen::OnTheWay;
                    way.push((to, 0));
                }
            }
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_from_left_to_right() {
        // Two producers to a queue, its consumers to another, whose consumers send some back.
        let arrows = [(0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (5, 2)];
        let columns: Vec<usize> = places(6, &arrows).iter().map(|place| place.0).collect();
        assert_eq!(columns, [0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn rows_follow_their_neighbours() {
        // Three lanes whose boxes are numbered against their order.
        let arrows = [(0, 5), (1, 4), (2, 3)];
        let places = places(6, &arrows);
        for (from, to) in arrows {
            assert_eq!(places[from].1, places[to].1);
        }
    }
}
