// CLIP's activation, x * sigmoid(1.702 x), in one pass over memory each way. Composed of ATen's functions it takes three
// passes forwards, two back, and a tensor more.

#include "guarded.h"

#include <ATen/TensorIterator.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/softplus_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double SLOPE = 1.702;
// From here on sigmoid is 1 to the last bit of 32.
constexpr double SATURATED = 20.0;

#define INLINE inline __attribute__((always_inline))

// exp(x), a few units in the last place off: 2^n times a polynomial of the rest. Without branches and calls, so that
// compilers make vectors of it.
INLINE float exponential(float x) {
  x = x < -87.0F ? -87.0F : x > 87.0F ? 87.0F : x;
  // Adding it rounds to an integer, which then stands in the last bits.
  constexpr float ROUNDER = 12582912.0F;
  float rounded = x * 1.44269504F + ROUNDER;
  float n = rounded - ROUNDER;
  float rest = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float sum = 1.9875691500e-4F;
  sum = sum * rest + 1.3981999507e-3F;
  sum = sum * rest + 8.3334519073e-3F;
  sum = sum * rest + 4.1665795894e-2F;
  sum = sum * rest + 1.6666665459e-1F;
  sum = sum * rest + 5.0000001201e-1F;
  sum = sum * rest * rest + rest + 1.0F;
  auto power = (__builtin_bit_cast(uint32_t, rounded) << 23) + 0x3F800000U;
  return sum * __builtin_bit_cast(float, power);
}

INLINE float sigmoid(float x) { return 1.0F / (1.0F + exponential(-x)); }

INLINE void forward_body(float *__restrict ys, const float *__restrict xs, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    ys[i] = xs[i] * sigmoid(static_cast<float>(SLOPE) * xs[i]);
}

INLINE void backward_body(float *__restrict of_xs, const float *__restrict of_ys, const float *__restrict xs, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    float scaled = static_cast<float>(SLOPE) * xs[i], part = sigmoid(scaled);
    of_xs[i] = of_ys[i] * (part * (1.0F + scaled * (1.0F - part)));
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma")))
AVX2 void forward_avx2(float *ys, const float *xs, int64_t n) { forward_body(ys, xs, n); }
AVX512 void forward_avx512(float *ys, const float *xs, int64_t n) { forward_body(ys, xs, n); }
AVX2 void backward_avx2(float *of_xs, const float *of_ys, const float *xs, int64_t n) {
  backward_body(of_xs, of_ys, xs, n);
}
AVX512 void backward_avx512(float *of_xs, const float *of_ys, const float *xs, int64_t n) {
  backward_body(of_xs, of_ys, xs, n);
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#endif

void forward_any(float *ys, const float *xs, int64_t n) { forward_body(ys, xs, n); }
void backward_any(float *of_xs, const float *of_ys, const float *xs, int64_t n) { backward_body(of_xs, of_ys, xs, n); }

using Forward = void (*)(float *, const float *, int64_t);
using Backward = void (*)(float *, const float *, const float *, int64_t);

Forward fastest_forward() {
#if defined(__x86_64__) && defined(__GNUC__)
  return has_avx512() ? forward_avx512 : has_avx2() ? forward_avx2 : forward_any;
#else
  return forward_any;
#endif
}

Backward fastest_backward() {
#if defined(__x86_64__) && defined(__GNUC__)
  return has_avx512() ? backward_avx512 : has_avx2() ? backward_avx2 : backward_any;
#else
  return backward_any;
#endif
}

bool is_plain(const Tensor &xs) {
  return xs.device().is_cpu() && xs.scalar_type() == at::kFloat && xs.is_contiguous();
}

// All tensors are dense and laid out alike, so that a stretch of one is a stretch of memory.
struct QuickGelu : torch::autograd::Function<QuickGelu> {
  static Tensor forward(AutogradContext *ctx, const Tensor &xs) {
    ctx->save_for_backward({xs});
    if (!is_plain(xs))
      // The derivative of softplus is sigmoid, and libtorch multiplies it by a tensor in one pass, on a GPU too.
      return at::softplus_backward(xs, xs, SLOPE, SATURATED);
    auto ys = at::empty_like(xs);
    auto all = at::TensorIteratorConfig().add_output(ys).add_const_input(xs).build();
    static const auto run = fastest_forward();
    all.for_each([](char **data, const int64_t *, int64_t n) {
      run(reinterpret_cast<float *>(data[0]), reinterpret_cast<const float *>(data[1]), n);
    });
    return ys;
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
    auto xs = ctx->get_saved_variables()[0];
    auto of_ys = grads[0].scalar_type() == xs.scalar_type() ? grads[0].contiguous() : grads[0];
    if (!is_plain(xs) || !is_plain(of_ys))
      // The derivative of silu(c x) / c is silu'(c x).
      return {at::silu_backward(grads[0], xs.mul(SLOPE))};
    auto of_xs = at::empty_like(xs);
    auto all = at::TensorIteratorConfig().add_output(of_xs).add_const_input(of_ys).add_const_input(xs).build();
    static const auto run = fastest_backward();
    all.for_each([](char **data, const int64_t *, int64_t n) {
      run(reinterpret_cast<float *>(data[0]), reinterpret_cast<const float *>(data[1]),
          reinterpret_cast<const float *>(data[2]), n);
    });
    return {of_xs};
  }
};

} // namespace

extern "C" char *wo_quick_gelu(const Tensor *xs, Tensor **ys) {
  return guarded([&] { *ys = new Tensor(QuickGelu::apply(*xs)); });
}
