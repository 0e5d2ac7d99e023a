"""`torch.backends`: the switches of PyTorch's libraries. They can be set and read, and switch nothing."""

from __future__ import annotations

from backlit.backends import cuda as cuda
from backlit.backends import cudnn as cudnn
from backlit.backends import mkl as mkl
from backlit.backends import mkldnn as mkldnn
from backlit.backends import mps as mps
from backlit.backends import openmp as openmp
