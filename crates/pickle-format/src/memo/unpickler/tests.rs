//! What a memo keeps and counts, near and far.

use super::{MARGIN, UnpicklerMemo};

#[test]
fn no_index_makes_the_vector_large() {
    let mut memo = UnpicklerMemo::new();
    for index in [MARGIN + 1, usize::MAX, u32::MAX as usize, usize::MAX / 2] {
        assert_eq!(memo.put(index, index).unwrap(), None);
        assert!(memo.dense.is_empty());
        assert_eq!(memo.get(index), Some(&index));
    }
    // As far ahead as allowed, again and again: twice the entries and the margin is the bound.
    for _ in 0..1000 {
        let index = 2 * memo.len() + MARGIN;
        memo.put(index, index).unwrap();
        assert!(memo.dense.len() <= 2 * memo.len() + MARGIN);
    }
}

#[test]
fn what_the_vector_comes_to_cover_is_moved() {
    let mut memo = UnpicklerMemo::new();
    memo.put(5000, "far").unwrap();
    for index in 0..5000 {
        memo.put(index, "near").unwrap();
    }
    assert_eq!(memo.sparse.len(), 1);
    assert_eq!(memo.put(5001, "near").unwrap(), None);
    assert_eq!((memo.sparse.len(), memo.len()), (0, 5002));
    assert_eq!(memo.put(5000, "again").unwrap(), Some("far"));
    assert_eq!(memo.len(), 5002);
}

#[test]
fn far_entries_do_not_count_until_they_are_put_near() {
    let mut memo = UnpicklerMemo::counting_near_entries();
    memo.put(100, "far").unwrap();
    memo.put(31, "near").unwrap();
    assert_eq!(memo.len(), 1);
    assert_eq!(memo.get(100), Some(&"far"));
    for index in 0..40 {
        memo.put(index, "near").unwrap();
    }
    assert_eq!(memo.len(), 40);
    // Twice as many as there are entries is near, and so is what lies below twice that.
    memo.put(80, "near").unwrap();
    assert_eq!(
        (memo.len(), memo.put(100, "new").unwrap()),
        (41, Some("far"))
    );
    assert_eq!(memo.len(), 42);
    assert_eq!(memo.get(100), Some(&"new"));
    memo.clear();
    memo.put(100, "far").unwrap();
    assert!(memo.is_empty());
}

#[test]
fn entries_that_were_skipped_count_once() {
    for mut memo in [UnpicklerMemo::new(), UnpicklerMemo::counting_near_entries()] {
        let mut model = memo.clone();
        for index in 0..1000 {
            model.put(index, index).unwrap();
            if index < 10 || index == 700 {
                memo.put(index, index).unwrap();
            } else {
                memo.skip();
            }
        }
        memo.end_skipping().unwrap();
        for index in [
            5, 500, 999, 1000, 1001, 1030, 2047, 2048, 2100, 4000, 9000, 1002, 500,
        ] {
            memo.put(index, index).unwrap();
            model.put(index, index).unwrap();
            assert_eq!(
                (memo.len(), memo.near),
                (model.len(), model.near),
                "{index}"
            );
            assert_eq!(memo.get(index), Some(&index));
        }
        memo.release(drop);
        assert!(memo.is_consecutive());
        memo.put(0, 0).unwrap();
        assert_eq!(memo.len(), 1);
    }
}

#[test]
fn a_value_is_put_behind_what_was_skipped() {
    for mut memo in [UnpicklerMemo::new(), UnpicklerMemo::counting_near_entries()] {
        let mut model = memo.clone();
        let mut put_next = 0;
        for index in 0..2000 {
            if index < 4 || index % 7 == 0 {
                let is_put = memo.put_next(|| index);
                put_next += usize::from(is_put);
                if !is_put {
                    memo.put(memo.len(), index).unwrap();
                }
                model.put(index, index).unwrap();
            } else {
                memo.skip();
            }
            assert_eq!(memo.len(), index + 1);
        }
        assert!(put_next > 250, "{put_next}");
        for index in 0..2000 {
            assert_eq!(memo.get(index), model.get(index), "{index}");
        }
        memo.end_skipping().unwrap();
        assert_eq!((memo.len(), memo.dense.len()), (2000, 2000));
        // An entry before the next index leaves no place for it.
        memo.put(2002, 2002).unwrap();
        assert!(!memo.put_next(|| 0));
    }
}

#[test]
fn far_entries_that_were_fetched_when_they_had_become_near_never_count() {
    let mut memo = UnpicklerMemo::counting_near_entries();
    memo.put(50, "far").unwrap();
    for index in 0..33 {
        memo.put(index, "near").unwrap();
    }
    assert_eq!(memo.get(50), Some(&"far"));
    assert_eq!(memo.len(), 33);
    assert_eq!(
        (memo.put(50, "new").unwrap(), memo.len()),
        (Some("far"), 33)
    );
}
