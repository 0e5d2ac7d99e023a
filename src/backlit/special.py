"""`torch.special`: functions of probability and combinatorics, and others of which SciPy has one of that name."""

from __future__ import annotations

from backlit.functions.pointwise import digamma as digamma
from backlit.functions.pointwise import erf as erf
from backlit.functions.pointwise import erfc as erfc
from backlit.functions.pointwise import erfinv as erfinv
from backlit.functions.pointwise import exp2 as exp2
from backlit.functions.pointwise import expm1 as expm1
from backlit.functions.pointwise import i0 as i0
from backlit.functions.pointwise import lgamma, sigmoid
from backlit.functions.pointwise import log1p as log1p
from backlit.functions.pointwise import logit as logit
from backlit.functions.pointwise import polygamma as polygamma
from backlit.functions.pointwise import round as round
from backlit.functions.pointwise import sinc as sinc
from backlit.functions.pointwise import xlogy as xlogy
from backlit.functions.publish import binary, unary
from backlit.functions.softmax import log_softmax as log_softmax
from backlit.functions.softmax import logsumexp as logsumexp
from backlit.functions.softmax import softmax as softmax
from backlit.ops import special as ops

psi = digamma
entr = unary(ops.entr)
i1 = unary(ops.i1)
log_ndtr = unary(ops.log_ndtr)
ndtr = unary(ops.ndtr)
ndtri = unary(ops.ndtri)
xlog1py = binary(ops.xlog1py)

expit, gammaln, psi = sigmoid, lgamma, digamma
