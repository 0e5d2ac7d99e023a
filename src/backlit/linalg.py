"""`torch.linalg`: linear algebra under PyTorch's names."""

from __future__ import annotations

from backlit.errors import LinAlgError as LinAlgError
from backlit.functions.diagonal import diagonal as diagonal
from backlit.functions.differences import linalg_vander
from backlit.functions.linalg import cholesky as cholesky
from backlit.functions.linalg import det as det
from backlit.functions.linalg import eigh as eigh
from backlit.functions.linalg import eigvalsh as eigvalsh
from backlit.functions.linalg import inv as inv
from backlit.functions.linalg import linalg_svd
from backlit.functions.linalg import lstsq as lstsq
from backlit.functions.linalg import matrix_exp as matrix_exp
from backlit.functions.linalg import matrix_power as matrix_power
from backlit.functions.linalg import matrix_rank as matrix_rank
from backlit.functions.linalg import pinv as pinv
from backlit.functions.linalg import qr as qr
from backlit.functions.linalg import slogdet as slogdet
from backlit.functions.linalg import solve as solve
from backlit.functions.linalg import svdvals as svdvals
from backlit.functions.linalg import vecdot as vecdot
from backlit.functions.norms import cond as cond
from backlit.functions.norms import linalg_norm
from backlit.functions.norms import matrix_norm as matrix_norm
from backlit.functions.norms import vector_norm as vector_norm
from backlit.functions.products import linalg_cross
from backlit.functions.products import matmul as matmul
from backlit.functions.products import multi_dot as multi_dot
from backlit.functions.triangular import linalg_lu
from backlit.functions.triangular import lu_factor as lu_factor
from backlit.functions.triangular import solve_triangular as solve_triangular

cross, lu, norm, svd, vander = linalg_cross, linalg_lu, linalg_norm, linalg_svd, linalg_vander
