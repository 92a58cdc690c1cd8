//! The memos against the standard library's maps.

use std::collections::{BTreeMap, HashMap};

use pickle_format::memo::{Identity, PicklerMemo, UnpicklerMemo};

/// Numbers that look random and are the same in each run (Marsaglia's xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A memo and the list that it tells positions in.
#[derive(Default)]
struct Listed<I> {
    memo: PicklerMemo,
    list: Vec<I>,
}

impl<I: Identity> Listed<I> {
    /// Enters the next position for an identity, and returns the one it had.
    fn push(&mut self, identity: I) -> Option<usize> {
        let found = self.memo.insert(identity, self.list.len(), &self.list);
        self.list.push(identity);
        found.unwrap()
    }

    fn get(&self, identity: I) -> Option<usize> {
        self.memo.get(identity, &self.list)
    }

    fn clear(&mut self) {
        self.memo.clear();
        self.list.clear();
    }
}

fn assert_same(listed: &Listed<usize>, model: &HashMap<usize, usize>) {
    let memo = &listed.memo;
    assert_eq!(memo.len(), model.len());
    assert_eq!(memo.is_empty(), model.is_empty());
    assert_eq!(memo.positions().count(), model.len());
    let entries = memo.positions().map(|at| (listed.list[at], at));
    assert_eq!(entries.collect::<HashMap<_, _>>(), *model);
}

#[test]
fn agrees_with_a_hash_map_under_random_operations() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut listed = Listed::default();
    let mut model = HashMap::new();
    for step in 0..200_000 {
        // Few identities, so that many are met again, some of them only 8 bytes apart.
        let identity = 8 * (1 + next(&mut state) as usize % 20_000);
        if step == 100_000 {
            listed.clear();
            model.clear();
            assert_same(&listed, &model);
        }
        if next(&mut state).is_multiple_of(3) {
            assert_eq!(listed.get(identity), model.get(&identity).copied());
        } else {
            let position = listed.list.len();
            assert_eq!(listed.push(identity), model.insert(identity, position));
        }
    }
    assert_same(&listed, &model);
    for (&identity, &position) in &model {
        assert_eq!(listed.get(identity), Some(position));
    }
}

#[test]
fn an_empty_memo_finds_nothing() {
    let mut listed = Listed::default();
    assert_eq!(listed.get(0), None);
    assert_eq!(listed.get(16), None);
    listed.push(16);
    assert_eq!(listed.get(0), None);
    listed.clear();
    assert_eq!(listed.get(16), None);
}

#[test]
fn entries_are_those_that_were_entered() {
    let list = [16, 32, 48];
    let mut memo = PicklerMemo::new();
    assert_eq!(memo.insert(48, 2, &list).unwrap(), None);
    assert_eq!(memo.get(16, &list), None);
    assert_eq!(memo.insert(16, 0, &list).unwrap(), None);
    assert_eq!(
        [16, 32, 48].map(|i| memo.get(i, &list)),
        [Some(0), None, Some(2)]
    );
    assert_eq!(memo.len(), 2);
}

#[test]
fn a_list_that_is_another_finds_nothing() {
    let list = [16, 32];
    let mut memo = PicklerMemo::new();
    memo.insert(16, 0, &list).unwrap();
    memo.insert(32, 1, &list).unwrap();
    assert_eq!(memo.get(32, &list[..1]), None);
    assert_eq!(memo.get(32, &[16, 64]), None);
}

#[test]
fn runs_of_addresses_and_extreme_ones_are_all_found() {
    for stride in [8, 16, 48, 64, 4096, 1 << 20] {
        let mut listed = Listed::default();
        for i in 0..5000 {
            listed.push(0x7f00_0000_0000 + i * stride);
        }
        listed.push(usize::MAX);
        listed.push(0);
        for i in 0..5000 {
            assert_eq!(listed.get(0x7f00_0000_0000 + i * stride), Some(i));
        }
        assert_eq!(listed.get(usize::MAX), Some(5000));
        assert_eq!(listed.get(0), Some(5001));
        assert_eq!(listed.get(0x7f00_0000_0000 + 5000 * stride), None);
    }
}

#[test]
fn a_memo_that_was_emptied_knows_nothing_and_takes_new_entries() {
    let mut listed = Listed::default();
    for len in [0, 1, 5, 40, 3000, 2, 0, 1] {
        for i in 0..len {
            listed.push(0x7f00_0000_0000 + i * 48);
        }
        for i in 0..len {
            assert_eq!(listed.get(0x7f00_0000_0000 + i * 48), Some(i));
        }
        listed.memo.empty(4096);
        listed.list.clear();
        assert_eq!((listed.memo.len(), listed.memo.positions().count()), (0, 0));
        assert_eq!(listed.get(0x7f00_0000_0000), None);
    }
}

/// An identity that is no address, all of whose places and hashes are the same: it has to be looked at itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct Handle(u16);

impl Identity for Handle {
    fn place(self) -> usize {
        0
    }

    fn hash(self) -> u64 {
        0
    }
}

#[test]
fn any_identity_will_do() {
    let mut listed = Listed::default();
    for i in 0..1000 {
        assert_eq!(listed.push(Handle(i)), None);
    }
    for i in 0..1000 {
        assert_eq!(listed.get(Handle(i)), Some(i.into()));
    }
    assert_eq!(listed.get(Handle(1000)), None);
    assert_eq!(
        (listed.memo.len(), listed.memo.positions().count()),
        (1000, 1000)
    );
}

#[test]
fn an_unpicklers_memo_agrees_with_a_tree_under_random_operations() {
    let mut state = 0x2545_f491_4f6c_dd1d;
    let mut memo = UnpicklerMemo::new();
    let mut model = BTreeMap::new();
    for step in 0..100_000u64 {
        let random = next(&mut state) as usize;
        let index = match random % 8 {
            0 => random >> ((random >> 3) % 64),
            1 => (random >> 8) % 100_000,
            2 => usize::MAX - (random >> 8) % 16,
            3..=5 => memo.len(),
            _ => (random >> 8) % (memo.len() + 1),
        };
        if step == 50_000 {
            memo.clear();
            model.clear();
            assert!(memo.is_empty());
        }
        assert_eq!(memo.get(index), model.get(&index));
        assert_eq!(memo.put(index, step).unwrap(), model.insert(index, step));
        assert_eq!(memo.len(), model.len());
    }
    assert!(
        memo.iter()
            .unwrap()
            .eq(model.iter().map(|(index, value)| (*index, value)))
    );
    for index in model.keys() {
        assert_eq!(memo.get(*index), model.get(index));
        assert_eq!(memo.get(index ^ 1 << 50), model.get(&(index ^ 1 << 50)));
    }
}
