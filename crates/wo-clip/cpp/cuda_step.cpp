// Functions of libtorch that take all tensors of a step at once, and what else keeps a GPU from waiting. On a CPU they give
// the same numbers, one tensor after the other. As in native.cpp, each gives NULL or a message.

#include "guarded.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include <optional>
#include <vector>

namespace {

using at::Tensor;

// The kernel goes over bare memory and asks nothing.
void check_alike(const Tensor &parameter, const Tensor &other) {
  TORCH_CHECK(other.sizes() == parameter.sizes() && other.strides() == parameter.strides() &&
                  other.scalar_type() == parameter.scalar_type() && other.device() == parameter.device() &&
                  parameter.is_non_overlapping_and_dense(),
              "a tensor of ", other.toString(), " ", other.sizes(), " is not laid out like its parameter of ",
              parameter.toString(), " ", parameter.sizes());
}

std::optional<Tensor> optional_of(const Tensor *tensor) {
  return tensor ? std::optional<Tensor>(*tensor) : std::nullopt;
}

} // namespace

extern "C" {

// One step of AdamW on n parameters. steps is the number of this step, a tensor of one float on the same device. Gradients
// are divided by scale; where found_inf is 1, nothing changes. Both are tensors of one float, or NULL.
char *wo_fused_adamw(size_t n, Tensor *const *parameters, Tensor *const *grads, Tensor *const *means,
                     Tensor *const *squares, const Tensor *steps, const Tensor *scale, const Tensor *found_inf,
                     double lr, double beta1, double beta2, double weight_decay, double eps) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    for (size_t i = 0; i < n; ++i)
      for (auto *of : {grads, means, squares})
        check_alike(*parameters[i], *of[i]);
    std::vector<Tensor> all_steps(n, *steps);
    at::_fused_adamw_(listed(parameters, n), listed(grads, n), listed(means, n), listed(squares, n), {}, all_steps, lr,
                      beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false, optional_of(scale),
                      optional_of(found_inf));
  });
}

// The norm of each of n tensors, one or more, as one tensor.
char *wo_norms(size_t n, Tensor *const *tensors, Tensor **norms) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    *norms = new Tensor(at::stack(at::_foreach_norm(listed(tensors, n), 2)));
  });
}

// Moves each of n tensors towards another by a fraction of the way.
char *wo_lerp(size_t n, Tensor *const *tensors, Tensor *const *targets, double fraction) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    at::_foreach_lerp_(listed(tensors, n), listed(targets, n), fraction);
  });
}

// A copy in memory that a GPU can fetch from by itself; the tensor itself where it is there already.
char *wo_pinned(const Tensor *tensor, Tensor **pinned) {
  return guarded([&] { *pinned = new Tensor(tensor->pin_memory()); });
}

// Whether a GPU multiplies matrices of 32-bit floats with 10 bits of mantissa, in all threads. libtorch keeps an old and a
// new setting of this, and fails where they differ: this call sets both.
char *wo_set_tf32(bool is_on) {
  return guarded([&] { at::globalContext().setFloat32MatmulPrecision(is_on ? "high" : "highest"); });
}

char *wo_is_tf32(bool *is_on) {
  return guarded([&] { *is_on = at::globalContext().allowTF32CuBLAS(); });
}
}
