//! Tests of steps: the formulas by hand, and clipping.

use tch::nn;

use super::*;

const ADAMW: Share = Share {
    lr_factor: 1.0,
    rule: Rule::AdamW,
};

/// Two steps on one number, against the formulas worked by hand.
#[test]
fn two_steps_follow_the_paper() {
    let vs = nn::VarStore::new(Device::Cpu);
    let x = vs.root().var("x", &[1, 1], nn::Init::Const(2.0));
    let config = AdamWConfig {
        beta1: 0.9,
        beta2: 0.99,
        eps: 1e-8,
        weight_decay: 0.1,
    };
    let mut optimizer = Optimizer::new(vs.variables(), config, |_| ADAMW);
    let (mut by_hand, mut m, mut v) = (2.0_f64, 0.0, 0.0);
    for t in 1..=2 {
        optimizer.zero_grad();
        x.square().sum(Kind::Float).backward();
        optimizer.step(0.1);
        let g = 2.0 * by_hand;
        by_hand *= 1.0 - 0.1 * 0.1;
        m = 0.9 * m + 0.1 * g;
        v = 0.99 * v + 0.01 * g * g;
        by_hand -=
            0.1 * (m / (1.0 - 0.9_f64.powi(t))) / ((v / (1.0 - 0.99_f64.powi(t))).sqrt() + 1e-8);
    }
    assert!(
        (x.double_value(&[0, 0]) - by_hand).abs() < 1e-5,
        "{} {by_hand}",
        x.double_value(&[0, 0])
    );
}

#[test]
fn long_gradients_are_shortened_together() {
    let vs = nn::VarStore::new(Device::Cpu);
    let x = vs.root().var("x", &[2], nn::Init::Const(1.0));
    let mut optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), |_| ADAMW);
    (x.sum(Kind::Float) * 3.0).backward();
    let norm = optimizer.clipped_step(0.1, 1.0);
    assert!((norm.double_value(&[]) - 18.0_f64.sqrt()).abs() < 1e-6);
    assert!(optimizer.settle(norm.double_value(&[])));
    assert!((optimizer.grad_norm() - 1.0).abs() < 1e-6);
    // The first mean is a tenth of the clipped gradient.
    let mean = optimizer.state()["mean/x"].double_value(&[0]);
    assert!((mean - 0.1 * 0.5_f64.sqrt()).abs() < 1e-6, "{mean}");
}

/// On a GPU gradients always go through the kernel that can clip, on a CPU only long ones.
#[test]
fn a_step_that_need_not_clip_is_the_plain_step_bit_for_bit() {
    let stepped = |clipping: Option<Clipping>| {
        tch::manual_seed(4);
        let vs = nn::VarStore::new(Device::Cpu);
        let x = vs.root().randn_standard("x", &[33, 7]);
        let mut optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), |_| ADAMW);
        for _ in 0..3 {
            optimizer.zero_grad();
            x.square().mean(Kind::Float).backward();
            optimizer.take_step(0.01, clipping.as_ref());
        }
        x.detach()
    };
    let no_change = Clipping {
        scale: Tensor::from(1.0_f32),
        found_inf: Tensor::from(0.0_f32),
    };
    assert_eq!(stepped(None), stepped(Some(no_change)));
}
