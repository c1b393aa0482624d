// What libtorch has and tch does not hand out. Each function gives NULL, or a message that the caller hands back to
// wo_free_message; no exception leaves this file.
//
// An opaque tensor of torch-sys is an at::Tensor.

#include "guarded.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Run = Tensor *(*)(const void *block, const Tensor *xs);
using Release = void (*)(void *block);

// A part of a model that lives on the other side of the border.
struct Block : torch::CustomClassHolder {
  Run run;
  Release release;
  void *block;

  Block(Run run, Release release, void *block) : run(run), release(release), block(block) {}
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block() override { release(block); }

  Tensor operator()(const Tensor &xs) const {
    std::unique_ptr<Tensor> ys(run(block, &xs));
    TORCH_CHECK(ys, "a block of the model panicked");
    return *ys;
  }
};

at::Generator generator_of(const Tensor &xs) { return at::globalContext().defaultGenerator(xs.device()); }

Tensor random_state(const Tensor &xs) {
  auto generator = generator_of(xs);
  std::scoped_lock lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(const Tensor &xs, const Tensor &state) {
  auto generator = generator_of(xs);
  std::scoped_lock lock(generator.mutex());
  generator.set_state(state);
}

// Autocast as it was when a block first ran, for as long as this lives.
//
// Both settings belong to a thread, and on a GPU the way back runs on one of libtorch's own, where autocast is off and its
// type is another. Casts of weights are not kept meanwhile: those of the first run know no gradient, and those of the
// second would outlive the step that changes the weights.
struct AutocastAs {
  c10::DeviceType device;
  bool was_enabled = at::autocast::is_autocast_enabled(device);
  at::ScalarType dtype_before = at::autocast::get_autocast_dtype(device);
  bool kept_casts = at::autocast::is_autocast_cache_enabled();

  AutocastAs(c10::DeviceType device, bool enabled, at::ScalarType dtype) : device(device) {
    set(enabled, dtype, false);
  }
  AutocastAs(const AutocastAs &) = delete;
  AutocastAs &operator=(const AutocastAs &) = delete;
  ~AutocastAs() { set(was_enabled, dtype_before, kept_casts); }

  void set(bool enabled, at::ScalarType dtype, bool keeps_casts) const {
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::set_autocast_dtype(device, dtype);
    at::autocast::set_autocast_cache_enabled(keeps_casts);
  }
};

// Runs a block without keeping what is inside it, and runs it once more on the way back, with the same random draws
// (Chen et al. 2016, arXiv 1604.06174; torch.utils.checkpoint with use_reentrant=True).
struct Checkpoint : torch::autograd::Function<Checkpoint> {
  static Tensor forward(AutogradContext *ctx, const Tensor &xs, const c10::intrusive_ptr<Block> &block) {
    auto device = xs.device().type();
    ctx->save_for_backward({xs});
    ctx->saved_data["random_state"] = random_state(xs);
    auto enabled = at::autocast::is_autocast_enabled(device);
    auto dtype = at::autocast::get_autocast_dtype(device);
    ctx->saved_data["autocast"] = enabled;
    ctx->saved_data["autocast_dtype"] = static_cast<int64_t>(dtype);
    ctx->saved_data["block"] = c10::IValue::make_capsule(block);
    AutocastAs same(device, enabled, dtype);
    return (*block)(xs);
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
    auto xs = ctx->get_saved_variables()[0].detach().requires_grad_(true);
    auto capsule = ctx->saved_data["block"].toCapsule();
    auto device = xs.device().type();
    auto random_state_now = random_state(xs);
    set_random_state(xs, ctx->saved_data["random_state"].toTensor());
    Tensor ys;
    {
      AutocastAs then(device, ctx->saved_data["autocast"].toBool(),
                      static_cast<at::ScalarType>(ctx->saved_data["autocast_dtype"].toInt()));
      at::AutoGradMode with_grad(true);
      ys = static_cast<const Block &>(*capsule)(xs);
    }
    set_random_state(xs, random_state_now);
    torch::autograd::backward({ys}, {grads[0]});
    return {xs.grad(), Tensor()};
  }
};

} // namespace

extern "C" {

void wo_free_message(char *message) { std::free(message); }

// Gives the memory of gradients back.
char *wo_drop_grads(size_t n, Tensor *const *parameters) {
  return guarded([&] {
    for (size_t i = 0; i < n; ++i)
      parameters[i]->mutable_grad() = Tensor();
  });
}

// Gives a parameter a gradient of zeros.
char *wo_set_zero_grad(const Tensor *parameter) {
  return guarded([&] { parameter->mutable_grad() = at::zeros_like(*parameter).detach(); });
}

// Whether functions that bear it compute in bfloat16, on this thread and the device of a tensor.
char *wo_set_autocast(const Tensor *on_device, bool enabled) {
  return guarded([&] {
    auto device = on_device->device().type();
    // Weights change between two uses; a cast of the one before would be stale.
    at::autocast::clear_cache();
    if (enabled)
      at::autocast::set_autocast_dtype(device, at::kBFloat16);
    at::autocast::set_autocast_enabled(device, enabled);
  });
}

// The block belongs to this call: it is released once nothing can go back through it.
char *wo_checkpoint(const Tensor *xs, Run run, Release release, void *block, Tensor **ys) {
  return guarded([&] {
    auto owned = c10::make_intrusive<Block>(run, release, block);
    if (!at::GradMode::is_enabled()) {
      *ys = new Tensor((*owned)(*xs));
      return;
    }
    // A function of libtorch is on the way back only where its input is.
    auto start = xs->requires_grad() ? *xs : xs->detach().requires_grad_(true);
    *ys = new Tensor(Checkpoint::apply(start, owned));
  });
}
}
