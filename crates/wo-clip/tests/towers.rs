//! Models with vision towers of timm against numbers that Python open_clip and timm made (`scripts/dump_towers.py`, run by
//! `scripts/just golden`), and what training does to them.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use safetensors::SafeTensors;
use wo_clip::tch::{Device, Kind, Tensor, nn, no_grad};
use wo_clip::{
    Activation, Clip, FastVitConfig, FastVitNorm, FastVitStage, FreezeConfig, LoraConfig,
    ModelConfig, TextConfig, TimmConfig, TimmTower, TimmVitConfig, VitPool, VitStem, load_weights,
};
use wo_input::Tokens;

const ALL: [&str; 5] = [
    "pe_core",
    "fastvit",
    "fastvit_layer_norm",
    "hybrid",
    "plain",
];
const N_TEXTS: usize = 4;
const CONTEXT: usize = 12;
const END: i64 = 89;

fn bytes(name: &str, file: &str) -> Vec<u8> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/towers");
    fs::read(fixtures.join(name).join(file)).unwrap()
}

fn golden(name: &str) -> HashMap<String, Tensor> {
    let bytes = bytes(name, "golden.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter();
    tensors
        .map(|(name, view)| {
            let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
            let kind = match view.dtype() {
                safetensors::Dtype::I64 => Kind::Int64,
                _ => Kind::Float,
            };
            (name, Tensor::from_data_size(view.data(), &shape, kind))
        })
        .collect()
}

/// A vision transformer as the script makes it.
fn vit(image_size: i64, patch_size: i64, stem: VitStem, pool: VitPool) -> TimmTower {
    TimmTower::Vit(TimmVitConfig {
        width: 16,
        inner_width: 32,
        n_blocks: 2,
        n_heads: 2,
        image_size,
        patch_size,
        eps: if stem == VitStem::Matrix { 1e-5 } else { 1e-6 },
        stem,
        is_rotary: pool != VitPool::Token,
        pool,
    })
}

fn stage(n_blocks: usize, width: i64, ratio: i64, attends: bool, squeezes: bool) -> FastVitStage {
    FastVitStage {
        n_blocks,
        width,
        inner_width: ratio * width,
        attends,
        squeezes,
    }
}

/// The tower as the script makes it, the side of its images, and whether texts are read one way.
fn tower(name: &str) -> (TimmTower, i64, bool) {
    match name {
        "pe_core" => (vit(24, 8, VitStem::Matrix, VitPool::Attention(4)), 24, true),
        "hybrid" => (vit(48, 16, VitStem::Convolutions, VitPool::Token), 48, true),
        "plain" => (vit(24, 8, VitStem::Matrix, VitPool::Token), 24, false),
        "fastvit" => {
            let config = FastVitConfig {
                stages: vec![
                    stage(1, 4, 1, false, false),
                    stage(2, 8, 2, false, false),
                    stage(1, 16, 1, false, true),
                    stage(1, 32, 1, true, true),
                ],
                stem_has_scale: true,
                norm: FastVitNorm::Batch,
            };
            (TimmTower::FastVit(config), 96, false)
        }
        _ => {
            let widths = [2, 4, 8, 32, 32];
            let stages = widths.into_iter().enumerate();
            let config = FastVitConfig {
                stages: stages
                    .map(|(i, width)| stage(1, width, 1, i >= 3, false))
                    .collect(),
                stem_has_scale: false,
                norm: FastVitNorm::Layer,
            };
            (TimmTower::FastVit(config), 128, false)
        }
    }
}

fn config(name: &str) -> ModelConfig {
    let (vision, image_size, is_causal) = tower(name);
    TimmConfig {
        name: name.to_owned(),
        vision,
        image_size,
        text_config: TextConfig {
            vocab_size: END + 1,
            hidden_size: 8,
            intermediate_size: 32,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            max_position_embeddings: CONTEXT as i64,
            hidden_act: Activation::Gelu,
            eos_token_id: END,
            ..TextConfig::default()
        },
        is_causal,
        projection_dim: 10,
    }
    .into()
}

fn model(name: &str) -> (nn::VarStore, Clip) {
    let vs = nn::VarStore::new(Device::Cpu);
    let clip = Clip::new(&vs.root(), &config(name));
    load_weights(&vs, &bytes(name, "weights.safetensors")).unwrap();
    (vs, clip)
}

/// Those of the script.
fn pixels(name: &str) -> Tensor {
    let side = config(name).vision().image_size;
    let values: Vec<f32> = (0..3 * 3 * side * side)
        .map(|i| {
            let place = i as f64;
            (place * 0.7 + place * place * 1e-3).sin() as f32
        })
        .collect();
    Tensor::from_slice(&values).view([3, 3, side, side])
}

fn tokens(golden: &HashMap<String, Tensor>) -> Tokens {
    Tokens {
        ids: Vec::<i64>::try_from(golden["ids"].flatten(0, -1)).unwrap(),
        n_texts: N_TEXTS,
        length: CONTEXT,
    }
}

fn difference(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.size(), theirs.size());
    (ours - theirs).abs().max().double_value(&[])
}

fn loss(clip: &Clip, name: &str, tokens: &Tokens) -> Tensor {
    let logits = clip.forward(&pixels(name), tokens).logits;
    logits.cross_entropy_for_logits(&Tensor::from_slice(&[0_i64, 1, 2]))
}

/// open_clip's gradient at a parameter of ours.
fn gradient(golden: &HashMap<String, Tensor>, name: &str) -> Tensor {
    let theirs = |name: &str| golden[&format!("grad.{name}")].shallow_clone();
    let Some(part) = name.strip_prefix("text_") else {
        return theirs(name);
    };
    if part == "projection.weight" {
        return theirs("text.text_projection").tr();
    }
    let part = part.strip_prefix("model.").unwrap();
    let simple = [
        ("embeddings.token_embedding", "token_embedding"),
        (
            "embeddings.position_embedding.weight",
            "positional_embedding",
        ),
        ("final_layer_norm", "ln_final"),
        ("encoder.layers", "transformer.resblocks"),
        ("layer_norm", "ln_"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
        ("self_attn.out_proj", "attn.out_proj"),
    ];
    let mut part = part.to_owned();
    for (ours, others) in simple {
        part = part.replace(ours, others);
    }
    for (third, letter) in ["q", "k", "v"].into_iter().enumerate() {
        for (ours, others) in [(".weight", "in_proj_weight"), (".bias", "in_proj_bias")] {
            if let Some(block) = part.strip_suffix(&format!("self_attn.{letter}_proj{ours}")) {
                let whole = theirs(&format!("text.{block}attn.{others}"));
                return whole.chunk(3, 0)[third].shallow_clone();
            }
        }
    }
    theirs(&format!("text.{part}"))
}

#[test]
fn features_and_logits_are_those_of_open_clip() {
    for name in ALL {
        let (_vs, clip) = model(name);
        let golden = golden(name);
        let output = no_grad(|| clip.forward(&pixels(name), &tokens(&golden)));
        let (features, patches) = no_grad(|| clip.image_and_patch_features(&pixels(name)));
        // Logits are cosines times 14.
        for (ours, theirs, limit) in [
            (&output.image_features, "image_features", 1e-5),
            (&features, "image_features", 1e-5),
            (&output.text_features, "text_features", 1e-5),
            (&output.logits, "logits", 1e-4),
        ] {
            let difference = difference(ours, &golden[theirs]);
            assert!(difference < limit, "{name}, {theirs}: {difference}");
        }
        let scale = golden["patches"].abs().max().double_value(&[]);
        let difference = difference(&patches, &golden["patches"]) / scale;
        assert!(difference < 1e-5, "{name}, patches: {difference}");
    }
}

#[test]
fn every_gradient_is_that_of_open_clip() {
    for name in ALL {
        let (vs, clip) = model(name);
        let golden = golden(name);
        let loss = loss(&clip, name, &tokens(&golden));
        assert!(
            difference(&loss.view([1]), &golden["loss"]) < 1e-5,
            "{name}"
        );
        loss.backward();
        let mut seen = 0;
        for (parameter, tensor) in vs.variables() {
            if parameter.ends_with(".running_mean") || parameter.ends_with(".running_var") {
                assert!(!tensor.requires_grad(), "{parameter}");
                continue;
            }
            let theirs = gradient(&golden, &parameter);
            let size = theirs.norm().double_value(&[]);
            let difference = (tensor.grad() - &theirs).norm().double_value(&[]);
            // Of keys' biases the true gradient is zero.
            let bound = 2e-4 * size + 1e-6;
            assert!(
                difference < bound,
                "{name}, {parameter}: {difference} of {size}"
            );
            seen += 1;
        }
        let theirs = golden.keys().filter(|name| name.starts_with("grad."));
        let n_joint = 2 * 2;
        // Each of theirs is one of ours; a joint projection of theirs is three of ours.
        assert_eq!(seen, theirs.count() + 2 * n_joint, "{name}");
    }
}

#[test]
fn what_fills_up_a_text_does_not_matter() {
    for name in ["pe_core", "fastvit"] {
        let (_vs, clip) = model(name);
        let golden = golden(name);
        let zeros = tokens(&golden);
        let mut ends = tokens(&golden);
        for row in ends.ids.chunks_mut(CONTEXT) {
            let end = row.iter().position(|&id| id == END).unwrap();
            row[end..].fill(END);
        }
        let [a, b] = [&zeros, &ends].map(|tokens| no_grad(|| clip.text_features(tokens)));
        assert_eq!(a, b, "{name}");
        // A shorter batch, as a tokenizer makes of short texts.
        let short = Tokens {
            ids: zeros.ids[2 * CONTEXT..][..3].to_vec(),
            n_texts: 1,
            length: 3,
        };
        let short = no_grad(|| clip.text_features(&short));
        assert!(difference(&short, &a.narrow(0, 2, 1)) < 1e-6, "{name}");
    }
}

/// The gradients of the parameters that have one.
fn gradients(vs: &nn::VarStore, clip: &Clip, name: &str) -> BTreeMap<String, Tensor> {
    for mut parameter in vs.trainable_variables() {
        parameter.zero_grad();
    }
    loss(clip, name, &tokens(&golden(name))).backward();
    let named = vs.variables().into_iter();
    named
        .filter(|(_, tensor)| tensor.requires_grad() && tensor.grad().defined())
        .map(|(name, tensor)| (name, tensor.grad().copy()))
        .collect()
}

#[test]
fn checkpointing_changes_no_gradient() {
    for name in ALL {
        let (vs, mut clip) = model(name);
        let plain = gradients(&vs, &clip, name);
        clip.set_checkpointing(true);
        let again = gradients(&vs, &clip, name);
        assert!(plain.keys().eq(again.keys()));
        for (parameter, gradient) in plain {
            let size = gradient.norm().double_value(&[]);
            let difference = (gradient - &again[&parameter]).norm().double_value(&[]);
            assert!(difference <= 1e-5 * size + 1e-7, "{name}, {parameter}");
        }
    }
}

#[test]
fn frozen_stages_get_no_gradient_and_the_others_do() {
    for (name, n, frozen, moving) in [
        (
            "pe_core",
            1,
            "visual.trunk.blocks.0.",
            "visual.trunk.blocks.1.",
        ),
        (
            "fastvit",
            2,
            "visual.trunk.stages.1.",
            "visual.trunk.stages.2.",
        ),
    ] {
        for is_checkpointing in [false, true] {
            let (vs, mut clip) = model(name);
            let before = no_grad(|| clip.image_features(&pixels(name)));
            let config = FreezeConfig {
                n_image_blocks: n,
                n_text_blocks: FreezeConfig::TOWER,
            };
            clip.freeze(&vs, config);
            clip.set_checkpointing(is_checkpointing);
            let moved: BTreeSet<String> = gradients(&vs, &clip, name).into_keys().collect();
            assert!(
                moved.iter().any(|name| name.starts_with(moving)),
                "{moved:?}"
            );
            for never in [
                frozen,
                "visual.trunk.stem.",
                "visual.trunk.cls_token",
                "text_",
            ] {
                assert!(
                    !moved.iter().any(|name| name.starts_with(never)),
                    "{moved:?}"
                );
            }
            assert_eq!(before, no_grad(|| clip.image_features(&pixels(name))));
        }
    }
}

#[test]
fn adapters_begin_at_zero_learn_and_are_merged() {
    let lora = LoraConfig {
        rank: 2,
        alpha: 4.0,
        dropout: 0.0,
    };
    for (name, adapted) in [
        ("pe_core", "visual.trunk.blocks.1.attn.qkv.lora_B.weight"),
        (
            "fastvit",
            "visual.trunk.stages.3.blocks.0.token_mixer.qkv.lora_B.weight",
        ),
    ] {
        let (vs, mut clip) = model(name);
        let features = |clip: &Clip| no_grad(|| clip.image_features(&pixels(name)));
        let before = features(&clip);
        let adapters = nn::VarStore::new(Device::Cpu);
        clip.add_lora(&vs, &adapters.root(), &lora, 3);
        assert!(difference(&before, &features(&clip)) < 1e-6);
        loss(&clip, name, &tokens(&golden(name))).backward();
        let named = adapters.variables();
        let mut moved = named[adapted].shallow_clone();
        assert!(moved.grad().abs().max().double_value(&[]) > 0.0);
        no_grad(|| drop(moved.g_sub_(&(moved.grad() * 3.0))));
        let learnt = features(&clip);
        assert!(difference(&before, &learnt) > 1e-5);
        clip.merge_lora();
        assert!(difference(&learnt, &features(&clip)) < 1e-5);
    }
}
