//! What `scripts/bench/train` prints of kernels: how fast each computes the products of a step of ViT-B/32, which is chosen
//! here, and the limit of the machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark, not a tool"
)]

use wo_clip::{Kernels, Processor, set_threads};

const N_THREADS: usize = 2;
/// A batch of 16 images has 800 rows, one position of each 16, four short captions 72. Two that fill no cache show the limit.
const PRODUCTS: [(i64, i64, i64); 8] = [
    (800, 768, 768),
    (800, 768, 3072),
    (800, 3072, 768),
    (16, 768, 768),
    (72, 512, 512),
    (72, 512, 2048),
    (72, 2048, 512),
    (2048, 2048, 2048),
];
/// Each is timed so often, and the least counts, since a shared machine has bad moments.
const N_TRIES: usize = 5;

fn main() {
    set_threads(N_THREADS);
    let processor = Processor::of_machine();
    println!(
        "Products of matrices on {}, {N_THREADS} threads, GFLOP/s",
        processor.name()
    );
    println!("  {:<28} {:>10} {:>8}", "", "libtorch's", "oneDNN");
    let mut limit = 0.0_f64;
    for part in 0..3 {
        for (rows, n_in, n_out) in PRODUCTS {
            let work = 2.0 * (rows * n_in * n_out) as f64 / 1e9;
            let tries: Vec<_> = (0..N_TRIES)
                .map(|_| Kernels::time_of(part, rows, n_in, n_out).unwrap())
                .collect();
            let own = tries.iter().map(|it| it.own).fold(f64::INFINITY, f64::min);
            let onednn = tries
                .iter()
                .filter_map(|it| it.onednn)
                .fold(f64::INFINITY, f64::min);
            limit = limit.max(work / own.min(onednn));
            println!(
                "  {:<28} {:>10.0} {:>8.0}",
                tries[0].product,
                work / own,
                work / onednn
            );
        }
    }
    println!("  the limit: {limit:.0} GFLOP/s, the fastest of all these");
    println!(
        "  in use here: {}; bfloat16: {}",
        Kernels::of_machine(),
        if processor.has_bfloat16() {
            "yes"
        } else {
            "no"
        }
    );
}
