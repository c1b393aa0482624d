//! A model with frames and captions, the same on every device: random numbers are drawn on the CPU.

use anyhow::Context;
use wo_clip::tch::{Device, Kind, Tensor, manual_seed, nn, no_grad};
use wo_clip::{
    BankTargets, Clip, ClipConfig, LoraConfig, Precision, read_checkpoint, soft_cross_entropy,
};
use wo_input::Tokens;

use crate::options::Options;

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);
const SEED: i64 = 11;
/// Captions of classes that no model knows better than others.
const CAPTIONS: [&str; 4] = [
    "a squat with good form",
    "a squat that is not deep enough",
    "a deadlift with a round back",
    "a person who lifts a barbell over the head",
];

/// A model, and what it is shown.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) vs: nn::VarStore,
    /// The parameters of adapters, where there are some.
    pub(crate) adapters: Option<nn::VarStore>,
    pub(crate) clip: Clip,
    pub(crate) pixels: Tensor,
    pub(crate) tokens: Tokens,
    targets: Tensor,
    device: Device,
    precision: Precision,
}

impl Setting {
    /// The model of the options with `frames` frames, on `device` in `precision`.
    pub(crate) fn new(
        options: &Options,
        device: Device,
        precision: Precision,
    ) -> anyhow::Result<Self> {
        let n = options.count("frames", 8)?;
        manual_seed(SEED);
        let (on_cpu, tokens, side) = if let Some(folder) = options.model() {
            let checkpoint = read_checkpoint(&folder)?;
            let (vs, clip) = checkpoint.build(Device::Cpu)?;
            let tokens = checkpoint.tokenizer.encode(&CAPTIONS)?;
            let config = checkpoint.config.clone();
            let side = i64::from(checkpoint.preprocessor.side);
            ((vs, clip, config), tokens, side)
        } else {
            let config = ClipConfig::default();
            let tokens = random_captions(CAPTIONS.len(), 18, config.text_config.eos_token_id);
            let vs = nn::VarStore::new(Device::Cpu);
            let side = config.vision_config.image_size;
            let config = config.into();
            let clip = Clip::new(&vs.root(), &config);
            ((vs, clip, config), tokens, side)
        };
        let pixels = Tensor::randn([n, 3, side, side], FLOAT).to_device(device);
        let (vs, clip) = if device == Device::Cpu {
            (on_cpu.0, on_cpu.1)
        } else {
            let mut vs = nn::VarStore::new(device);
            let clip = Clip::new(&vs.root(), &on_cpu.2);
            vs.copy(&on_cpu.0).context("copy the weights")?;
            (vs, clip)
        };
        let each: Vec<usize> = (0..CAPTIONS.len()).collect();
        let classes: Vec<i64> = (0..n).map(|i| i % CAPTIONS.len() as i64).collect();
        let bank = BankTargets::new(&each, CAPTIONS.len(), device);
        let targets = bank.of(&Tensor::from_slice(&classes).to_device(device));
        Ok(Self {
            vs,
            adapters: None,
            clip,
            pixels,
            tokens,
            targets,
            device,
            precision,
        })
    }

    /// Adds adapters, whose first values are drawn on the CPU too.
    pub(crate) fn add_lora(&mut self, dropout: f64) {
        let config = LoraConfig {
            rank: 4,
            alpha: 8.0,
            dropout,
        };
        let adapters = nn::VarStore::new(self.device);
        self.clip
            .add_lora(&self.vs, &adapters.root(), &config, SEED as u64);
        manual_seed(SEED);
        let mut variables: Vec<_> = adapters.variables().into_iter().collect();
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, mut parameter) in variables {
            let drawn = Tensor::randn(parameter.size().as_slice(), FLOAT) * 0.02;
            // As in training, the output of an adapter is zero at first.
            if name.contains("lora_A") {
                no_grad(|| parameter.copy_(&drawn));
            }
        }
        self.clip.set_training(dropout > 0.0);
        self.adapters = Some(adapters);
    }

    /// The loss of the first `n` frames, ready for the way back.
    pub(crate) fn loss_of(&self, n: i64) -> anyhow::Result<Tensor> {
        let pixels = self.pixels.narrow(0, 0, n);
        let forward = || self.clip.forward(&pixels, &self.tokens).logits;
        let logits = self.precision.run(self.device, forward)?;
        Ok(soft_cross_entropy(
            &logits.to_kind(Kind::Float),
            &self.targets.narrow(0, 0, n),
        ))
    }

    /// The loss of all frames.
    pub(crate) fn loss(&self) -> anyhow::Result<Tensor> {
        self.loss_of(self.pixels.size()[0])
    }

    /// Features of images in 32 bits.
    pub(crate) fn image_features(&self, pixels: &Tensor) -> anyhow::Result<Tensor> {
        let forward = || no_grad(|| self.clip.image_features(pixels));
        Ok(self
            .precision
            .run(self.device, forward)?
            .to_kind(Kind::Float))
    }

    /// Features of the captions in 32 bits.
    pub(crate) fn text_features(&self) -> anyhow::Result<Tensor> {
        let forward = || no_grad(|| self.clip.text_features(&self.tokens));
        Ok(self
            .precision
            .run(self.device, forward)?
            .to_kind(Kind::Float))
    }

    /// The parameters that are trained, sorted by name.
    pub(crate) fn trained(&self) -> Vec<(String, Tensor)> {
        let stores = [Some(&self.vs), self.adapters.as_ref()];
        let variables = stores
            .into_iter()
            .flatten()
            .flat_map(nn::VarStore::variables);
        let mut variables: Vec<_> = variables.filter(|(_, it)| it.requires_grad()).collect();
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        variables
    }
}

/// Captions of random words: the longest of `length` tokens, the others a little shorter.
fn random_captions(n: usize, length: usize, end: i64) -> Tokens {
    let mut state = 7_u64;
    let mut word = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1 + ((state >> 33) % (end as u64 - 2)) as i64
    };
    let mut ids: Vec<i64> = (0..n * length).map(|_| word()).collect();
    for (i, row) in ids.chunks_mut(length).enumerate() {
        row[0] = end - 1;
        row[length - 1 - 2 * i..].fill(end);
    }
    Tokens {
        ids,
        n_texts: n,
        length,
    }
}
