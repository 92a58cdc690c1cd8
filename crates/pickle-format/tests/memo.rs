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

fn assert_same(memo: &PicklerMemo, model: &HashMap<usize, usize>) {
    assert_eq!(memo.len(), model.len());
    assert_eq!(memo.is_empty(), model.is_empty());
    assert_eq!(memo.iter().count(), model.len());
    assert_eq!(memo.iter().collect::<HashMap<_, _>>(), *model);
}

#[test]
fn agrees_with_a_hash_map_under_random_operations() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut memo = PicklerMemo::new();
    let mut model = HashMap::new();
    for step in 0..200_000 {
        // Few identities, so that many are met again, some of them only 8 bytes apart.
        let identity = 8 * (1 + next(&mut state) as usize % 20_000);
        if step == 100_000 {
            memo.clear();
            model.clear();
            assert_same(&memo, &model);
        }
        if next(&mut state).is_multiple_of(3) {
            assert_eq!(memo.get(identity), model.get(&identity).copied());
        } else {
            assert_eq!(
                memo.insert(identity, step).unwrap(),
                model.insert(identity, step)
            );
        }
    }
    assert_same(&memo, &model);
    for (&identity, &index) in &model {
        assert_eq!(memo.get(identity), Some(index));
    }
}

#[test]
fn an_empty_memo_finds_nothing() {
    let mut memo = PicklerMemo::new();
    assert_eq!(memo.get(0), None);
    assert_eq!(memo.get(16), None);
    memo.insert(16, 0).unwrap();
    assert_eq!(
        memo.get(0),
        None,
        "address 0 marks empty places, and is no entry"
    );
    memo.clear();
    assert_eq!(memo.get(16), None);
}

#[test]
fn indices_beyond_four_bytes_are_kept_whole() {
    let mut memo = PicklerMemo::new();
    let index = (1 << 40) + 5;
    assert_eq!(memo.insert(0x7fff_1234_5670, index).unwrap(), None);
    assert_eq!(memo.get(0x7fff_1234_5670), Some(index));
    assert_eq!(memo.insert(0x7fff_1234_5670, 1).unwrap(), Some(index));
    assert_eq!(memo.len(), 1);
}

#[test]
fn runs_of_addresses_and_extreme_ones_are_all_found() {
    for stride in [8, 16, 48, 64, 4096, 1 << 20] {
        let mut memo = PicklerMemo::new();
        for i in 0..5000 {
            memo.insert(0x7f00_0000_0000 + i * stride, i).unwrap();
        }
        memo.insert(usize::MAX, 5000).unwrap();
        for i in 0..5000 {
            assert_eq!(memo.get(0x7f00_0000_0000 + i * stride), Some(i));
        }
        assert_eq!(memo.get(usize::MAX), Some(5000));
        assert_eq!(memo.get(0x7f00_0000_0000 + 5000 * stride), None);
    }
}

#[test]
fn a_memo_that_was_emptied_knows_nothing_and_takes_new_entries() {
    let mut memo = PicklerMemo::new();
    for len in [0, 1, 5, 40, 3000, 2, 0, 1] {
        for i in 0..len {
            memo.insert(0x7f00_0000_0000 + i * 48, i).unwrap();
        }
        for i in 0..len {
            assert_eq!(memo.get(0x7f00_0000_0000 + i * 48), Some(i));
        }
        memo.empty(4096);
        assert_eq!((memo.len(), memo.iter().count()), (0, 0));
        assert_eq!(memo.get(0x7f00_0000_0000), None);
    }
}

/// An identity that is no address, and whose empty value is not zero.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Handle(u16);

impl Identity for Handle {
    const EMPTY: Self = Handle(u16::MAX);

    fn place(self) -> usize {
        0
    }

    fn hash(self) -> u64 {
        u64::from(self.0) << 32
    }
}

#[test]
fn any_identity_will_do() {
    let mut memo = PicklerMemo::new();
    for i in (0..1000).rev() {
        assert_eq!(memo.insert(Handle(i), i.into()).unwrap(), None);
    }
    for i in 0..1000 {
        assert_eq!(memo.get(Handle(i)), Some(i.into()));
    }
    assert_eq!(
        (memo.get(Handle(1000)), memo.get(Handle::EMPTY)),
        (None, None)
    );
    assert_eq!((memo.len(), memo.iter().count()), (1000, 1000));
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
