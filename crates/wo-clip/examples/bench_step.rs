//! Our side of `scripts/bench/train`: a ViT-B/32 that is told over stdin what to do, and answers with numbers.
//!
//! Arguments: distinct captions, their length in tokens, and `bf16` to compute in bfloat16. Lines in: `step` and `images` (answers: seconds), `product`
//! (of two matrices; answer: FLOP/s), `work` (answer: FLOP of a step), `peak` (answer: MiB).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark, not a tool"
)]

use std::io::{BufRead, Write};
use std::time::Instant;

use wo_clip::tch::{Device, Kind, Tensor, manual_seed, nn, no_grad};
use wo_clip::{
    AdamWConfig, BankTargets, Clip, ClipConfig, Kernels, Optimizer, Rule, Share, set_threads,
    soft_cross_entropy, with_bfloat16,
};
use wo_input::Tokens;

const BATCH: usize = 16;
const N_THREADS: usize = 2;
const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);
/// The scale of cosines is at most 100, as in CLIP.
const MAX_LOGIT_SCALE: f64 = 4.605_170_185_988_092;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| args[place].parse::<usize>().unwrap();
    let (n_captions, length) = (number(0), number(1));
    let bf16 = args.get(2).is_some_and(|it| it == "bf16");
    set_threads(N_THREADS);
    Kernels::of_machine().apply().unwrap();
    manual_seed(1);
    let config = ClipConfig::default();
    let vs = nn::VarStore::new(Device::Cpu);
    let clip = Clip::new(&vs.root(), &config.clone().into());
    let share = |_: &str| Share {
        lr_factor: 1.0,
        rule: Rule::AdamW,
    };
    let mut optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), share);
    let mut logit_scale = vs.variables().remove("logit_scale").unwrap();
    let pixels = Tensor::randn([BATCH as i64, 3, 224, 224], FLOAT);
    let tokens = captions(n_captions, length, config.text_config.eos_token_id);
    let caption_of_each: Vec<usize> = (0..n_captions).collect();
    let bank = BankTargets::new(&caption_of_each, n_captions, Device::Cpu);
    let classes: Vec<i64> = (0..BATCH).map(|i| (i % n_captions) as i64).collect();
    let targets = bank.of(&Tensor::from_slice(&classes));

    let mut step = || {
        let forward = || clip.forward(&pixels, &tokens);
        let logits = in_precision(bf16, || forward().logits);
        soft_cross_entropy(&logits, &targets).backward();
        optimizer.step(1e-5);
        optimizer.zero_grad();
        no_grad(|| drop(logit_scale.clamp_max_(MAX_LOGIT_SCALE)));
    };
    for line in std::io::stdin().lock().lines() {
        let started = Instant::now();
        let answer = match line.unwrap().as_str() {
            "step" => {
                step();
                started.elapsed().as_secs_f64()
            }
            "images" => {
                let _features = in_precision(bf16, || no_grad(|| clip.image_features(&pixels)));
                started.elapsed().as_secs_f64()
            }
            "product" => product_speed(),
            "work" => 3.0 * forward_work(&config, n_captions as f64, length as f64),
            "peak" => peak_mib(),
            other => panic!("{other} is no order"),
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}

fn in_precision(bf16: bool, forward: impl FnOnce() -> Tensor) -> Tensor {
    if !bf16 {
        return forward();
    }
    let result = with_bfloat16(Device::Cpu, forward).unwrap();
    result.to_kind(Kind::Float)
}

/// Captions of random words: the longest of them of `length` tokens, the others a little shorter.
fn captions(n: usize, length: usize, end: i64) -> Tokens {
    let words = Tensor::randint(end - 2, [(n * length) as i64], (Kind::Int64, Device::Cpu));
    let mut ids = Vec::<i64>::try_from(words).unwrap();
    for (i, row) in ids.chunks_mut(length).enumerate() {
        row[0] = end - 1;
        let n_shorter = if length < 77 { 2 * i } else { 0 };
        row[length - 1 - n_shorter.min(length / 2)..].fill(end);
    }
    Tokens {
        ids,
        n_texts: n,
        length,
    }
}

/// FLOP of a pass forwards, as we go: the last block computes most of its parts for one position alone.
fn forward_work(config: &ClipConfig, n_texts: f64, length: f64) -> f64 {
    let blocks = |n_items: f64, positions: f64, hidden: i64, inner: i64, n_layers: i64| {
        let (hidden, inner) = (hidden as f64, inner as f64);
        let block = |askers: f64| {
            let keys_and_values = positions * 2.0 * hidden * hidden;
            let rest = askers * hidden * (2.0 * hidden + 2.0 * inner);
            keys_and_values + rest + 2.0 * askers * positions * hidden
        };
        2.0 * n_items * ((n_layers - 1) as f64 * block(positions) + block(1.0))
    };
    let (vision, text) = (&config.vision_config, &config.text_config);
    let n_patches = (vision.image_size / vision.patch_size).pow(2) as f64;
    let patch_width = (vision.num_channels * vision.patch_size.pow(2)) as f64;
    let batch = BATCH as f64;
    blocks(
        batch,
        n_patches + 1.0,
        vision.hidden_size,
        vision.intermediate_size,
        vision.num_hidden_layers,
    ) + 2.0 * batch * n_patches * patch_width * vision.hidden_size as f64
        + blocks(
            n_texts,
            length,
            text.hidden_size,
            text.intermediate_size,
            text.num_hidden_layers,
        )
}

/// FLOP/s of the product of two matrices that fill no cache.
fn product_speed() -> f64 {
    const SIDE: i64 = 2048;
    let (a, b) = (
        Tensor::randn([SIDE, SIDE], FLOAT),
        Tensor::randn([SIDE, SIDE], FLOAT),
    );
    let started = Instant::now();
    let _product = a.matmul(&b);
    2.0 * (SIDE as f64).powi(3) / started.elapsed().as_secs_f64()
}

/// The most memory that this process has held.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
