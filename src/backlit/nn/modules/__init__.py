"""The modules, one family a file."""

from __future__ import annotations

from backlit.nn.modules.activation import (
    CELU,
    ELU,
    GELU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)
from backlit.nn.modules.attention import MultiheadAttention
from backlit.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from backlit.nn.modules.container import ModuleDict, ModuleList, Sequential
from backlit.nn.modules.distance import CosineSimilarity, PairwiseDistance
from backlit.nn.modules.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from backlit.nn.modules.flatten import Flatten, Unflatten
from backlit.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from backlit.nn.modules.linear import Bilinear, Identity, LazyLinear, Linear
from backlit.nn.modules.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    GaussianNLLLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    NLLLoss2d,
    PoissonNLLLoss,
    SmoothL1Loss,
)
from backlit.nn.modules.margin import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from backlit.nn.modules.module import Module
from backlit.nn.modules.normalization import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from backlit.nn.modules.parameters import ParameterDict, ParameterList
from backlit.nn.modules.softmax import GLU, LogSoftmax, Softmax, Softmax2d, Softmin
from backlit.nn.modules.sparse import Embedding
from backlit.nn.modules.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
