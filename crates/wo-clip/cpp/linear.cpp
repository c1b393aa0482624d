// Linear layers whose matrix products a chosen kernel computes: libtorch's own (MKL in its wheels), or oneDNN in 32 bits.
//
// Which one is faster depends on the processor: MKL has no AVX-512 code for processors that are not Intel's. libtorch asks
// oneDNN only for 16 bits.

#include "guarded.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_unsafe_view.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

// As in ATen/autocast_mode.h, which would bring all functions of ATen.
namespace at::autocast {
TORCH_API bool is_autocast_enabled(at::DeviceType device_type);
}

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;

// The three products of a layer: its output, and the gradients of its input and its weight.
enum Part : int { OUTPUT, INPUT_GRAD, WEIGHT_GRAD };

// What the best kernel depends on, beside the part. `Kernels` in kernels.rs has the same order.
enum Shape : int { SMALL, FEW_ROWS, SQUARE, WIDENING, NARROWING, N_SHAPES };

// Below, starting oneDNN costs more than it can save.
constexpr int64_t SMALL_WORK = int64_t{1} << 22;
constexpr int64_t MANY_ROWS = 64;

// A bit for each part and shape: whether oneDNN computes it.
std::atomic<uint32_t> onednn_bits{0};

Shape shape_of(int64_t rows, int64_t n_in, int64_t n_out) {
  if (rows * n_in * n_out < SMALL_WORK)
    return SMALL;
  if (rows < MANY_ROWS)
    return FEW_ROWS;
  return n_out > n_in ? WIDENING : n_out < n_in ? NARROWING : SQUARE;
}

uint32_t bit_of(Part part, Shape shape) { return 1U << (part * N_SHAPES + shape); }

using Scalars = c10::List<std::optional<at::Scalar>>;
using Pointwise = Tensor(const Tensor &, const Tensor &, const MaybeTensor &, std::string_view, Scalars,
                         std::optional<std::string_view>);

const std::optional<c10::OperatorHandle> &onednn() {
  static const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  return found;
}

// Rows times the transposed weight, plus the bias. A view in any order of axes will do as weight.
Tensor by_onednn(const Tensor &rows, const Tensor &weight, const MaybeTensor &bias) {
  return onednn()->typed<Pointwise>().call(rows, weight, bias, "none", Scalars(), std::nullopt);
}

Tensor flat(const Tensor &xs) { return xs.reshape({-1, xs.size(-1)}); }

Tensor output(bool with_onednn, const Tensor &xs, const Tensor &weight, const MaybeTensor &bias) {
  return with_onednn ? by_onednn(xs, weight, bias) : at::linear(xs, weight, bias);
}

Tensor input_grad(bool with_onednn, const Tensor &grads, const Tensor &weight) {
  return with_onednn ? by_onednn(grads, weight.t(), std::nullopt) : grads.mm(weight);
}

Tensor weight_grad(bool with_onednn, const Tensor &grads, const Tensor &xs) {
  return with_onednn ? by_onednn(grads.t(), xs.t(), std::nullopt) : grads.t().mm(xs);
}

// The layer on rows, with the kernels that were chosen when it ran.
struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext *ctx, const Tensor &xs, const Tensor &weight, const MaybeTensor &bias,
                        int64_t bits, int64_t shape) {
    // Each is kept only for the gradient of the other.
    ctx->save_for_backward({weight.requires_grad() ? xs : Tensor(), xs.requires_grad() ? weight : Tensor()});
    ctx->saved_data["bits"] = bits;
    ctx->saved_data["shape"] = shape;
    ctx->saved_data["has_bias"] = bias.has_value();
    return output(uses(bits, OUTPUT, shape), xs, weight, bias);
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &all_grads) {
    auto saved = ctx->get_saved_variables();
    auto bits = ctx->saved_data["bits"].toInt(), shape = ctx->saved_data["shape"].toInt();
    const auto &grads = all_grads[0];
    Tensor of_xs, of_weight, of_bias;
    if (ctx->needs_input_grad(0))
      of_xs = input_grad(uses(bits, INPUT_GRAD, shape), grads, saved[1]);
    if (ctx->needs_input_grad(1))
      of_weight = weight_grad(uses(bits, WEIGHT_GRAD, shape), grads, saved[0]);
    // Only tensors that are there count as inputs.
    if (ctx->saved_data["has_bias"].toBool() && ctx->needs_input_grad(2))
      of_bias = grads.sum(0);
    return {of_xs, of_weight, of_bias, Tensor(), Tensor()};
  }

  static bool uses(int64_t bits, Part part, int64_t shape) {
    return (static_cast<uint32_t>(bits) & bit_of(part, static_cast<Shape>(shape))) != 0;
  }
};

bool is_plain(const Tensor &xs) { return xs.device().is_cpu() && xs.scalar_type() == at::kFloat; }

Tensor by_chosen(const Tensor &xs, const Tensor &weight, const MaybeTensor &bias) {
  auto bits = onednn_bits.load(std::memory_order_relaxed);
  // Autocast computes in 16 bits, for which libtorch asks oneDNN anyway.
  if (!is_plain(xs) || !is_plain(weight) || xs.numel() == 0 || at::autocast::is_autocast_enabled(at::kCPU))
    return at::linear(xs, weight, bias);
  auto n_in = weight.size(1), n_out = weight.size(0);
  auto shape = shape_of(xs.numel() / n_in, n_in, n_out);
  auto sizes = xs.sizes().vec();
  sizes.back() = n_out;
  auto rows = flat(xs);
  // Not a view to autograd: encoders write to the output, which costs copies on the way back where it is one.
  auto as_xs = [&](const Tensor &ys) { return at::_unsafe_view(ys, sizes); };
  auto of_shape = bit_of(OUTPUT, shape) | bit_of(INPUT_GRAD, shape) | bit_of(WEIGHT_GRAD, shape);
  if ((bits & of_shape) == 0)
    return as_xs(at::linear(rows, weight, bias));
  if (!at::GradMode::is_enabled())
    return as_xs(output(Linear::uses(bits, OUTPUT, shape), rows, weight, bias));
  return as_xs(Linear::apply(rows, weight, bias, static_cast<int64_t>(bits), static_cast<int64_t>(shape)));
}

double seconds(Part part, bool with_onednn, const Tensor &xs, const Tensor &weight, const Tensor &grads) {
  auto since = std::chrono::steady_clock::now();
  switch (part) {
  case OUTPUT:
    output(with_onednn, xs, weight, std::nullopt);
    break;
  case INPUT_GRAD:
    input_grad(with_onednn, grads, weight);
    break;
  case WEIGHT_GRAD:
    weight_grad(with_onednn, grads, xs);
    break;
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

} // namespace

extern "C" {

// The same as at::linear. bias may be NULL.
char *wo_linear(const Tensor *xs, const Tensor *weight, const Tensor *bias, Tensor **ys) {
  return guarded([&] { *ys = new Tensor(by_chosen(*xs, *weight, bias ? MaybeTensor(*bias) : std::nullopt)); });
}

// Which products oneDNN computes from now on, in all threads.
char *wo_use_onednn(uint32_t bits) {
  return guarded([&] {
    TORCH_CHECK(bits == 0 || onednn(), "this libtorch has no oneDNN");
    onednn_bits = bits;
  });
}

uint32_t wo_onednn_bits() { return onednn_bits; }

// The least seconds of a product of each kernel, in turns, after one of each that pays for memory and compiling. Infinite
// where there is no oneDNN.
char *wo_time_linear(int part, int64_t rows, int64_t n_in, int64_t n_out, int n_rounds, double *own, double *onednns) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    auto xs = at::randn({rows, n_in}), weight = at::randn({n_out, n_in}), grads = at::randn({rows, n_out});
    *own = *onednns = std::numeric_limits<double>::infinity();
    for (int round = -1; round < n_rounds; ++round) {
      auto of_own = seconds(static_cast<Part>(part), false, xs, weight, grads);
      auto of_onednn = onednn() ? seconds(static_cast<Part>(part), true, xs, weight, grads) : *onednns;
      if (round < 0)
        continue;
      *own = std::min(*own, of_own);
      *onednns = std::min(*onednns, of_onednn);
    }
  });
}

// What libtorch's own kernels are compiled for here, such as AVX2. The caller hands it back to wo_free_message.
char *wo_cpu_capability() {
  try {
    return strdup(at::get_cpu_capability().c_str());
  } catch (...) {
    return nullptr;
  }
}

// The version of libtorch's headers.
const char *wo_libtorch_version() { return TORCH_VERSION; }
}
