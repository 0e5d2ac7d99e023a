"""`torch.special`: special functions under the names of that namespace."""

from __future__ import annotations

from backlit.functions.pointwise import digamma as digamma
from backlit.functions.pointwise import digamma as psi
from backlit.functions.pointwise import erf as erf
from backlit.functions.pointwise import erfc as erfc
from backlit.functions.pointwise import erfinv as erfinv
from backlit.functions.pointwise import exp2 as exp2
from backlit.functions.pointwise import expm1 as expm1
from backlit.functions.pointwise import i0 as i0
from backlit.functions.pointwise import lgamma as gammaln
from backlit.functions.pointwise import log1p as log1p
from backlit.functions.pointwise import logit as logit
from backlit.functions.pointwise import polygamma as polygamma
from backlit.functions.pointwise import round as round
from backlit.functions.pointwise import sigmoid as expit
from backlit.functions.pointwise import sinc as sinc
from backlit.functions.pointwise import xlogy as xlogy
from backlit.functions.softmax import log_softmax as log_softmax
from backlit.functions.softmax import logsumexp as logsumexp
from backlit.functions.softmax import softmax as softmax
