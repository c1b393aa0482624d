//! Tests of features: passes over many videos, and what a killed run finds.

use serde_json::json;
use wo_input::FrameItem;
use wo_testkit::tempdir;

use super::*;
use crate::data::frame_cache::Storage;
use crate::model::tiny;

const N_FRAMES: u8 = 11;

/// A cache of frames that differ.
fn frames(dir: &Path, preprocessor: &Preprocessor) -> (FrameCache, Vec<FrameId>) {
    let mut cache = FrameCache::new(preprocessor, dir, Storage::Pixels).expect("a cache");
    let ids = (0..N_FRAMES).map(|index| {
        let path = dir.join(format!("{index}.png"));
        let pixel = |x: u32, y: u32| image::Rgb([(9 * x) as u8, (7 * y) as u8, 20 * index]);
        let image = image::RgbImage::from_fn(120, 110, pixel);
        image.save(&path).expect("written");
        let image = json!({"file": {"path": path}});
        let frame = json!({"video_id": "v", "index": index, "image": image});
        let item = FrameItem {
            frame: serde_json::from_value(frame).expect("a frame"),
            base: dir.to_owned(),
            span: None,
        };
        let prepared = cache.prepare(&item).expect("it loads");
        cache.add(&item, &prepared).expect("it is kept")
    });
    let ids = ids.collect();
    (cache, ids)
}

/// Rows of the first `n` frames, computed so many at once; those in the store are taken from there.
fn rows(n_at_once: usize, store: Option<&Path>, n: usize) -> HashMap<Key, Vec<f32>> {
    wo_clip::set_threads(1);
    let dir = tempdir().expect("a folder");
    let checkpoint = tiny::checkpoint().expect("the model in this binary");
    let (cache, ids) = frames(dir.path(), &checkpoint.preprocessor);
    let (vs, clip) = checkpoint.build(Device::Cpu).expect("a model");
    let how = HowComputed {
        device: Device::Cpu,
        precision: Precision::Fp32,
        n_at_once,
    };
    let width = checkpoint.config.feature_width();
    let (preprocessor, mut rows) = (&checkpoint.preprocessor, HashMap::new());
    let features = Features::cached(&vs, &clip, preprocessor, width, how, store);
    let mut features = features.expect("opened");
    let known = |key: &Key| features.store.as_ref().and_then(|store| store.get(key));
    let (mut missing, mut found) = (Vec::new(), Vec::new());
    for &id in &ids[..n] {
        match known(&cache.key(id)) {
            Some(row) => found.push((cache.key(id), row)),
            None => missing.push(id),
        }
    }
    rows.extend(found);
    let take = |key, row| drop(rows.insert(key, row));
    features.compute(&cache, &missing, take).expect("computed");
    rows
}

#[test]
fn frames_of_many_videos_at_once_are_about_those_one_by_one() {
    let all = usize::from(N_FRAMES);
    let single = rows(1, None, all);
    assert_eq!(single.len(), all);
    for n_at_once in [3, 64] {
        for (key, row) in rows(n_at_once, None, all) {
            let distance = row.iter().zip(&single[&key]).map(|(a, b)| (a - b).abs());
            assert!(distance.fold(0.0, f32::max) < 1e-5);
        }
    }
    let others: Vec<&Vec<f32>> = single.values().collect();
    assert_ne!(others[0], others[1]);
}

#[test]
fn a_run_that_was_killed_goes_on_with_the_same_passes() {
    let all = usize::from(N_FRAMES);
    let undisturbed = rows(4, None, all);
    let cache = tempdir().expect("a folder");
    // Two passes are in the store, the third is computed now.
    rows(4, Some(cache.path()), 8);
    assert_eq!(rows(4, Some(cache.path()), all), undisturbed);
    assert_eq!(
        rows(4, Some(cache.path()), all),
        undisturbed,
        "all are in the store"
    );
}

#[test]
fn rows_survive_and_half_a_row_does_not_count() {
    let dir = tempdir().expect("a folder");
    let path = dir.path().join("a/b.rows");
    let mut store = Store::open(path.clone(), 3).expect("opened");
    let (first, second) = ([1.0, -2.0, 0.5], [4.0, 5.0, f32::NAN]);
    let rows = [(&[1; KEY], &first[..]), (&[2; KEY], &second)];
    store.add(rows).expect("written");
    store.file.write_all(&[7; 10]).expect("written");
    let mut store = Store::open(path.clone(), 3).expect("opened");
    let third = [7.0, 8.0, 9.0];
    store.add([(&[3; KEY], &third[..])]).expect("written");
    let store = Store::open(path, 3).expect("opened");
    assert_eq!(store.get(&[1; KEY]), Some(vec![1.0, -2.0, 0.5]));
    assert_eq!(store.get(&[3; KEY]), Some(vec![7.0, 8.0, 9.0]));
    assert_eq!(store.get(&[2; KEY]), None, "not finite");
    assert_eq!(store.get(&[7; KEY]), None);
}
