//! What a process does that is alone.

use super::*;

#[test]
fn a_process_that_is_alone_has_all_and_waits_for_nobody() {
    let group = Group::alone();
    let tensor = Tensor::from_slice(&[1.0_f32, 2.0]);
    group.sum(&[&tensor]).unwrap();
    group.broadcast(&[&tensor]).unwrap();
    assert_eq!(tensor, Tensor::from_slice(&[1.0_f32, 2.0]));
    assert_eq!(group.sum_numbers(&[3.0]).unwrap(), [3.0]);
    assert_eq!(group.from_first(|| Ok(7)).unwrap(), 7);
    assert_eq!(group.in_turns(|| Ok(8)).unwrap(), 8);
    assert!(group.who_differs("a").unwrap().is_empty() && !group.any(false).unwrap());
    assert_eq!(
        (group.slice(5), group.n_local(), group.local_rank()),
        (0..5, 1, 0)
    );
    assert_eq!(group.take_traffic(), Traffic::default());
    group.farewell().say("nobody hears it");
}
