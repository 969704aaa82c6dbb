//! The index against a model that reads every text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::folding::Folding;

type Catalogue = BTreeMap<u64, (String, String)>;

/// Small, so that shards split and join in a test.
const TINY: Shape = Shape { products: 8, bytes: 200 };

fn folding() -> &'static Folding {
    static FOLDING: LazyLock<Folding> = LazyLock::new(Folding::built_in);
    &FOLDING
}

fn folded(text: &str) -> String {
    let mut bytes = Vec::new();
    folding().fold(text, &mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// What the index must find: each text folded and read.
fn naive(catalogue: &Catalogue, text: &str, after: u64, wanted: usize) -> Vec<u64> {
    let needle = folded(text);
    let contains = |(name, description): &(String, String)| {
        folded(name).contains(&needle) || folded(description).contains(&needle)
    };
    let matching = catalogue.iter().filter(|(id, texts)| **id > after && contains(texts));
    matching.map(|(id, _)| *id).take(wanted).collect()
}

fn build(catalogue: &Catalogue, shape: Shape) -> Index {
    let mut builder = Builder::new(shape);
    for (id, (name, description)) in catalogue {
        builder.push(*id, name, description, folding());
    }
    builder.finish()
}

fn same(index: &Index, catalogue: &Catalogue, text: &str, after: u64, wanted: usize) {
    let Some(needle) = Needle::new(text, folding()) else { return };
    assert_eq!(
        index.search(&needle, after, wanted),
        naive(catalogue, text, after, wanted),
        "{text:?} after {after}, {wanted} wanted, in {catalogue:?}"
    );
}

/// Few characters, so that texts meet: one to four bytes wide, with marks, controls and wildcards.
fn text(longest: usize) -> impl Strategy<Value = String> {
    let odd: Vec<char> = "aAábBßc%_\\ \0\u{7}１1ドト🚲🚗漢한e\u{301}".chars().collect();
    proptest::collection::vec(select(odd), 0..=longest).prop_map(|chars| chars.into_iter().collect())
}

fn product() -> impl Strategy<Value = (String, String)> {
    (text(6), text(12))
}

fn change() -> impl Strategy<Value = (u64, Option<(String, String)>)> {
    (1u64..120, proptest::option::weighted(0.7, product()))
}

fn queries() -> impl Strategy<Value = Vec<(String, u64, usize)>> {
    proptest::collection::vec((text(5), 0u64..120, 1usize..12), 1..12)
}

proptest! {
    #[test]
    fn a_built_index_finds_what_reading_finds(
        catalogue in proptest::collection::btree_map(1u64..200, product(), 0..60),
        queries in queries(),
    ) {
        for shape in [TINY, Shape::default()] {
            let index = build(&catalogue, shape);
            for (text, after, wanted) in &queries {
                same(&index, &catalogue, text, *after, *wanted);
            }
        }
    }

    #[test]
    fn a_changed_index_does_so_too(
        mut catalogue in proptest::collection::btree_map(1u64..120, product(), 0..40),
        batches in proptest::collection::vec(proptest::collection::vec(change(), 1..40), 1..12),
        queries in queries(),
    ) {
        let mut index = build(&catalogue, TINY);
        for (round, batch) in batches.into_iter().enumerate() {
            let mut changes = BTreeMap::new();
            for (id, product) in batch {
                changes.insert(id, product.as_ref().map(|(name, text)| Text::new(name, text, folding())));
                match product {
                    Some(product) => catalogue.insert(id, product),
                    None => catalogue.remove(&id),
                };
            }
            index = index.with(changes);
            if round % 2 == 1 {
                // Every shard, whether it is due or not.
                index = Index::of(TINY, index.shards.iter().flat_map(|shard| shard::rebuilt(std::slice::from_ref(shard), TINY)).collect());
            }
            for (text, after, wanted) in &queries {
                same(&index, &catalogue, text, *after, *wanted);
            }
            prop_assert_eq!(index.size().products, catalogue.len());
        }
    }
}

/// Enough texts for bitmaps as well as for lists of numbers.
#[test]
fn common_and_rare_texts_in_one_segment() {
    let catalogue: Catalogue = (1..3000u64)
        .map(|n| (n * 3, (format!("Lamp {n}"), if n % 7 == 0 { "rare oak".to_owned() } else { String::new() })))
        .collect();
    let index = build(&catalogue, Shape::default());
    for text in ["lamp", "lamp 1", "LAMP 299", "oak", "k", "rare", "p", "mp", " ", "9 ", "99", "zzz", "lamp oak", "1"] {
        for after in [0, 1500, 8990, 9000] {
            same(&index, &catalogue, text, after, 21);
            same(&index, &catalogue, text, after, 5000);
        }
    }
}

#[test]
fn a_needle_never_reaches_from_name_to_description() {
    let catalogue = Catalogue::from([(1, ("ab".to_owned(), "cd".to_owned())), (2, ("abc".to_owned(), "d".to_owned()))]);
    for text in ["bc", "abc", "abcd", "cd", "d", "b"] {
        same(&build(&catalogue, Shape::default()), &catalogue, text, 0, 10);
    }
}

/// Tables for making a shard are as large as the pairs of bytes that occur ask for, and the limit counts them.
#[test]
fn what_making_a_shard_takes_is_counted() {
    let wide: String = ('\u{400}'..'\u{2400}').collect();
    let catalogue: Catalogue = (1..200).map(|n| (n, (wide.clone(), "Lamp".to_owned()))).collect();
    let narrow: Catalogue = (1..200).map(|n| (n, ("Lamp".repeat(6000), String::new()))).collect();
    let sizes = [catalogue, narrow].map(|catalogue| build(&catalogue, Shape::default()).size());
    for size in sizes {
        assert!(size.making > size.bytes && size.peak() > 2 * size.bytes, "{size:?}");
        // Of all trigrams there can be, the tables would take 196 MB.
        assert!(size.making < size.bytes + (16 << 20), "{size:?}");
    }
    assert!(sizes[0].making - sizes[0].bytes > 2 * (sizes[1].making - sizes[1].bytes), "{sizes:?}");
}

#[test]
fn memory_stays_in_bounds_under_endless_changes() {
    let shape = Shape { products: 512, bytes: 1 << 20 };
    let text = |n: u64| Text::new(&format!("Lamp number {n}"), "A description of some length", folding());
    let mut index = Index::empty(shape);
    let mut largest = Vec::new();
    for round in 0..60u64 {
        for batch in 0..10u64 {
            let changes = (0..200).map(|n| ((n * 10 + batch) % 2000 + 1, Some(text(round * n)))).collect();
            // As the follower does: one part at a time.
            index = index.with(changes);
            index = index.compacted().unwrap_or(index);
        }
        assert_eq!(index.size().products, 2000);
        largest.push(index.size().bytes);
    }
    let (early, late) = (largest[..20].iter().max().unwrap(), largest[40..].iter().max().unwrap());
    assert!(late < &(early * 3 / 2), "{early} bytes became {late}");
    // And it is given back.
    index = index.with((1..=2000).map(|id| (id, None)).collect());
    while index.is_due() {
        index = index.compacted().unwrap();
    }
    assert_eq!(index.size().products, 0);
    assert!(index.size().bytes < early / 4, "{:?}", index.size());
}
