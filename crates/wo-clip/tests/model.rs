//! What a model can be told: to adapt by a little, to hold still in part, to remember less. None of it may change what
//! it says.

use std::collections::BTreeMap;

use wo_clip::tch::{Device, Kind, Tensor, manual_seed, nn, no_grad};
use wo_clip::{
    Activation, AdamWConfig, Clip, ClipConfig, FreezeConfig, LoraConfig, Optimizer, Precision,
    Rule, Share, TextConfig, VisionConfig,
};
use wo_input::Tokens;

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);
const END: i64 = 29;
const N_LAYERS: usize = 3;
const LORA: LoraConfig = LoraConfig {
    rank: 2,
    alpha: 4.0,
    dropout: 0.5,
};

fn model() -> (nn::VarStore, Clip) {
    manual_seed(11);
    let config = ClipConfig {
        text_config: TextConfig {
            vocab_size: END + 1,
            hidden_size: 16,
            intermediate_size: 32,
            num_hidden_layers: N_LAYERS as i64,
            num_attention_heads: 2,
            max_position_embeddings: 12,
            eos_token_id: END,
            ..TextConfig::default()
        },
        vision_config: VisionConfig {
            hidden_size: 24,
            intermediate_size: 48,
            num_hidden_layers: N_LAYERS as i64,
            num_attention_heads: 3,
            image_size: 20,
            patch_size: 8,
            hidden_act: Activation::QuickGelu,
            ..VisionConfig::default()
        },
        projection_dim: 8,
        ..ClipConfig::default()
    };
    let vs = nn::VarStore::new(Device::Cpu);
    let clip = Clip::new(&vs.root(), &config.into());
    (vs, clip)
}

fn pixels() -> Tensor {
    manual_seed(12);
    Tensor::randn([3, 3, 20, 20], FLOAT)
}

/// Three texts of 5, 4 and 7 ids, filled up to `length`.
fn tokens(length: usize) -> Tokens {
    let texts: [&[i64]; 3] = [
        &[28, 1, 2, 3, END],
        &[28, 4, 5, END],
        &[28, 6, 7, 8, 9, 1, END],
    ];
    let row = |text: &&[i64]| {
        (0..length)
            .map(|i| text.get(i).copied().unwrap_or(END))
            .collect()
    };
    Tokens {
        ids: texts
            .iter()
            .flat_map(|text| -> Vec<i64> { row(text) })
            .collect(),
        n_texts: texts.len(),
        length,
    }
}

/// The gradients of a loss that needs both towers; `None` for a parameter that it does not reach.
fn gradients(vs: &nn::VarStore, clip: &Clip) -> BTreeMap<String, Option<Tensor>> {
    let wanted = Tensor::from_slice(&[0_i64, 1, 2]);
    let logits = clip.forward(&pixels(), &tokens(7)).logits;
    logits.cross_entropy_for_logits(&wanted).backward();
    vs.variables()
        .into_iter()
        .map(|(name, parameter)| {
            let grad = parameter.grad();
            (name, grad.defined().then_some(grad))
        })
        .collect()
}

fn assert_close(a: &Tensor, b: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(a.size(), b.size(), "{what}");
    let difference = (a - b).abs().max().double_value(&[]);
    assert!(difference <= tolerance, "{what}: {difference}");
}

#[test]
fn features_are_the_same_whether_or_not_patches_are_asked_for() {
    let (_vs, clip) = model();
    let (full, patches) = clip.image_and_patch_features(&pixels());
    assert_close(&clip.image_features(&pixels()), &full, 1e-6, "features");
    assert_eq!(patches.size(), [3, 4, 24]);
    let again = clip.image_features(&pixels().narrow(0, 1, 1));
    assert_close(&again, &full.narrow(0, 1, 1), 1e-6, "one of them");
}

#[test]
fn a_margin_that_no_patch_covers_changes_nothing() {
    let (_vs, clip) = model();
    let before = clip.image_features(&pixels());
    let pixels = pixels();
    let _ = pixels.narrow(3, 16, 4).fill_(9.0);
    assert_eq!(clip.image_features(&pixels), before);
}

#[test]
fn what_stands_behind_a_text_changes_nothing() {
    let (_vs, clip) = model();
    let features = clip.text_features(&tokens(7));
    assert_eq!(clip.text_features(&tokens(12)), features);
    let alone = clip.text_features(&tokens(12).select(&[1]));
    assert_close(&alone, &features.narrow(0, 1, 1), 1e-6, "a text alone");
}

#[test]
fn checkpointing_leaves_features_and_gradients_as_they_are() {
    let (vs, mut clip) = model();
    let plain = gradients(&vs, &clip);
    for mut parameter in vs.trainable_variables() {
        parameter.zero_grad();
    }
    clip.set_checkpointing(true);
    let again = gradients(&vs, &clip);
    for (name, grad) in &plain {
        let (a, b) = (grad.as_ref().unwrap(), again[name].as_ref().unwrap());
        assert_close(a, b, 1e-6, name);
    }
    no_grad(|| assert!(!clip.image_features(&pixels()).requires_grad()));
}

#[test]
fn checkpointing_draws_the_dropout_of_adapters_again() {
    let gradients_of = |is_checkpointing: bool| {
        let (vs, mut clip) = model();
        let adapters = with_adapters(&vs, &mut clip);
        clip.set_checkpointing(is_checkpointing);
        clip.set_training(true);
        manual_seed(3);
        let features = clip.image_features(&pixels_of(4));
        (features
            * pixels_of(5)
                .narrow(3, 0, 8)
                .narrow(2, 0, 1)
                .sum_dim_intlist([1_i64, 2].as_slice(), false, Kind::Float))
        .sum(Kind::Float)
        .backward();
        adapters.variables()["vision_model.encoder.layers.0.self_attn.q_proj.lora_A.weight"].grad()
    };
    let (plain, again) = (gradients_of(false), gradients_of(true));
    assert_close(&plain, &again, 1e-6, "gradient");
    assert!(plain.abs().max().double_value(&[]) > 0.0);
}

/// Pixels that leave the generator as it was.
fn pixels_of(number: i64) -> Tensor {
    (Tensor::arange(3 * 3 * 20 * 20, FLOAT) * (0.1 + number as f64))
        .sin()
        .view([3, 3, 20, 20])
}

#[test]
fn frozen_blocks_get_no_gradients_and_the_rest_get_theirs() {
    let (vs, clip) = model();
    let plain: BTreeMap<String, Tensor> = gradients(&vs, &clip)
        .into_iter()
        .map(|(name, grad)| (name, grad.unwrap()))
        .collect();
    for (is_checkpointing, n_image_blocks, n_text_blocks) in [
        (false, 2, 1),
        (true, 2, 1),
        (false, 0, FreezeConfig::TOWER),
        (false, N_LAYERS, 0),
    ] {
        let (vs, mut clip) = model();
        let config = FreezeConfig {
            n_image_blocks,
            n_text_blocks,
        };
        clip.freeze(&vs, config);
        clip.set_checkpointing(is_checkpointing);
        for (name, grad) in gradients(&vs, &clip) {
            let n_blocks = if name.starts_with("vision") {
                n_image_blocks
            } else {
                n_text_blocks
            };
            let block = name
                .split('.')
                .nth(3)
                .and_then(|part| part.parse::<usize>().ok());
            let is_frozen = match block {
                Some(block) => block < n_blocks,
                None if name.contains("embeddings") || name.contains("pre_layrnorm") => {
                    n_blocks > 0
                }
                None => name.starts_with("text") && n_blocks == FreezeConfig::TOWER,
            };
            assert_eq!(grad.is_none(), is_frozen, "{name} with {config:?}");
            if let Some(grad) = grad {
                assert_close(&grad, &plain[&name], 1e-6, &name);
            }
        }
    }
    let (vs, mut clip) = model();
    let n_image_blocks = FreezeConfig::TOWER;
    clip.freeze(
        &vs,
        FreezeConfig {
            n_image_blocks,
            n_text_blocks: 0,
        },
    );
    assert!(!clip.image_features(&pixels()).requires_grad());
    assert!(clip.text_features(&tokens(7)).requires_grad());
}

/// Adapters that say something: their second factors are not zero.
fn with_adapters(vs: &nn::VarStore, clip: &mut Clip) -> nn::VarStore {
    let adapters = nn::VarStore::new(Device::Cpu);
    clip.add_lora(vs, &adapters.root(), &LORA, 1);
    let mut named: Vec<_> = adapters.variables().into_iter().collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    manual_seed(2);
    no_grad(|| {
        for (name, mut parameter) in named {
            if name.ends_with("lora_B.weight") {
                parameter.copy_(&Tensor::randn(parameter.size(), FLOAT));
            }
        }
    });
    adapters
}

fn copies(vs: &nn::VarStore) -> BTreeMap<String, Tensor> {
    let named = vs.variables().into_iter();
    named
        .map(|(name, tensor)| (name, tensor.detach().copy()))
        .collect()
}

#[test]
fn fresh_adapters_say_nothing_and_trained_ones_merge_into_plain_weights() {
    let (vs, mut clip) = model();
    let names: Vec<String> = copies(&vs).into_keys().collect();
    let before = clip.forward(&pixels(), &tokens(7)).logits;
    let adapters = nn::VarStore::new(Device::Cpu);
    clip.add_lora(&vs, &adapters.root(), &LORA, 1);
    assert_eq!(adapters.len(), 2 * 3 * 2 * N_LAYERS);
    assert_eq!(clip.forward(&pixels(), &tokens(7)).logits, before);

    // Some steps: the adapters move, and nothing else.
    let base = copies(&vs);
    let share = |_: &str| Share {
        lr_factor: 1.0,
        rule: Rule::AdamW,
    };
    let mut optimizer = Optimizer::new(adapters.variables(), AdamWConfig::default(), share);
    clip.set_training(true);
    let wanted = Tensor::from_slice(&[0_i64, 1, 2]);
    for step in 0..20 {
        manual_seed(step);
        optimizer.zero_grad();
        let logits = clip.forward(&pixels_of(1), &tokens(7)).logits;
        logits.cross_entropy_for_logits(&wanted).backward();
        optimizer.step(0.05);
    }
    clip.set_training(false);
    assert_eq!(copies(&vs), base);
    let trained = clip.forward(&pixels(), &tokens(7));
    assert!((&trained.logits - &before).abs().max().double_value(&[]) > 0.1);

    clip.merge_lora();
    let merged = clip.forward(&pixels(), &tokens(7));
    assert_close(
        &merged.image_features,
        &trained.image_features,
        1e-5,
        "images",
    );
    assert_close(&merged.text_features, &trained.text_features, 1e-5, "texts");
    assert_eq!(copies(&vs).into_keys().collect::<Vec<_>>(), names);
    assert_ne!(copies(&vs), base);
}

#[test]
fn the_draws_of_adapters_follow_the_seeds() {
    let drawn = |seed| {
        let (vs, mut clip) = model();
        let adapters = nn::VarStore::new(Device::Cpu);
        clip.add_lora(&vs, &adapters.root(), &LORA, seed);
        copies(&adapters)
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));

    let (vs, mut clip) = model();
    let _adapters = with_adapters(&vs, &mut clip);
    let features = |seed, clip: &Clip| {
        manual_seed(seed);
        clip.image_features(&pixels_of(1))
    };
    assert_eq!(
        features(1, &clip),
        features(2, &clip),
        "off until it is asked for"
    );
    clip.set_training(true);
    assert_eq!(features(1, &clip), features(1, &clip));
    assert_ne!(features(1, &clip), features(2, &clip));
}

#[test]
fn features_and_patches_in_bfloat16_are_about_those_in_32_bits() {
    let (_vs, clip) = model();
    let both = |precision: Precision| {
        let forward = || clip.image_and_patch_features(&pixels());
        let (features, patches) = precision.run(Device::Cpu, forward).unwrap();
        [features, patches].map(|it| it.to_kind(Kind::Float))
    };
    let (exact, coarse) = (both(Precision::Fp32), both(Precision::Bf16));
    for (exact, coarse) in exact.iter().zip(&coarse) {
        assert_ne!(exact, coarse);
        let error = (exact - coarse).norm() / exact.norm();
        assert!(error.double_value(&[]) < 0.02, "{error}");
    }
}

#[test]
fn frozen_blocks_get_no_adapters() {
    let (vs, mut clip) = model();
    clip.freeze(
        &vs,
        FreezeConfig {
            n_image_blocks: 2,
            n_text_blocks: FreezeConfig::TOWER,
        },
    );
    let adapters = nn::VarStore::new(Device::Cpu);
    clip.add_lora(&vs, &adapters.root(), &LORA, 1);
    let first = adapters.variables().into_keys().min().unwrap();
    assert_eq!(
        first,
        "vision_model.encoder.layers.2.self_attn.k_proj.lora_A.weight"
    );
    assert_eq!(adapters.len(), 2 * 3);
}
