//! The state of an optimiser: saved, taken up again, refused.

use std::collections::BTreeMap;

use wo_clip::tch::{Device, Kind, Tensor, manual_seed, nn, no_grad};
use wo_clip::{AdamWConfig, Optimizer, Rule, Share};

const ADAMW: Share = Share {
    lr_factor: 1.0,
    rule: Rule::AdamW,
};
const MUON: Share = Share {
    lr_factor: 0.5,
    rule: Rule::Muon,
};

/// A small net and its optimiser, in which all rules and both kinds of decay occur.
struct Run {
    vs: nn::VarStore,
    optimizer: Optimizer,
}

impl Run {
    fn new() -> Self {
        manual_seed(1);
        let vs = nn::VarStore::new(Device::Cpu);
        for layer in ["first", "second"] {
            let _ = nn::linear(vs.root() / layer, 8, 8, nn::LinearConfig::default());
        }
        let share = |name: &str| match name {
            "second.weight" => MUON,
            _ => ADAMW,
        };
        let optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), share);
        Self { vs, optimizer }
    }

    fn steps(&mut self, numbers: std::ops::Range<i64>) {
        let parameters = self.vs.variables();
        for number in numbers {
            manual_seed(number);
            let mut xs = Tensor::randn([4, 8], (Kind::Float, Device::Cpu));
            for layer in ["first", "second"] {
                let bias = &parameters[&format!("{layer}.bias")];
                xs = xs
                    .linear(&parameters[&format!("{layer}.weight")], Some(bias))
                    .tanh();
            }
            self.optimizer.zero_grad();
            xs.square().sum(Kind::Float).backward();
            let norm = self.optimizer.clipped_step(0.01, 1.0);
            assert!(self.optimizer.settle(norm.double_value(&[])));
        }
    }

    fn parameters(&self) -> BTreeMap<String, Tensor> {
        let named = self.vs.variables().into_iter();
        named.map(|(name, t)| (name, t.detach().copy())).collect()
    }
}

#[test]
fn a_resumed_run_is_bit_for_bit_the_undisturbed_one() {
    let mut undisturbed = Run::new();
    undisturbed.steps(0..3);
    let (parameters, n_steps) = (undisturbed.parameters(), undisturbed.optimizer.n_steps());
    let state: BTreeMap<String, Tensor> = undisturbed
        .optimizer
        .state()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.copy()))
        .collect();
    undisturbed.steps(3..6);

    let mut resumed = Run::new();
    no_grad(|| {
        for (name, mut parameter) in resumed.vs.variables() {
            parameter.copy_(&parameters[&name]);
        }
    });
    resumed.optimizer.load_state(n_steps, &state).unwrap();
    resumed.steps(3..6);
    assert_eq!(resumed.optimizer.n_steps(), 6);
    assert_eq!(resumed.parameters(), undisturbed.parameters());
    assert_eq!(resumed.optimizer.state(), undisturbed.optimizer.state());
    assert_ne!(resumed.parameters(), parameters);
}

#[test]
fn a_state_of_another_optimiser_is_refused_and_changes_nothing() {
    let mut run = Run::new();
    run.steps(0..1);
    let good = run.optimizer.state();
    assert_eq!(
        good.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "mean/first.bias",
            "mean/first.weight",
            "mean/second.bias",
            "momentum/second.weight",
            "square/first.bias",
            "square/first.weight",
            "square/second.bias",
        ]
    );
    let before: Vec<Tensor> = good.values().map(Tensor::copy).collect();
    let mut check = |change: &dyn Fn(&mut BTreeMap<String, Tensor>), words: &str| {
        let mut state: BTreeMap<String, Tensor> = good
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.ones_like()))
            .collect();
        change(&mut state);
        let message = run.optimizer.load_state(9, &state).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    check(
        &|state| drop(state.remove("mean/first.bias")),
        "missing Some(\"mean/first.bias\")",
    );
    let one = || Tensor::from(1.0_f32);
    check(
        &|state| drop(state.insert("mean/third".to_owned(), one())),
        "Some(\"mean/third\")",
    );
    check(
        &|state| drop(state.insert("mean/first.bias".to_owned(), one())),
        "mean/first.bias of the state is Float []",
    );
    assert_eq!(run.optimizer.n_steps(), 1);
    assert_eq!(
        run.optimizer.state().into_values().collect::<Vec<_>>(),
        before
    );
}

#[test]
fn a_frozen_parameter_has_no_place() {
    let vs = nn::VarStore::new(Device::Cpu);
    let x = vs.root().var("x", &[2], nn::Init::Const(1.0));
    let _ = vs.root().var("y", &[2], nn::Init::Const(1.0));
    let _ = x.set_requires_grad(false);
    let optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), |_| ADAMW);
    assert_eq!(
        optimizer.state().into_keys().collect::<Vec<_>>(),
        ["mean/y", "square/y"]
    );
}

#[test]
fn a_step_with_a_gradient_that_is_not_finite_changes_nothing() {
    for poison in [f64::NAN, f64::INFINITY] {
        let mut run = Run::new();
        run.steps(0..2);
        let before = run.parameters();
        let copies = |run: &Run| -> Vec<Tensor> {
            run.optimizer.state().values().map(Tensor::copy).collect()
        };
        let moments = copies(&run);
        // One number of one gradient, of a parameter of either rule.
        for name in ["first.bias", "second.weight"] {
            run.optimizer.zero_grad();
            let parameters = run.vs.variables();
            let sums = parameters.values().map(|it| it.sum(Kind::Float));
            sums.reduce(|a, b| a + b).unwrap().backward();
            let _ = no_grad(|| parameters[name].grad().view([-1]).get(0).fill_(poison));
            let norm = run.optimizer.clipped_step(0.01, 1.0);
            assert!(!run.optimizer.settle(norm.double_value(&[])), "{name}");
            assert_eq!(run.parameters(), before);
            assert_eq!(copies(&run), moments);
            assert_eq!(run.optimizer.n_steps(), 2);
        }
        // The next step is that of a run in which nothing happened.
        run.steps(2..3);
        let mut undisturbed = Run::new();
        undisturbed.steps(0..3);
        assert_eq!(run.parameters(), undisturbed.parameters());
    }
}
