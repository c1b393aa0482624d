//! Several linear layers of one input as one product of matrices. A GPU then casts the input once, and computes for longer
//! than it takes to tell it what. The layers keep their own parameters, under the checkpoint's names.

use tch::nn;
use tch::{Device, Tensor};

/// What each layer makes of `xs`, where one product is worth it: on a GPU.
pub(crate) fn joint_products<const N: usize>(
    xs: &Tensor,
    layers: [Option<&nn::Linear>; N],
) -> Option<[Tensor; N]> {
    if xs.device() == Device::Cpu {
        return None;
    }
    joined(xs, layers)
}

/// `None` where there is a layer that is more than a matrix and a bias, or layers differ in width or in having a bias.
fn joined<const N: usize>(xs: &Tensor, layers: [Option<&nn::Linear>; N]) -> Option<[Tensor; N]> {
    let layers: Vec<&nn::Linear> = layers.into_iter().collect::<Option<_>>()?;
    let weights: Vec<&Tensor> = layers.iter().map(|it| &it.ws).collect();
    let biases: Vec<&Tensor> = layers.iter().filter_map(|it| it.bs.as_ref()).collect();
    let is_alike = weights.iter().all(|it| it.size() == weights[0].size());
    if !is_alike || !(biases.is_empty() || biases.len() == N) {
        return None;
    }
    let bias = (!biases.is_empty()).then(|| Tensor::cat(&biases, 0));
    let products = xs.linear(&Tensor::cat(&weights, 0), bias);
    // The way back through all chunks of a tensor is one function.
    products.chunk(N as i64, -1).try_into().ok()
}

#[cfg(test)]
mod tests {
    use tch::nn::Module;
    use tch::{Kind, no_grad};

    use super::*;

    #[test]
    fn one_product_gives_the_outputs_and_gradients_of_three() {
        tch::manual_seed(6);
        let vs = nn::VarStore::new(Device::Cpu);
        let layer = |name: &str| nn::linear(vs.root() / name, 48, 48, nn::LinearConfig::default());
        let layers = ["q_proj", "k_proj", "v_proj"].map(layer);
        let xs = Tensor::randn([4, 10, 48], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let weights = Tensor::randn([3, 4, 10, 48], (Kind::Float, Device::Cpu));
        let gradients = |products: [Tensor; 3]| {
            let weighted = &Tensor::stack(&products, 0) * &weights;
            weighted.sum(Kind::Float).backward();
            let variables = vs.variables();
            let mut names: Vec<&String> = variables.keys().collect();
            names.sort();
            let inner = names.into_iter().map(|name| &variables[name]);
            let all = inner.chain([&xs]).map(|it| {
                let grad = it.grad().copy();
                let _ = no_grad(|| it.grad().zero_());
                grad
            });
            (products.map(|it| it.detach()), all.collect::<Vec<_>>())
        };
        let (one, of_one) = gradients(joined(&xs, layers.each_ref().map(Some)).unwrap());
        let (three, of_three) = gradients(layers.each_ref().map(|it| it.forward(&xs)));
        assert_eq!((of_one.len(), of_three.len()), (7, 7));
        for (a, b) in one.iter().chain(&of_one).zip(three.iter().chain(&of_three)) {
            assert!(a.allclose(b, 1e-5, 1e-5, false), "{a} {b}");
        }
        assert!(joined(&xs, [Some(&layers[0]), None]).is_none());
        assert!(
            joint_products(&xs, layers.each_ref().map(Some)).is_none(),
            "on a CPU"
        );
    }
}
