"""Ready-made parametrizations: weight normalisation, spectral normalisation."""

from __future__ import annotations

from typing import Any

from backlit.autograd.modes import no_grad
from backlit.functions.products import dot, mv
from backlit.functions.shape import movedim, reshaped, transpose
from backlit.nn import functional as F
from backlit.nn.modules.module import Module
from backlit.nn.utils.parametrize import register_parametrization
from backlit.nn.utils.weight_norm import norm_except, weight_of
from backlit.random import default_generator
from backlit.tensor import Tensor


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = None if dim == -1 else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_of(weight_g, weight_v, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """A weight as a length (original0) times a direction (original1).  Salimans & Kingma 2016, "Weight normalization".

    dim: along it each slice has a length of its own; None: one length for all. Returns the module.

    >>> import backlit as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    torch.Size([2, 1])
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    """Divides a matrix by its largest singular value, found by power iteration that goes on from call to call."""

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        self.dim, self.eps, self.n_power_iterations = dim, eps, n_power_iterations
        self.is_vector = weight.array.ndim <= 1
        if not self.is_vector:
            matrix = self.as_matrix(weight).detach()
            for name, length in zip(("_u", "_v"), matrix.array.shape, strict=True):
                start = Tensor.wrap(default_generator.normal((length,), matrix.array.dtype))
                self.register_buffer(name, F.normalize(start, dim=0, eps=eps))
            self.iterate(matrix, 15)

    def as_matrix(self, weight: Tensor) -> Tensor:
        """The weight with `dim` first, and all other dimensions as one."""
        return reshaped(movedim(weight, self.dim, 0), (weight.array.shape[self.dim], -1))

    def iterate(self, matrix: Tensor, times: int) -> None:
        """u = W v / |W v|, v = W.T u / |W.T u|: they approach the first pair of singular vectors."""
        with no_grad():
            for _ in range(times):
                self._u.overwrite(F.normalize(mv(matrix, self._v), dim=0, eps=self.eps))
                self._v.overwrite(F.normalize(mv(transpose(matrix, 0, 1), self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if self.is_vector:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self.as_matrix(weight)
        if self.training:
            self.iterate(matrix.detach(), self.n_power_iterations)
        sigma = dot(Tensor.wrap(self._u.array.copy()), mv(matrix, Tensor.wrap(self._v.array.copy())))
        return weight / sigma

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """A weight divided by its largest singular value.  Miyato et al. 2018, "Spectral normalization for GANs".

    Returns the module.

    >>> import backlit as torch
    >>> layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40))
    >>> list(layer.state_dict())[1:]
    ['parametrizations.weight.original', 'parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = getattr(module, name)
    # Convolutions that go the other way keep their outputs in the second dimension.
    dim = (1 if "Transpose" in type(module).__name__ else 0) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
