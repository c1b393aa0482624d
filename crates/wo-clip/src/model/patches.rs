//! From images to patches.

use tch::{Tensor, nn};

/// Each patch times the matrix, `[n, patches, hidden]`, row by row of the image. A convolution whose stride equals its
/// kernel is one matrix product.
pub(crate) fn patches(pixels: &Tensor, embedding: &nn::Conv2D) -> Tensor {
    let weight = &embedding.ws;
    let (n, channels, height, _) = pixels.size4().expect("[n, channels, side, side]");
    let (hidden_size, side) = (weight.size()[0], weight.size()[2]);
    let a_side = height / side;
    let patches = pixels
        .narrow(2, 0, a_side * side)
        .narrow(3, 0, a_side * side)
        .view([n, channels, a_side, side, a_side, side])
        .permute([0, 2, 4, 1, 3, 5])
        .reshape([n, a_side * a_side, channels * side * side]);
    patches.linear(&weight.view([hidden_size, -1]), embedding.bs.as_ref())
}
